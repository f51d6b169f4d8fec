// The store: one database, SQLite or PostgreSQL, through SOCI.
//
// Not here: what is in it (journal, choices, saved_settings); only that it is there, in the newest form, and
// that a connection that was lost is opened again. Not for more than one thread.
#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <tl/expected.hpp>

namespace soci
{
class session;
}

namespace usher
{

class Database
{
  public:
    /// `sqlite3://FILE` or `postgresql://KEY=VALUE ...`. Creates what is missing and migrates what is older.
    /// The error is for people.
    [[nodiscard]] static tl::expected<std::unique_ptr<Database>, std::string> open(const std::string& url);

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

    /// Whether it can be written now. It waits like every write, and changes nothing.
    [[nodiscard]] bool writable();
    /// Moves what was committed from SQLite's write-ahead log into the database, and waits for the disk. If
    /// nobody calls it in time, a commit has to. False if it failed; see last_write_error().
    [[nodiscard]] bool checkpoint();

    /// Why the last write failed; empty if it succeeded.
    [[nodiscard]] const std::string& last_write_error() const { return last_write_error_; }

  private:
    explicit Database(std::string url);

    /// Throws if it cannot be opened.
    const std::shared_ptr<soci::session>& session();
    void connect();
    /// The error as people read it. The next call starts afresh.
    [[nodiscard]] std::string failed(const char* error);

    const std::string url_;
    const bool sqlite_;
    std::shared_ptr<soci::session> session_;
    std::string last_write_error_;
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
Database::Outcome<Work> Database::write(Work work)
{
    Outcome<Work> outcome = read(std::move(work));
    last_write_error_ = outcome ? std::string() : outcome.error();
    return outcome;
}

}  // namespace usher
