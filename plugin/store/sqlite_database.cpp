#include "plugin/store/sqlite_database.h"

#include <spdlog/spdlog.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <optional>
#include <stdexcept>

#include "plugin/store/schema.h"
#include "plugin/store/stored_value.h"

namespace usher
{

namespace
{

/// How long another process may hold the database before requests are left to their users. The loop waits with it: no longer
/// than a held request would notice.
constexpr int kBusyMilliseconds = 250;

/// When a commit makes a checkpoint by itself: 16 MB.
constexpr const char* kMaxPagesInLog = "PRAGMA wal_autocheckpoint = 4000";

/// How many different statements stay prepared.
constexpr std::size_t kMaxPrepared = 64;

FileIdentity identity(const std::string& path)
{
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? FileIdentity{status.st_dev, status.st_ino} : FileIdentity{};
}

int flags(Database::Access access)
{
    switch (access) {
        case Database::Access::write:
            return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
        case Database::Access::alone:
            return SQLITE_OPEN_READWRITE;  // the lock needs it
        case Database::Access::read:
            break;
    }
    return SQLITE_OPEN_READONLY;
}

/// SQLite reads the value only while the statement runs.
int bind(sqlite3_stmt* statement, int place, const StoredValue& value)
{
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
        return sqlite3_bind_int64(statement, place, *number);
    }
    if (const auto* text = std::get_if<std::string>(&value)) {
        return sqlite3_bind_text(statement, place, text->data(), static_cast<int>(text->size()),
                                 SQLITE_STATIC);
    }
    return sqlite3_bind_null(statement, place);
}

StoredValue value_of(sqlite3_stmt* statement, int column)
{
    switch (sqlite3_column_type(statement, column)) {
        case SQLITE_NULL:
            return {};
        case SQLITE_INTEGER:
            return sqlite3_column_int64(statement, column);
        default: {
            const unsigned char* text = sqlite3_column_text(statement, column);
            return std::string(text, text + sqlite3_column_bytes(statement, column));
        }
    }
}

}  // namespace

void SqliteDatabase::Close::operator()(sqlite3* connection) const
{
    sqlite3_close(connection);
}

void SqliteDatabase::Close::operator()(sqlite3_stmt* statement) const
{
    sqlite3_finalize(statement);
}

/// Undoes what was begun, unless it is told that it has ended well.
class SqliteDatabase::Undo
{
  public:
    explicit Undo(SqliteDatabase& database) : database_(&database) {}
    Undo(const Undo&) = delete;
    Undo& operator=(const Undo&) = delete;
    ~Undo()
    {
        if (database_ != nullptr &&
            database_->connection_) {  // if it has failed, it is closed: that undoes it, too
            sqlite3_exec(database_->connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
        }
    }
    void ended_well() { database_ = nullptr; }

  private:
    SqliteDatabase* database_;
};

/// As long as it lives, each commit waits for the disk.
class SqliteDatabase::WaitForDisk
{
  public:
    explicit WaitForDisk(SqliteDatabase& database) : database_(database)
    {
        database_.execute("PRAGMA synchronous = FULL");
    }
    WaitForDisk(const WaitForDisk&) = delete;
    WaitForDisk& operator=(const WaitForDisk&) = delete;
    ~WaitForDisk()
    {
        if (database_.connection_ &&
            sqlite3_exec(database_.connection_.get(), "PRAGMA synchronous = NORMAL", nullptr, nullptr,
                         nullptr) != SQLITE_OK) {  // it goes on, and waits more often than it has to
            spdlog::warn("the store waits for the disk each time: {}",
                         sqlite3_errmsg(database_.connection_.get()));
        }
    }

  private:
    SqliteDatabase& database_;
};

tl::expected<std::unique_ptr<Database>, std::string> SqliteDatabase::open(const std::string& file,
                                                                          Access access)
{
    try {
        std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(file, access));
        database->connect();
        const Rows newest = database->execute("SELECT COALESCE(MAX(id), 0) FROM journal");
        database->newest_ = number(newest.rows.at(0).at(0));
        return database;
    } catch (const std::exception& error) {
        return tl::unexpected<std::string>(error.what());
    }
}

SqliteDatabase::~SqliteDatabase()
{
    close();
}

