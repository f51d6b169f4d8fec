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
constexpr std::size_t kAtATime = 5'000;  // some milliseconds
constexpr std::int64_t kMaxRepeats = 1'000;

constexpr const char* kApprovals =
    "SELECT id, COALESCE(last_at, at), repeats, user_address, contact_address FROM journal "
    "WHERE id > $1 AND answer = 'approve' AND reason <> 'by_hand' AND (outcome IS NULL OR outcome <> 'refused') "
    "ORDER BY id LIMIT $2";

}  // namespace

RecordedApprovals::RecordedApprovals(Database& database, Clock& clock, WallClock wall_clock, Count count)
    : database_(database), clock_(clock), wall_clock_(std::move(wall_clock)), count_(std::move(count))
{
    begin_reading();
}

void RecordedApprovals::begin_reading()
{
    begun_ = wall_clock_();
    last_ = first_decision_id(std::clamp(read_until_, begun_ - 2 * kCounted, begun_) - kLatest);
    seen_.erase(seen_.begin(), seen_.upper_bound(last_));
    read_some();
}

void RecordedApprovals::read_some()
{
    database_.run(
        {.kind = Transaction::Kind::read,
         .statements = {{kApprovals, {last_, static_cast<std::int64_t>(kAtATime)}}}},
        callbacks_.bind([this](const tl::expected<StepRows, std::string>& given) {
            if (!given) {
                later(kInterval, &RecordedApprovals::begin_reading);
                return;
            }
            const bool some_new = take(given->at(0));
            if (given->at(0).rows.size() < kAtATime) {
                end_reading();
            } else {  // ids that are ahead of the clock come again in each reading, however many there are
                later(some_new ? std::chrono::milliseconds(0) : kInterval, &RecordedApprovals::read_some);
            }
        }));
}

void RecordedApprovals::end_reading()
{
    read_until_ = begun_;
    if (has_others()) {
        later(kInterval, &RecordedApprovals::begin_reading);
    } else {
        seen_.clear();
    }
    past_is_counted_ = true;
    if (const auto then = std::exchange(then_, nullptr)) {
        then();
    }
}

bool RecordedApprovals::has_others() const
{
    return database_.dialect() == Dialect::postgresql;
}

void RecordedApprovals::recorded_here(const JournalRecord& record)
{
    if (record.decision.answer == Answer::approve && (has_others() || !past_is_counted_)) {
        seen_.insert(record.id);
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

bool RecordedApprovals::take(const Rows& rows)
{
    const std::size_t known = seen_.size();
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
    return seen_.size() > known;
}

void RecordedApprovals::later(std::chrono::milliseconds delay, void (RecordedApprovals::*what)())
{
    next_ = clock_.after(delay, [this, what] { (this->*what)(); });
}

}  // namespace usher
