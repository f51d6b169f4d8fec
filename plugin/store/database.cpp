#include "plugin/store/database.h"

#include "plugin/store/pg_trial.h"
#include "plugin/store/postgres_database.h"
#include "plugin/store/sqlite_database.h"

namespace usher
{

namespace
{

constexpr std::string_view kSqlite = "sqlite3://";
constexpr std::string_view kPostgresql = "postgresql://";

}  // namespace

tl::expected<std::unique_ptr<Database>, std::string> Database::open(const std::string& url, event_base* loop,
                                                                    Access access)
{
    if (url.starts_with(kSqlite)) {
        return SqliteDatabase::open(url.substr(kSqlite.size()), access);
    }
    if (url.starts_with(kPostgresql)) {
        return PostgresDatabase::open(url.substr(kPostgresql.size()), loop, access);
    }
    return tl::unexpected<std::string>("unknown kind of database: " + url.substr(0, url.find(':')));
}

tl::expected<std::string, std::string> Database::usable(const std::string& url)
{
    return url.starts_with(kPostgresql) ? try_postgres(url.substr(kPostgresql.size())) : std::string();
}

void Database::writable(std::function<void(bool)> then)
{
    std::vector<Statement> attempt{{"UPDATE usher_schema SET version = version"}};
    if (dialect() == Dialect::postgresql) {
        // Here the journal may be locked and nothing else, and a full disk shows when a table grows: so more records than a
        // page has room for are written, and are gone again before anybody could see them. Real ones have positive ids.
        attempt = {
            {"INSERT INTO journal (id, at, source, organization, user_address, contact_address, item_ask, "
             "recent_from_contact, recent_from_domain, recent_to_user, recent_complete, answer, reason, rule, "
             "generation) SELECT -number, 0, '', '', '', '', 0, 0, 0, 0, 0, '', '', 0, 0 "
             "FROM generate_series(1, 100) AS number"},
            {"DELETE FROM journal WHERE id < 0"}};
    }
    run({.kind = Transaction::Kind::write,
         .queue = Transaction::Queue::requests,
         .statements = std::move(attempt)},
        [then = std::move(then)](const auto& written) { then(written.has_value()); });
}

}  // namespace usher
