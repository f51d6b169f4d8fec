#include "policy/decide.h"

#include <ostream>

namespace usher
{

namespace
{

/// All that a step may look at.
struct Question {
    const Policy& policy;
    const Organization& organization;  // the user's
    const SubscriptionRequest& request;
    const Facts& facts;
    bool same_organization;  // the contact's domain is, exactly, one of the organisation's
};

// One function a step, all of one shape: a decision where the step applies, nothing where the next is to be
// tried.
using Step = std::optional<Decision> (*)(const Question&);

std::optional<Decision> own_address(const Question& q)
{
    if (q.request.user == q.request.contact) {
        return Decision{Answer::leave, Reason::own_address};
    }
    return std::nullopt;
}

std::optional<Decision> administrators_rule(const Question& q)
{
    if (const Rule* rule = q.policy.first_rule(q.organization, q.request.contact, q.request.user)) {
        return Decision{rule->answer, Reason::rule, rule->place};
    }
    return std::nullopt;
}

std::optional<Decision> federation(const Question& q)
{
    const Federation& federation = q.organization.federation;
    if (q.same_organization || federation.mode == FederationMode::open) {
        return std::nullopt;
    }
    if (federation.mode == FederationMode::closed) {
        return Decision{federation.answer, Reason::federation_closed};
    }
    if (!federation.domains.contains(q.request.contact.domain())) {
        return Decision{federation.answer, Reason::federation_not_listed};
    }
    return std::nullopt;
}

/// A roster item by itself is no consent: the user may have been given it.
std::optional<Decision> user_asked_for_contact(const Question& q)
{
    if (!q.organization.approve_contacts_users_asked_for || !q.request.item) {
        return std::nullopt;
    }
    const RosterItem& item = *q.request.item;
    if (item.ask || item.subscription == Subscription::to || item.subscription == Subscription::both) {
        return Decision{Answer::approve, Reason::asked_for};
    }
    return std::nullopt;
}

std::optional<Decision> limits(const Question& q)
{
    const auto reached = [](std::uint32_t count, std::uint32_t limit) {
        return limit != 0 && count >= limit;
    };
    const Limits& limit = q.policy.limits();
    const RecentApprovals& recent = q.facts.recent;
    if (!recent.complete && (limit.per_contact != 0 || limit.per_domain != 0 || limit.per_user != 0)) {
        return Decision{Answer::leave, Reason::limits_unknown};
    }
    if (reached(recent.from_contact, limit.per_contact)) {
        return Decision{Answer::leave, Reason::contact_limit};
    }
    if (!q.same_organization && reached(recent.from_domain, limit.per_domain)) {
        return Decision{Answer::leave, Reason::domain_limit};
    }
    if (reached(recent.to_user, limit.per_user)) {
        return Decision{Answer::leave, Reason::user_limit};
    }
    return std::nullopt;
}

Decision option_in_force(const Question& q)
{
    const Option option = q.organization.users_may_choose ? q.facts.chosen.value_or(q.organization.option)
                                                          : q.organization.option;
    switch (option) {
        case Option::all:
            return {Answer::approve, Reason::all_contacts};
        case Option::organization:
            return q.same_organization ? Decision{Answer::approve, Reason::in_organization}
                                       : Decision{Answer::leave, Reason::outside_organization};
        case Option::prompt:
            break;
    }
    return {Answer::leave, Reason::prompt};
}

constexpr Step kSteps[] = {own_address, administrators_rule, federation, user_asked_for_contact, limits};

Decision first_that_applies(const Question& q)
{
    for (const Step step : kSteps) {
        if (const std::optional<Decision> decision = step(q)) {
            return *decision;
        }
    }
    return option_in_force(q);
}

}  // namespace

Decision decide(const Policy& policy, const SubscriptionRequest& request, const Facts& facts)
{
    const Organization* organization = policy.organization_of(request.user.domain());
    if (organization == nullptr) {
        return {Answer::leave, Reason::foreign_user};
    }
    const bool same = policy.organization_of(request.contact.domain()) == organization;
    Decision decision = first_that_applies({policy, *organization, request, facts, same});
    decision.ask_back = decision.answer == Answer::approve && organization->ask_back;
    return decision;
}

std::string_view text(Reason reason)
{
    switch (reason) {
        case Reason::foreign_user:
            return "not a user of any organization";
        case Reason::own_address:
            return "own address";
        case Reason::rule:
            return "rule";
        case Reason::federation_closed:
            return "federation closed";
        case Reason::federation_not_listed:
            return "federation: domain not listed";
        case Reason::asked_for:
            return "user asked for this contact";
        case Reason::contact_limit:
            return "limit for this contact";
        case Reason::domain_limit:
            return "limit for the contact's domain";
        case Reason::user_limit:
            return "limit for this user";
        case Reason::limits_unknown:
            return "limits: counter full";
        case Reason::all_contacts:
            return "all contacts";
        case Reason::in_organization:
            return "in organization";
        case Reason::outside_organization:
            return "outside organization";
        case Reason::prompt:
            return "prompt";
    }
    return "unknown";
}

std::ostream& operator<<(std::ostream& out, Reason reason)
{
    return out << text(reason);
}

}  // namespace usher
