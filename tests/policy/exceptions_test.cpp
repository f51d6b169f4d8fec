// What users' own exceptions change of a decision.
#include "policy/exceptions.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <optional>
#include <ostream>
#include <vector>

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

// --- All of it: who comes before whom

std::ostream& operator<<(std::ostream& out, const std::optional<Handling>& handling)
{
    return handling ? out << *handling : out << "no exception";
}
std::ostream& operator<<(std::ostream& out, const std::optional<Answer>& answer)
{
    return answer ? out << "a rule: " << *answer : out << "no rule";
}

/// One row of the table: what the administrator and the user have set, and who asks.
struct Row {
    std::optional<Answer> rule;
    std::optional<Handling> exception;
    bool may_choose;
    Option option;                 ///< the organisation's
    std::optional<Option> chosen;  ///< the user's
    bool colleague;
};

std::ostream& operator<<(std::ostream& out, const Row& row)
{
    out << row.rule << ", " << row.exception << ", users may " << (row.may_choose ? "" : "not ")
        << "choose, option " << row.option;
    if (row.chosen) {
        out << ", chosen " << *row.chosen;
    }
    return out << ", from " << (row.colleague ? kColleague : kStranger);
}

std::vector<Row> all_rows()
{
    std::vector<Row> rows;
    for (const std::optional<Answer> rule :
         {std::optional<Answer>(), {Answer::approve}, {Answer::deny}, {Answer::leave}}) {
        for (const std::optional<Handling> exception : {std::optional<Handling>(),
                                                        {Handling::always_accept},
                                                        {Handling::never_accept},
                                                        {Handling::always_ask}}) {
            for (const std::optional<Option> chosen :
                 {std::optional<Option>(), {Option::all}, {Option::organization}, {Option::prompt}}) {
                for (const Option option : {Option::all, Option::organization, Option::prompt}) {
                    for (int bits = 0; bits < 4; ++bits) {
                        rows.push_back({rule, exception, (bits & 1) != 0, option, chosen, (bits & 2) != 0});
                    }
                }
            }
        }
    }
    return rows;
}

/// The administrator's rules, then the user's exceptions, then the option. What users have set holds where they may choose.
Decision expected(const Row& row)
{
    if (row.rule) {
        return {*row.rule, Reason::rule, 1};
    }
    if (row.may_choose && row.exception == Handling::always_accept) {
        return {Answer::approve, Reason::always_accept};
    }
    if (row.may_choose && row.exception == Handling::never_accept) {
        return {Answer::deny, Reason::never_accept};
    }
    if (row.may_choose && row.exception == Handling::always_ask) {
        return {Answer::leave, Reason::always_ask};
    }
    const Option option = row.may_choose && row.chosen ? *row.chosen : row.option;
    if (option == Option::all) {
        return {Answer::approve, Reason::all_contacts};
    }
    if (option == Option::prompt) {
        return {Answer::leave, Reason::prompt};
    }
    return row.colleague ? Decision{Answer::approve, Reason::in_organization}
                         : Decision{Answer::leave, Reason::outside_organization};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(exceptions)

BOOST_DATA_TEST_CASE(rules_come_before_exceptions_and_these_before_the_option, bdata::make(all_rows()), row)
{
    const char* contact = row.colleague ? kColleague : kStranger;
    Organization organization = corp(row.option);
    organization.users_may_choose = row.may_choose;
    if (row.rule) {
        organization.rules = {rule(contact, *row.rule)};
    }
    Facts facts;
    facts.chosen = row.chosen;
    if (row.exception) {
        facts.exception = ContactException{*row.exception, contact};
    }
    const SubscriptionRequest request{Address::prepare("bob@corp.example").value(),
                                      Party::as_written(contact), std::nullopt};
    const Policy policy({organization}, {});
    for (const Decision& made :
         {usher::decide(policy, request, facts), explain(policy, request, facts).decision}) {
        BOOST_TEST(made.answer == expected(row).answer);
        BOOST_TEST(made.reason == expected(row).reason);
        BOOST_TEST(made.rule == expected(row).rule);
        BOOST_TEST(!made.ask_back);
    }
}

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
