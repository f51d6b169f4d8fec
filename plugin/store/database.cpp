#include "plugin/store/database.h"

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <string_view>

#include "plugin/store/stored_time.h"

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

/// Statements that lead from each version of the schema to the next. Only ever appended to.
/// `{id}` is the 64-bit integer type that makes a good primary key: SQLite's is spelled INTEGER.
/// `{clustered}` has SQLite keep the rows in the primary key's own tree. `{now}` is the time, as the store has it.
constexpr std::array kMigrations{
    std::string_view(R"(CREATE TABLE journal (
        id {id} PRIMARY KEY,
        at BIGINT NOT NULL,
        source VARCHAR(16) NOT NULL,
        organization VARCHAR(255) NOT NULL,
        user_address VARCHAR(2047) NOT NULL,
        contact_address VARCHAR(2047) NOT NULL,
        item_subscription VARCHAR(8),
        item_ask INTEGER NOT NULL,
        recent_from_contact INTEGER NOT NULL,
        recent_from_domain INTEGER NOT NULL,
        recent_to_user INTEGER NOT NULL,
        recent_complete INTEGER NOT NULL,
        chosen_option VARCHAR(16),
        answer VARCHAR(8) NOT NULL,
        reason VARCHAR(64) NOT NULL,
        rule INTEGER NOT NULL,
        generation BIGINT NOT NULL))"),
    // Who answered by hand.
    std::string_view("ALTER TABLE journal ADD COLUMN answered_by VARCHAR(2047)"),
    std::string_view("CREATE INDEX journal_user ON journal (user_address)"),
    std::string_view("CREATE INDEX journal_contact ON journal (contact_address)"),
    std::string_view(R"(CREATE TABLE choice (
        user_address VARCHAR(2047) PRIMARY KEY,
        option_name VARCHAR(16) NOT NULL))"),
    std::string_view(R"(CREATE TABLE saved_setting (
        organization VARCHAR(255) NOT NULL,
        setting VARCHAR(64) NOT NULL,
        setting_value TEXT NOT NULL,
        saved_by VARCHAR(2047) NOT NULL,
        saved_at BIGINT NOT NULL,
        PRIMARY KEY (organization, setting)))"),
    // Each policy that was in force, so that a journalled decision can be made again.
    std::string_view(R"(CREATE TABLE policy (
        generation {id} PRIMARY KEY,
        since BIGINT NOT NULL,
        settings TEXT NOT NULL))"),
    // With them a record took 3 times as long to write in an empty journal, and 11 times in one of 300,000. A
    // search looks at all records instead, in portions (journal_search.h).
    std::string_view("DROP INDEX journal_user"),
    std::string_view("DROP INDEX journal_contact"),
    // Each request looks a choice up: one page of it then has to be read instead of two.
    std::string_view("ALTER TABLE choice RENAME TO old_choice"),
    std::string_view(R"(CREATE TABLE choice (
        user_address VARCHAR(2047) PRIMARY KEY,
        option_name VARCHAR(16) NOT NULL) {clustered})"),
    std::string_view(R"(INSERT INTO choice (user_address, option_name)
        SELECT user_address, option_name FROM old_choice ORDER BY user_address)"),
    std::string_view("DROP TABLE old_choice"),
    // How many users of each domain have a choice, so that nobody has to count them.
    std::string_view(R"(CREATE TABLE choice_count (
        domain VARCHAR(1023) PRIMARY KEY,
        users BIGINT NOT NULL))"),
    // The domain is what follows the '@'. LTRIM takes away what precedes it, all characters that are no '@':
    // SQLite and PostgreSQL have no other function for that in common.
    std::string_view(R"(INSERT INTO choice_count (domain, users)
        SELECT domain, COUNT(*) FROM (
            SELECT SUBSTR(LTRIM(user_address, REPLACE(user_address, '@', '')), 2) AS domain
            FROM choice) AS one
        GROUP BY domain)"),
    // Reasons were stored as the texts that people read. Other texts have no name and stay as they are.
    std::string_view(R"(UPDATE journal SET reason = CASE reason
            WHEN 'not a user of any organization' THEN 'foreign_user'
            WHEN 'own address' THEN 'own_address'
            WHEN 'federation closed' THEN 'federation_closed'
            WHEN 'federation: domain not listed' THEN 'federation_not_listed'
            WHEN 'user asked for this contact' THEN 'asked_for'
            WHEN 'limit for this contact' THEN 'contact_limit'
            WHEN 'limit for the contact''s domain' THEN 'domain_limit'
            WHEN 'limit for this user' THEN 'user_limit'
            WHEN 'limits: counter full' THEN 'limits_unknown'
            WHEN 'all contacts' THEN 'all_contacts'
            WHEN 'in organization' THEN 'in_organization'
            WHEN 'outside organization' THEN 'outside_organization'
            WHEN 'by hand' THEN 'by_hand'
            ELSE reason END)"),
    // Since when a choice is, and whose accounts of a domain have one: those of deleted accounts are forgotten. Of
    // older choices nobody knows since when. They count as made now: one for an account that is registered from now
    // on is another owner's, and no choice is lost that its own owner made.
    std::string_view("ALTER TABLE choice ADD COLUMN domain VARCHAR(1023) NOT NULL DEFAULT ''"),
    std::string_view("ALTER TABLE choice ADD COLUMN chosen_at BIGINT NOT NULL DEFAULT 0"),
    std::string_view(R"(UPDATE choice SET chosen_at = {now},
        domain = SUBSTR(LTRIM(user_address, REPLACE(user_address, '@', '')), 2))"),
    std::string_view("CREATE INDEX choice_domain ON choice (domain, user_address)"),
    // What repeats a decision is counted in its record; NULL in `covers`: of the same request only.
    std::string_view("ALTER TABLE journal ADD COLUMN repeats BIGINT NOT NULL DEFAULT 0"),
    std::string_view("ALTER TABLE journal ADD COLUMN last_at BIGINT"),
    std::string_view("ALTER TABLE journal ADD COLUMN covers VARCHAR(16)"),
    // What the server said of the verdict.
    std::string_view("ALTER TABLE journal ADD COLUMN outcome VARCHAR(16)"),
    std::string_view("ALTER TABLE journal ADD COLUMN refusal VARCHAR(64)"),
    // The parts of a policy's text are kept once, and all goes with the last record that names the policy. The ids of
    // records that do are greater than `record_before`, and at most `last_record`, which is NULL for the policy in
    // force. Of older policies it is not known which do: they are kept as long as any record of now.
    std::string_view(R"(CREATE TABLE policy_text (
        id {id} PRIMARY KEY,
        hash BIGINT,
        settings TEXT NOT NULL))"),
    std::string_view(R"(INSERT INTO policy_text (id, settings)
        SELECT MIN(generation), settings FROM policy GROUP BY settings)"),
    std::string_view("ALTER TABLE policy RENAME TO old_policy"),
    std::string_view(R"(CREATE TABLE policy (
        generation {id} PRIMARY KEY,
        since BIGINT NOT NULL,
        record_before BIGINT NOT NULL,
        last_record BIGINT))"),
    std::string_view(R"(CREATE TABLE policy_part (
        generation BIGINT NOT NULL,
        place BIGINT NOT NULL,
        text BIGINT NOT NULL,
        PRIMARY KEY (generation, place)))"),
    std::string_view(R"(INSERT INTO policy (generation, since, record_before, last_record)
        SELECT generation, since, -1,
            CASE WHEN generation < (SELECT MAX(generation) FROM old_policy)
                THEN (SELECT COALESCE(MAX(id), 0) FROM journal) END
        FROM old_policy)"),
    std::string_view(R"(INSERT INTO policy_part (generation, place, text)
        SELECT old.generation, 0, policy_text.id
        FROM old_policy AS old JOIN policy_text ON policy_text.settings = old.settings)"),
    std::string_view("DROP TABLE old_policy"),
    // Saved settings belong to an organisation by its domains, the first of which is in the key: its name may change.
    // Of older ones the domains are not known before the settings file is read.
    std::string_view("ALTER TABLE saved_setting RENAME TO old_saved_setting"),
    std::string_view(R"(CREATE TABLE saved_setting (
        domain VARCHAR(1023) NOT NULL,
        organization VARCHAR(255) NOT NULL,
        setting VARCHAR(64) NOT NULL,
        domains TEXT NOT NULL,
        setting_value TEXT NOT NULL,
        saved_by VARCHAR(2047) NOT NULL,
        saved_at BIGINT NOT NULL,
        PRIMARY KEY (domain, organization, setting)))"),
    std::string_view(R"(INSERT INTO saved_setting
            (domain, organization, setting, domains, setting_value, saved_by, saved_at)
        SELECT '', organization, setting, '', setting_value, saved_by, saved_at FROM old_saved_setting)"),
    std::string_view("DROP TABLE old_saved_setting"),
};

