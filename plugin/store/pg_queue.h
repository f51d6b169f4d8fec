// Transactions in order, on one connection to PostgreSQL.
//
// One that has one step is sent at once behind those before it, and the server commits it when it comes to its end. Behind one
// of several steps the others wait. What is not over in its time fails, and the connection goes with it: nobody knows any more
// what comes on it.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "integration/base/event_clock.h"
#include "plugin/store/database.h"
#include "plugin/store/pg_session.h"

struct event_base;

namespace usher
{

class PgQueue
{
  public:
    using Result = tl::expected<StepRows, std::string>;
    /// A transaction and how it ended. Called from the event loop, or from run(): not the place to call those who wait.
    using Done = std::function<void(Transaction::Kind kind, Result result, StoreCallback<StepRows> then)>;

    struct Limits {
        std::chrono::milliseconds time;
        /// Of all of a transaction, from when it is given; otherwise of each of its steps, from when its turn has come.
        bool in_all = false;
    };

    /// `loop` must outlive the object.
    PgQueue(event_base* loop, std::string options, Limits limits, PgSession::Needs needs, Done done);

    void run(Transaction transaction, StoreCallback<StepRows> then);

    /// Why there is no connection; empty if there is one, or if that is not known yet: then transactions wait for it in their
    /// time.
    [[nodiscard]] const std::string& unreachable() const { return unreachable_; }
    [[nodiscard]] bool unfit() const { return session_.unfit(); }
    [[nodiscard]] RecordNumbers numbers() const { return session_.numbers(); }

  private:
    struct Running {
        Transaction transaction;
        StoreCallback<StepRows> then;
        Clock::Time given;
        std::size_t leading = 0;              ///< statements of ours before those of the step under way
        std::optional<StepRows> result = {};  ///< of the last step, while it is committed
    };

    void ready();
    void lost(const std::string& why);
    void send_waiting();
    void send(Running& one);
    /// The oldest that was sent has got this for its step.
    void stepped(Result result);
    void take_next_step(StepRows rows);
    void roll_back(const std::string& why);
    void finish(Result result);
    void finish_all(std::deque<Running> all, const std::string& why);
    void watch_oldest();
    void expired();

    const Limits limits_;
    const Done done_;
    EventClock clock_;
    std::deque<Running> sent_;
    std::deque<Running> waiting_;
    bool ready_ = false;
    bool in_steps_ = false;  // the last that was sent has more steps to come: nothing can be sent behind it
    std::string unreachable_;
    std::unique_ptr<Timer> timer_;  // of the oldest
    PgSession session_;
};

}  // namespace usher
