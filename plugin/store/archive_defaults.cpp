#include "plugin/store/archive_defaults.h"

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

/// The empty text is none: NULL is equal to nothing, and the two databases compare it in ways of their own.
std::optional<Archiving> archiving_in(const StoredValue& value)
{
    if (text(value).empty()) {
        return std::nullopt;
    }
    if (const auto archiving = archiving_named(text(value))) {
        return archiving;
    }
    throw std::runtime_error("the store has an archiving preference that there is none of: " + text(value));
}

StoredValue flag(bool value)
{
    return std::int64_t{value ? 1 : 0};
}

}  // namespace

void StoredArchiveDefaults::read(const std::vector<Address>& accounts, StoreCallback<Records> then)
{
    Statement statement{
        "SELECT user_address, set_default, setting_default, locked, begun_at FROM archive_default "
        "WHERE domain = $1 AND user_address IN (",
        {std::string(accounts.front().domain())}};
    for (std::size_t i = 0; i < kMaxAccounts; ++i) {  // one form of it: the last one again and again
        statement.values.emplace_back(accounts[std::min(i, accounts.size() - 1)].text());
        statement.sql += (i == 0 ? "$" : ", $") + std::to_string(i + 2);
    }
    statement.sql += ')';
    database_.run({.kind = Transaction::Kind::read, .statements = {std::move(statement)}},
                  converted<Records>(std::move(then), [](const StepRows& given) {
                      Records records;
                      for (const auto& row : given.at(0).rows) {
                          records.emplace(
                              text(row.at(0)),
                              ArchiveRecord{archiving_in(row.at(1)), archiving_in(row.at(2)),
                                            number(row.at(3)) != 0, time_since_1970(number(row.at(4)))});
                      }
                      return records;
                  }));
}

void StoredArchiveDefaults::accounts(std::string_view domain, std::string_view after, std::size_t most,
                                     StoreCallback<std::vector<Address>> then)
{
    find(
        "SELECT user_address FROM archive_default WHERE domain = $1 AND user_address > $2 "
        "ORDER BY user_address LIMIT $3",
        domain, after, most, std::move(then));
}

void StoredArchiveDefaults::locked(std::string_view domain, std::string_view after, std::size_t most,
                                   StoreCallback<std::vector<Address>> then)
{
    find(
        "SELECT user_address FROM archive_default WHERE domain = $1 AND user_address > $2 AND locked = 1 "
        "ORDER BY user_address LIMIT $3",
        domain, after, most, std::move(then));
}

void StoredArchiveDefaults::find(const std::string& sql, std::string_view domain, std::string_view after,
                                 std::size_t most, StoreCallback<std::vector<Address>> then)
{
    database_.run(
        {.kind = Transaction::Kind::read,
         .statements = {{sql, {std::string(domain), std::string(after), static_cast<std::int64_t>(most)}}}},
        converted<std::vector<Address>>(std::move(then), [](const StepRows& given) {
            std::vector<Address> found;
            for (const auto& row : given.at(0).rows) {
                auto address = prepared_address(text(row.at(0)));
                if (!address) {
                    throw std::runtime_error("the store has an archiving preference without an address");
                }
                found.push_back(*std::move(address));
            }
            return found;
        }));
}

void StoredArchiveDefaults::write(std::vector<Statement> statements, StoreCallback<void> then)
{
    // All processes lock the rows in this order.
    std::sort(statements.begin(), statements.end(),
              [](const Statement& a, const Statement& b) { return a.values[1] < b.values[1]; });
    database_.run({.kind = Transaction::Kind::durable, .statements = std::move(statements)},
                  converted<void>(std::move(then), [](const StepRows&) {}));
}

void StoredArchiveDefaults::begin(const std::vector<Order>& orders, std::chrono::system_clock::time_point now,
                                  StoreCallback<void> then)
{
    std::vector<Statement> statements;
    statements.reserve(orders.size());
    for (const Order& order : orders) {
        // A lock that is about to be taken away may still be there.
        statements.push_back(
            {"INSERT INTO archive_default "
             "(domain, user_address, set_default, setting_default, locked, begun_at) "
             "VALUES ($1, $2, '', $3, $4, $5) ON CONFLICT (domain, user_address) DO UPDATE SET "
             "setting_default = excluded.setting_default, "
             "locked = CASE WHEN archive_default.locked = 1 THEN 1 ELSE excluded.locked END, "
             "begun_at = excluded.begun_at",
             {std::string(order.account.domain()), order.account.text(), std::string(name(order.preference)),
              flag(order.lock), since_1970(now)}});
    }
    write(std::move(statements), std::move(then));
}

void StoredArchiveDefaults::done(const std::vector<Order>& orders, StoreCallback<void> then)
{
    std::vector<Statement> statements;
    statements.reserve(orders.size());
    for (const Order& order : orders) {
        statements.push_back(
            {"UPDATE archive_default SET set_default = $3, setting_default = '', locked = $4 "
             "WHERE domain = $1 AND user_address = $2 AND setting_default = $3",
             {std::string(order.account.domain()), order.account.text(), std::string(name(order.preference)),
              flag(order.lock)}});
    }
    write(std::move(statements), std::move(then));
}

void StoredArchiveDefaults::undone(const std::vector<Order>& orders,
                                   std::chrono::system_clock::time_point begun, StoreCallback<void> then)
{
    std::vector<Statement> statements;
    statements.reserve(orders.size());
    for (const Order& order : orders) {
        statements.push_back(
            {"UPDATE archive_default SET setting_default = '' "
             "WHERE domain = $1 AND user_address = $2 AND setting_default = $3 AND begun_at = $4",
             {std::string(order.account.domain()), order.account.text(), std::string(name(order.preference)),
              since_1970(begun)}});
    }
    write(std::move(statements), std::move(then));
}

void StoredArchiveDefaults::forget(const std::vector<Address>& accounts,
                                   std::chrono::system_clock::time_point until, StoreCallback<void> then)
{
    std::vector<Statement> statements;
    statements.reserve(accounts.size());
    for (const Address& account : accounts) {
        statements.push_back(
            {"DELETE FROM archive_default WHERE domain = $1 AND user_address = $2 AND begun_at <= $3",
             {std::string(account.domain()), account.text(), since_1970(until)}});
    }
    write(std::move(statements), std::move(then));
}

}  // namespace usher
