// Looks which of policy's approvals are in force, and which of those a person has made their own since; and revokes the others,
// if that is wanted.
//
// Not here: which approvals are policy's (policy_approvals.h), and who may ask (operations.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "integration/approvals/approvals.h"
#include "integration/base/callback_scope.h"
#include "integration/base/clock.h"
#include "integration/requests/entity.h"
#include "plugin/core/answerer.h"
#include "plugin/core/contact_names.h"
#include "plugin/core/policy_approvals.h"
#include "plugin/core/refusal.h"
#include "plugin/core/unlisted_domain.h"
#include "plugin/store/journal_search.h"
#include "policy/policy.h"

namespace usher
{

/// Why an approval that policy gave counts as a person's own: it is never revoked.
enum class OwnBecause {
    not_certain,  ///< a person may have given it again (PolicyApproval::last_word)
    subscribed,   ///< the user has subscribed to the contact, or asked to
    named,        ///< the user's roster has a name for the contact that policy would not have given
    grouped,      ///< or is in groups that policy would not have given
};

/// `not-certain`, `subscribed`, `named`, `grouped`.
[[nodiscard]] std::string_view name(OwnBecause because);

/// Whether the approval is a person's own by now; nothing: it is policy's still, for certain. `label` is what policy would call
/// the contact today.
[[nodiscard]] std::optional<OwnBecause> own_because(const PolicyApproval& approval,
                                                    const StandingApproval& standing,
                                                    const ContactLabel& label);

/// Whether it has ended by then, as its rule says. It has not where the user has an exception by which they always accept the
/// contact.
[[nodiscard]] bool has_ended(const PolicyApproval& approval, const Facts& facts,
                             std::chrono::system_clock::time_point now);

/// Whether the policy, which is in force, would certainly not approve the contact any more, if they asked today: by its rules,
/// federation or the organisation's option. Limits do not matter, nor what the user has chosen, nor what depends on members of
/// groups that are not known. Of contacts whom the user had asked to see nobody can say.
[[nodiscard]] bool is_no_longer_given(const PolicyApproval& approval, const Policy& policy, Facts facts);

/// An approval by policy that is in force.
struct ApprovalInForce {
    PolicyApproval approval;
    StandingApproval standing;
    std::optional<OwnBecause> own = {};
    std::optional<Revoked> outcome = {};  ///< nothing: it was not to be revoked
    bool ended = false;  ///< as its rule says; only known where it was asked what is no longer given
};

struct ApprovalsInForce {
    /// So many are listed, or revoked, at most.
    static constexpr std::size_t kMax = 10'000;

    std::vector<ApprovalInForce> approvals;        ///< that are policy's
    std::vector<ApprovalInForce> own;              ///< that a person has made their own
    bool more = false;                             ///< there may be more than are listed
    std::optional<std::int64_t> more_before = {};  ///< as in PolicyApprovals: some of them were not looked at
    std::vector<UnlistedDomain> unlisted;          ///< which are missing, or missing in part
};

class ApprovalReview
{
  public:
    /// All must outlive the object.
    struct With {
        std::function<std::shared_ptr<const Policy>()> policy;  ///< in force
        Answerer& answerer;
        Database& database;
        Entity& entity;
        Clock& clock;
        Approvals& approvals;
        ContactNames& names;
        std::function<Refusal()> not_connected;
        std::function<std::chrono::system_clock::time_point()> wall_clock = std::chrono::system_clock::now;
    };
    /// Between two pages of revocations, so that servers and contacts can follow.
    static constexpr std::chrono::milliseconds kPause{1'000};

    /// `order` is the one by which they were found; `by`, if given, has them revoked. `then` is called once, when all is done;
    /// the object may be destroyed from there. If the store or the connection fails in the middle, the refusal says how many
    /// were revoked. No two are to revoke at the same time.
    ApprovalReview(With with, PolicyApprovals found, const ApprovalOrder& order,
                   std::optional<std::string> by, Callback<ApprovalsInForce> then);

    /// Why the domain cannot be asked now, as a clause; empty if it can.
    [[nodiscard]] static std::string why_not(const Entity& entity, const Approvals& approvals,
                                             const std::string& domain);
    void begin();

  private:
    struct Page {
        std::string domain;
        std::vector<PolicyApproval> approvals;
    };
    using InForce = std::vector<ApprovalInForce>;
    /// What the journal has of a pair since it was searched: the greatest id, and the latest time.
    struct Since {
        std::int64_t id = 0;
        std::chrono::system_clock::time_point at;
    };

    void next_page();
    void skip_domain(const std::string& domain, std::string why);
    void read(const Page& page, const std::vector<StandingApproval>& standing);
    /// Goes on with those that the policy in force would not give any more.
    void decide_again(const std::string& domain, InForce page);
    void ask_labels(const std::string& domain, InForce page);
    void labelled(const std::string& domain, InForce page, const std::vector<ContactLabel>& labels);
    /// Reads what the journal has got since, then revokes those of which it has nothing new.
    void look_at_journal(const std::string& domain, InForce page);
    void search_on(const std::string& domain, const std::shared_ptr<InForce>& page);
    void take(const JournalRecord& record);
    [[nodiscard]] bool is_newer(const std::string& what, const PolicyApproval& approval) const;
    [[nodiscard]] bool decided_since(const PolicyApproval& approval) const;
    void record(const std::string& domain, InForce page);
    void revoke(const std::string& domain, InForce page, std::vector<Judged> judged);
    void settle(const InForce& page, const std::vector<Judged>& judged, const std::vector<Revoked>& outcomes);
    void later(std::chrono::milliseconds delay);
    /// `unknown`: of so many it is not known whether they were revoked.
    void fail(const std::string& why, std::size_t unknown = 0);
    void end(Result<ApprovalsInForce> result);

    const With with_;
    const std::optional<std::string> by_;
    const bool no_longer_;
    const bool policys_only_;
    std::vector<std::string> domains_;  // of the order
    std::deque<Page> pages_;
    std::set<std::string> skipped_;  // domains
    std::int64_t looked_at_;         // the newest record of the journal that is known
    std::map<std::string, Since> since_;
    std::optional<JournalSearch> search_;
    std::size_t revoked_ = 0;
    ApprovalsInForce found_;
    Callback<ApprovalsInForce> then_;
    std::unique_ptr<Timer> next_;
    CallbackScope callbacks_;
};

}  // namespace usher
