#include "plugin/store/people.h"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "plugin/store/stored_time.h"
#include "plugin/store/stored_value.h"

namespace usher
{

namespace
{

Statement put_person(Person person)
{
    std::string domain(person.address.domain());
    return {
        "INSERT INTO person (domain, user_address, full_name, given_name, family_name, nickname, email) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (domain, user_address) DO UPDATE SET "
        "full_name = excluded.full_name, given_name = excluded.given_name, "
        "family_name = excluded.family_name, nickname = excluded.nickname, email = excluded.email "
        "WHERE (person.full_name, person.given_name, person.family_name, person.nickname, person.email) <> "
        "(excluded.full_name, excluded.given_name, excluded.family_name, excluded.nickname, excluded.email)",
        {std::move(domain), std::move(person.address).text(), std::move(person.full_name),
         std::move(person.given_name), std::move(person.family_name), std::move(person.nickname),
         std::move(person.email)}};
}

std::vector<Person> stored_people(const StepRows& given)
{
    std::vector<Person> people;
    for (const auto& row : given.at(0).rows) {
        auto address = prepared_address(text(row.at(0)));
        if (!address) {
            throw std::runtime_error("the store has a person without an address");
        }
        people.push_back({*std::move(address), text(row.at(1)), text(row.at(2)), text(row.at(3)),
                          text(row.at(4)), text(row.at(5))});
    }
    return people;
}

}  // namespace

void StoredPeople::read(std::string_view domain, std::string_view after, std::size_t most,
                        StoreCallback<std::vector<Person>> then)
{
    database_.run(
        {.kind = Transaction::Kind::read,
         .statements = {{"SELECT user_address, full_name, given_name, family_name, nickname, email "
                         "FROM person WHERE domain = $1 AND user_address > $2 "
                         "ORDER BY user_address LIMIT $3",
                         {std::string(domain), std::string(after), static_cast<std::int64_t>(most)}}}},
        converted<std::vector<Person>>(std::move(then), stored_people));
}

void StoredPeople::put(std::vector<Person> people, StoreCallback<void> then)
{
    // All processes lock the rows in this order.
    std::stable_sort(people.begin(), people.end(),
                     [](const Person& a, const Person& b) { return a.address.text() < b.address.text(); });
    std::vector<Statement> statements;
    statements.reserve(people.size());
    for (Person& person : people) {
        statements.push_back(put_person(std::move(person)));
    }
    database_.run({.kind = Transaction::Kind::write, .statements = std::move(statements)},
                  converted<void>(std::move(then), [](const StepRows&) {}));
}

void StoredPeople::remove(const std::vector<Address>& people, StoreCallback<void> then)
{
    std::vector<Statement> statements;
    statements.reserve(people.size());
    for (const Address& address : people) {
        statements.push_back({"DELETE FROM person WHERE domain = $1 AND user_address = $2",
                              {std::string(address.domain()), address.text()}});
    }
    std::sort(statements.begin(), statements.end(),
              [](const Statement& a, const Statement& b) { return a.values[1] < b.values[1]; });
    database_.run({.kind = Transaction::Kind::write, .statements = std::move(statements)},
                  converted<void>(std::move(then), [](const StepRows&) {}));
}

void StoredPeople::next_domain(const std::string& after, StoreCallback<std::optional<std::string>> then)
{
    database_.run({.kind = Transaction::Kind::read,
                   .statements = {{"SELECT MIN(domain) FROM person WHERE domain > $1", {after}}}},
                  converted<std::optional<std::string>>(std::move(then), [](const StepRows& given) {
                      const StoredValue& domain = given.at(0).rows.at(0).at(0);
                      return is_null(domain) ? std::nullopt : std::optional(text(domain));
                  }));
}

void StoredPeople::forget(const std::string& domain, std::size_t most, StoreCallback<std::size_t> then)
{
    database_.run(
        {.kind = Transaction::Kind::write,
         .statements = {{"DELETE FROM people_list WHERE domain = $1", {domain}},
                        {"DELETE FROM person WHERE domain = $1 AND user_address IN "
                         "(SELECT user_address FROM person WHERE domain = $1 ORDER BY user_address LIMIT $2)",
                         {domain, static_cast<std::int64_t>(most)}}}},
        converted<std::size_t>(std::move(then), [](const StepRows& given) {
            return static_cast<std::size_t>(given.at(1).changed);
        }));
}

void StoredPeople::list_times(StoreCallback<ListTimes> then)
{
    database_.run(
        {.kind = Transaction::Kind::read, .statements = {{"SELECT domain, listed_at FROM people_list"}}},
        converted<ListTimes>(std::move(then), [](const StepRows& given) {
            ListTimes times;
            for (const auto& row : given.at(0).rows) {
                times.emplace(text(row.at(0)), time_since_1970(number(row.at(1))));
            }
            return times;
        }));
}

void StoredPeople::set_list_time(const std::string& domain, std::chrono::system_clock::time_point time,
                                 StoreCallback<void> then)
{
    database_.run({.kind = Transaction::Kind::write,
                   .statements = {{"INSERT INTO people_list (domain, listed_at) VALUES ($1, $2) "
                                   "ON CONFLICT (domain) DO UPDATE SET listed_at = excluded.listed_at",
                                   {domain, since_1970(time)}}}},
                  converted<void>(std::move(then), [](const StepRows&) {}));
}

}  // namespace usher
