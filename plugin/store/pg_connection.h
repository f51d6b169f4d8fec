// One connection to PostgreSQL: libpq on the event loop, which it never holds. A connection that is lost, or that could not
// be made, is made again, later and later.
//
// What is sent is not waited for, before more is sent (libpq's pipeline mode). Not here: what a transaction is, how long it
// may take (pg_queue), what has to be there before the first one (pg_session).
//
// A password is nothing for the options: they are logged. libpq finds it in a passfile or in a service file. It says what is
// wrong with the permissions of a passfile on standard error, and no call can change that.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include <tl/expected.hpp>

#include "integration/base/event_clock.h"
#include "integration/base/rate_limited_warning.h"
#include "integration/stream/host_lookup.h"
#include "plugin/store/database.h"
#include "plugin/store/pg_hosts.h"

struct event;
struct pg_conn;
struct pg_result;

namespace usher
{

class PgConnection
{
  public:
    struct Calls {
        /// A connection is there, and what it needs first may be sent. From the event loop.
        std::function<void()> connected;
        /// It is lost, or could not be made: `why` is for people. What was sent is forgotten, its `then` are not called. Another
        /// will be made. From the event loop or from drop().
        std::function<void(const std::string& why)> lost;
    };
    using Then = std::function<void(tl::expected<StepRows, std::string>)>;

    /// Whether statements are worth preparing.
    enum class Use { often, once };

    /// `options` are libpq's, `KEY=VALUE ...`. The first attempt begins when the loop goes on. `loop` must outlive the object.
    /// `purpose` is for the log, where each connection is one of several: "requests".
    PgConnection(event_base* loop, std::string options, std::string purpose, Calls calls);
    PgConnection(const PgConnection&) = delete;
    PgConnection& operator=(const PgConnection&) = delete;
    ~PgConnection();

    /// While connected: sends the statements. If no transaction was begun, they are one: all of them are committed, or none.
    /// (Each of them sees what was committed before it began.) `then` is called from the event loop with what they gave or
    /// with what the first that failed says, in the order of the calls; it must not destroy this object.
    void send(const std::vector<Statement>& statements, Then then, Use use = Use::often);

    /// What it needs first is done. That is logged, if it was logged that there was none.
    void in_use();

    /// Closes the connection at once, without a word to a server that may not listen; `lost` is called before this returns.
    void drop(const std::string& why);

  private:
    struct FreeEvent {
        void operator()(event* one) const;
    };
    struct FreeLibpq {
        void operator()(pg_conn* connection) const;
        void operator()(pg_result* result) const;
    };
    using Event = std::unique_ptr<event, FreeEvent>;

    /// What comes next from the server.
    struct Awaited {
        enum class Kind { preparation, end_of_preparation, rows, end_of_step } kind;
        std::string sql = {};  ///< that was to be prepared
    };
    struct Step {
        Then then;
        StepRows rows = {};
        std::string error = {};
        bool read_only = false;  ///< the error is that nothing can be written
    };

    // Connecting: first all names are looked up, then each host is tried.
    void begin();
    void looked_up(std::size_t place, const PgHost& host, const std::vector<std::string>& addresses,
                   const std::string& error);
    void all_looked_up();
    void try_host();
    void poll();
    void host_failed(const std::string& why);
    void note_failure(const PgHost& host, const std::string& why);
    void opened();

    // Connected.
    void ready_to_read();
    void flush();
    void take_results();
    void take(pg_result& result);
    [[nodiscard]] bool send_statement(const Statement& statement, const std::string& prepared_name);
    /// The name that the statement is prepared under; empty: under none. Has it prepared if need be.
    [[nodiscard]] std::string prepared_name(const Statement& statement);

    void close();
    void lose(const std::string& why);
    [[nodiscard]] std::string last_error() const;
    /// The server that it is connected to, for people.
    [[nodiscard]] std::string server() const;
    /// An event of the socket; `Call` is called then.
    template <void (PgConnection::*Call)()>
    [[nodiscard]] Event watch(short what);

    const std::string options_;
    const std::string purpose_;
    const Calls calls_;
    event_base* const loop_;
    EventClock clock_;
    RateLimitedWarning failed_;
    std::optional<Clock::Time> away_since_;
    bool logged_as_away_ = false;

    std::vector<std::unique_ptr<HostLookup>> lookups_;
    std::size_t lookups_left_ = 0;
    std::vector<std::vector<PgHost>> found_;  // for each of the hosts: it, with each of its addresses
    std::deque<PgHost> hosts_;                // that are still to be tried, the first of them now
    std::string failures_;                    // of this attempt
    std::unique_ptr<Timer> timer_;            // ends an attempt, or begins the next
    std::chrono::milliseconds delay_;         // before the next attempt
    Clock::Time opened_at_;
    std::minstd_rand random_{std::random_device()()};

    std::unique_ptr<pg_conn, FreeLibpq> connection_;
    Event readable_;
    Event writable_;
    std::deque<Awaited> awaited_;
    std::deque<Step> steps_;
    std::unordered_map<std::string, std::string> prepared_;  // SQL and name
    std::size_t names_ = 0;                                  // that were given
    bool read_only_ = false;  // a step has ended so, and another host may write
};

}  // namespace usher
