#include "policy/decide.h"

#include <algorithm>
#include <array>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <ostream>
#include <random>

namespace bdata = boost::unit_test::data;
using namespace usher;

namespace
{

Address address(std::string_view text)
{
    return Address::prepare(text).value();
}

Organization corp()
{
    Organization organization;
    organization.name = "Corp";
    organization.domains = {"corp.example", "corp.test"};
    organization.users_may_choose = false;
    return organization;
}

Rule rule(std::string_view from, std::string_view to, Answer answer, std::uint32_t place = 1)
{
    return {{Pattern::read(from).value()}, {Pattern::read(to).value()}, answer, place};
}

SubscriptionRequest request(std::string_view contact, std::string_view user = "bob@corp.example")
{
    return {address(user), Address::prepare_contact(contact).value(), std::nullopt};
}

Decision decide_for(const Organization& organization, const SubscriptionRequest& asked,
                    const Facts& facts = {}, const Limits& limits = {})
{
    return decide(Policy({organization}, limits), asked, facts);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(decide)

// ---- options -------------------------------------------------------------------------------------------

struct OptionCase {
    const char* what;
    Option option;
    const char* contact;
    Answer answer;
    const char* reason;
};

std::ostream& operator<<(std::ostream& out, const OptionCase& c)
{
    return out << c.what;
}

const OptionCase kOptionCases[] = {
    {"all_approves_a_colleague", Option::all, "amy@corp.example", Answer::approve, "all contacts"},
    {"all_approves_a_stranger", Option::all, "amy@other.example", Answer::approve, "all contacts"},
    {"colleague_is_approved", Option::organization, "amy@corp.example", Answer::approve, "in organization"},
    {"colleague_of_another_domain_is_approved", Option::organization, "amy@corp.test", Answer::approve,
     "in organization"},
    {"stranger_is_left", Option::organization, "amy@other.example", Answer::leave, "outside organization"},
    {"suffix_is_not_the_domain", Option::organization, "amy@evilcorp.example", Answer::leave,
     "outside organization"},
    {"subdomain_is_another_domain", Option::organization, "amy@x.corp.example", Answer::leave,
     "outside organization"},
    {"parent_is_another_domain", Option::organization, "amy@example", Answer::leave, "outside organization"},
    {"prefix_is_not_the_domain", Option::organization, "amy@corp.example.evil.test", Answer::leave,
     "outside organization"},
    {"domain_in_the_local_part_is_not_the_domain", Option::organization, "corp.example@other.example",
     Answer::leave, "outside organization"},
    {"look_alike_is_another_domain", Option::organization, "amy@c\u043erp.example", Answer::leave,
     "outside organization"},
    {"case_does_not_matter", Option::organization, "AMY@CORP.EXAMPLE", Answer::approve, "in organization"},
    {"same_local_part_elsewhere_is_a_stranger", Option::organization, "bob@other.example", Answer::leave,
     "outside organization"},
    {"same_local_part_in_the_organization_is_a_colleague", Option::organization, "bob@corp.test",
     Answer::approve, "in organization"},
    {"bare_domain_of_the_organization_is_in_it", Option::organization, "corp.test", Answer::approve,
     "in organization"},
    {"other_bare_domain_is_a_stranger", Option::organization, "icq.corp.example", Answer::leave,
     "outside organization"},
    {"all_approves_a_bare_domain", Option::all, "icq.other.example", Answer::approve, "all contacts"},
    {"prompt_leaves_a_colleague", Option::prompt, "amy@corp.example", Answer::leave, "prompt"},
    {"prompt_leaves_a_stranger", Option::prompt, "amy@other.example", Answer::leave, "prompt"},
};

BOOST_DATA_TEST_CASE(option_in_force, bdata::make(kOptionCases), c)
{
    Organization organization = corp();
    organization.option = c.option;
    const Decision d = decide_for(organization, request(c.contact));
    BOOST_TEST(d.answer == c.answer);
    BOOST_TEST(to_string(d.reason) == c.reason);
}

BOOST_DATA_TEST_CASE(users_choice_counts_where_users_may_choose,
                     bdata::make(kOptions) * bdata::make(kOptions), organizations, chosen)
{
    Organization organization = corp();
    organization.option = organizations;
    const auto asked = request("amy@corp.example");
    const auto answer_of = [](Option option) {
        return option == Option::prompt ? Answer::leave : Answer::approve;
    };
    organization.users_may_choose = true;
    BOOST_TEST(decide_for(organization, asked, {{}, chosen}).answer == answer_of(chosen));
    BOOST_TEST(decide_for(organization, asked, {}).answer == answer_of(organizations));
    organization.users_may_choose = false;
    BOOST_TEST(decide_for(organization, asked, {{}, chosen}).answer == answer_of(organizations));
}

// ---- who is asked --------------------------------------------------------------------------------------

struct ForeignCase {
    const char* user;
    const char* contact;
    const char* reason;
};

std::ostream& operator<<(std::ostream& out, const ForeignCase& c)
{
    return out << c.contact << " to " << c.user;
}

const ForeignCase kForeignCases[] = {
    {"bob@other.example", "amy@corp.example", "not a user of any organization"},
    {"bob@x.corp.example", "amy@corp.example", "not a user of any organization"},
    {"bob@evilcorp.example", "bob@evilcorp.example", "not a user of any organization"},
    {"bob@corp.example", "BOB@corp.example", "own address"},
};

BOOST_DATA_TEST_CASE(request_that_is_not_ours_is_left, bdata::make(kForeignCases), c)
{
    Organization organization = corp();
    organization.option = Option::all;
    organization.rules = {rule("*", "*", Answer::approve)};
    const Decision d = decide_for(organization, request(c.contact, c.user));
    BOOST_TEST(d.answer == Answer::leave);
    BOOST_TEST(to_string(d.reason) == c.reason);
}

// ---- the order of steps --------------------------------------------------------------------------------

/// Steps that can be made to apply independently, in the order of the policy. Each has its own reason, and
/// the option in force would approve.
enum Cause : unsigned { own = 1, ruled = 2, closed = 4, asked_for = 8, limited = 16 };

BOOST_DATA_TEST_CASE(first_step_that_applies_decides, bdata::xrange(32U), causes)
{
    if ((causes & own) != 0 && (causes & closed) != 0) {
        return;  // the user's own address is in the organisation
    }
    Organization organization = corp();
    organization.option = Option::all;
    SubscriptionRequest asked = request((causes & closed) != 0 ? "amy@other.example" : "amy@corp.example");
    Facts facts;
    Reason expected = Reason::all_contacts;
    Answer answer = Answer::approve;
    // from the last step to the first: the one set last is expected
    if ((causes & limited) != 0) {
        facts.recent.from_contact = 60;
        expected = Reason::contact_limit;
        answer = Answer::leave;
    }
    if ((causes & asked_for) != 0) {
        asked.item = RosterItem{Subscription::to, false};
        expected = Reason::asked_for;
        answer = Answer::approve;
    }
    if ((causes & closed) != 0) {
        organization.federation.mode = FederationMode::closed;
        organization.federation.answer = Answer::deny;
        expected = Reason::federation_closed;
        answer = Answer::deny;
    }
    if ((causes & ruled) != 0) {
        organization.rules = {rule("*", "*", Answer::deny)};
        expected = Reason::rule;
        answer = Answer::deny;
    }
    if ((causes & own) != 0) {
        asked.contact = asked.user;
        expected = Reason::own_address;
        answer = Answer::leave;
    }
    const Decision d = decide_for(organization, asked, facts);
    BOOST_TEST(d.reason == expected);
    BOOST_TEST(d.answer == answer);
}

BOOST_AUTO_TEST_CASE(rule_with_any_answer_comes_before_later_steps)
{
    for (const Answer answer : {Answer::approve, Answer::deny, Answer::leave}) {
        Organization organization = corp();
        organization.rules = {rule("nobody@other.example", "*", Answer::leave, 1),
                              rule("other.example", "corp.example", answer, 2),
                              rule("*", "*", Answer::leave, 3)};
        organization.federation.mode = FederationMode::closed;
        organization.option = Option::prompt;
        Facts facts;
        facts.recent = {1'000'000, 1'000'000, 1'000'000, false};
        const Decision d = decide_for(organization, request("amy@other.example"), facts);
        BOOST_TEST(d.answer == answer);
        BOOST_TEST(d.reason == Reason::rule);
        BOOST_TEST(d.rule == 2U);
    }
}

// ---- federation ----------------------------------------------------------------------------------------

struct FederationCase {
    const char* what;
    FederationMode mode;
    Answer shut_out;
    const char* contact;
    Answer answer;
    const char* reason;
};

std::ostream& operator<<(std::ostream& out, const FederationCase& c)
{
    return out << c.what;
}

constexpr auto open = FederationMode::open;
constexpr auto shut = FederationMode::closed;
constexpr auto listed = FederationMode::listed;

const FederationCase kFederationCases[] = {
    {"open_lets_all_in", open, Answer::deny, "amy@other.example", Answer::approve, "all contacts"},
    {"closed_denies", shut, Answer::deny, "amy@other.example", Answer::deny, "federation closed"},
    {"closed_leaves", shut, Answer::leave, "amy@other.example", Answer::leave, "federation closed"},
    {"closed_does_not_touch_colleagues", shut, Answer::deny, "amy@corp.example", Answer::approve,
     "all contacts"},
    {"closed_does_not_touch_colleagues_elsewhere", shut, Answer::deny, "amy@corp.test", Answer::approve,
     "all contacts"},
    {"closed_shuts_subdomains_out", shut, Answer::deny, "amy@x.corp.example", Answer::deny,
     "federation closed"},
    {"listed_lets_a_listed_domain_in", listed, Answer::deny, "amy@partner.example", Answer::approve,
     "all contacts"},
    {"listed_domain_is_exact", listed, Answer::deny, "amy@x.partner.example", Answer::deny,
     "federation: domain not listed"},
    {"listed_domain_is_no_suffix", listed, Answer::deny, "amy@evilpartner.example", Answer::deny,
     "federation: domain not listed"},
    {"listed_wildcard_lets_subdomains_in", listed, Answer::deny, "amy@x.group.example", Answer::approve,
     "all contacts"},
    {"listed_wildcard_lets_deep_subdomains_in", listed, Answer::deny, "amy@x.y.z.group.example",
     Answer::approve, "all contacts"},
    {"listed_wildcard_is_not_the_domain_itself", listed, Answer::deny, "amy@group.example", Answer::deny,
     "federation: domain not listed"},
    {"listed_wildcard_goes_by_label", listed, Answer::leave, "amy@evilgroup.example", Answer::leave,
     "federation: domain not listed"},
    {"closed_shuts_a_bare_domain_out", shut, Answer::deny, "icq.other.example", Answer::deny,
     "federation closed"},
    {"listed_lets_a_bare_domain_in", listed, Answer::deny, "partner.example", Answer::approve,
     "all contacts"},
    {"listed_does_not_touch_colleagues", listed, Answer::deny, "amy@corp.example", Answer::approve,
     "all contacts"},
};

BOOST_DATA_TEST_CASE(federation, bdata::make(kFederationCases), c)
{
    Organization organization = corp();
    organization.option = Option::all;
    organization.federation.mode = c.mode;
    organization.federation.answer = c.shut_out;
    organization.federation.domains.insert(Pattern::read("partner.example").value());
    organization.federation.domains.insert(Pattern::read("*.group.example").value());
    const Decision d = decide_for(organization, request(c.contact));
    BOOST_TEST(d.answer == c.answer);
    BOOST_TEST(to_string(d.reason) == c.reason);
}

// ---- contacts whom the user asked to see ---------------------------------------------------------------

struct ItemCase {
    const char* what;
    std::optional<RosterItem> item;
    bool asked_for;
};

std::ostream& operator<<(std::ostream& out, const ItemCase& c)
{
    return out << c.what;
}

const ItemCase kItemCases[] = {
    {"no_item", std::nullopt, false},
    {"item_alone_is_no_consent", RosterItem{Subscription::none, false}, false},
    {"contact_already_subscribed_is_no_consent", RosterItem{Subscription::from, false}, false},
    {"user_waits_for_the_contact", RosterItem{Subscription::none, true}, true},
    {"user_waits_for_a_subscribed_contact", RosterItem{Subscription::from, true}, true},
    {"user_is_subscribed", RosterItem{Subscription::to, false}, true},
    {"both_are_subscribed", RosterItem{Subscription::both, false}, true},
};

BOOST_DATA_TEST_CASE(contact_whom_the_user_asked_to_see_is_approved, bdata::make(kItemCases), c)
{
    Organization organization = corp();
    organization.option = Option::prompt;
    SubscriptionRequest asked = request("amy@other.example");
    asked.item = c.item;
    Decision d = decide_for(organization, asked);
    BOOST_TEST(d.answer == (c.asked_for ? Answer::approve : Answer::leave));
    BOOST_TEST(to_string(d.reason) == (c.asked_for ? "user asked for this contact" : "prompt"));

    organization.approve_contacts_users_asked_for = false;
    d = decide_for(organization, asked);
    BOOST_TEST(d.answer == Answer::leave);
    BOOST_TEST(to_string(d.reason) == "prompt");
}

// ---- limits --------------------------------------------------------------------------------------------

struct LimitCase {
    const char* what;
    RecentApprovals recent;
    Limits limits;
    const char* contact;
    Answer answer;
    const char* reason;
};

std::ostream& operator<<(std::ostream& out, const LimitCase& c)
{
    return out << c.what;
}

constexpr const char* kColleague = "amy@corp.example";
constexpr const char* kStranger = "amy@other.example";

const LimitCase kLimitCases[] = {
    {"below_all", {59, 999, 999, true}, {60, 1000, 1000}, kStranger, Answer::approve, "all contacts"},
    {"contact_at_the_limit",
     {60, 0, 0, true},
     {60, 1000, 1000},
     kStranger,
     Answer::leave,
     "limit for this contact"},
    {"colleague_at_the_limit",
     {60, 0, 0, true},
     {60, 1000, 1000},
     kColleague,
     Answer::leave,
     "limit for this contact"},
    {"contact_beyond_the_limit",
     {61, 0, 0, true},
     {60, 1000, 1000},
     kStranger,
     Answer::leave,
     "limit for this contact"},
    {"domain_at_the_limit",
     {0, 1000, 0, true},
     {60, 1000, 1000},
     kStranger,
     Answer::leave,
     "limit for the contact's domain"},
    {"own_domain_has_no_limit",
     {0, 1'000'000, 0, true},
     {60, 1000, 1000},
     kColleague,
     Answer::approve,
     "all contacts"},
    {"user_at_the_limit",
     {0, 0, 1000, true},
     {60, 1000, 1000},
     kColleague,
     Answer::leave,
     "limit for this user"},
    {"contact_comes_first",
     {60, 1000, 1000, true},
     {60, 1000, 1000},
     kStranger,
     Answer::leave,
     "limit for this contact"},
    {"domain_comes_before_user",
     {0, 1000, 1000, true},
     {60, 1000, 1000},
     kStranger,
     Answer::leave,
     "limit for the contact's domain"},
    {"zero_is_no_contact_limit",
     {1'000'000, 0, 0, true},
     {0, 1000, 1000},
     kStranger,
     Answer::approve,
     "all contacts"},
    {"zero_is_no_domain_limit",
     {0, 1'000'000, 0, true},
     {60, 0, 1000},
     kStranger,
     Answer::approve,
     "all contacts"},
    {"zero_is_no_user_limit",
     {0, 0, 1'000'000, true},
     {60, 1000, 0},
     kStranger,
     Answer::approve,
     "all contacts"},
    {"unknown_counts_do_not_approve",
     {0, 0, 0, false},
     {60, 1000, 1000},
     kColleague,
     Answer::leave,
     "limits: counter full"},
    {"unknown_counts_matter_to_a_single_limit",
     {0, 0, 0, false},
     {0, 0, 1},
     kStranger,
     Answer::leave,
     "limits: counter full"},
    {"unknown_counts_do_not_matter_without_limits",
     {0, 0, 0, false},
     {0, 0, 0},
     kStranger,
     Answer::approve,
     "all contacts"},
};

BOOST_DATA_TEST_CASE(limits, bdata::make(kLimitCases), c)
{
    Organization organization = corp();
    organization.option = Option::all;
    const Decision d = decide_for(organization, request(c.contact), {c.recent, std::nullopt}, c.limits);
    BOOST_TEST(d.answer == c.answer);
    BOOST_TEST(to_string(d.reason) == c.reason);
}

// ---- missing facts -------------------------------------------------------------------------------------

/// With any policy, removing a fact never turns another answer into an approval.
BOOST_AUTO_TEST_CASE(missing_fact_never_approves)
{
    int approved = 0;
    for (const Option option : kOptions) {
        for (const Option chosen : kOptions) {
            for (const bool may_choose : {false, true}) {
                for (const FederationMode mode : {open, shut, listed}) {
                    for (const char* contact : {kColleague, kStranger}) {
                        Organization organization = corp();
                        organization.option = option;
                        organization.users_may_choose = may_choose;
                        organization.federation.mode = mode;
                        SubscriptionRequest asked = request(contact);
                        Facts facts;
                        facts.chosen = chosen;
                        const Decision without_item = decide_for(organization, asked, facts);
                        asked.item = RosterItem{Subscription::to, false};
                        const Decision with_item = decide_for(organization, asked, facts);
                        BOOST_TEST(
                            (without_item.answer != Answer::approve || with_item.answer == Answer::approve));
                        asked.item.reset();
                        facts.recent.complete = false;
                        const Decision without_counts = decide_for(organization, asked, facts);
                        BOOST_TEST((without_counts.answer != Answer::approve));
                        approved += with_item.answer == Answer::approve ? 1 : 0;
                    }
                }
            }
        }
    }
    BOOST_TEST(approved > 0);
}

// ---- addresses that cannot be compared -------------------------------------------------------------------

constexpr const char* kOdd = "e\u0300\u0323\u0321ve@evil.example";
constexpr const char* kNoDomain = "eve@e\u0300\u0323\u0321vil";

SubscriptionRequest written(std::string_view contact, std::string_view user = "bob@corp.example")
{
    return {Party::as_written(user), Party::as_written(contact), std::nullopt};
}

struct UnpreparedCase {
    const char* what;
    const char* contact;
    RuleList rules;
    FederationMode mode;
    Answer answer;
    Reason reason;
    std::uint32_t rule;
};

std::ostream& operator<<(std::ostream& out, const UnpreparedCase& c)
{
    return out << c.what;
}

const Answer kApprove = Answer::approve;
const Answer kDeny = Answer::deny;
const Answer kLeave = Answer::leave;

const UnpreparedCase kUnpreparedCases[] = {
    {"is_left_where_all_are_approved", kOdd, {}, open, kLeave, Reason::unprepared, 0},
    {"rule_denies_its_domain", kOdd, {rule("evil.example", "*", kDeny)}, open, kDeny, Reason::rule, 1},
    {"rule_denies_everybody", kOdd, {rule("*", "*", kDeny)}, open, kDeny, Reason::rule, 1},
    {"rule_denies_subdomains", kOdd, {rule("*.example", "*", kDeny)}, open, kDeny, Reason::rule, 1},
    {"rule_denies_everybody_to_a_domain",
     kNoDomain,
     {rule("*", "corp.example", kDeny)},
     open,
     kDeny,
     Reason::rule,
     1},
    {"rule_for_another_domain",
     kOdd,
     {rule("other.example", "*", kDeny)},
     open,
     kLeave,
     Reason::unprepared,
     0},
    {"rule_approves_at_most_to_leave", kOdd, {rule("*", "*", kApprove)}, open, kLeave, Reason::unprepared, 0},
    {"rule_leaves", kOdd, {rule("*", "*", kLeave)}, open, kLeave, Reason::rule, 1},
    {"first_rule_counts",
     kOdd,
     {rule("evil.example", "*", kApprove, 1), rule("*", "*", kDeny, 2)},
     open,
     kLeave,
     Reason::unprepared,
     0},
    {"rule_for_an_address_is_passed_over",
     "Eve@evil.example",
     {rule("eve@evil.example", "*", kApprove, 1), rule("evil.example", "*", kDeny, 2)},
     open,
     kDeny,
     Reason::rule,
     2},
    {"rule_for_an_address_denies_all_that_lead_to_it",
     "eve@evil.example.",
     {rule("eve@evil.example", "*", kDeny, 1)},
     open,
     kDeny,
     Reason::rule,
     1},
    {"rule_for_an_address_denies_its_a_label",
     "eve@xn--bcher-kva.example",
     {rule("eve@b\u00fccher.example", "*", kDeny, 1)},
     open,
     kDeny,
     Reason::rule,
     1},
    {"rule_for_another_address_does_not_deny",
     "amy@evil.example.",
     {rule("eve@evil.example", "*", kDeny, 1)},
     open,
     kLeave,
     Reason::unprepared,
     0},
    {"closed_federation_denies", kOdd, {}, shut, kDeny, Reason::federation_closed, 0},
    {"closed_federation_denies_without_a_domain", kNoDomain, {}, shut, kDeny, Reason::federation_closed, 0},
    {"listed_federation_denies", kOdd, {}, listed, kDeny, Reason::federation_not_listed, 0},
    {"listed_domain_is_left", "Amy@Partner.example", {}, listed, kLeave, Reason::unprepared, 0},
    {"own_domain_is_left", "Amy@corp.example", {}, shut, kLeave, Reason::unprepared, 0},
    {"final_dot", "eve@evil.example.", {rule("evil.example", "*", kDeny)}, open, kDeny, Reason::rule, 1},
    {"bare_domain_with_a_final_dot", "evil.example.", {}, shut, kDeny, Reason::federation_closed, 0},
    {"a_label",
     "eve@xn--bcher-kva.example",
     {rule("b\u00fccher.example", "*", kDeny)},
     open,
     kDeny,
     Reason::rule,
     1},
};

BOOST_DATA_TEST_CASE(address_that_cannot_be_compared_is_denied_for_its_domain_or_left,
                     bdata::make(kUnpreparedCases), c)
{
    Organization organization = corp();
    organization.option = Option::all;
    organization.rules = c.rules;
    organization.federation.mode = c.mode;
    organization.federation.answer = Answer::deny;
    organization.federation.domains.insert(Pattern::read("partner.example").value());
    SubscriptionRequest asked = written(c.contact);
    asked.item = RosterItem{Subscription::to, false};
    const Decision d = decide_for(organization, asked);
    BOOST_TEST(d.answer == c.answer);
    BOOST_TEST(d.reason == c.reason);
    BOOST_TEST(d.rule == c.rule);
    const Explanation explanation = explain(Policy({organization}, {}), asked, {});
    BOOST_TEST(explanation.decision.reason == c.reason);
    BOOST_TEST(explanation.steps.back().applied);
}

// E15
BOOST_AUTO_TEST_CASE(user_who_cannot_be_compared_gets_nobody_approved)
{
    Organization organization = corp();
    organization.option = Option::all;
    const auto asked = written("amy@corp.example", "B\u00d6b@corp.example");
    BOOST_TEST(decide_for(organization, asked).answer == Answer::leave);
    BOOST_TEST(decide_for(organization, asked).reason == Reason::unprepared);
    organization.rules = {rule("corp.example", "*", Answer::approve)};
    BOOST_TEST(decide_for(organization, asked).answer == Answer::leave);
    organization.rules = {rule("corp.example", "*", Answer::deny)};
    BOOST_TEST(decide_for(organization, asked).answer == Answer::deny);
}

BOOST_AUTO_TEST_CASE(explanation_says_that_an_address_cannot_be_compared)
{
    Organization organization = corp();
    organization.option = Option::all;
    const Explanation left = explain(Policy({organization}, {}), written(kOdd), {});
    BOOST_TEST(left.steps.back().name == "address");
    BOOST_TEST(to_string(left.decision.reason) == "address cannot be compared");
    organization.rules = {rule("*", "*", Answer::approve)};
    BOOST_TEST(explain(Policy({organization}, {}), written(kOdd), {}).steps.back().why ==
               "Rule 1 matches and says approve, which an address that cannot be compared never gets.");
}

// ---- several organisations -----------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(organizations_do_not_affect_each_other)
{
    Organization first = corp();
    first.rules = {rule("eve@other.example", "*", Answer::deny, 1)};
    first.federation.mode = FederationMode::closed;
    Organization second;
    second.name = "Second";
    second.domains = {"second.example"};
    second.users_may_choose = false;
    second.rules = {rule("mallory@other.example", "*", Answer::leave, 1),
                    rule("eve@other.example", "*", Answer::approve, 2)};
    second.ask_back = true;
    const Policy policy({first, second}, {});

    const auto reason = [&policy](std::string_view contact, std::string_view user) {
        return usher::decide(policy, request(contact, user), {}).reason;
    };
    BOOST_TEST(reason("amy@corp.example", "bob@corp.test") == Reason::in_organization);
    BOOST_TEST(reason("amy@second.example", "bob@second.example") == Reason::in_organization);
    BOOST_TEST(reason("amy@second.example", "bob@corp.example") == Reason::federation_closed);
    BOOST_TEST(reason("amy@corp.example", "bob@second.example") == Reason::outside_organization);

    const Decision by_first = usher::decide(policy, request("eve@other.example", "bob@corp.example"), {});
    BOOST_TEST(by_first.answer == Answer::deny);
    BOOST_TEST(by_first.rule == 1U);
    const Decision by_second = usher::decide(policy, request("eve@other.example", "bob@second.example"), {});
    BOOST_TEST(by_second.answer == Answer::approve);
    BOOST_TEST(by_second.rule == 2U);
    BOOST_TEST(by_second.ask_back);
    BOOST_TEST(!usher::decide(policy, request("amy@corp.example", "bob@corp.test"), {}).ask_back);
}

BOOST_AUTO_TEST_CASE(policy_survives_being_copied_and_moved)
{
    Organization organization = corp();
    organization.rules = {rule("eve@other.example", "*", Answer::deny, 1)};
    auto original = std::make_unique<Policy>(std::vector{organization}, Limits{});
    const Policy copy = *original;
    const Policy moved = std::move(*original);
    original.reset();
    for (const Policy* policy : {&copy, &moved}) {
        BOOST_TEST(usher::decide(*policy, request("eve@other.example"), {}).answer == Answer::deny);
        BOOST_TEST(usher::decide(*policy, request("amy@corp.example"), {}).answer == Answer::approve);
    }
}

// ---- asking back ---------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(only_an_approval_asks_back)
{
    Organization organization = corp();
    BOOST_TEST(!decide_for(organization, request(kColleague)).ask_back);
    organization.ask_back = true;
    BOOST_TEST(decide_for(organization, request(kColleague)).ask_back);
    BOOST_TEST(!decide_for(organization, request(kStranger)).ask_back);
    organization.rules = {rule(kStranger, "*", Answer::deny)};
    BOOST_TEST(!decide_for(organization, request(kStranger)).ask_back);
    organization.rules = {rule(kStranger, "*", Answer::approve)};
    BOOST_TEST(decide_for(organization, request(kStranger)).ask_back);
}

// ---- names ---------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(options_have_the_sentences_that_users_know)
{
    BOOST_TEST(sentence(Option::all) == "Accept requests automatically from all contacts");
    BOOST_TEST(sentence(Option::organization) ==
               "Accept requests automatically from contacts in my organization");
    BOOST_TEST(sentence(Option::prompt) == "Prompt me for each request");
}

BOOST_AUTO_TEST_CASE(names_are_read_as_they_are_written)
{
    for (const Option option : kOptions) {
        BOOST_TEST((option_named(name(option)) == option));
    }
    for (const Answer answer : {Answer::approve, Answer::deny, Answer::leave}) {
        BOOST_TEST((answer_named(name(answer)) == answer));
    }
    for (const char* wrong : {"", "All", "organisation", "prompt "}) {
        BOOST_TEST(!option_named(wrong));
        BOOST_TEST(!answer_named(wrong));
    }
}

// ---- explain -------------------------------------------------------------------------------------------

namespace
{

/// Steps and their outcome as `name` or `name!` for the one that applied.
std::string steps(const Explanation& explanation)
{
    std::string all;
    for (const ExplainedStep& step : explanation.steps) {
        BOOST_TEST(!step.why.empty());
        all += (all.empty() ? "" : ", ") + std::string(step.name) + (step.applied ? "!" : "");
    }
    return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_explanation_says_when_an_approval_ends)
{
    Organization organization = corp();
    Rule ends = rule("eve@evil.example", "*", Answer::approve);
    for (const auto& [length, words] : {std::pair(std::chrono::seconds(0), ""),
                                        std::pair(std::chrono::seconds(std::chrono::days(90)), "90 days"),
                                        std::pair(std::chrono::seconds(std::chrono::days(1)), "1 day"),
                                        std::pair(std::chrono::seconds(std::chrono::hours(36)), "36 hours"),
                                        std::pair(std::chrono::seconds(5'400), "5400 seconds")}) {
        ends.approved_for = length;
        organization.rules = {ends};
        const std::string why =
            explain(Policy({organization}, {}), request("eve@evil.example"), {}).steps.back().why;
        BOOST_TEST(
            why ==
            std::string("Rule 1 matches and says approve.") +
                (*words == 0
                     ? std::string()
                     : " The approval ends after " + std::string(words) +
                           ", unless the user has made it their own by then, or always accepts this contact."));
    }
}

BOOST_AUTO_TEST_CASE(an_explanation_names_every_step_up_to_the_one_that_decided)
{
    Organization organization = corp();
    organization.rules = {rule("eve@evil.example", "*", Answer::deny)};
    const Policy policy({organization}, {});
    const Explanation denied = explain(policy, request("eve@evil.example"), {});
    BOOST_TEST(steps(denied) == "organization, own address, rules!");
    BOOST_TEST(denied.decision.reason == Reason::rule);
    BOOST_TEST(denied.steps.back().why == "Rule 1 matches and says deny.");
    const auto source = [](const Organization& of, const Rule& rule) {
        return "in line 7 of " + of.name + "'s rule " + std::to_string(rule.place);
    };
    BOOST_TEST(explain(policy, request("eve@evil.example"), {}, source).steps.back().why ==
               "Rule 1, in line 7 of " + organization.name + "'s rule 1, matches and says deny.");
    const Explanation approved = explain(policy, request("amy@corp.test"), {});
    BOOST_TEST(steps(approved) ==
               "organization, own address, rules, federation, exceptions, address, asked for by the user, "
               "limits, option!");
    BOOST_TEST(approved.decision.answer == Answer::approve);
    BOOST_TEST(approved.steps.back().why ==
               "The organization has \"Accept requests automatically from contacts in my organization\"; "
               "corp.test is one of its domains.");
    const Explanation foreign = explain(policy, request("amy@corp.test", "bob@other.example"), {});
    BOOST_TEST(steps(foreign) == "organization!");
    BOOST_TEST(foreign.decision.reason == Reason::foreign_user);
}

BOOST_AUTO_TEST_CASE(an_explanation_says_that_a_choice_is_not_in_force)
{
    Organization organization = corp();
    organization.option = Option::prompt;
    const Facts facts{{}, Option::all};
    const Explanation explanation = explain(Policy({organization}, {}), request("amy@corp.test"), facts);
    BOOST_TEST(explanation.decision.answer == Answer::leave);
    BOOST_TEST(explanation.steps.back().why ==
               "The organization has \"Prompt me for each request\" (the user's own choice is not in force: "
               "users_may_choose is false).");
}

BOOST_AUTO_TEST_CASE(an_explanation_always_ends_in_the_decision_that_is_made)
{
    std::mt19937 random(20261123);
    const auto any = [&](std::size_t of) {
        return std::uniform_int_distribution<std::size_t>(0, of - 1)(random);
    };
    const std::array users{"bob@corp.example", "amy@corp.test", "ben@other.example"};
    const std::array contacts{"amy@corp.test",      "eve@evil.example", "bob@corp.example",
                              "kim@x.evil.example", "evil.example",     "KIM@x.evil.example."};
    const std::array patterns{"*", "*.evil.example", "evil.example", "amy@corp.test", "corp.example"};
    const std::array answers{Answer::approve, Answer::deny, Answer::leave};
    for (int i = 0; i < 10'000; ++i) {
        Organization organization = corp();
        organization.option = kOptions[any(3)];
        organization.users_may_choose = any(2) == 0;
        organization.ask_back = any(2) == 0;
        organization.approve_contacts_users_asked_for = any(2) == 0;
        organization.federation.mode = static_cast<FederationMode>(any(3));
        organization.federation.domains.insert(Pattern::read("evil.example").value());
        for (std::size_t rules = any(3); rules > 0; --rules) {
            organization.rules.push_back(rule(patterns[any(5)], patterns[any(5)], answers[any(3)]));
        }
        SubscriptionRequest asked = written(contacts[any(6)], users[any(3)]);
        if (any(2) == 0) {
            asked.item = RosterItem{static_cast<Subscription>(any(4)), any(2) == 0};
        }
        Facts facts{{static_cast<std::uint32_t>(any(3)), static_cast<std::uint32_t>(any(3)), 0, any(9) != 0},
                    {}};
        if (any(2) == 0) {
            facts.chosen = kOptions[any(3)];
        }
        if (any(2) == 0) {
            facts.exception = ContactException{kHandlings[any(3)], std::string(asked.contact.domain())};
        }
        const Policy policy({organization}, {2, 2, 2});
        const Decision decision = usher::decide(policy, asked, facts);
        const Explanation explanation = explain(policy, asked, facts);
        BOOST_REQUIRE(explanation.decision.answer == decision.answer);
        BOOST_REQUIRE(explanation.decision.reason == decision.reason);
        BOOST_REQUIRE(explanation.decision.rule == decision.rule);
        BOOST_REQUIRE(explanation.decision.ask_back == decision.ask_back);
        BOOST_REQUIRE(explanation.steps.back().applied);
        BOOST_REQUIRE(std::count_if(explanation.steps.begin(), explanation.steps.end(),
                                    [](const ExplainedStep& step) { return step.applied; }) == 1);
    }
}

/// What the journal has stored since its reasons have names: none of them may ever change.
BOOST_AUTO_TEST_CASE(reasons_are_found_by_their_names_and_not_by_their_texts)
{
    const std::pair<Reason, const char*> names[] = {
        {Reason::foreign_user, "foreign_user"},
        {Reason::own_address, "own_address"},
        {Reason::rule, "rule"},
        {Reason::group_unknown, "group_unknown"},
        {Reason::federation_closed, "federation_closed"},
        {Reason::federation_not_listed, "federation_not_listed"},
        {Reason::always_accept, "always_accept"},
        {Reason::never_accept, "never_accept"},
        {Reason::always_ask, "always_ask"},
        {Reason::unprepared, "unprepared"},
        {Reason::asked_for, "asked_for"},
        {Reason::contact_limit, "contact_limit"},
        {Reason::domain_limit, "domain_limit"},
        {Reason::user_limit, "user_limit"},
        {Reason::limits_unknown, "limits_unknown"},
        {Reason::all_contacts, "all_contacts"},
        {Reason::in_organization, "in_organization"},
        {Reason::outside_organization, "outside_organization"},
        {Reason::prompt, "prompt"},
        {Reason::by_hand, "by_hand"},
        {Reason::revoked, "revoked"},
    };
    for (const auto& [reason, text] : names) {
        BOOST_TEST(name(reason) == text);
        BOOST_TEST((reason_named(text) == reason));
    }
    for (const char* other : {"", "unknown", "in organization", "In_organization", "by_hand "}) {
        BOOST_TEST(!reason_named(other).has_value(), other);
    }
}

BOOST_AUTO_TEST_SUITE_END()
