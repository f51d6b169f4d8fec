// The one place where a contact request is decided.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/answer.h"
#include "policy/exceptions.h"
#include "policy/groups.h"
#include "policy/limits.h"
#include "policy/option.h"
#include "policy/policy.h"
#include "policy/request.h"

namespace usher
{

/// Why a request got its answer.
enum class Reason {
    foreign_user,  ///< the user belongs to no configured organisation
    own_address,   ///< user and contact are the same
    rule,          ///< an administrator's rule; `Decision::rule` says which
    group_unknown,  ///< a rule may match, but not all members of a group are known; `Decision::rule` says which
    federation_closed,      ///< another domain, and federation is closed
    federation_not_listed,  ///< another domain, not among the listed ones
    always_accept,          ///< the user's own exception; `Facts::exception` says which
    never_accept,           ///< the same
    always_ask,             ///< the same
    unprepared,             ///< an address cannot be compared (party.h), and nothing denies its domain
    asked_for,              ///< the user has asked to see this contact
    contact_limit,          ///< too many automatic approvals for this contact within an hour
    domain_limit,           ///< too many for the contact's domain
    user_limit,             ///< too many for this user
    limits_unknown,         ///< the counter is full, so the number of approvals is not known
    all_contacts,           ///< option `all`
    in_organization,        ///< option `organization`, and the contact belongs to it
    outside_organization,   ///< option `organization`, and the contact does not belong to it
    prompt,                 ///< option `prompt`
    by_hand,                ///< a person answered it through Usher; `decide` never gives this reason
    revoked,  ///< policy's approval was taken back through Usher; `decide` never gives it either
};

/// The name that is stored in the journal: that of the enumerator.
[[nodiscard]] std::string_view name(Reason reason);
/// The reason of exactly this name.
[[nodiscard]] std::optional<Reason> reason_named(std::string_view name);
/// The text that people and the HTTP interface see. Never stored: it may be reworded.
[[nodiscard]] std::string_view to_string(Reason reason);
std::ostream& operator<<(std::ostream& out, Reason reason);

/// What a decision may depend on besides policy and request. Journalled with the decision, for replay.
struct Facts {
    RecentApprovals recent;        ///< of this request's contact, domain and user
    std::optional<Option> chosen;  ///< the user's own choice, if there is one
    /// Which groups have the two from outside, besides the policy's own members, whose text has none of those (groups.h).
    /// Nothing where no group had any.
    std::optional<OutsideGroups> groups = {};
    /// The user's own exception that is for this contact, if there is one: one for the address comes before one for its domain.
    std::optional<ContactException> exception = {};
};

struct Decision {
    Answer answer = Answer::leave;
    Reason reason = Reason::foreign_user;
    std::uint32_t rule =
        0;  ///< with `Reason::rule` or `group_unknown`: its number in the file, from 1; else 0
    bool ask_back = false;  ///< with `approve`: subscribe to the contact in return
};

/// Decides one subscription request. Steps are tried in order; the first that applies decides.
///
/// Pure and total: the same policy, request and facts always give the same decision, so a journalled one can
/// be replayed. A missing fact never leads to approval by a later, laxer step.
[[nodiscard]] Decision decide(const Policy& policy, const SubscriptionRequest& request, const Facts& facts);

/// One step of a decision that was tried.
struct ExplainedStep {
    std::string_view name;
    bool applied = false;  ///< true for the last one: it decided
    std::string why;       ///< why it applied or did not, as a sentence for an administrator
};

struct Explanation {
    std::vector<ExplainedStep> steps;
    Decision decision;
};

/// Says where a rule comes from, such as `in line 18 of the settings file`; empty if that is not known. Policy
/// knows a rule's number only.
using RuleSource = std::function<std::string(const Organization&, const Rule&)>;

/// Gives each step that `decide` takes with the same arguments, and the same decision.
[[nodiscard]] Explanation explain(const Policy& policy, const SubscriptionRequest& request,
                                  const Facts& facts, const RuleSource& source_of_rule = {});

}  // namespace usher
