// "Since when", as people write it.
#include "plugin/text/since.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "plugin/text/timestamp.h"
#include "tests/plugin/time_zone.h"

namespace usher
{

namespace
{

using std::chrono::system_clock;
namespace bdata = boost::unit_test::data;

constexpr system_clock::time_point kNoon =
    std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12);

struct Since {
    std::string text;
    std::string expected;  // empty: refused
};

std::ostream& operator<<(std::ostream& out, const Since& since)
{
    return out << since.text;
}

const std::vector<Since> kSince{
    {"0s", "2026-11-23T12:00:00.000Z"},
    {"90s", "2026-11-23T11:58:30.000Z"},
    {"30m", "2026-11-23T11:30:00.000Z"},
    {"2h", "2026-11-23T10:00:00.000Z"},
    {"7d", "2026-11-16T12:00:00.000Z"},
    {"2w", "2026-11-09T12:00:00.000Z"},
    {"2026-11-22", "2026-11-21T22:00:00.000Z"},
    {"2026-11-22T10:00", "2026-11-22T08:00:00.000Z"},
    {"2026-11-22 10:00", "2026-11-22T08:00:00.000Z"},
    {"2026-11-22T10:00:05", "2026-11-22T08:00:05.000Z"},
    {"2026-11-22T10:00:05Z", "2026-11-22T10:00:05.000Z"},
    {"2026-11-22T10:00:05.25-01:30", "2026-11-22T11:30:05.250Z"},
    {"2024-02-29", "2024-02-28T22:00:00.000Z"},
    {"", ""},
    {"2", ""},
    {"h", ""},
    {"-2h", ""},
    {"2x", ""},
    {"2hh", ""},
    {"99999999999h", ""},
    {"4294967295w", ""},
    {"2026-13-01", ""},
    {"2026-02-29", ""},
    {"2026-11-22T25:00", ""},
    {"2026-11-22T10:00:05+2", ""},
    {"23.11.2026", ""},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(since)

BOOST_DATA_TEST_CASE(a_length_of_time_or_a_point_in_it, bdata::make(kSince), c)
{
    const Zone zone;
    const auto read = read_since(c.text, kNoon);
    BOOST_TEST((read ? timestamp(*read) : std::string()) == c.expected);
}

BOOST_AUTO_TEST_CASE(a_length_is_read_and_written)
{
    const std::pair<const char*, const char*> lengths[] = {{"90d", "90d"}, {"2w", "14d"},  {"48h", "2d"},
                                                           {"36h", "36h"}, {"90m", "90m"}, {"60s", "1m"},
                                                           {"61s", "61s"}};
    for (const auto& [text, again] : lengths) {
        const auto length = read_length(text);
        BOOST_REQUIRE(length.has_value());
        BOOST_TEST(to_string(*length) == again);
        BOOST_TEST((read_length(again) == length));
    }
    for (const char* text : {"", "d", "-2d", "2x", "1.5d", "36501w", "2026-11-23"}) {
        BOOST_TEST(!read_length(text).has_value(), text);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
