#include "plugin/store/choices.h"

#include <soci/soci.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "plugin/store/stored_time.h"

namespace usher
{

namespace
{

/// Returns how many rows it changed.
template <typename... Values>
long long execute(soci::session& session, const char* statement, const Values&... values)
{
    soci::statement prepared(session);
    (prepared.exchange(soci::use(values)), ...);
    prepared.alloc();
    prepared.prepare(statement);
    prepared.define_and_bind();
    prepared.execute(true);
    return prepared.get_affected_rows();
}

void count_one_less(soci::session& session, const std::string& domain)
{
    execute(session, "UPDATE choice_count SET users = users - 1 WHERE domain = :domain", domain);
}

}  // namespace

/// A prepared query of the choices of so many users.
class Choices::Query
{
  public:
    Query(std::shared_ptr<soci::session> session, std::size_t users)
        : session_(std::move(session)), users_(users), statement_(*session_)
    {
        std::string places;
        for (std::size_t i = 0; i < users; ++i) {
            statement_.exchange(soci::use(users_[i]));
            places += (i == 0 ? ":u" : ", :u") + std::to_string(i);
        }
        statement_.exchange(soci::into(user_));
        statement_.exchange(soci::into(option_));
        statement_.alloc();
        statement_.prepare("SELECT user_address, option_name FROM choice WHERE user_address IN (" + places +
                           ")");
        statement_.define_and_bind();
    }

    [[nodiscard]] bool of(const std::shared_ptr<soci::session>& session) const { return session_ == session; }

    /// Of at least one user, and at most as many as it was made for. Reads to the end: before it, SQLite
    /// keeps what it has read from being overwritten.
    void execute(std::span<const std::string* const> users, Rows& rows)
    {
        for (std::size_t i = 0; i < users_.size(); ++i) {
            users_[i] = *users[std::min(i, users.size() - 1)];
        }
        statement_.execute();
        while (statement_.fetch()) {
            rows.insert_or_assign(user_, option_);
        }
    }

  private:
    std::shared_ptr<soci::session> session_;
    std::vector<std::string> users_;
    std::string user_;
    std::string option_;
    soci::statement statement_;  // goes first: it points into the others
};

Choices::Choices(Database& database) : database_(database) {}

Choices::~Choices() = default;

tl::expected<Choices::Rows, std::string> Choices::rows(std::span<const std::string* const> users)
{
    auto read = database_.read([&](const std::shared_ptr<soci::session>& session) {
        Rows rows;
        for (std::size_t from = 0; from < users.size(); from += kMaxInQuery) {
            const auto some = users.subspan(from, std::min(kMaxInQuery, users.size() - from));
            const std::size_t size = std::bit_ceil(some.size());
            auto& query = queries_.at(static_cast<std::size_t>(std::bit_width(size)) - 1);
            if (!query || !query->of(session)) {
                query.reset();
                query = std::make_unique<Query>(session, size);
            }
            query->execute(some, rows);
        }
        return rows;
    });
    if (!read) {
        queries_ = {};
        return tl::unexpected("users' choices cannot be read: " + read.error());
    }
    return read;
}

tl::expected<std::vector<std::optional<Option>>, std::string> Choices::of(
    std::span<const SubscriptionRequest> requests)
{
    std::vector<const std::string*> users;
    users.reserve(requests.size());
    for (const SubscriptionRequest& request : requests) {
        users.push_back(&request.user.text());
    }
    const auto found = rows(users);
    if (!found) {
        return tl::unexpected(found.error());
    }
    std::vector<std::optional<Option>> choices(requests.size());
    for (std::size_t i = 0; i < requests.size() && !found->empty(); ++i) {
        const auto row = found->find(*users[i]);
        if (row == found->end()) {
            continue;
        }
        choices[i] = option_named(row->second);
        if (!choices[i]) {
            return tl::unexpected("the choice of " + row->first + " in the store has an unknown option_name");
        }
    }
    return choices;
}

tl::expected<std::optional<Option>, std::string> Choices::of(const Address& user)
{
    const SubscriptionRequest request{user, user, std::nullopt};
    return of({&request, 1}).map([](const auto& choices) { return choices.front(); });
}

tl::expected<void, std::string> Choices::set(const Address& user, std::optional<Option> chosen,
                                             std::chrono::system_clock::time_point now)
{
    return database_.write_durably([&](const std::shared_ptr<soci::session>& session) {
        const std::string& address = user.text();
        const std::string domain(user.domain());
        const long long at = since_1970(now);
        soci::transaction transaction(*session);
        if (!chosen) {
            if (execute(*session, "DELETE FROM choice WHERE user_address = :user", address) != 0) {
                count_one_less(*session, domain);
            }
        } else if (const std::string option(name(*chosen));
                   execute(
                       *session,
                       "UPDATE choice SET option_name = :option, chosen_at = :at WHERE user_address = :user",
                       option, at, address) == 0) {
            execute(*session,
                    "INSERT INTO choice (user_address, option_name, domain, chosen_at) "
                    "VALUES (:user, :option, :domain, :at)",
                    address, option, domain, at);
            execute(*session,
                    "INSERT INTO choice_count (domain, users) VALUES (:domain, 1) "
                    "ON CONFLICT (domain) DO UPDATE SET users = choice_count.users + 1",
                    domain);
        }
        transaction.commit();
    });
}

tl::expected<std::vector<KeptSetting>, std::string> Choices::of_domain(std::string_view domain,
                                                                       std::string_view after,
                                                                       std::size_t most)
{
    return database_.read([&](const std::shared_ptr<soci::session>& session) {
        std::vector<KeptSetting> choices;
        KeptSetting one;
        long long at = 0;
        const std::string domain_text(domain);
        const std::string after_text(after);
        soci::statement rows =
            (session->prepare << "SELECT user_address, chosen_at FROM choice WHERE domain = "
                                 ":domain AND user_address > :after "
                                 "ORDER BY user_address LIMIT :most",
             soci::into(one.account), soci::into(at), soci::use(domain_text), soci::use(after_text),
             soci::use(static_cast<long long>(most)));
        rows.execute();
        while (rows.fetch()) {
            one.since = time_since_1970(at);
            choices.push_back(one);
        }
        return choices;
    });
}

tl::expected<std::vector<std::string>, std::string> Choices::forget(std::span<const KeptSetting> choices)
{
    return database_.write_durably([&](const std::shared_ptr<soci::session>& session) {
        std::vector<std::string> forgotten;
        soci::transaction transaction(*session);
        for (const KeptSetting& one : choices) {
            const long long at = since_1970(one.since);
            if (execute(*session, "DELETE FROM choice WHERE user_address = :user AND chosen_at <= :at",
                        one.account, at) != 0) {
                count_one_less(*session, one.account.substr(one.account.find('@') + 1));
                forgotten.push_back(one.account);
            }
        }
        transaction.commit();
        return forgotten;
    });
}

tl::expected<std::map<std::string, std::size_t, std::less<>>, std::string> Choices::count()
{
    return database_.read([](const std::shared_ptr<soci::session>& session) {
        std::map<std::string, std::size_t, std::less<>> counts;
        std::string domain;
        long long users = 0;
        soci::statement rows = (session->prepare << "SELECT domain, users FROM choice_count",
                                soci::into(domain), soci::into(users));
        rows.execute();
        while (rows.fetch()) {
            counts[domain] = static_cast<std::size_t>(users);
        }
        return counts;
    });
}

}  // namespace usher
