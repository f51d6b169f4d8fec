// Choices in memory: each user has their own, whatever other users have chosen, reset or added.
#include "plugin/store/choice_table.h"

#include <boost/test/unit_test.hpp>
#include <map>
#include <random>
#include <stdexcept>
#include <string>

namespace usher
{

namespace
{

std::string user(std::size_t number)
{
    // Some addresses are prefixes of others, and the same local parts occur in two domains.
    return "user" + std::to_string(number / 2) + (number % 2 == 0 ? "@capulet.lit" : "@capulet.lite");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(choice_table)

BOOST_AUTO_TEST_CASE(an_empty_table_knows_nobody)
{
    const ChoiceTable table;
    BOOST_TEST(!table.of("juliet@capulet.lit").has_value());
    BOOST_TEST(table.size() == 0U);
    BOOST_TEST(table.of_domain("capulet.lit") == 0U);
}

BOOST_AUTO_TEST_CASE(what_was_never_chosen_can_be_forgotten)
{
    ChoiceTable table;
    table.set("juliet@capulet.lit", std::nullopt);
    BOOST_TEST(!table.of("juliet@capulet.lit").has_value());
    BOOST_TEST(table.size() == 0U);
}

BOOST_AUTO_TEST_CASE(an_address_is_found_whole_only)
{
    ChoiceTable table;
    table.set("juliet@capulet.lit", Option::all);
    for (const std::string_view other :
         {"juliet@capulet.li", "juliet@capulet.lit.", "uliet@capulet.lit", ""}) {
        BOOST_TEST(!table.of(other).has_value(), other);
    }
}

BOOST_AUTO_TEST_CASE(the_longest_addresses_have_their_place)
{
    ChoiceTable table;
    const std::string longest(2047, 'j');
    table.set(longest, Option::prompt);
    table.set("romeo@montague.lit", Option::all);
    BOOST_TEST((table.of(longest) == Option::prompt));
    BOOST_TEST((table.of("romeo@montague.lit") == Option::all));
    BOOST_CHECK_THROW(table.set(std::string(65'536, 'j'), Option::all), std::length_error);
}

BOOST_AUTO_TEST_CASE(it_does_as_a_map_does)
{
    constexpr std::size_t kUsers = 3'000;
    std::mt19937 random(1);
    std::map<std::string, Option> map;
    ChoiceTable table;
    for (int step = 0; step < 50'000; ++step) {
        const std::string who = user(random() % kUsers);
        const std::size_t chosen = random() % (kOptions.size() + 1);
        if (chosen == kOptions.size()) {
            map.erase(who);
            table.set(who, std::nullopt);
        } else {
            map[who] = kOptions[chosen];
            table.set(who, kOptions[chosen]);
        }
        BOOST_REQUIRE(table.size() == map.size());
    }
    std::size_t of_domain = 0;
    for (std::size_t number = 0; number < kUsers; ++number) {
        const auto found = map.find(user(number));
        const auto chosen = table.of(user(number));
        BOOST_REQUIRE(chosen.has_value() == (found != map.end()));
        if (chosen) {
            BOOST_REQUIRE((*chosen == found->second));
            of_domain += user(number).ends_with("@capulet.lit") ? 1U : 0U;
        }
    }
    BOOST_TEST(table.of_domain("capulet.lit") == of_domain);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