FileIdentity identity(const std::string& path)
{
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? FileIdentity{status.st_dev, status.st_ino} : FileIdentity{};
}

std::string in_dialect(std::string_view statement, bool sqlite)
{
    std::string text(statement);
    const auto replace = [&text](std::string_view placeholder, std::string_view by) {
        if (const auto at = text.find(placeholder); at != std::string::npos) {
            text.replace(at, placeholder.size(), by);
        }
    };
    replace("{id}", sqlite ? "INTEGER" : "BIGINT");
    replace("{clustered}", sqlite ? "WITHOUT ROWID" : "");
    replace("{now}", std::to_string(since_1970(std::chrono::system_clock::now())));
    return text;
}

int version_of(soci::session& session)
{
    int version = 0;
    session << "SELECT COALESCE(MAX(version), 0) FROM usher_schema", soci::into(version);
    return version;
}

void migrate(soci::session& session, bool sqlite)
{
    soci::transaction transaction(session);
    session << "CREATE TABLE IF NOT EXISTS usher_schema (version INTEGER NOT NULL)";
    const int version = version_of(session);
    if (version > static_cast<int>(kMigrations.size())) {
        throw std::runtime_error("the database is of a newer version of usherd (schema " +
                                 std::to_string(version) + ", this one knows " +
                                 std::to_string(kMigrations.size()) + ")");
    }
    for (auto next = static_cast<std::size_t>(version); next < kMigrations.size(); ++next) {
        session << in_dialect(kMigrations[next], sqlite);
        session << "INSERT INTO usher_schema (version) VALUES (" + std::to_string(next + 1) + ")";
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
        migrate(*session, sqlite_);
    } else if (const int version = version_of(*session); version != static_cast<int>(kMigrations.size())) {
        throw std::runtime_error("the database is of another version of usherd (schema " +
                                 std::to_string(version) + ", this one's is " +
                                 std::to_string(kMigrations.size()) + ")");
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
