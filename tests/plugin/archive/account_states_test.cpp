// The counts of a domain's accounts, as their states change and accounts go.
#include "plugin/archive/account_states.h"

#include <boost/test/unit_test.hpp>
#include <string>

namespace usher
{

namespace
{

std::string numbered(int number)
{
    return "user" + std::to_string(number) + "@capulet.lit";
}

/// Set, own, waiting, unknown, impossible.
void expect(const AccountStates& states, const AccountStates::Counts& counts)
{
    BOOST_TEST(states.counts() == counts, boost::test_tools::per_element());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(account_states)

BOOST_AUTO_TEST_CASE(each_account_is_counted_once_in_its_last_state)
{
    AccountStates states;
    expect(states, {0, 0, 0, 0, 0});
    states.set("juliet@capulet.lit", ArchiveState::waiting);
    states.set("nurse@capulet.lit", ArchiveState::waiting);
    states.set("juliet@capulet.lit", ArchiveState::set);
    expect(states, {1, 0, 1, 0, 0});
    BOOST_TEST(states.contains("juliet@capulet.lit"));
    BOOST_TEST(!states.contains("tybalt@capulet.lit"));
    states.remove("juliet@capulet.lit");
    states.remove("tybalt@capulet.lit");
    expect(states, {0, 0, 1, 0, 0});
    BOOST_TEST(!states.contains("juliet@capulet.lit"));
    states.clear();
    expect(states, {0, 0, 0, 0, 0});
}

BOOST_AUTO_TEST_CASE(who_is_not_in_the_list_is_gone_when_it_has_ended)
{
    AccountStates states;
    for (int i = 0; i < 10'000; ++i) {
        states.set(numbered(i), ArchiveState::own);
    }
    states.begin_list();
    for (int i = 0; i < 10'000; i += 2) {
        states.set(numbered(i), ArchiveState::set);
    }
    expect(states, {5'000, 5'000, 0, 0, 0});  // until then
    states.end_list();
    expect(states, {5'000, 0, 0, 0, 0});
    for (int i = 0; i < 10'000; ++i) {
        BOOST_REQUIRE(states.contains(numbered(i)) == (i % 2 == 0));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
