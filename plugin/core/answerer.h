// Where policy, journal and protocol meet: every request that comes in is decided and recorded here.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "integration/base/callback_scope.h"
#include "integration/base/clock.h"
#include "integration/base/rate_limited_warning.h"
#include "integration/requests/judge.h"
#include "plugin/core/contact_names.h"
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

/// Decides requests and records the decisions, a batch at a time: what comes while one is with the store is the next one, or
/// the next ones, for a batch is of some 1,000 requests at most, as the store has little time for it (database.h). A
/// batch is three steps: read the users' choices, and which settings are saved; decide; commit the records. What the store
/// has is read anew in each, so that nothing is decided by what another process has changed meanwhile.
///
/// Few users choose. So a batch is decided as if none of its users had, and it is the act that writes the records that makes
/// sure of that: one way to the store instead of two. Where it is not so, nothing is written, and the three steps are gone;
/// also by the batches that follow, until again none of their users has chosen.
class Answerer : public Judge
{
  public:
    /// `wall_clock` gives the time that is written into the journal; `clock` the one that limits are counted
    /// by. `choices` and `journal` must outlive the object.
    Answerer(Choices& choices, Journal& journal, Clock& clock,
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

    /// Approvals have labels from now on. `names` must outlive the object, or whatever is judged.
    void set_contact_names(ContactNames& names) { names_ = &names; }

    /// Decides by this policy from now on. It was made with that version of the saved settings. To be called before anything
    /// is decided.
    void set_policy(std::shared_ptr<const Policy> policy, std::int64_t settings_version)
    {
        policy_ = std::move(policy);
        settings_version_ = settings_version;
    }
    /// Called when the store has saved settings of that version, which the policy was not made with. It has to call
    /// set_policy(), and then the callback; or that with an error: then nothing is decided.
    using Refresh = std::function<void(std::int64_t version, StoreCallback<void> then)>;
    void on_outdated(Refresh refresh) { refresh_ = std::move(refresh); }

    /// Records every answer, and of what was asked also what is left to its user; how, says RecentDecisions. What
    /// waits was recorded when it was asked, and will be found waiting after every login. What is found in rosters can
    /// be approved only, so nothing else is recorded of it.
    ///
    /// Where users' choices cannot be read or the records cannot be written, nothing is decided or recorded: the
    /// requests are left to their users.
    void judge(std::vector<SubscriptionRequest> requests, Source source, JudgedCallback then) override;
    /// Approvals that were refused do not count towards limits any more.
    void settle(std::span<const Settled> settled) override;

    /// Gives what each request would be decided by now. The error is for people: what cannot be read, and why.
    void facts(std::vector<SubscriptionRequest> requests, StoreCallback<std::vector<Facts>> then);
    /// Records that somebody answers by hand, and gives the decision; what becomes of it is to be settled. The error is
    /// for people: what cannot be read or written, and why.
    void record_by_hand(const SubscriptionRequest& request, Answer answer, const std::string& by,
                        StoreCallback<Judged> then);
    /// Records that somebody has policy's approvals of these requests revoked, all or none, and gives the decisions; what
    /// becomes of them is to be settled. The error as above.
    void record_revocations(std::vector<SubscriptionRequest> requests, const std::string& by,
                            StoreCallback<std::vector<Judged>> then);
    /// An approval that another process, or this one before its restart, has given counts towards limits.
    void count_approval(const SubscriptionRequest& request, Clock::Time at) { approvals_.count(request, at); }
    [[nodiscard]] const Counts& counts() const { return counts_; }
    [[nodiscard]] const Timings& timings() const { return timings_; }

  private:
    struct ByHand {
        Answer answer;
        std::string by;
        Reason reason = Reason::by_hand;
    };
    /// Requests that came together.
    struct Asked {
        std::vector<SubscriptionRequest> requests;
        Source source = Source::asked;
        std::optional<ByHand> by_hand;
        JudgedCallback then;
        std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
        std::vector<Judged> judged = {};
    };
    /// What is with the store. For each entry of the journal, which request of which `asked` it is of.
    struct Batch {
        std::vector<Asked> asked;
        std::vector<std::pair<std::size_t, std::size_t>> places = {};
        std::vector<std::size_t> repeats = {};  // entries, as far as is known
        bool assumed = false;                   // that no user has chosen
        std::chrono::steady_clock::time_point written = {};
    };
    using Chosen = std::vector<UserChoices>;  // of requests, in their order

    /// Reads the users' choices, and sees that the policy is not outdated.
    void read_choices(std::vector<SubscriptionRequest> requests, StoreCallback<Chosen> then);
    [[nodiscard]] Facts facts_of(const SubscriptionRequest& request, const UserChoices& chosen,
                                 Clock::Time now);
    void add(Asked asked);
    void begin_batch();
    /// Whether the batch is to be decided as if none of its users had chosen.
    [[nodiscard]] bool may_assume() const;
    [[nodiscard]] std::vector<SubscriptionRequest> requests_of_batch() const;
    void read_batch();
    /// What has waited longest, as much as goes into a batch.
    [[nodiscard]] std::vector<Asked> take_waiting();
    void decide_batch(const Chosen& chosen);
    /// Returns the entry for the journal, if there is to be one.
    [[nodiscard]] std::optional<JournalEntry> decide_one(Asked& asked, const SubscriptionRequest& request,
                                                         const UserChoices& chosen, Clock::Time now);
    void write_batch(std::vector<JournalEntry> entries);
    void batch_recorded(std::span<const JournalEntry> entries);
    /// Gives approvals their labels, and ends the batch.
    void label_batch();
    /// What was decided is not to count.
    void take_back_batch(std::span<const JournalEntry> entries);
    /// So many of the decisions were to be recorded.
    void batch_failed(std::size_t count, const std::string& error);
    void end_batch(const tl::expected<void, std::string>& outcome);
    [[nodiscard]] JournalEntry entry_of(const SubscriptionRequest& request, Source source,
                                        std::chrono::system_clock::time_point at, const Facts& facts,
                                        const Decision& decision) const;
    void count(const JournalEntry& entry);

    std::shared_ptr<const Policy> policy_;
    std::int64_t settings_version_ = 0;
    Choices& choices_;
    Journal& journal_;
    Clock& clock_;
    std::function<std::chrono::system_clock::time_point()> wall_clock_;
    std::deque<Asked> waiting_;   // for the next batches
    std::optional<Batch> batch_;  // under way
    bool assumes_ = true;         // that no user of the next batch has chosen
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
    Refresh refresh_;
    ContactNames* names_ = nullptr;
    CallbackScope callbacks_;
};

}  // namespace usher
