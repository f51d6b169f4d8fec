#include "policy/policy.h"

namespace usher
{

Policy::Policy(std::vector<Organization> organizations, Limits limits, std::uint64_t generation)
    : organizations_(std::move(organizations)), limits_(limits), generation_(generation)
{
    for (std::size_t i = 0; i < organizations_.size(); ++i) {
        static_cast<void>(organizations_[i].rules.index());  // not when the first request comes
        for (const std::string& domain : organizations_[i].domains) {
            by_domain_.try_emplace(domain, i);
        }
    }
}

const Organization* Policy::organization_of(std::string_view domain) const
{
    const auto found = by_domain_.find(domain);
    return found == by_domain_.end() ? nullptr : &organizations_[found->second];
}

const Rule* Policy::first_rule(const Organization& organization, const Party& contact,
                               const Party& user) const
{
    const auto first = [&](const Party& party) -> const Rule* {
        const std::size_t rule = organization.rules.index().first(party, user);
        return rule == RuleIndex::none ? nullptr : &organization.rules[rule];
    };
    if (const auto denied = contact.is_prepared() ? std::nullopt : contact.for_denial()) {
        if (const Rule* rule = first(*denied); rule != nullptr && rule->answer == Answer::deny) {
            return rule;
        }
    }
    return first(contact);
}

}  // namespace usher
