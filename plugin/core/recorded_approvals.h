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
#include "plugin/store/journal.h"
#include "policy/request.h"

namespace usher
{

/// Reads those of the last hour when it is made, and from then on, each second, those of other processes. So many more than a
/// limit allows may be given as are in a second. Some count though they are none, or count twice: what is refused by its server
/// at another process after it was read; what this process learns to be committed after it was read; what is read again when
/// the clock was set back. A limit may be reached too early by them, never too late.
///
/// Not counted: what another process repeats in a record that was read already (recent_decisions.h), until this one is started
/// anew. It is the same contact and the same user once more, and the process that records it counts it.
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
    /// This process has recorded it, and counted it if it is to be. To be called with each new record, as soon as it is
    /// committed.
    void recorded_here(const JournalRecord& record);
    RecordedApprovals(const RecordedApprovals&) = delete;
    RecordedApprovals& operator=(const RecordedApprovals&) = delete;

  private:
    void begin_reading();
    void read_some();
    void end_reading();
    /// Returns whether any of them was not known.
    bool take(const Rows& rows);
    [[nodiscard]] bool has_others() const;
    void later(std::chrono::milliseconds delay, void (RecordedApprovals::*what)());

    Database& database_;
    Clock& clock_;
    const WallClock wall_clock_;
    const Count count_;
    bool past_is_counted_ = false;
    std::function<void()> then_;                        // when it is
    std::chrono::system_clock::time_point read_until_;  // whatever was there then
    std::chrono::system_clock::time_point begun_;       // the reading
    std::int64_t last_ = 0;                             // that it has read
    // Ids behind those that are not read again: read, or recorded here. Their order is not that of their commits.
    std::set<std::int64_t> seen_;
    std::unique_ptr<Timer> next_;
    CallbackScope callbacks_;
};

}  // namespace usher
