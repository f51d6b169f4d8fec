// SQLite: one file, in this process. What is asked is done before the call returns.
//
// A file that is removed, moved or replaced while it is open can still be written, but nobody can read that any more. So each
// write first looks whether the files are still those that were opened, and fails if they are not, until they are back in
// their places. Others are never opened instead: the database would be an empty one, or would meet a write-ahead log that
// is not its own.
#pragma once

#include <sys/types.h>

#include <unordered_map>

#include "plugin/store/database.h"

struct sqlite3;
struct sqlite3_stmt;

namespace usher
{

/// Which file it is, whatever its name.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;  ///< 0: no file

    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

class SqliteDatabase : public Database
{
  public:
    [[nodiscard]] static tl::expected<std::unique_ptr<Database>, std::string> open(const std::string& file,
                                                                                   Access access);
    ~SqliteDatabase() override;

    void run(Transaction transaction, StoreCallback<StepRows> then) override;
    [[nodiscard]] bool in_place() override;
    [[nodiscard]] bool checkpoint() override;
    [[nodiscard]] Dialect dialect() const override { return Dialect::sqlite; }
    [[nodiscard]] RecordNumbers record_numbers() const override { return {.process = 0, .newest = newest_}; }

  private:
    struct Close {
        void operator()(sqlite3* connection) const;
        void operator()(sqlite3_stmt* statement) const;
    };
    /// A prepared statement, and which of its parameters $1, $2 ... are; 0: not in it.
    struct Prepared {
        std::unique_ptr<sqlite3_stmt, Close> statement;
        std::vector<int> places;
    };
    class Undo;
    class WaitForDisk;

    SqliteDatabase(std::string file, Access access) : file_(std::move(file)), access_(access) {}

    // These throw if they fail.
    void connect();
    void open_file();
    void bring_to_form();
    void keep_others_out();
    [[nodiscard]] int version();
    [[nodiscard]] StepRows perform(const Transaction& transaction);
    [[nodiscard]] StepRows perform_steps(const Transaction& transaction);
    [[nodiscard]] bool holds(const Statement& condition);
    Rows execute(const Statement& statement);
    Rows execute(std::string sql) { return execute(Statement{std::move(sql)}); }
    [[nodiscard]] Prepared& prepared(const Statement& statement);
    [[noreturn]] void fail();

    void close();

    /// Why the files are not those that were opened; empty if they are.
    [[nodiscard]] std::string out_of_place() const;

    const std::string file_;
    const Access access_;
    std::unique_ptr<sqlite3, Close> connection_;  // null: to be opened by the next transaction
    std::unordered_map<std::string, Prepared> prepared_;
    std::int64_t newest_ = 0;  // record, when it was opened
    // The files, as they were opened first (the database) and last (the others).
    FileIdentity identity_;
    FileIdentity log_;
    FileIdentity index_;
};

}  // namespace usher
