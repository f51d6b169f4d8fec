#include "plugin/core/recorded_approvals.h"

#include <algorithm>
#include <string>
#include <utility>

#include "plugin/store/journal.h"
#include "plugin/store/stored_time.h"
#include "plugin/store/stored_value.h"

namespace usher
{

namespace
{

constexpr std::chrono::milliseconds kInterval{1'000};
/// A record is there for others to read this long after its id was made, at the latest; clocks of processes may differ by some
/// of it.
constexpr std::chrono::seconds kLatest{5};
/// The last repetition of a decision is counted in a record that is up to an hour older.
constexpr std::chrono::hours kCounted{1};
constexpr std::int64_t kAtATime = 5'000;  // some milliseconds
constexpr std::int64_t kMaxRepeats = 1'000;

constexpr const char* kApprovals =
    "SELECT id, COALESCE(last_at, at), repeats, user_address, contact_address FROM journal "
    "WHERE id > $1 AND answer = 'approve' AND reason <> 'by_hand' AND (outcome IS NULL OR outcome <> 'refused')";

}  // namespace

RecordedApprovals::RecordedApprovals(Database& database, Clock& clock, WallClock wall_clock, Count count)
    : database_(database), clock_(clock), wall_clock_(std::move(wall_clock)), count_(std::move(count))
{
    last_ = first_decision_id(wall_clock_() - 2 * kCounted);
    read_past();
}

void RecordedApprovals::read_past()
{
    database_.run({.kind = Transaction::Kind::read,
                   .statements = {{std::string(kApprovals) + " ORDER BY id LIMIT $2", {last_, kAtATime}}}},
                  callbacks_.bind([this](const tl::expected<StepRows, std::string>& given) {
                      if (!given) {
                          later(kInterval, &RecordedApprovals::read_past);
                      } else if (take(given->at(0)) == static_cast<std::size_t>(kAtATime)) {
                          later(std::chrono::milliseconds(0), &RecordedApprovals::read_past);
                      } else {
                          end_past();
                      }
                  }));
}

void RecordedApprovals::end_past()
{
    past_is_counted_ = true;
    if (database_.dialect() == Dialect::postgresql) {
        later(kInterval, &RecordedApprovals::read_others);
    }
    if (const auto then = std::exchange(then_, nullptr)) {
        then();
    }
}

void RecordedApprovals::when_past_is_counted(std::function<void()> then)
{
    if (past_is_counted_) {
        then();
    } else {
        then_ = std::move(then);
    }
}

void RecordedApprovals::read_others()
{
    const std::int64_t from = first_decision_id(wall_clock_() - kLatest);
    seen_.erase(seen_.begin(), seen_.lower_bound(from));
    // What another process has recorded with the number that is now ours is older than this process's first with it.
    const RecordNumbers numbers = database_.record_numbers();
    const std::string of_others = std::string(kApprovals) + " AND ((id / 4096) % 1024 <> $2 OR id <= $3)";
    database_.run({.kind = Transaction::Kind::read,
                   .statements = {{of_others, {from, numbers.process, numbers.newest}}}},
                  callbacks_.bind([this](const tl::expected<StepRows, std::string>& given) {
                      if (given) {
                          take(given->at(0));
                      }
                      later(kInterval, &RecordedApprovals::read_others);
                  }));
}

std::size_t RecordedApprovals::take(const Rows& rows)
{
    const auto wall = wall_clock_();
    const Clock::Time now = clock_.now();
    for (const auto& row : rows.rows) {
        const std::int64_t id = number(row.at(0));
        last_ = std::max(last_, id);
        if (!seen_.insert(id).second) {
            continue;
        }
        const auto ago =
            std::max(std::chrono::system_clock::duration::zero(), wall - time_since_1970(number(row.at(1))));
        const SubscriptionRequest request{Party::as_written(text(row.at(3))),
                                          Party::as_written(text(row.at(4))), std::nullopt};
        for (std::int64_t i = 0; ago <= kCounted && i <= std::min(number(row.at(2)), kMaxRepeats); ++i) {
            count_(request,
                   std::max(Clock::Time(), now - std::chrono::duration_cast<Clock::Time::duration>(ago)));
        }
    }
    return rows.rows.size();
}

void RecordedApprovals::later(std::chrono::milliseconds delay, void (RecordedApprovals::*what)())
{
    next_ = clock_.after(delay, [this, what] { (this->*what)(); });
}

}  // namespace usher
