// What users' own exceptions change of a decision.
#include "policy/exceptions.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "policy/decide.h"

namespace bdata = boost::unit_test::data;
using namespace usher;

namespace
{

constexpr const char* kColleague = "amy@corp.example";
constexpr const char* kStranger = "eve@other.example";
// Our preparation would change it: see party.h.
constexpr const char* kOdd = "Amy@Other.example";

Organization corp(Option option)
{
    Organization organization;
    organization.name = "Corp";
    organization.domains = {"corp.example"};
    organization.option = option;
    organization.users_may_choose = true;
    return organization;
}

Rule rule(std::string_view from, Answer answer)
{
    return {{Pattern::read(from).value()}, {Pattern::read("*").value()}, answer, 1};
}

Facts having(Handling handling, std::string_view entry = "other.example")
{
    Facts facts;
    facts.exception = ContactException{handling, std::string(entry)};
    return facts;
}

Decision decide_with(const Organization& organization, std::string_view contact, const Facts& facts,
                     const Limits& limits = {})
{
    const SubscriptionRequest request{Address::prepare("bob@corp.example").value(),
                                      Party::as_written(contact), std::nullopt};
    return usher::decide(Policy({organization}, limits), request, facts);
}

/// What an exception of each handling comes to, whatever the option.
struct HandlingCase {
    Handling handling;
    Answer answer;
    Reason reason;
};

std::ostream& operator<<(std::ostream& out, const HandlingCase& c)
{
    return out << c.handling;
}

constexpr HandlingCase kHandlingCases[] = {
    {Handling::always_accept, Answer::approve, Reason::always_accept},
    {Handling::never_accept, Answer::deny, Reason::never_accept},
    {Handling::always_ask, Answer::leave, Reason::always_ask},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(exceptions)

BOOST_DATA_TEST_CASE(an_exception_decides_whatever_the_option,
                     bdata::make(kHandlingCases) * bdata::make(kOptions), c, option)
{
    for (const char* contact : {kColleague, kStranger}) {
        const Decision decision = decide_with(corp(option), contact, having(c.handling, contact));
        BOOST_TEST(decision.answer == c.answer);
        BOOST_TEST(decision.reason == c.reason);
        BOOST_TEST(decision.rule == 0U);
    }
}

BOOST_DATA_TEST_CASE(it_comes_before_the_users_own_option_and_the_organizations, bdata::make(kHandlingCases),
                     c)
{
    Facts facts = having(c.handling);
    for (const Option chosen : kOptions) {
        facts.chosen = chosen;
        BOOST_TEST(decide_with(corp(Option::organization), kStranger, facts).reason == c.reason);
    }
}

BOOST_DATA_TEST_CASE(a_rule_comes_before_it,
                     bdata::make(kHandlingCases) *
                         bdata::make({Answer::approve, Answer::deny, Answer::leave}),
                     c, answer)
{
    Organization organization = corp(Option::prompt);
    organization.rules = {rule("other.example", answer)};
    const Decision decision = decide_with(organization, kStranger, having(c.handling));
    BOOST_TEST(decision.answer == answer);
    BOOST_TEST(decision.reason == Reason::rule);
}

BOOST_DATA_TEST_CASE(federation_comes_before_it, bdata::make(kHandlingCases), c)
{
    Organization organization = corp(Option::all);
    organization.federation.mode = FederationMode::closed;
    organization.federation.answer = Answer::deny;
    BOOST_TEST(decide_with(organization, kStranger, having(c.handling)).reason == Reason::federation_closed);
    organization.federation.mode = FederationMode::listed;
    BOOST_TEST(decide_with(organization, kStranger, having(c.handling)).reason ==
               Reason::federation_not_listed);
    organization.federation.domains.insert(Pattern::read("other.example").value());
    BOOST_TEST(decide_with(organization, kStranger, having(c.handling)).reason == c.reason);
}

BOOST_DATA_TEST_CASE(it_comes_before_limits_and_before_what_was_asked_for, bdata::make(kHandlingCases), c)
{
    Facts facts = having(c.handling, kStranger);
    facts.recent = {100, 100, 100, true};
    BOOST_TEST(decide_with(corp(Option::all), kStranger, facts, {1, 1, 1}).reason == c.reason);
    const SubscriptionRequest asked{Address::prepare("bob@corp.example").value(),
                                    Address::prepare(kStranger).value(), RosterItem{Subscription::to, true}};
    BOOST_TEST(usher::decide(Policy({corp(Option::prompt)}, {}), asked, facts).reason == c.reason);
}

BOOST_DATA_TEST_CASE(where_users_may_not_choose_it_is_not_in_force,
                     bdata::make(kHandlingCases) * bdata::make(kOptions), c, option)
{
    Organization organization = corp(option);
    organization.users_may_choose = false;
    const Decision with = decide_with(organization, kStranger, having(c.handling));
    const Decision without = decide_with(organization, kStranger, {});
    BOOST_TEST(with.answer == without.answer);
    BOOST_TEST(with.reason == without.reason);
}

BOOST_AUTO_TEST_CASE(an_address_that_cannot_be_compared_is_denied_or_left_and_never_accepted)
{
    const auto answer = [](Handling handling) {
        return decide_with(corp(Option::all), kOdd, having(handling)).answer;
    };
    BOOST_TEST(answer(Handling::never_accept) == Answer::deny);
    BOOST_TEST(answer(Handling::always_ask) == Answer::leave);
    BOOST_TEST(answer(Handling::always_accept) == Answer::leave);
    BOOST_TEST(decide_with(corp(Option::all), kOdd, having(Handling::always_accept)).reason ==
               Reason::unprepared);
}

BOOST_AUTO_TEST_CASE(only_an_acceptance_asks_back)
{
    Organization organization = corp(Option::prompt);
    organization.ask_back = true;
    BOOST_TEST(decide_with(organization, kStranger, having(Handling::always_accept)).ask_back);
    BOOST_TEST(!decide_with(organization, kStranger, having(Handling::never_accept)).ask_back);
    BOOST_TEST(!decide_with(organization, kStranger, having(Handling::always_ask)).ask_back);
}

BOOST_AUTO_TEST_CASE(an_explanation_names_the_exception_and_says_whether_it_is_in_force)
{
    Organization organization = corp(Option::prompt);
    const SubscriptionRequest request{Address::prepare("bob@corp.example").value(),
                                      Address::prepare(kStranger).value(), std::nullopt};
    const auto why = [&](const Facts& facts) {
        for (const ExplainedStep& step : explain(Policy({organization}, {}), request, facts).steps) {
            if (step.name == "exceptions") {
                return step.why;
            }
        }
        return std::string();
    };
    BOOST_TEST(why({}) == "The user has made no exception for this contact or its domain.");
    BOOST_TEST(why(having(Handling::never_accept)) ==
               "The user has made an exception for other.example, \"Never accept\".");
    organization.users_may_choose = false;
    BOOST_TEST(why(having(Handling::always_ask)) ==
               "The user has made an exception for other.example, \"Always ask me\", which is not in force: "
               "users_may_choose is false.");
}

BOOST_AUTO_TEST_CASE(an_exception_is_for_an_address_or_exactly_one_domain)
{
    BOOST_TEST(exception_entry("Romeo@Montague.lit").value() == "romeo@montague.lit");
    BOOST_TEST(exception_entry("Montague.lit").value() == "montague.lit");
    for (const char* other : {"", "*", "*.montague.lit", "group:sales", "romeo@montague.lit/orchard", "a b",
                              "@montague.lit", "romeo@", "*@montague.lit"}) {
        BOOST_TEST(!exception_entry(other).has_value(), other);
    }
}

BOOST_AUTO_TEST_CASE(one_for_the_address_comes_before_one_for_its_domain)
{
    using Entries = std::vector<std::string>;
    BOOST_TEST((exception_entries(Party::as_written("romeo@montague.lit")) ==
                Entries{"romeo@montague.lit", "montague.lit"}));
    BOOST_TEST((exception_entries(Party::as_written("montague.lit")) == Entries{"montague.lit"}));
    BOOST_TEST((exception_entries(Party::as_written(kOdd)) == Entries{"amy@other.example", "other.example"}));
}

BOOST_AUTO_TEST_CASE(the_journals_text_of_an_exception_is_read_back)
{
    for (const Handling handling : kHandlings) {
        BOOST_TEST((handling_named(name(handling)) == handling));
        const ContactException exception{handling, "romeo@montague.lit"};
        BOOST_TEST((exception_from(to_string(exception)) == exception));
    }
    BOOST_TEST(to_string(ContactException{Handling::always_accept, "montague.lit"}) ==
               "always_accept montague.lit");
    for (const char* other : {"", "always_accept", "always_accept ", "sometimes montague.lit"}) {
        BOOST_TEST(!exception_from(other).has_value(), other);
    }
}

BOOST_AUTO_TEST_SUITE_END()
