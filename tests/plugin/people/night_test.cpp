// The next night, where usherd runs.
#include "plugin/people/night.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "plugin/text/timestamp.h"
#include "time_zone.h"

namespace
{

struct Case {
    const char* now;
    double fraction;
    const char* then;
};
std::ostream& operator<<(std::ostream& out, const Case& one)
{
    return out << one.now;
}

// In Berlin: two hours before UTC in summer, one in winter.
const Case kCases[] = {
    {"2026-11-23T10:00:00.000Z", 0.0, "2026-11-24T02:00:00.000Z"},
    {"2026-11-23T10:00:00.000Z", 0.25, "2026-11-24T02:15:00.000Z"},
    {"2026-11-23T01:59:59.999Z", 1.0, "2026-11-23T03:00:00.000Z"},
    {"2026-11-23T02:00:00.000Z", 0.5, "2026-11-24T02:30:00.000Z"},  // that night has begun
    {"2026-11-23T02:30:00.000Z", 0.9, "2026-11-24T02:54:00.000Z"},
    {"2026-03-28T12:00:00.000Z", 0.0, "2026-03-29T01:00:00.000Z"},  // clocks go from 2 to 3
    {"2026-10-24T12:00:00.000Z", 0.0, "2026-10-25T02:00:00.000Z"},  // and back
    {"2026-12-31T23:30:00.000Z", 0.0, "2027-01-01T02:00:00.000Z"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(night)

BOOST_DATA_TEST_CASE(it_begins_at_three_and_is_as_long_as_an_hour, boost::unit_test::data::make(kCases), c)
{
    const usher::Zone berlin;
    usher::Zone::set("CET-1CEST,M3.5.0,M10.5.0/3");
    const auto now = usher::read_timestamp(c.now).value();
    BOOST_TEST(usher::timestamp(now + usher::until_night(now, c.fraction)) == c.then);
}

BOOST_AUTO_TEST_SUITE_END()
