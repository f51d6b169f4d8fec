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

bool RecordNumbers::own(std::int64_t id) const
{
    constexpr std::int64_t kProcesses = std::int64_t{1} << kProcessBits;
    return id > newest && (id >> kCountBits) % kProcesses == process;
}

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
    // A full disk shows when more is written, and the journal may be locked and nothing else: so more records than a page has
    // room for are written, and are gone again before anybody could see them. Real ones have positive ids.
    std::vector<Statement> attempt{
        {"INSERT INTO journal (id, at, source, organization, user_address, contact_address, item_ask, "
         "recent_from_contact, recent_from_domain, recent_to_user, recent_complete, answer, reason, rule, "
         "generation) WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers "
         "WHERE number < 100) SELECT -number, 0, '', '', '', '', 0, 0, 0, 0, 0, '', '', 0, 0 FROM numbers"},
        {"DELETE FROM journal WHERE id < 0"}};
    run({.kind = Transaction::Kind::write,
         .queue = Transaction::Queue::requests,
         .statements = std::move(attempt)},
        [then = std::move(then)](const auto& written) { then(written.has_value()); });
}

}  // namespace usher
