#include "plugin/store/exceptions.h"

#include <stdexcept>
#include <utility>

#include "plugin/store/stored_time.h"
#include "plugin/store/stored_value.h"
#include "plugin/store/value_list.h"

namespace usher
{

namespace
{

std::string place_of(Statement& statement, const StoredValue& value)
{
    statement.values.push_back(value);
    return "$" + std::to_string(statement.values.size());
}

/// That there is room for all of the changes.
Statement room_for(const Address& user, const std::vector<ExceptionChange>& changes)
{
    std::vector<std::string> entries;
    for (const ExceptionChange& one : changes) {
        entries.push_back(one.entry);
    }
    Statement condition{{}, {user.text()}};
    for (const Handling handling : kHandlings) {
        std::int64_t added = 0;
        for (const ExceptionChange& one : changes) {
            added += one.handling == handling ? 1 : 0;
        }
        if (added == 0) {
            continue;
        }
        condition.sql += std::string(condition.sql.empty() ? "" : " AND ") +
                         "(SELECT COUNT(*) FROM contact_exception WHERE user_address = $1 AND handling = " +
                         place_of(condition, std::string(name(handling))) + " AND entry NOT IN ";
        append_list(condition, entries);
        const auto left = static_cast<std::int64_t>(ContactException::kMaxOfHandling) - added;
        condition.sql += ") <= " + place_of(condition, left);
    }
    return condition;
}

/// Takes the place of what there was for the entry. Both end in a WHERE clause, for a condition is appended to it (database.h).
void append_statements(std::vector<Statement>& statements, const Address& user, const ExceptionChange& change,
                       std::chrono::system_clock::time_point now)
{
    statements.push_back({"DELETE FROM contact_exception WHERE user_address = $1 AND entry = $2",
                          {user.text(), change.entry}});
    if (change.handling) {
        statements.push_back(
            {"INSERT INTO contact_exception (user_address, entry, handling, domain, made_at) "
             "SELECT $1, $2, $3, $4, $5 WHERE TRUE",
             {user.text(), change.entry, std::string(name(*change.handling)), std::string(user.domain()),
              since_1970(now)}});
    }
}

}  // namespace

void StoredExceptions::of(const Address& user, StoreCallback<std::vector<ContactException>> then)
{
    database_.run(
        {.kind = Transaction::Kind::read,
         .statements =
             {{"SELECT handling, entry FROM contact_exception WHERE user_address = $1 ORDER BY entry",
               {user.text()}}}},
        converted<std::vector<ContactException>>(
            std::move(then), [user = user.text()](const StepRows& given) {
                std::vector<ContactException> exceptions;
                for (const auto& row : given.at(0).rows) {
                    exceptions.push_back(stored_exception(user, text(row.at(0)), text(row.at(1))));
                }
                return exceptions;
            }));
}

void StoredExceptions::change(const Address& user, std::vector<ExceptionChange> changes,
                              StoreCallback<bool> then, std::chrono::system_clock::time_point now)
{
    if (changes.empty()) {
        then(true);
        return;
    }
    std::vector<Statement> statements;
    bool adds = false;
    for (const ExceptionChange& one : changes) {
        adds = adds || one.handling.has_value();
        append_statements(statements, user, one, now);
    }
    std::optional<Statement> condition;
    if (adds) {
        condition = room_for(user, changes);
    }
    database_.run({.kind = Transaction::Kind::durable,
                   .statements = std::move(statements),
                   .condition = std::move(condition)},
                  converted<bool>(std::move(then), [](const StepRows& given) { return !given.empty(); }));
}

Statement forget_exceptions(const std::string& user, std::int64_t until)
{
    return {"DELETE FROM contact_exception WHERE user_address = $1 AND made_at <= $2", {user, until}};
}

ContactException stored_exception(const std::string& user, const std::string& handling,
                                  const std::string& entry)
{
    const auto known = handling_named(handling);
    if (!known) {
        throw std::runtime_error("an exception of " + user + " in the store has an unknown handling");
    }
    return {*known, entry};
}

}  // namespace usher
