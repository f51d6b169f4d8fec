#include "plugin/store/choices.h"

#include <algorithm>
#include <bit>
#include <map>
#include <span>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "plugin/store/exceptions.h"
#include "plugin/store/person_choices.h"
#include "plugin/store/stored_time.h"
#include "plugin/store/stored_value.h"
#include "plugin/store/value_list.h"

namespace usher
{

namespace
{

/// What is counted with choices stays right where several processes change those of a domain: the row of the count is locked
/// before anything is looked at, and so the changes are made one after the other.
Statement lock_count(const std::string& domain)
{
    return {"UPDATE choice_count SET users = users WHERE domain = $1", {domain}};
}
/// The same, where there may be no row yet.
Statement make_and_lock_count(const std::string& domain)
{
    return {
        "INSERT INTO choice_count (domain, users) VALUES ($1, 0) "
        "ON CONFLICT (domain) DO UPDATE SET users = choice_count.users",
        {domain}};
}

std::vector<std::string> users_of(std::span<const SubscriptionRequest> requests)
{
    std::vector<std::string> users;
    users.reserve(requests.size());
    for (const SubscriptionRequest& request : requests) {
        users.push_back(request.user.text());
    }
    return users;
}

/// The options of these users, at least one and at most kMaxInQuery.
Statement options_of(std::span<const std::string> users)
{
    Statement query{"SELECT user_address, option_name FROM choice WHERE user_address IN "};
    append_list(query, users);
    return query;
}

/// Appends what the requests, at least one and at most kMaxInQuery, have to do with the exceptions of their users: each that may be
/// for its contact is looked up by its whole key, however many a user has. To be followed by a SELECT, and kJoined.
void append_asked(Statement& query, std::span<const SubscriptionRequest> requests)
{
    constexpr std::size_t kEntries = 2;
    query.sql += "WITH asked (asking_user, asked_entry) AS (VALUES ";
    const std::size_t places = kEntries * std::bit_ceil(requests.size());
    for (std::size_t i = 0; i < places; ++i) {
        const SubscriptionRequest& request = requests[std::min(i / kEntries, requests.size() - 1)];
        const std::vector<std::string> entries = exception_entries(request.contact);
        query.values.emplace_back(request.user.text());
        query.values.emplace_back(entries[std::min(i % kEntries, entries.size() - 1)]);
        query.sql += (i == 0 ? "($" : ", ($") + std::to_string(query.values.size() - 1) + ", $" +
                     std::to_string(query.values.size()) + ")";
    }
    query.sql += ") ";
}
constexpr const char* kJoined =
    "FROM asked JOIN contact_exception ON user_address = asking_user AND entry = asked_entry";

/// The exceptions that may be for the contacts of these requests.
Statement exceptions_for(std::span<const SubscriptionRequest> requests)
{
    Statement query;
    append_asked(query, requests);
    query.sql += std::string("SELECT DISTINCT user_address, handling, entry ") + kJoined;
    return query;
}

/// By user and entry.
using ExceptionsFound = std::map<std::pair<std::string, std::string>, ContactException>;

std::optional<ContactException> exception_for(const SubscriptionRequest& request,
                                              const ExceptionsFound& found)
{
    for (std::string& entry : exception_entries(request.contact)) {
        if (const auto one = found.find({request.user.text(), std::move(entry)}); one != found.end()) {
            return one->second;
        }
    }
    return std::nullopt;
}

StoredChoices stored_choices(const StepRows& given, std::span<const SubscriptionRequest> requests)
{
    StoredChoices stored;
    stored.settings_version = number(given.at(0).rows.at(0).at(0));
    std::unordered_map<std::string_view, Option> by_user;
    ExceptionsFound exceptions;
    for (std::size_t i = 1; i < given.size(); i += 2) {
        for (const auto& row : given[i].rows) {
            const auto option = option_named(text(row.at(1)));
            if (!option) {
                throw std::runtime_error("the choice of " + text(row.at(0)) +
                                         " in the store has an unknown option_name");
            }
            by_user.insert_or_assign(text(row.at(0)), *option);
        }
        for (const auto& row : given.at(i + 1).rows) {
            ContactException exception = stored_exception(text(row.at(0)), text(row.at(1)), text(row.at(2)));
            exceptions.insert_or_assign({text(row.at(0)), exception.entry}, exception);
        }
    }
    stored.chosen.resize(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
        if (const auto found = by_user.find(requests[i].user.text()); found != by_user.end()) {
            stored.chosen[i].option = found->second;
        }
        if (!exceptions.empty()) {
            stored.chosen[i].exception = exception_for(requests[i], exceptions);
        }
    }
    return stored;
}

/// Takes one away from those of the domain, if there is a choice that `which`, a condition of values from $2 on, is true for.
Statement count_one_less(const std::string& domain, const std::string& which, std::vector<StoredValue> values)
{
    values.insert(values.begin(), domain);
    return {
        "UPDATE choice_count SET users = users - 1 WHERE domain = $1 AND EXISTS (SELECT 1 FROM choice WHERE " +
            which + ")",
        std::move(values)};
}

/// Of a user who has chosen several times, when the first was.
const char* const kChoicesOfDomain =
    "SELECT user_address, MIN(chosen_at) FROM ("
    "SELECT * FROM (SELECT user_address, chosen_at FROM choice "
    "WHERE domain = $1 AND user_address > $2 ORDER BY user_address LIMIT $3) AS options "
    "UNION ALL "
    "SELECT * FROM (SELECT user_address, chosen_at FROM person_choice "
    "WHERE domain = $1 AND user_address > $2 AND (listed IS NOT NULL OR availability IS NOT NULL) "
    "ORDER BY user_address LIMIT $3) AS people "
    "UNION ALL "
    "SELECT * FROM (SELECT user_address, MIN(made_at) FROM contact_exception "
    "WHERE domain = $1 AND user_address > $2 GROUP BY user_address ORDER BY user_address LIMIT $3) AS exceptions) AS chosen "
    "GROUP BY user_address ORDER BY user_address LIMIT $3";

std::string domain_of(const std::string& user)
{
    return user.substr(user.find('@') + 1);
}

std::vector<Statement> forget_choice(const std::string& user, const std::string& domain)
{
    return {lock_count(domain),
            count_one_less(domain, "user_address = $2", {user}),
            {"DELETE FROM choice WHERE user_address = $1", {user}}};
}

std::vector<Statement> save_choice(const std::string& user, const std::string& domain, Option chosen,
                                   std::chrono::system_clock::time_point now)
{
    return {make_and_lock_count(domain),
            {"UPDATE choice_count SET users = users + 1 WHERE domain = $1 "
             "AND NOT EXISTS (SELECT 1 FROM choice WHERE user_address = $2)",
             {domain, user}},
            {"INSERT INTO choice (user_address, option_name, domain, chosen_at) VALUES ($1, $2, $3, $4) "
             "ON CONFLICT (user_address) DO UPDATE SET option_name = excluded.option_name, "
             "chosen_at = excluded.chosen_at",
             {user, std::string(name(chosen)), domain, since_1970(now)}}};
}

}  // namespace

void Choices::of(std::vector<SubscriptionRequest> requests, StoreCallback<StoredChoices> then)
{
    std::vector<Statement> queries{{"SELECT version FROM settings_version"}};
    for (std::size_t from = 0; from < requests.size(); from += kMaxInQuery) {
        const auto some = std::span(requests).subspan(from, std::min(kMaxInQuery, requests.size() - from));
        queries.push_back(options_of(users_of(some)));
        queries.push_back(exceptions_for(some));
    }
    database_.run({.kind = Transaction::Kind::read,
                   .queue = Transaction::Queue::requests,
                   .statements = std::move(queries)},
                  converted<StoredChoices>(
                      [then = std::move(then)](tl::expected<StoredChoices, std::string> stored) {
                          if (!stored) {
                              stored = tl::unexpected("users' choices cannot be read: " + stored.error());
                          }
                          then(std::move(stored));
                      },
                      [requests = std::move(requests)](const StepRows& given) {
                          return stored_choices(given, requests);
                      }));
}

Statement Choices::none_of(std::span<const SubscriptionRequest> requests, std::int64_t settings_version)
{
    Statement condition{
        "(SELECT version FROM settings_version) = $1 AND NOT EXISTS (SELECT 1 FROM choice WHERE user_address IN ",
        {settings_version}};
    append_list(condition, users_of(requests));
    condition.sql += ") AND NOT EXISTS (";
    append_asked(condition, requests);
    condition.sql += std::string("SELECT 1 ") + kJoined + ")";
    return condition;
}

void Choices::of(const Address& user, StoreCallback<std::optional<Option>> then)
{
    of({{user, user, std::nullopt}}, [then = std::move(then)](const auto& stored) {
        then(stored.map([](const StoredChoices& all) { return all.chosen.front().option; }));
    });
}

void Choices::set(const Address& user, std::optional<Option> chosen, StoreCallback<void> then,
                  std::chrono::system_clock::time_point now)
{
    const std::string domain(user.domain());
    database_.run({.kind = Transaction::Kind::durable,
                   .statements = chosen ? save_choice(user.text(), domain, *chosen, now)
                                        : forget_choice(user.text(), domain)},
                  converted<void>(std::move(then), [](const StepRows&) {}));
}

void Choices::of_domain(std::string_view domain, std::string_view after, std::size_t most,
                        StoreCallback<std::vector<KeptSetting>> then)
{
    database_.run(
        {.kind = Transaction::Kind::read,
         .statements = {{kChoicesOfDomain,
                         {std::string(domain), std::string(after), static_cast<std::int64_t>(most)}}}},
        converted<std::vector<KeptSetting>>(std::move(then), [](const StepRows& given) {
            std::vector<KeptSetting> choices;
            for (const auto& row : given.at(0).rows) {
                choices.push_back({text(row.at(0)), time_since_1970(number(row.at(1)))});
            }
            return choices;
        }));
}

void Choices::forget(std::vector<KeptSetting> choices, StoreCallback<std::vector<std::string>> then)
{
    // Statements for each.
    constexpr std::size_t kOfPerson = 3;
    constexpr std::size_t kOfOption = 3;
    // All processes lock the domains in this order.
    std::stable_sort(choices.begin(), choices.end(), [](const KeptSetting& a, const KeptSetting& b) {
        return domain_of(a.account) < domain_of(b.account);
    });
    std::vector<Statement> statements;
    for (const KeptSetting& one : choices) {
        statements.push_back(next_person_choice());
        statements.push_back(forget_person_choice(one.account, since_1970(one.since)));
        statements.push_back(forget_exceptions(one.account, since_1970(one.since)));
    }
    for (const KeptSetting& one : choices) {
        const std::int64_t at = since_1970(one.since);
        const std::string domain = domain_of(one.account);
        statements.push_back(lock_count(domain));
        statements.push_back(
            count_one_less(domain, "user_address = $2 AND chosen_at <= $3", {one.account, at}));
        statements.push_back(
            {"DELETE FROM choice WHERE user_address = $1 AND chosen_at <= $2", {one.account, at}});
    }
    if (statements.empty()) {
        then(std::vector<std::string>());
        return;
    }
    database_.run({.kind = Transaction::Kind::durable, .statements = std::move(statements)},
                  converted<std::vector<std::string>>(
                      std::move(then), [choices = std::move(choices)](const StepRows& given) {
                          std::vector<std::string> forgotten;
                          const std::size_t options = kOfPerson * choices.size();
                          for (std::size_t i = 0; i < choices.size(); ++i) {
                              if (given.at(kOfPerson * (i + 1) - 2).changed != 0 ||
                                  given.at(kOfPerson * (i + 1) - 1).changed != 0 ||
                                  given.at(options + kOfOption * (i + 1) - 1).changed != 0) {
                                  forgotten.push_back(choices[i].account);
                              }
                          }
                          return forgotten;
                      }));
}

void Choices::count(StoreCallback<std::map<std::string, std::size_t, std::less<>>> then)
{
    using Counts = std::map<std::string, std::size_t, std::less<>>;
    database_.run(
        {.kind = Transaction::Kind::read, .statements = {{"SELECT domain, users FROM choice_count"}}},
        converted<Counts>(std::move(then), [](const StepRows& given) {
            Counts counts;
            for (const auto& row : given.at(0).rows) {
                counts[text(row.at(0))] = static_cast<std::size_t>(number(row.at(1)));
            }
            return counts;
        }));
}

}  // namespace usher
