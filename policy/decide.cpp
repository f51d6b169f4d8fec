#include "policy/decide.h"

#include <chrono>
#include <ostream>
#include <string>
#include <utility>

#include "policy/matching_groups.h"

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
    bool comparable;         // both addresses are: else nothing may approve
    const RuleSource* source_of_rule = nullptr;  // for explanations
};

Question question(const Policy& policy, const Organization& organization, const SubscriptionRequest& request,
                  const Facts& facts)
{
    return {.policy = policy,
            .organization = organization,
            .request = request,
            .facts = facts,
            .same_organization = policy.organization_of(request.contact.domain()) == &organization,
            .comparable = request.user.is_prepared() && request.contact.is_prepared()};
}

/// One step of a decision.
struct Step {
    std::string_view name;
    /// The decision, or empty if the step does not apply and the next one is tried.
    std::optional<Decision> (*apply)(const Question&);
    /// Why it applied or did not.
    std::string (*why)(const Question&, bool applied);
};

std::optional<Decision> own_address(const Question& q)
{
    if (q.request.user == q.request.contact) {
        return Decision{Answer::leave, Reason::own_address};
    }
    return std::nullopt;
}

std::string why_own_address(const Question& q, bool applied)
{
    return applied ? "User and contact are both " + q.request.user.text() + "."
                   : "User and contact are different addresses.";
}

FoundRule first_rule(const Question& q)
{
    static const OutsideGroups kNone;
    return q.policy.first_rule(q.organization, q.request.contact, q.request.user,
                               q.facts.groups ? *q.facts.groups : kNone);
}

/// A later rule is not tried, and nor is a later step, where the rule only may match: it could be laxer.
std::optional<Decision> administrators_rule(const Question& q)
{
    const auto [rule, certain] = first_rule(q);
    if (rule == nullptr) {
        return std::nullopt;
    }
    if (!certain) {
        return Decision{Answer::leave, Reason::group_unknown, rule->place};
    }
    return rule->answer == Answer::approve && !q.comparable
               ? Decision{Answer::leave, Reason::unprepared}
               : Decision{rule->answer, Reason::rule, rule->place};
}

/// `Rule 2, in line 18 of the settings file,`
std::string rule_in_words(const Question& q, const Rule& rule)
{
    const RuleSource* source = q.source_of_rule;
    const std::string place = source != nullptr && *source ? (*source)(q.organization, rule) : std::string();
    return "Rule " + std::to_string(rule.place) + (place.empty() ? "" : ", " + place + ",");
}

/// Where the rule's approvals end.
std::string end_in_words(const Rule& rule)
{
    const std::chrono::seconds length = rule.approved_for;
    if (rule.answer != Answer::approve || length == std::chrono::seconds(0)) {
        return {};
    }
    const auto [count, unit] = length % std::chrono::days(1) == std::chrono::seconds(0)
                                   ? std::pair(length / std::chrono::days(1), " day")
                               : length % std::chrono::hours(1) == std::chrono::seconds(0)
                                   ? std::pair(length / std::chrono::hours(1), " hour")
                                   : std::pair(length / std::chrono::seconds(1), " second");
    return " The approval ends after " + std::to_string(count) + unit + (count == 1 ? "" : "s") +
           ", unless the user has made it their own by then, or always accepts this contact.";
}

