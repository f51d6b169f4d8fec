// Where policy, journal and protocol meet: every request that comes in is decided and recorded here.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "integration/base/clock.h"
#include "integration/base/rate_limited_warning.h"
#include "integration/requests/judge.h"
#include "plugin/core/recent_leaves.h"
#include "plugin/core/timings.h"
#include "plugin/store/choices.h"
#include "plugin/store/journal.h"
#include "policy/policy.h"

namespace usher
{

/// What was decided since the daemon was started.
struct Counts {
    std::map<Source, std::uint64_t> requests;  ///< that were judged, whether recorded or not
    std::map<std::pair<Answer, Reason>, std::uint64_t> decisions;
    std::uint64_t unrecorded = 0;  ///< requests left to their users because the store failed
    // Requests left to their users that were not journalled (recent_leaves.h).
    std::uint64_t repeated = 0;  ///< the journal says so already
    std::uint64_t too_many = 0;
};

class Answerer : public Judge
{
  public:
    /// `wall_clock` gives the time that is written into the journal; `clock` the one that limits are counted
    /// by.
    Answerer(std::shared_ptr<const Policy> policy, Choices& choices, Journal& journal, Clock& clock,
             std::function<std::chrono::system_clock::time_point()> wall_clock);

    /// Called when requests were left to their users because the store failed.
    void on_unrecorded(std::function<void()> unrecorded) { on_unrecorded_ = std::move(unrecorded); }
    /// Called with each record that was committed.
    void on_recorded(std::function<void(const JournalRecord&)> recorded)
    {
        on_recorded_ = std::move(recorded);
    }
    /// From the next call of judge() on.
    void set_policy(std::shared_ptr<const Policy> policy) { policy_ = std::move(policy); }

    /// Records every answer, and of what was asked also what is left to its user, as far as RecentLeaves has
    /// it. What waits was recorded when it was asked, and will be found waiting after every login. What is
    /// found in rosters can be approved only, so nothing else is recorded of it.
    ///
    /// Where users' choices cannot be read or the records cannot be written, nothing is decided or recorded: the
    /// requests are left to their users.
    [[nodiscard]] tl::expected<std::vector<Decision>, std::string> judge(
        std::span<const SubscriptionRequest> requests, Source source) override;

    /// What each request would be decided by now. The error is for people: what cannot be read, and why.
    [[nodiscard]] tl::expected<std::vector<Facts>, std::string> facts(
        std::span<const SubscriptionRequest> requests);
    /// Records that somebody answers by hand. Returns the decision's id. The error is for people: what cannot be
    /// read or written, and why.
    [[nodiscard]] tl::expected<std::int64_t, std::string> record_by_hand(const SubscriptionRequest& request,
                                                                         Answer answer,
                                                                         const std::string& by);
    [[nodiscard]] const Counts& counts() const { return counts_; }
    [[nodiscard]] const Timings& timings() const { return timings_; }

  private:
    [[nodiscard]] JournalRecord record_of(const SubscriptionRequest& request, Source source,
                                          std::chrono::system_clock::time_point at) const;
    /// Whether a request that is left to its user gets its record; counts it if not.
    [[nodiscard]] bool worth_recording(const JournalRecord& left);
    /// So many decisions could not be made or recorded because of this error of the store, which is returned.
    [[nodiscard]] tl::unexpected<std::string> unrecorded(std::size_t count, const std::string& error);
    /// Commits the records, then tells of them. The error is for people.
    [[nodiscard]] tl::expected<void, std::string> record(std::span<const JournalRecord> records);

    std::shared_ptr<const Policy> policy_;
    Choices& choices_;
    Journal& journal_;
    Clock& clock_;
    std::function<std::chrono::system_clock::time_point()> wall_clock_;
    ApprovalCounter approvals_;
    RecentLeaves leaves_;
    RateLimitedWarning unrecorded_warning_;
    RateLimitedWarning too_many_;
    Counts counts_;
    Timings timings_;
    std::function<void()> on_unrecorded_;
    std::function<void(const JournalRecord&)> on_recorded_;
};

}  // namespace usher
