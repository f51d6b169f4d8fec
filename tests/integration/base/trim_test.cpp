// Space around a text, and nothing else of it, goes.
#include "integration/base/trim.h"

#include <boost/test/unit_test.hpp>

namespace usher
{

BOOST_AUTO_TEST_SUITE(trim)

BOOST_AUTO_TEST_CASE(space_around_a_text_goes)
{
    BOOST_TEST(trimmed("a") == "a");
    BOOST_TEST(trimmed(" \t\r\na b\n ") == "a b");
    BOOST_TEST(trimmed("").empty());
    BOOST_TEST(trimmed(" \t\r\n").empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
