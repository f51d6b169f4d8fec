// Lists as text.
#include "plugin/text/lists.h"

#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace usher
{

BOOST_AUTO_TEST_SUITE(lists)

BOOST_AUTO_TEST_CASE(separators_stand_between_elements_only)
{
    BOOST_TEST(joined(std::vector<std::string>{}).empty());
    BOOST_TEST(joined(std::vector<std::string>{"a"}) == "a");
    BOOST_TEST(joined(std::vector<std::string>{"a", "b", "c"}) == "a, b, c");
    BOOST_TEST(joined(std::vector<std::string>{"", "", ""}) == ", , ");
    BOOST_TEST(joined(std::vector<std::string_view>{"a", "b"}, " ") == "a b");
}

BOOST_AUTO_TEST_CASE(elements_may_be_made_on_the_way)
{
    const std::vector<std::string> words{"a", "b"};
    const auto quoted = [](const std::string& word) { return '"' + word + '"'; };
    BOOST_TEST(joined(words, ", ", quoted) == R"("a", "b")");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
