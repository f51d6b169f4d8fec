#include "plugin/people/search_limits.h"

#include <boost/test/unit_test.hpp>

#include "doubles.h"

namespace
{

using namespace usher;
using namespace std::chrono_literals;

Address address(std::size_t number)
{
    return Address::prepare("p" + std::to_string(number) + "@capulet.lit").value();
}

/// People from one number up to another, which is not among them.
std::vector<Person> people(std::size_t from, std::size_t to)
{
    std::vector<Person> all;
    for (std::size_t i = from; i < to; ++i) {
        all.push_back({address(i), {}, {}, {}, {}, {}});
    }
    return all;
}

struct Limited {
    /// How many of the people are shown, and whether that is all of them.
    std::pair<std::size_t, bool> shown(const Address& user, std::vector<Person> all)
    {
        const bool whole = limits.keep_allowed(user, 30, all);
        return {all.size(), whole};
    }
    int allowed(const Address& user, int searches)
    {
        int count = 0;
        for (int i = 0; i < searches; ++i) {
            count += limits.allows_search(user, 10) ? 1 : 0;
        }
        return count;
    }

    test::FakeClock clock;
    SearchLimits limits{clock};
    const Address juliet = Address::prepare("juliet@capulet.lit").value();
    const Address nurse = Address::prepare("nurse@capulet.lit").value();
};

using Shown = std::pair<std::size_t, bool>;

BOOST_FIXTURE_TEST_SUITE(search_limits, Limited)

BOOST_AUTO_TEST_CASE(ten_searches_a_minute_for_each_user)
{
    BOOST_TEST(allowed(juliet, 12) == 10);
    BOOST_TEST(allowed(nurse, 12) == 10);
    clock.advance(59s);
    BOOST_TEST(allowed(juliet, 1) == 0);
    clock.advance(1s);
    BOOST_TEST(allowed(juliet, 12) == 10);
}

BOOST_AUTO_TEST_CASE(so_many_different_people_a_day_for_each_user)
{
    BOOST_TEST((shown(juliet, people(0, 25)) == Shown(25, true)));
    BOOST_TEST((shown(juliet, people(0, 25)) == Shown(25, true)));  // the same ones
    BOOST_TEST((shown(juliet, people(20, 45)) == Shown(10, false)));
    BOOST_TEST((shown(juliet, people(30, 45)) == Shown(0, false)));
    BOOST_TEST((shown(juliet, people(0, 30)) == Shown(30, true)));
    BOOST_TEST((shown(nurse, people(30, 45)) == Shown(15, true)));
    clock.advance(24h - 1s);
    BOOST_TEST((shown(juliet, people(30, 45)) == Shown(0, false)));
    clock.advance(1s);
    BOOST_TEST((shown(juliet, people(30, 45)) == Shown(15, true)));
}

BOOST_AUTO_TEST_CASE(too_many_searchers_are_refused_until_the_day_of_others_is_over)
{
    for (std::size_t i = 0; i < SearchLimits::kMaxUsers; ++i) {
        BOOST_TEST_REQUIRE(limits.allows_search(address(i), 10));
    }
    BOOST_TEST(!limits.allows_search(juliet, 10));
    BOOST_TEST((shown(juliet, people(0, 1)) == Shown(0, false)));
    BOOST_TEST(limits.allows_search(address(0), 10));
    clock.advance(24h);
    BOOST_TEST(limits.allows_search(juliet, 10));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
