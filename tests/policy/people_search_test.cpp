// Who may be found.
#include "policy/people_search.h"

#include <ostream>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace bdata = boost::unit_test::data;
using namespace usher;

BOOST_AUTO_TEST_SUITE(people_search)

struct Case {
    std::string pattern;
    std::string address;
    bool matches;
};

std::ostream& operator<<(std::ostream& out, const Case& c)
{
    return out << c.pattern << " " << c.address;
}

const Case kCases[] = {
    {"postmaster@*", "postmaster@example.org", true},
    {"Postmaster@*", "postmaster@example.com", true},
    {"postmaster@*", "postmaster2@example.org", false},
    {"postmaster@*", "a.postmaster@example.org", false},
    {"bot-*@example.org", "bot-1@example.org", true},
    {"bot-*@example.org", "bot-@example.org", true},
    {"bot-*@example.org", "bot-1@example.com", false},
    {"bot-*@example.org", "bot-1@example.org.example", false},
    {"*-bot@*", "a-bot-bot@example.org", true},
    {"*-bot@*", "a-bots@example.org", false},
    {"*@bots.example", "anna@bots.example", true},
    {"*@bots.example", "anna@otherbots.example", false},
    {"a*b*c@x.example", "a-b-b-c@x.example", true},
    {"a*b*c@x.example", "a-c-b@x.example", false},
};

BOOST_DATA_TEST_CASE(pattern, bdata::make(kCases), c)
{
    const auto read = AccountPattern::read(c.pattern);
    BOOST_TEST_REQUIRE(read.has_value());
    BOOST_TEST(read->matches(c.address) == c.matches);
}

const std::string kNoPatterns[] = {"",      "*",           "example.org",   "@example.org",  "a@",
                                   "a@b*c", "a@*.example", "a@b.example/*", "a b@c.example", "a@b@c.example"};

BOOST_DATA_TEST_CASE(no_pattern, bdata::make(kNoPatterns), text)
{
    BOOST_TEST(!AccountPattern::read(text).has_value());
}

BOOST_AUTO_TEST_CASE(users_decide_but_not_where_search_is_off)
{
    const std::optional<bool> decisions[] = {std::nullopt, true, false};
    const auto listed = [&](Listed by_default) {
        PeopleSearch people;
        people.listed = by_default;
        std::vector<bool> found;
        for (const auto& decided : decisions) {
            found.push_back(people.lists("juliet@capulet.lit", decided));
        }
        return found;
    };
    BOOST_TEST(listed(Listed::off) == (std::vector{false, false, false}), boost::test_tools::per_element());
    BOOST_TEST(listed(Listed::opt_out) == (std::vector{true, true, false}), boost::test_tools::per_element());
    BOOST_TEST(listed(Listed::opt_in) == (std::vector{false, true, false}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(excluded_account_is_not_listed_even_if_its_user_wants_to_be)
{
    PeopleSearch people;
    people.listed = Listed::opt_out;
    people.not_listed = {AccountPattern::read("nurse@*").value()};
    BOOST_TEST(!people.lists("nurse@capulet.lit", true));
    BOOST_TEST(people.lists("juliet@capulet.lit", std::nullopt));
}

BOOST_AUTO_TEST_CASE(availability_is_shown_unless_one_of_both_says_no)
{
    PeopleSearch people;
    BOOST_TEST(people.shows_availability(std::nullopt));
    BOOST_TEST(people.shows_availability(true));
    BOOST_TEST(!people.shows_availability(false));
    people.availability = false;
    BOOST_TEST(!people.shows_availability(true));
}

BOOST_AUTO_TEST_SUITE_END()
