// The store: one database, SQLite or PostgreSQL, through SOCI.
//
// Not here: what is in it (journal, choices, saved_settings); only that it is there, in the newest form, and
// that a connection that was lost is opened again. Not for more than one thread.
//
// A SQLite file that is removed, moved or replaced while it is open can still be written, but nobody can read that
// any more. So each write first looks whether the files are still those that were opened, and fails if they are
// not, until they are back in their places. Others are never opened instead: the database would be an empty one, or
// would meet a write-ahead log that is not its own.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

namespace soci
{
class session;
}

namespace usher
{

/// Which file it is, whatever its name.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;  ///< 0: no file

    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

class Database
{
  public:
    /// `sqlite3://FILE` or `postgresql://KEY=VALUE ...`. Creates what is missing and migrates what is older.
    /// The error is for people.
    [[nodiscard]] static tl::expected<std::unique_ptr<Database>, std::string> open(const std::string& url);

    /// To look at, as it is: nothing is made, migrated or written. An error where it is not there or not in the form of
    /// this usherd.
    [[nodiscard]] static tl::expected<std::unique_ptr<Database>, std::string> open_to_read(
        const std::string& url);

    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    ~Database();

    /// What a call of `work` with the session gives, or the error of the store.
    template <typename Work>
    using Outcome =
        tl::expected<std::invoke_result_t<Work, const std::shared_ptr<soci::session>&>, std::string>;

    /// Calls `work(session)`, whose result it returns; what `work` throws becomes the error. After an error
    /// the next call has a new session: statements that belong to an old one are to be prepared again, and
    /// keep theirs alive until then.
    template <typename Work>
    Outcome<Work> read(Work work);
    /// The same for work that changes the store.
    template <typename Work>
    Outcome<Work> write(Work work);

    /// The same for what nobody would make again: when this returns without an error, no power cut takes it back.
    /// (After write() one may take back the last half minute, on SQLite; the end of the process never does.)
    template <typename Work>
    Outcome<Work> write_durably(Work work);

    /// Whether it can be written now. It waits like every write, and changes nothing.
    [[nodiscard]] bool writable();
    /// Whether its files are where they were opened; if not, see last_write_error(). Never waits.
    [[nodiscard]] bool in_place();
    /// Moves what was committed from SQLite's write-ahead log into the database, and waits for the disk. If
    /// nobody calls it in time, a commit has to. False if it failed; see last_write_error().
    [[nodiscard]] bool checkpoint();

    /// Why the last write failed; empty if it succeeded.
    [[nodiscard]] const std::string& last_write_error() const { return last_write_error_; }

  private:
    /// As long as it lives, SQLite waits for the disk at each commit.
    class WaitForDisk
    {
      public:
        WaitForDisk(soci::session& session, bool sqlite);
        WaitForDisk(const WaitForDisk&) = delete;
        WaitForDisk& operator=(const WaitForDisk&) = delete;
        ~WaitForDisk();

      private:
        soci::session* session_;  // null: it does so anyway
    };

    enum class Access { write, read };
    [[nodiscard]] static tl::expected<std::unique_ptr<Database>, std::string> open(const std::string& url,
                                                                                   Access access);
    Database(std::string url, Access access);

    /// Throws if it cannot be opened.
    const std::shared_ptr<soci::session>& session();
    void connect();
    [[nodiscard]] std::string file() const;
    /// Why SQLite's files are not those that were opened; empty if they are.
    [[nodiscard]] std::string out_of_place() const;
    /// The error as people read it. The next call starts afresh.
    [[nodiscard]] std::string failed(const char* error);

    const std::string url_;
    const Access access_;
    const bool sqlite_;
    std::shared_ptr<soci::session> session_;
    std::string last_write_error_;
    /// SQLite's files, as they were opened first (the database) and last (the others).
    FileIdentity file_;
    FileIdentity log_;
    FileIdentity index_;
    std::vector<std::weak_ptr<soci::session>> sessions_;  // that statements may keep alive
};

template <typename Work>
Database::Outcome<Work> Database::read(Work work)
{
    try {
        if constexpr (std::is_void_v<typename Outcome<Work>::value_type>) {
            work(session());
            return {};
        } else {
            return work(session());
        }
    } catch (const std::exception& error) {
        return tl::unexpected(failed(error.what()));
    }
}

template <typename Work>
Database::Outcome<Work> Database::write_durably(Work work)
{
    return write([&](const std::shared_ptr<soci::session>& session) {
        const WaitForDisk wait(*session, sqlite_);
        return work(session);
    });
}

template <typename Work>
Database::Outcome<Work> Database::write(Work work)
{
    if (!in_place()) {
        return tl::unexpected(last_write_error_);
    }
    Outcome<Work> outcome = read(std::move(work));
    last_write_error_ = outcome ? std::string() : outcome.error();
    return outcome;
}

}  // namespace usher
