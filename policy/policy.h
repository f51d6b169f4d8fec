// The policy in force, indexed so that the cost of a decision does not grow with the number of rules.
//
// `Organization` is what the settings say, with addresses prepared; `Policy` is the immutable, indexed form.
// Read `decide.h` next.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/answer.h"
#include "policy/archiving.h"
#include "policy/groups.h"
#include "policy/limits.h"
#include "policy/option.h"
#include "policy/pattern.h"
#include "policy/people_search.h"
#include "policy/possible_rules.h"
#include "policy/rules.h"

namespace usher
{

/// What happens to requests from other domains.
enum class FederationMode {
    open,    ///< they go on to the following steps
    closed,  ///< all get `Federation::answer`
    listed,  ///< all get it, except those from the listed domains
};

/// `open`, `closed`, `listed`.
[[nodiscard]] std::string_view name(FederationMode mode);
[[nodiscard]] std::optional<FederationMode> federation_mode_named(std::string_view name);

/// What is done with policy's approvals that it would not give any more.
enum class Revoking {
    never,   ///< nothing
    report,  ///< they are counted
    apply,   ///< and revoked, after a delay
};

/// `never`, `report`, `apply`.
[[nodiscard]] std::string_view name(Revoking revoking);

struct Federation {
    FederationMode mode = FederationMode::open;
    DomainSet domains;              ///< with `listed`: these go on to the following steps
    Answer answer = Answer::leave;  ///< `leave` or `deny`
};

/// A set of domains under one administration.
struct Organization {
    std::string name;
    std::vector<std::string> domains;  ///< prepared, exact
    bool users_may_choose = true;
    Option option = Option::organization;  ///< for users who have not chosen, or may not
    bool approve_contacts_users_asked_for = true;
    bool ask_back = false;
    std::vector<Address> administrators;
    GroupList groups;
    RuleList rules;
    Federation federation;
    PeopleSearch people;
    bool name_contacts =
        false;  ///< in users' rosters, approved contacts get the name by which they can be found ...
    std::string contact_group;                                  ///< ... and this group; empty: none
    ArchiveWish archive;                                        ///< no decision depends on it
    Revoking revoke_when_no_longer_approved = Revoking::never;  ///< nor on that

    /// Whether users of this (prepared) domain may search for the organisation's users.
    [[nodiscard]] bool may_be_searched_from(std::string_view domain) const;
};

/// What the rules say of a request.
struct FoundRule {
    const Rule* rule = nullptr;  ///< null: none matches
    /// False if the rule only may match, because a group that it names may have further members (groups.h).
    bool certain = true;
};

/// The policy in force. Immutable: a reload makes a new one.
class Policy
{
  public:
    /// `generation` counts reloads within one run of the daemon, from 1.
    /// The organisations' domains must be disjoint; if they are not, the first organisation has the domain.
    Policy(std::vector<Organization> organizations, Limits limits, std::uint64_t generation = 1);

    /// The organisation that has exactly this (prepared) domain, or null.
    [[nodiscard]] const Organization* organization_of(std::string_view domain) const;
    /// The first of the organisation's rules that matches. `organization` must be one of this policy's. A contact
    /// that cannot be compared is denied as the one is that it seems to be.
    ///
    /// Where the members of a group are not known, it is the first rule that may match, and not certain. But a rule that
    /// matches for sure is certain all the same if all those before it that may match have the same answer.
    ///
    /// `known` adds to the members that the policy itself has. What it says of the contact counts only for an address that
    /// can be compared: the contact's, or that one.
    [[nodiscard]] FoundRule first_rule(const Organization& organization, const Party& contact,
                                       const Party& user, const OutsideGroups& known = {}) const;

    [[nodiscard]] const std::vector<Organization>& organizations() const { return organizations_; }
    [[nodiscard]] const Limits& limits() const { return limits_; }
    [[nodiscard]] std::uint64_t generation() const { return generation_; }

  private:
    std::vector<Organization> organizations_;
    std::vector<PossibleRules> possible_rules_;  // of each organisation
    std::unordered_map<std::string, std::size_t, StringHash, std::equal_to<>> by_domain_;
    Limits limits_;
    std::uint64_t generation_;
};

}  // namespace usher
