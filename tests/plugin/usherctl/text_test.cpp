// What usherctl prints on a terminal.
#include <boost/test/unit_test.hpp>

#include "plugin/usherctl/reports.h"
#include "tests/plugin/time_zone.h"

namespace usher
{

BOOST_AUTO_TEST_SUITE(usherctl_text)

BOOST_AUTO_TEST_CASE(a_decision_is_one_line_whatever_is_in_it)
{
    const Zone zone;
    control_report::Json record = {{"id", "116326504860393472"},
                                   {"at", "2026-11-23T10:00:00.123Z"},
                                   {"user", "juliet@capulet.lit"},
                                   {"contact", "eve\n\x1b[1A@montague.lit"},
                                   {"item", nullptr},
                                   {"answer", "deny"},
                                   {"reason", "rule"},
                                   {"rule", 12},
                                   {"answered_by", ""}};
    BOOST_TEST(control_report::decision_line(record) ==
               "2026-11-23 12:00:00  116326504860393472  deny     rule 12                 "
               "eve\ufffd\ufffd[1A@montague.lit -> juliet@capulet.lit\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
