// Looks, again and again, which of policy's approvals have ended or would not be given any more, and has them revoked where that
// is wanted.
//
// An approval waits before it is revoked: 24 hours from the look that has found it first, if the policy would not give it any
// more, or until the next look, if it has ended by its rule. It is revoked by a look that finds it still. What waits is in the
// store (revocation_waits.h), so that the time holds for all processes and after a restart. It counts only while looks follow
// each other; after a gap, as when nobody was running or the clock was set, all that is found begins to wait anew, and 24 hours,
// whatever the reason. A process whose clock has jumped says that there was a gap, and lets nothing be revoked for an hour; nor
// does one that has just been started. What is from before the store was restored is not found at all (lost_records.h).
//
// A look, for each organisation: (1) the review (approval_review.h) of what is no longer given; (2) one transaction: what was
// waiting, with what was found, becomes what waits now, and what is due is taken out; (3) what was taken out is revoked, by the
// review again, which looks once more whether it is to be. A step that fails ends that look, and nothing is revoked. Of what was
// taken out and was not revoked the next look is the first.
//
// Not here: whether an approval is a person's own, and how revocations are recorded (approval_review.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "integration/base/callback_scope.h"
#include "integration/base/clock.h"
#include "plugin/core/operations.h"
#include "plugin/core/policy_in_force.h"
#include "plugin/core/revocation_status.h"
#include "plugin/people/ldap_status.h"
#include "plugin/store/revocation_waits.h"

namespace usher
{

/// What a look has found.
struct RevocationLook {
    struct Found {
        std::int64_t record = 0;
        bool ended = false;  ///< by its rule
    };

    std::chrono::system_clock::time_point now;
    std::vector<Found> found;                          ///< that is to be revoked
    bool clock_jumped = false;                         ///< since this process looked last
    bool may_take = false;                             ///< what is due
    std::chrono::system_clock::time_point ends_until;  ///< RevocationWaits::ends_until, of the rules in force
};

struct RevocationsDue {
    RevocationWaits waits;            ///< from now on
    std::vector<std::int64_t> taken;  ///< records: to be revoked now
};

/// What waits after a look. Nothing is taken out that did not wait, through looks without a gap, until it was due.
[[nodiscard]] RevocationsDue after_look(const std::optional<RevocationWaits>& before,
                                        const RevocationLook& look);

class AutomaticRevocation
{
  public:
    /// A look is so long after the start, or after a domain is answering ...
    static constexpr std::chrono::minutes kSoon{1};
    /// ... or after the policy has changed ...
    static constexpr std::chrono::minutes kAfterChange{5};
    /// ... or after the look before.
    static constexpr std::chrono::hours kEach{1};
    /// What policy would not give any more waits so long.
    static constexpr std::chrono::hours kDelay{24};
    /// What has ended: until the next look but those that follow at once.
    static constexpr std::chrono::minutes kEndedDelay{30};
    /// Looks with more time between them do not follow each other.
    static constexpr std::chrono::hours kMaxGap{3};
    /// Other processes' clocks may be so much ahead; and a clock that moves so much against the steady one has jumped.
    static constexpr std::chrono::minutes kMaxJump{5};
    /// Nothing is revoked by a process that has not run for so long since its start, or since its clock has jumped.
    static constexpr std::chrono::hours kSettled{1};
    /// So many are revoked by one look.
    static constexpr std::size_t kAtOnce = 1'000;
    /// A directory whose reading is late by so much is not read.
    static constexpr std::chrono::minutes kLdapLate{10};

    using WallClock = std::function<std::chrono::system_clock::time_point()>;
    /// All must outlive the object.
    struct With {
        PolicyInForce& policy;
        Operations& operations;
        Database& database;
        Clock& clock;
        WallClock wall_clock;
        std::function<std::optional<LdapStatus>()> ldap_status;
    };
    explicit AutomaticRevocation(With with);
    AutomaticRevocation(const AutomaticRevocation&) = delete;
    AutomaticRevocation& operator=(const AutomaticRevocation&) = delete;

    /// Looks soon, if that could not be done before.
    void domain_answers();
    void policy_changed();

    /// Nothing where nobody is to look.
    [[nodiscard]] std::optional<RevocationStatus> status(const std::string& organization) const;

  private:
    void look_within(std::chrono::milliseconds delay);
    void look();
    /// Notices whether the clock has jumped since it was looked at last.
    void check_clock();
    [[nodiscard]] bool is_settled() const { return with_.clock.now() - settled_since_ >= kSettled; }
    void note_rules_that_end();
    void look_at_next();
    /// Why it is not known who is in a group that the rules may name; empty: it is.
    [[nodiscard]] std::string unknown_groups(const Organization& organization) const;
    /// Until all have been looked at, or so many are found as a look can take. `newer`: those found already.
    void look_at(const std::string& name, ApprovalFilter filter, ApprovalsInForce newer);
    void found(const std::string& name, const ApprovalsInForce& approvals);
    void store(const std::string& name, const RevocationLook& look, RevocationStatus status);
    void revoke(const std::string& name, const std::vector<std::int64_t>& records);
    /// Why nothing could be looked at or revoked, as a clause.
    void failed(const std::string& name, const std::string& why);
    void note(const std::string& name, RevocationStatus status);
    [[nodiscard]] const Organization* organization(const std::string& name) const;

    const With with_;
    StoredRevocationWaits waits_;
    const Actor actor_ = Actor::local("policy");
    std::deque<std::string> next_organizations_;  // of the look that is under way
    bool looking_ = false;
    bool looked_ = false;                                                      // since the start
    std::chrono::milliseconds next_look_ = kEach;                              // when this one is over
    std::map<std::string, std::chrono::system_clock::time_point> ends_until_;  // as stored
    std::map<std::string, std::chrono::seconds>
        longest_;  // of rules that end, by organisation, since the start
    std::map<std::string, RevocationStatus> statuses_;
    std::chrono::milliseconds ahead_;  // the wall clock, of the steady one
    Clock::Time settled_since_;
    std::uint64_t jumps_ = 0;
    std::map<std::string, std::uint64_t> jumps_told_;  // by organisation
    Clock::Time next_at_{};
    std::unique_ptr<Timer> next_;
    CallbackScope callbacks_;
};

}  // namespace usher
