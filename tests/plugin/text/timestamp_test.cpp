// Points in time as texts (RFC 3339).
#include "plugin/text/timestamp.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <string>
#include <vector>

namespace usher
{

namespace
{

namespace bdata = boost::unit_test::data;

struct Case {
    std::string text;
    std::string expected;  // empty: refused
};

std::ostream& operator<<(std::ostream& out, const Case& c)
{
    return out << c.text;
}

const std::vector<Case> kCases{
    {"2026-11-23T10:00:05Z", "2026-11-23T10:00:05.000Z"},
    {"2026-11-23t10:00:05z", "2026-11-23T10:00:05.000Z"},
    {"2026-11-23 10:00:05Z", "2026-11-23T10:00:05.000Z"},
    {"2026-11-23T10:00:05.2Z", "2026-11-23T10:00:05.200Z"},
    {"2026-11-23T10:00:05.123Z", "2026-11-23T10:00:05.123Z"},
    {"2026-11-23T10:00:05.123999999999999Z", "2026-11-23T10:00:05.123Z"},
    {"2026-11-23T10:00:05+05:30", "2026-11-23T04:30:05.000Z"},
    {"2026-11-23T10:00:05-00:30", "2026-11-23T10:30:05.000Z"},
    {"2026-11-23T10:00:05.5-23:59", "2026-11-24T09:59:05.500Z"},
    {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"},
    {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"},
    {"2016-12-31T23:59:60.5Z", "2017-01-01T00:00:00.500Z"},
    {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"},
    {"", ""},
    {"Z", ""},
    {"2026-11-23", ""},
    {"2026-11-23T10:00:05", ""},
    {"2026-11-23T10:00Z", ""},
    {"2026-11-23_10:00:05Z", ""},
    {"2026-11-23T1:00:05Z", ""},
    {"26-11-23T10:00:05Z", ""},
    {"+026-11-23T10:00:05Z", ""},
    {" 2026-11-23T10:00:05Z", ""},
    {"2026-11-23T10:00:05Z ", ""},
    {"2026-11-23T10:00:05 Z", ""},
    {"2026-11-23T10:00:05ZZ", ""},
    {"2026-11-23T10:00:05.Z", ""},
    {"2026-11-23T10:00:05,5Z", ""},
    {"2026-11-23T10:00:05.5", ""},
    {"2026-11-23T10:00:05+5", ""},
    {"2026-11-23T10:00:05+0530", ""},
    {"2026-11-23T10:00:05+24:00", ""},
    {"2026-11-23T10:00:05+05:60", ""},
    {"2026-11-23T10:00:05+05:30x", ""},
    {"2026-11-23T24:00:00Z", ""},
    {"2026-11-23T10:60:00Z", ""},
    {"2026-11-23T10:00:61Z", ""},
    {"2026-00-23T10:00:05Z", ""},
    {"2026-13-23T10:00:05Z", ""},
    {"2026-11-00T10:00:05Z", ""},
    {"2026-11-31T10:00:05Z", ""},
    {"2026-02-29T10:00:05Z", ""},
    {"1969-12-31T23:59:59Z", ""},
    {"2262-04-11T00:00:00Z", "2262-04-11T00:00:00.000Z"},
    {"2262-04-12T00:00:00Z", ""},
    {"9999-12-31T23:59:59Z", ""},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(timestamps)

BOOST_DATA_TEST_CASE(reading, bdata::make(kCases), c)
{
    const auto read = read_timestamp(c.text);
    BOOST_TEST((read ? timestamp(*read) : std::string()) == c.expected);
}

BOOST_AUTO_TEST_CASE(writing)
{
    using std::chrono::system_clock;
    const system_clock::time_point time = std::chrono::sys_days(std::chrono::year(2026) / 11 / 3) +
                                          std::chrono::hours(9) + std::chrono::seconds(59) +
                                          std::chrono::microseconds(7'999);
    BOOST_TEST(timestamp(time) == "2026-11-03T09:00:59.007Z");
    BOOST_TEST(utc_minutes(time) == "2026-11-03 09:00 UTC");
    BOOST_TEST(utc_seconds(time) == "2026-11-03 09:00:59 UTC");
    BOOST_TEST(timestamp(system_clock::time_point() - std::chrono::milliseconds(1)) ==
               "1969-12-31T23:59:59.999Z");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
