#include "plugin/store/database.h"

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include "plugin/store/schema.h"

namespace usher
{

namespace
{

constexpr std::string_view kSqlite = "sqlite3://";
constexpr std::string_view kPostgresql = "postgresql://";

/// How long another process may hold the database before requests are left to their users, in milliseconds.
/// The loop waits with it: no longer than a held request would notice.
constexpr std::string_view kBusyTimeout = "250";

/// When a commit makes a checkpoint by itself: 16 MB.
constexpr std::string_view kMaxPagesInLog = "4000";

FileIdentity identity(const std::string& path)
{
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? FileIdentity{status.st_dev, status.st_ino} : FileIdentity{};
}

int version_of(soci::session& session)
{
    int version = 0;
    session << schema_version_query(), soci::into(version);
    return version;
}

void migrate(soci::session& session, Dialect dialect)
{
    soci::transaction transaction(session);
    session << schema_table();
    const int version = version_of(session);
    if (const std::string why = unfit_version(version, true); !why.empty()) {
        throw std::runtime_error(why);
    }
    for (const std::string& statement : migrations_from(version, dialect)) {
        session << statement;
    }
    transaction.commit();
}

}  // namespace

Database::WaitForDisk::WaitForDisk(soci::session& session, bool sqlite)
    : session_(sqlite ? &session : nullptr)
{
    if (session_ != nullptr) {
        *session_ << "PRAGMA synchronous = FULL";
    }
}

Database::WaitForDisk::~WaitForDisk()
{
    try {
        if (session_ != nullptr) {
            *session_ << "PRAGMA synchronous = NORMAL";
        }
    } catch (const std::exception& error) {  // the session goes on, and waits more often than it has to
        spdlog::warn("the store waits for the disk each time: {}", error.what());
    }
}

Database::Database(std::string url, Access access)
    : url_(std::move(url)), access_(access), sqlite_(url_.starts_with(kSqlite))
{
}

Database::~Database() = default;

tl::expected<std::unique_ptr<Database>, std::string> Database::open(const std::string& url)
{
    return open(url, Access::write);
}

tl::expected<std::unique_ptr<Database>, std::string> Database::open_to_read(const std::string& url)
{
    return open(url, Access::read);
}

tl::expected<std::unique_ptr<Database>, std::string> Database::open(const std::string& url, Access access)
{
    if (!url.starts_with(kSqlite) && !url.starts_with(kPostgresql)) {
        return tl::unexpected<std::string>("unknown kind of database: " + url.substr(0, url.find(':')));
    }
    try {
        std::unique_ptr<Database> database(new Database(url, access));
        database->connect();
        return database;
    } catch (const std::exception& error) {
        return tl::unexpected<std::string>(error.what());
    }
}

const std::shared_ptr<soci::session>& Database::session()
{
    if (!session_) {
        connect();
    }
    return session_;
}

void Database::connect()
{
    std::shared_ptr<soci::session> session;
    if (sqlite_) {
        if (const std::string why = out_of_place(); !why.empty()) {
            throw std::runtime_error(why);
        }
        if (access_ == Access::write && identity(file()).inode == 0) {
            spdlog::info("{} is made: the store is new, and empty", file());
        }
        session = std::make_shared<soci::session>(
            soci::sqlite3, "db=" + file() + " timeout=1" + (access_ == Access::read ? " readonly=1" : ""));
        *session << "PRAGMA busy_timeout = " + std::string(kBusyTimeout);
        // With WAL and NORMAL a commit survives the death of the process, not always that of the machine: then what
        // was committed since the last checkpoint may be gone. To wait for the disk at each would make a commit
        // take ten times as long; who needs that uses write_durably().
        if (access_ == Access::write) {
            *session << "PRAGMA journal_mode = WAL";
        }
        *session << "PRAGMA synchronous = NORMAL";
        *session << "PRAGMA wal_autocheckpoint = " + std::string(kMaxPagesInLog);
    } else {
        // SOCI finds its backend when it is first asked for: who does not use PostgreSQL does not load it.
        // The loop waits for the database: two seconds and no longer. What the settings say comes later and
        // wins.
        session = std::make_shared<soci::session>(std::string(kPostgresql) +
                                                  "connect_timeout=2 tcp_user_timeout=2000 " +
                                                  url_.substr(kPostgresql.size()));
    }
    if (access_ == Access::write) {
        migrate(*session, sqlite_ ? Dialect::sqlite : Dialect::postgresql);
    } else if (const std::string why = unfit_version(version_of(*session), false); !why.empty()) {
        throw std::runtime_error(why);
    }
    session_ = std::move(session);
    if (sqlite_) {
        file_ = identity(file());
        log_ = identity(file() + "-wal");
        index_ = identity(file() + "-shm");
        std::erase_if(sessions_, [](const auto& one) { return one.expired(); });
        sessions_.push_back(session_);
    }
}

std::string Database::file() const
{
    return url_.substr(kSqlite.size());
}

std::string Database::out_of_place() const
{
    if (!sqlite_ || file_.inode == 0) {
        return {};
    }
    const FileIdentity now = identity(file());
    if (now.inode == 0) {
        return file() +
               " was removed or moved; put it back, or restart usherd, which then makes a new, empty one";
    }
    if (now != file_) {
        return file() +
               " is not the file that usherd has open; put that one back, or restart usherd to use this one";
    }
    // While it is open. Nobody else deletes them then.
    const bool open =
        std::any_of(sessions_.begin(), sessions_.end(), [](const auto& one) { return !one.expired(); });
    if (open && (identity(file() + "-wal") != log_ || identity(file() + "-shm") != index_)) {
        return file() + "-wal or -shm was removed or moved; put it back, or restart usherd";
    }
    return {};
}

bool Database::in_place()
{
    std::string why = out_of_place();
    if (why.empty()) {
        return true;
    }
    last_write_error_ = std::move(why);
    return false;
}

bool Database::writable()
{
    return write([](const std::shared_ptr<soci::session>& session) {
               *session << "UPDATE usher_schema SET version = version";
           })
        .has_value();
}

bool Database::checkpoint()
{
    if (!sqlite_ || !session_) {
        return true;
    }
    try {  // not write(): that there is nothing to do says nothing of the last error
        *session_ << "PRAGMA wal_checkpoint(PASSIVE)";  // also of files that have no name any more
        return in_place();
    } catch (const std::exception& error) {
        last_write_error_ = failed(error.what());
        return false;
    }
}

std::string Database::failed(const char* error)
{
    session_.reset();  // whatever state it is in
    const std::string text = error;
    return text.substr(0, text.find(" while "));  // SOCI adds the SQL and the addresses in it
}

}  // namespace usher