std::string why_rule(const Question& q, bool applied)
{
    if (!applied) {
        return q.organization.rules.empty()
                   ? "There are no rules."
                   : "None of the " + std::to_string(q.organization.rules.size()) + " rules matches.";
    }
    const auto [rule, certain] = first_rule(q);
    const std::string answer(name(rule->answer));
    if (!certain) {
        return rule_in_words(q, *rule) + " may match and says " + answer + ", but not all members of " +
               incomplete_groups(q.organization.groups, *rule) +
               " are known now. So the user decides, and no later rule is tried.";
    }
    const std::string groups = matching_groups(q.organization.groups, *rule, q.request);
    return rule_in_words(q, *rule) + " matches and says " + answer +
           (rule->answer == Answer::approve && !q.comparable
                ? ", which an address that cannot be compared never gets"
                : "") +
           (groups.empty() ? "" : ": " + groups) + "." + (q.comparable ? end_in_words(*rule) : std::string());
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

std::string why_federation(const Question& q, bool applied)
{
    const std::string domain(q.request.contact.domain());
    if (q.same_organization) {
        return domain + " is a domain of the organization.";
    }
    switch (q.organization.federation.mode) {
        case FederationMode::open:
            return "Federation is open to every domain.";
        case FederationMode::closed:
            return domain + " is not a domain of the organization, and federation is closed.";
        case FederationMode::listed:
            break;
    }
    return domain + (applied ? " is not among the domains that federation is open to."
                             : " is among the domains that federation is open to.");
}

/// In force as the user's choice of an option is.
std::optional<Decision> users_exception(const Question& q)
{
    if (!q.facts.exception || !q.organization.users_may_choose) {
        return std::nullopt;
    }
    switch (q.facts.exception->handling) {
        case Handling::always_accept:
            return q.comparable ? Decision{Answer::approve, Reason::always_accept}
                                : Decision{Answer::leave, Reason::unprepared};
        case Handling::never_accept:
            return Decision{Answer::deny, Reason::never_accept};
        case Handling::always_ask:
            break;
    }
    return Decision{Answer::leave, Reason::always_ask};
}

std::string why_exception(const Question& q, bool applied)
{
    if (!q.facts.exception) {
        return "The user has made no exception for this contact or its domain.";
    }
    const ContactException& exception = *q.facts.exception;
    const std::string text = "The user has made an exception for " + exception.entry + ", \"" +
                             std::string(label(exception.handling)) + "\"";
    if (!applied) {
        return text + ", which is not in force: users_may_choose is false.";
    }
    return text + (exception.handling == Handling::always_accept && !q.comparable
                       ? ", which an address that cannot be compared never gets."
                       : ".");
}

/// Behind what may deny for the domain, before all that may approve.
std::optional<Decision> unprepared(const Question& q)
{
    return q.comparable ? std::nullopt : std::optional(Decision{Answer::leave, Reason::unprepared});
}

std::string why_unprepared(const Question& q, bool applied)
{
    if (!applied) {
        return "Both addresses can be compared.";
    }
    return std::string(q.request.contact.is_prepared() ? "The user's" : "The contact's") +
           " address is not in the form in which addresses are compared: it may be another account's than it "
           "seems, so it is not approved.";
}

/// A roster item alone does not show that the user asked: somebody else may have added it.
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

std::string why_asked_for(const Question& q, bool applied)
{
    if (applied) {
        return "The user has asked to see this contact.";
    }
    if (!q.organization.approve_contacts_users_asked_for) {
        return "approve_contacts_users_asked_for is false.";
    }
    return q.request.item ? "The contact is in the user's roster, but the user has not asked to see it."
                          : "It is not known that the user has asked to see this contact.";
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

std::string why_limits(const Question& q, bool applied)
{
    const Limits& limit = q.policy.limits();
    const RecentApprovals& recent = q.facts.recent;
    if (applied && !recent.complete) {
        return "The counter of automatic approvals is full, so their number is not known.";
    }
    const auto of = [](std::uint32_t count, std::uint32_t max) {
        return std::to_string(count) + (max == 0 ? " (no limit)" : " of " + std::to_string(max));
    };
    std::string text =
        "Automatic approvals within an hour: contact " + of(recent.from_contact, limit.per_contact);
    if (!q.same_organization) {
        text += ", the contact's domain " + of(recent.from_domain, limit.per_domain);
    }
    return text + ", user " + of(recent.to_user, limit.per_user) + ".";
}

Option option_in_force(const Question& q)
{
    return q.organization.users_may_choose ? q.facts.chosen.value_or(q.organization.option)
                                           : q.organization.option;
}

/// Always applies.
std::optional<Decision> option(const Question& q)
{
    switch (option_in_force(q)) {
        case Option::all:
            return Decision{Answer::approve, Reason::all_contacts};
        case Option::organization:
            return q.same_organization ? Decision{Answer::approve, Reason::in_organization}
                                       : Decision{Answer::leave, Reason::outside_organization};
        case Option::prompt:
            break;
    }
    return Decision{Answer::leave, Reason::prompt};
}

std::string why_option(const Question& q, bool)
{
    const bool chosen = q.organization.users_may_choose && q.facts.chosen.has_value();
    const Option option = option_in_force(q);
    std::string text = (chosen ? "The user has chosen \"" : "The organization has \"") +
                       std::string(sentence(option)) + "\"";
    if (!q.organization.users_may_choose && q.facts.chosen) {
        text += " (the user's own choice is not in force: users_may_choose is false)";
    }
    if (option == Option::organization) {
        text += std::string("; ") + std::string(q.request.contact.domain()) +
                (q.same_organization ? " is one of its domains" : " is not one of its domains");
    }
    return text + ".";
}

constexpr Step kSteps[] = {
    {"own address", own_address, why_own_address},
    {"rules", administrators_rule, why_rule},
    {"federation", federation, why_federation},
    {"exceptions", users_exception, why_exception},
    {"address", unprepared, why_unprepared},
    {"asked for by the user", user_asked_for_contact, why_asked_for},
    {"limits", limits, why_limits},
    {"option", option, why_option},
};

/// Returns the decision. Calls `tried` with each step that was tried and whether it applied.
template <typename Tried>
Decision first_that_applies(const Question& q, Tried tried)
{
    for (const Step& step : kSteps) {
        const std::optional<Decision> decision = step.apply(q);
        tried(step, decision.has_value());
        if (decision) {
            Decision decided = *decision;
            decided.ask_back = decided.answer == Answer::approve && q.organization.ask_back;
            return decided;
        }
    }
    return {Answer::leave, Reason::prompt};
}

}  // namespace

Decision decide(const Policy& policy, const SubscriptionRequest& request, const Facts& facts)
{
    const Organization* organization = policy.organization_of(request.user.domain());
    if (organization == nullptr) {
        return {Answer::leave, Reason::foreign_user};
    }
    return first_that_applies(question(policy, *organization, request, facts), [](const Step&, bool) {});
}

Explanation explain(const Policy& policy, const SubscriptionRequest& request, const Facts& facts,
                    const RuleSource& source_of_rule)
{
    Explanation explanation;
    const std::string domain(request.user.domain());
    const Organization* organization = policy.organization_of(domain);
    if (organization == nullptr) {
        explanation.decision = {Answer::leave, Reason::foreign_user};
        explanation.steps.push_back({"organization", true, domain + " is not a domain of any organization."});
        return explanation;
    }
    explanation.steps.push_back(
        {"organization", false, domain + " is a domain of " + organization->name + "."});
    Question asked = question(policy, *organization, request, facts);
    asked.source_of_rule = &source_of_rule;
    explanation.decision = first_that_applies(asked, [&](const Step& step, bool applied) {
        explanation.steps.push_back({step.name, applied, step.why(asked, applied)});
    });
    return explanation;
}

std::string_view name(Reason reason)
{
    switch (reason) {
        case Reason::foreign_user:
            return "foreign_user";
        case Reason::own_address:
            return "own_address";
        case Reason::rule:
            return "rule";
        case Reason::group_unknown:
            return "group_unknown";
        case Reason::federation_closed:
            return "federation_closed";
        case Reason::federation_not_listed:
            return "federation_not_listed";
        case Reason::always_accept:
            return "always_accept";
        case Reason::never_accept:
            return "never_accept";
        case Reason::always_ask:
            return "always_ask";
        case Reason::unprepared:
            return "unprepared";
        case Reason::asked_for:
            return "asked_for";
        case Reason::contact_limit:
            return "contact_limit";
        case Reason::domain_limit:
            return "domain_limit";
        case Reason::user_limit:
            return "user_limit";
        case Reason::limits_unknown:
            return "limits_unknown";
        case Reason::all_contacts:
            return "all_contacts";
        case Reason::in_organization:
            return "in_organization";
        case Reason::outside_organization:
            return "outside_organization";
        case Reason::prompt:
            return "prompt";
        case Reason::by_hand:
            return "by_hand";
        case Reason::revoked:
            return "revoked";
    }
    return "unknown";
}

std::optional<Reason> reason_named(std::string_view wanted)
{
    for (int i = 0; i <= static_cast<int>(Reason::revoked); ++i) {
        const auto reason = static_cast<Reason>(i);
        if (name(reason) == wanted) {
            return reason;
        }
    }
    return std::nullopt;
}

std::string_view to_string(Reason reason)
{
    switch (reason) {
        case Reason::foreign_user:
            return "not a user of any organization";
        case Reason::own_address:
            return "own address";
        case Reason::rule:
            return "rule";
        case Reason::group_unknown:
            return "group not known, rule";
        case Reason::federation_closed:
            return "federation closed";
        case Reason::federation_not_listed:
            return "federation: domain not listed";
        case Reason::always_accept:
            return "exception: always accept";
        case Reason::never_accept:
            return "exception: never accept";
        case Reason::always_ask:
            return "exception: always ask";
        case Reason::unprepared:
            return "address cannot be compared";
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
        case Reason::by_hand:
            return "by hand";
        case Reason::revoked:
            return "revoked";
    }
    return "unknown";
}

std::ostream& operator<<(std::ostream& out, Reason reason)
{
    return out << to_string(reason);
}

}  // namespace usher
