// The store: one database, SQLite or PostgreSQL, through SOCI.
//
// Not here: what is in it (journal, choices, policy_in_force); only that it is there, in the newest form, and
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

    /// Calls `work(session)`, whose result it returns; what `work` throws becomes the error. After an error
    /// the next call has a new session: statements that belong to an old one are to be prepared again, and
    /// keep theirs alive until then.
    template <typename Work>
    auto attempt(Work work)
        -> tl::expected<std::invoke_result_t<Work, const std::shared_ptr<soci::session>&>, std::string>;

    /// Whether it can be written now. It waits like every attempt, and changes nothing.
    [[nodiscard]] bool writable();
    /// Moves what was committed from SQLite's write-ahead log into the database, and waits for the disk. If
    /// nobody calls it in time, a commit has to. False if it failed; see last_error().
    [[nodiscard]] bool checkpoint();

    /// What the last attempt met; empty if it succeeded.
    [[nodiscard]] const std::string& last_error() const { return last_error_; }

  private:
    explicit Database(std::string url);

    /// Throws if it cannot be opened.
    const std::shared_ptr<soci::session>& session();
    void connect();
    void failed(const char* error);

    const std::string url_;
    const bool sqlite_;
    std::shared_ptr<soci::session> session_;
    std::string last_error_;
};

template <typename Work>
auto Database::attempt(Work work)
    -> tl::expected<std::invoke_result_t<Work, const std::shared_ptr<soci::session>&>, std::string>
{
    using Value = std::invoke_result_t<Work, const std::shared_ptr<soci::session>&>;
    try {
        if constexpr (std::is_void_v<Value>) {
            work(session());
            last_error_.clear();
            return {};
        } else {
            tl::expected<Value, std::string> value = work(session());
            last_error_.clear();
            return value;
        }
    } catch (const std::exception& error) {
        failed(error.what());
        return tl::unexpected(last_error_);
    }
}

}  // namespace usher
