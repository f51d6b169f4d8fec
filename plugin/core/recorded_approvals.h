// Approvals that this process has not counted itself, so that limits hold over a restart and for all processes at a store.
//
// Not here: the limits (policy/limits.h), and approvals by hand, which no limit counts.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>

#include "integration/base/callback_scope.h"
#include "integration/base/clock.h"
#include "plugin/store/database.h"
#include "policy/request.h"

namespace usher
{

/// Reads those of the last hour when it is made, and from then on, each second, those of other processes. So many more than a
/// limit allows may be given as are in a second. What is already counted and is then refused by its server, at another
/// process, goes on counting, and its own of the last seconds count twice when its connection was lost: a limit may be reached
/// too early, never too late.
class RecordedApprovals
{
  public:
    using WallClock = std::function<std::chrono::system_clock::time_point()>;
    /// Is told of an approval, and when it was given.
    using Count = std::function<void(const SubscriptionRequest& request, Clock::Time at)>;

    /// All must outlive the object.
    RecordedApprovals(Database& database, Clock& clock, WallClock wall_clock, Count count);
    /// Calls `then` once, when all of the last hour have been counted; at once if they have. What is decided before may be
    /// beyond a limit.
    void when_past_is_counted(std::function<void()> then);
    RecordedApprovals(const RecordedApprovals&) = delete;
    RecordedApprovals& operator=(const RecordedApprovals&) = delete;

  private:
    void read_past();
    void end_past();
    void read_others();
    /// Returns how many rows there were.
    std::size_t take(const Rows& rows);
    void later(std::chrono::milliseconds delay, void (RecordedApprovals::*what)());

    Database& database_;
    Clock& clock_;
    const WallClock wall_clock_;
    const Count count_;
    bool past_is_counted_ = false;
    std::function<void()> then_;   // when it is
    std::int64_t last_ = 0;        // id, of those of the past that were read
    std::set<std::int64_t> seen_;  // ids of the last seconds, whose order is not that of their commits
    std::unique_ptr<Timer> next_;
    CallbackScope callbacks_;
};

}  // namespace usher