void SqliteDatabase::connect()
{
    try {
        open_file();
    } catch (const std::exception&) {
        close();  // or the next transaction would use what is not to be used
        throw;
    }
}

void SqliteDatabase::open_file()
{
    if (const std::string why = out_of_place(); !why.empty()) {
        throw std::runtime_error(why);
    }
    if (access_ == Access::write && identity(file_).inode == 0) {
        spdlog::info("{} is made: the store is new, and empty", file_);
    }
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(file_.c_str(), &opened, flags(access_), nullptr);
    connection_.reset(opened);
    if (code != SQLITE_OK) {
        fail();
    }
    sqlite3_busy_timeout(opened, kBusyMilliseconds);
    // With WAL and NORMAL a commit survives the death of the process, not always that of the machine: then what was committed
    // since the last checkpoint may be gone. To wait for the disk at each would make a commit take ten times as long; what
    // needs that is `durable`.
    if (access_ == Access::write) {
        execute("PRAGMA journal_mode = WAL");
    } else if (access_ == Access::alone) {
        keep_others_out();
    }
    execute("PRAGMA synchronous = NORMAL");
    execute(kMaxPagesInLog);
    bring_to_form();
    identity_ = identity(file_);
    log_ = identity(file_ + "-wal");
    index_ = identity(file_ + "-shm");
}

/// Who has the file open with a write-ahead log, as usherd has it, holds a lock on it all the time, which this one excludes.
void SqliteDatabase::keep_others_out()
{
    execute("PRAGMA locking_mode = EXCLUSIVE");
    const int code = sqlite3_exec(connection_.get(), "BEGIN EXCLUSIVE; COMMIT", nullptr, nullptr, nullptr);
    if (code == SQLITE_BUSY) {
        throw std::runtime_error("another process has it open; if that is usherd, stop it first");
    }
    if (code != SQLITE_OK) {
        fail();
    }
}

int SqliteDatabase::version()
{
    const Rows tables =
        execute(std::string("SELECT COUNT(*) FROM sqlite_master WHERE name = '") + kSchemaTable + "'");
    return number(tables.rows.at(0).at(0)) == 0
               ? 0
               : static_cast<int>(number(execute(schema_version_query()).rows.at(0).at(0)));
}

void SqliteDatabase::bring_to_form()
{
    const bool migrates = access_ == Access::write;
    if (const std::string why = unfit_version(version(), migrates); !why.empty()) {
        throw std::runtime_error(why);
    }
    if (version() == schema_version()) {
        return;  // without a lock: another process may have it just now
    }
    execute("BEGIN IMMEDIATE");
    Undo undo(*this);
    execute(schema_table());
    for (const std::string& statement : migrations_from(version(), Dialect::sqlite)) {
        execute(statement);
    }
    execute("COMMIT");
    undo.ended_well();
}

void SqliteDatabase::run(Transaction transaction, StoreCallback<StepRows> then)
{
    tl::expected<StepRows, std::string> outcome;
    if (transaction.kind != Transaction::Kind::read && !in_place()) {
        outcome = tl::unexpected(last_write_error_);
    } else {
        try {
            outcome = perform(transaction);
        } catch (const std::exception& error) {
            outcome = tl::unexpected<std::string>(error.what());
        }
        if (transaction.kind != Transaction::Kind::read) {
            last_write_error_ = outcome ? std::string() : outcome.error();
        }
    }
    then(std::move(outcome));
}

StepRows SqliteDatabase::perform(const Transaction& transaction)
{
    if (!connection_) {
        connect();
    }
    const bool reads = transaction.kind == Transaction::Kind::read;
    if (reads && transaction.statements.size() == 1 && !transaction.next) {
        return {execute(transaction.statements.front())};
    }
    std::optional<WaitForDisk> wait;  // cannot be asked for within
    if (transaction.kind == Transaction::Kind::durable) {
        wait.emplace(*this);
    }
    execute(reads ? "BEGIN" : "BEGIN IMMEDIATE");
    Undo undo(*this);
    StepRows given;
    if (!transaction.condition || holds(*transaction.condition)) {
        given = perform_steps(transaction);
    }
    execute("COMMIT");
    undo.ended_well();
    return given;
}

bool SqliteDatabase::holds(const Statement& condition)
{
    return number(execute({"SELECT " + condition.sql, condition.values}).rows.at(0).at(0)) != 0;
}

