// A connection to PostgreSQL that is ready for the store: its schema is there, and the server will not hold for long what this
// process does not need any more.
//
// Several processes may start at once: one of them migrates. A role that may create nothing can use a store that is complete.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "integration/base/event_clock.h"
#include "plugin/store/database.h"
#include "plugin/store/pg_connection.h"

struct event_base;

namespace usher
{

class PgSession
{
  public:
    struct Calls {
        std::function<void()> ready;
        /// There is no session any more, or still none: `why` is for people. Another will be made. See PgConnection.
        std::function<void(const std::string& why)> lost;
    };
    struct Needs {
        Database::Access access = Database::Access::write;
        /// What a statement may take. The server ends one that takes longer, also after this process has given it up:
        /// otherwise those that wait for a lock would become as many as it allows connections.
        std::chrono::milliseconds statement{};
        std::string purpose = {};  ///< see PgConnection
        bool numbers = false;      ///< for records. They are kept until the connection ends.
        /// All that there are, so that nobody else can use the store.
        bool all_numbers = false;
    };

    /// `loop` must outlive the object.
    PgSession(event_base* loop, std::string options, Needs needs, Calls calls);

    /// For transactions, between `ready` and `lost`.
    [[nodiscard]] PgConnection& connection() { return connection_; }
    [[nodiscard]] RecordNumbers numbers() const { return numbers_; }
    /// Whether the last attempt has found a database that this usherd cannot use. It is tried again all the same.
    [[nodiscard]] bool unfit() const { return unfit_; }
    /// Whether a commit does not wait for the disk unless it is told to.
    [[nodiscard]] bool commits_early() const { return commits_early_; }

  private:
    // Each step of what is done at the beginning calls the next.
    void look();
    void read_version();
    void got_version(int version);
    void lock_and_migrate();
    void migrate(int version);
    void settle();
    void settled(const StepRows& rows);

    /// Sends the statements, and drops the connection if they fail.
    void send(std::vector<std::string> statements, std::function<void(const StepRows&)> then);
    /// Drops the connection to a database that is unfit.
    void refuse(const std::string& why);
    void limit(std::chrono::milliseconds time);

    const Needs needs_;
    const Calls calls_;
    EventClock clock_;
    std::unique_ptr<Timer> limit_;  // for a step of the beginning
    RecordNumbers numbers_;
    bool unfit_ = false;
    bool commits_early_ = false;
    /// The server's process for the newest session, as a condition for pg_stat_activity; empty: there was none.
    std::string process_;
    PgConnection connection_;
};

}  // namespace usher
