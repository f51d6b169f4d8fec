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
#include "plugin/core/recent_decisions.h"
#include "plugin/core/timings.h"
#include "plugin/store/choices.h"
#include "plugin/store/journal.h"
#include "policy/policy.h"

namespace usher
{

/// What was decided since the daemon was started.
struct Counts {
    std::map<Source, std::uint64_t> requests;  ///< that were judged, whether recorded or not
    std::map<std::pair<Answer, Reason>, std::uint64_t> decisions;  ///< whatever became of them
    std::map<Answer, std::uint64_t> refused;                       ///< verdicts that the server has refused
    std::uint64_t unrecorded = 0;  ///< requests left to their users because the store failed
    // Decisions that have no record of their own in the journal, but are counted in one (recent_decisions.h).
    std::uint64_t repeated = 0;  ///< in that of the same request
    std::uint64_t too_many = 0;  ///< in one of many requests
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
    /// Called with each new record that was committed.
    void on_recorded(std::function<void(const JournalRecord&)> recorded)
    {
        on_recorded_ = std::move(recorded);
    }
    /// Called when the server has refused a verdict; for a record that is repeated only the first time.
    void on_refused(std::function<void(const Settled&)> refused) { on_refused_ = std::move(refused); }
    /// From the next call of judge() on.
    void set_policy(std::shared_ptr<const Policy> policy) { policy_ = std::move(policy); }

    /// Records every answer, and of what was asked also what is left to its user; how, says RecentDecisions. What
    /// waits was recorded when it was asked, and will be found waiting after every login. What is found in rosters can
    /// be approved only, so nothing else is recorded of it.
    ///
    /// Where users' choices cannot be read or the records cannot be written, nothing is decided or recorded: the
    /// requests are left to their users.
    void judge(std::vector<SubscriptionRequest> requests, Source source, JudgedCallback then) override;
    /// Approvals that were refused do not count towards limits any more.
    void settle(std::span<const Settled> settled) override;

    /// What each request would be decided by now. The error is for people: what cannot be read, and why.
    [[nodiscard]] tl::expected<std::vector<Facts>, std::string> facts(
        std::span<const SubscriptionRequest> requests);
    /// Records that somebody answers by hand, and gives the decision; what becomes of it is to be settled. The error is
    /// for people: what cannot be read or written, and why.
    [[nodiscard]] tl::expected<Judged, std::string> record_by_hand(const SubscriptionRequest& request,
                                                                   Answer answer, const std::string& by);
    [[nodiscard]] const Counts& counts() const { return counts_; }
    [[nodiscard]] const Timings& timings() const { return timings_; }

  private:
    [[nodiscard]] tl::expected<std::vector<Judged>, std::string> judged(
        std::span<const SubscriptionRequest> requests, Source source);
    [[nodiscard]] JournalEntry entry_of(const SubscriptionRequest& request, Source source,
                                        std::chrono::system_clock::time_point at, const Facts& facts,
                                        const Decision& decision) const;
    /// So many decisions could not be made or recorded because of this error of the store, which is returned.
    [[nodiscard]] tl::unexpected<std::string> unrecorded(std::size_t count, const std::string& error);
    /// Commits the entries, then counts them and tells of new records. The error is for people.
    [[nodiscard]] tl::expected<void, std::string> record(std::span<JournalEntry> entries);

    std::shared_ptr<const Policy> policy_;
    Choices& choices_;
    Journal& journal_;
    Clock& clock_;
    std::function<std::chrono::system_clock::time_point()> wall_clock_;
    ApprovalCounter approvals_;
    RecentDecisions recent_;
    RateLimitedWarning unrecorded_warning_;
    RateLimitedWarning too_many_;
    RateLimitedWarning unsettled_;
    Counts counts_;
    Timings timings_;
    std::function<void()> on_unrecorded_;
    std::function<void(const JournalRecord&)> on_recorded_;
    std::function<void(const Settled&)> on_refused_;
};

}  // namespace usher
