#include "plugin/store/database.h"

#include "plugin/store/postgres_database.h"
#include "plugin/store/sqlite_database.h"

namespace usher
{

tl::expected<std::unique_ptr<Database>, std::string> Database::open(const std::string& url, event_base* loop,
                                                                    Access access)
{
    constexpr std::string_view kSqlite = "sqlite3://";
    constexpr std::string_view kPostgresql = "postgresql://";
    if (url.starts_with(kSqlite)) {
        return SqliteDatabase::open(url.substr(kSqlite.size()), access);
    }
    if (url.starts_with(kPostgresql)) {
        return PostgresDatabase::open(url.substr(kPostgresql.size()), loop, access);
    }
    return tl::unexpected<std::string>("unknown kind of database: " + url.substr(0, url.find(':')));
}

void Database::writable(std::function<void(bool)> then)
{
    run({.kind = Transaction::Kind::write, .statements = {{"UPDATE usher_schema SET version = version"}}},
        [then = std::move(then)](const auto& written) { then(written.has_value()); });
}

}  // namespace usher
