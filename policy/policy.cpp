#include "policy/policy.h"

#include <algorithm>

namespace usher
{

std::string_view name(FederationMode mode)
{
    switch (mode) {
        case FederationMode::open:
            return "open";
        case FederationMode::closed:
            return "closed";
        case FederationMode::listed:
            return "listed";
    }
    return "closed";
}

std::optional<FederationMode> federation_mode_named(std::string_view wanted)
{
    for (const FederationMode mode : {FederationMode::open, FederationMode::closed, FederationMode::listed}) {
        if (name(mode) == wanted) {
            return mode;
        }
    }
    return std::nullopt;
}

std::string_view name(Revoking revoking)
{
    switch (revoking) {
        case Revoking::never:
            return "never";
        case Revoking::report:
            return "report";
        case Revoking::apply:
            return "apply";
    }
    return "never";
}

bool Organization::may_be_searched_from(std::string_view domain) const
{
    const auto has = [domain](const std::vector<std::string>& list) {
        return std::find(list.begin(), list.end(), domain) != list.end();
    };
    return people.listed != Listed::off && (has(domains) || has(people.searchers));
}

Policy::Policy(std::vector<Organization> organizations, Limits limits, std::uint64_t generation)
    : organizations_(std::move(organizations)), limits_(limits), generation_(generation)
{
    for (std::size_t i = 0; i < organizations_.size(); ++i) {
        const Organization& organization = organizations_[i];
        static_cast<void>(organization.rules.index());  // not when the first request comes
        possible_rules_.emplace_back(organization.rules, organization.groups);
        for (const std::string& domain : organization.domains) {
            by_domain_.try_emplace(domain, i);
        }
    }
}

const Organization* Policy::organization_of(std::string_view domain) const
{
    const auto found = by_domain_.find(domain);
    return found == by_domain_.end() ? nullptr : &organizations_[found->second];
}

FoundRule Policy::first_rule(const Organization& organization, const Party& contact, const Party& user,
                             const OutsideGroups& known) const
{
    const auto groups_of = [&](const Party& party, const std::vector<std::string>& from_outside) {
        return organization.groups.empty() ? std::vector<std::string_view>()
                                           : organization.groups.index().groups_of(party, from_outside);
    };
    const PossibleRules& possible_rules =
        possible_rules_[static_cast<std::size_t>(&organization - organizations_.data())];
    const std::vector<std::string_view> groups_of_user = groups_of(user, known.of_user);
    const auto first = [&](const Party& party) -> FoundRule {
        const std::vector<std::string_view> groups =
            groups_of(party, party.is_prepared() ? known.of_contact : std::vector<std::string>());
        const std::size_t rule = organization.rules.index().first(party, user, groups, groups_of_user);
        const Rule* found = rule == RuleIndex::none ? nullptr : &organization.rules[rule];
        const std::size_t possible =
            possible_rules.first_besides(found != nullptr ? std::optional(found->answer) : std::nullopt,
                                         party, user, groups, groups_of_user);
        return possible < rule ? FoundRule{&organization.rules[possible], false} : FoundRule{found, true};
    };
    if (const auto denied = contact.is_prepared() ? std::nullopt : contact.for_denial()) {
        const FoundRule found = first(*denied);
        if (found.certain && found.rule != nullptr && found.rule->answer == Answer::deny) {
            return found;
        }
    }
    return first(contact);
}

}  // namespace usher