StepRows SqliteDatabase::perform_steps(const Transaction& transaction)
{
    std::vector<Statement> step;
    const std::vector<Statement>* statements = &transaction.statements;
    while (true) {
        StepRows given;
        given.reserve(statements->size());
        for (const Statement& statement : *statements) {
            given.push_back(execute(statement));
        }
        if (!transaction.next) {
            return given;
        }
        step = transaction.next(given);
        if (step.empty()) {
            return given;
        }
        statements = &step;
    }
}

Rows SqliteDatabase::execute(const Statement& statement)
{
    const Prepared& ready = prepared(statement);
    sqlite3_stmt* const running = ready.statement.get();
    bool bound = true;
    for (std::size_t i = 0; i < ready.places.size(); ++i) {
        if (ready.places[i] != 0) {
            bound = bind(running, ready.places[i], statement.values[i]) == SQLITE_OK && bound;
        }
    }
    Rows given;
    int code = bound ? SQLITE_ROW : SQLITE_ERROR;
    while (code == SQLITE_ROW && (code = sqlite3_step(running)) == SQLITE_ROW) {
        std::vector<StoredValue>& row = given.rows.emplace_back();
        const int columns = sqlite3_column_count(running);
        row.reserve(static_cast<std::size_t>(columns));
        for (int column = 0; column < columns; ++column) {
            row.push_back(value_of(running, column));
        }
    }
    if (code != SQLITE_DONE) {
        fail();
    }
    if (sqlite3_stmt_readonly(running) == 0) {
        given.changed = sqlite3_changes64(connection_.get());
    }
    sqlite3_reset(running);
    return given;
}

SqliteDatabase::Prepared& SqliteDatabase::prepared(const Statement& statement)
{
    if (const auto found = prepared_.find(statement.sql); found != prepared_.end()) {
        return found->second;
    }
    if (prepared_.size() == kMaxPrepared) {
        prepared_.clear();
    }
    sqlite3_stmt* made = nullptr;
    if (sqlite3_prepare_v3(connection_.get(), statement.sql.c_str(),
                           static_cast<int>(statement.sql.size()) + 1, SQLITE_PREPARE_PERSISTENT, &made,
                           nullptr) != SQLITE_OK) {
        fail();
    }
    Prepared ready{std::unique_ptr<sqlite3_stmt, Close>(made), {}};
    for (std::size_t i = 1; i <= statement.values.size(); ++i) {
        ready.places.push_back(sqlite3_bind_parameter_index(made, ("$" + std::to_string(i)).c_str()));
    }
    return prepared_.emplace(statement.sql, std::move(ready)).first->second;
}

void SqliteDatabase::close()
{
    prepared_.clear();  // before the connection is closed
    connection_.reset();
}

/// The next transaction opens the database again: whatever state this connection is in.
void SqliteDatabase::fail()
{
    const std::string error = sqlite3_errmsg(connection_.get());
    close();
    throw std::runtime_error(error);
}

std::string SqliteDatabase::out_of_place() const
{
    if (identity_.inode == 0) {
        return {};
    }
    const FileIdentity now = identity(file_);
    if (now.inode == 0) {
        return file_ +
               " was removed or moved; put it back, or restart usherd, which then makes a new, empty one";
    }
    if (now != identity_) {
        return file_ +
               " is not the file that usherd has open; put that one back, or restart usherd to use this one";
    }
    // While it is open. Nobody else deletes them then.
    if (connection_ && (identity(file_ + "-wal") != log_ || identity(file_ + "-shm") != index_)) {
        return file_ + "-wal or -shm was removed or moved; put it back, or restart usherd";
    }
    return {};
}

bool SqliteDatabase::in_place()
{
    std::string why = out_of_place();
    if (why.empty()) {
        return true;
    }
    last_write_error_ = std::move(why);
    return false;
}

bool SqliteDatabase::checkpoint()
{
    if (!connection_) {
        return true;
    }
    try {  // that there is nothing to do says nothing of the last error
        execute("PRAGMA wal_checkpoint(PASSIVE)");  // also of files that have no name any more
        return in_place();
    } catch (const std::exception& error) {
        last_write_error_ = error.what();
        return false;
    }
}

}  // namespace usher
