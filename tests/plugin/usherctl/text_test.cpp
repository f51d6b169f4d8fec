// What usherctl prints on a terminal.
#include <boost/test/unit_test.hpp>

#include "plugin/usherctl/command_line.h"
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
                                   {"answered_by", ""},
                                   {"outcome", nullptr},
                                   {"refusal", ""},
                                   {"repeats", 0},
                                   {"last_at", "2026-11-23T10:00:00.123Z"},
                                   {"covers", "request"}};
    const std::string line =
        "2026-11-23 12:00:00  116326504860393472   deny     rule 12                 "
        "eve\ufffd\ufffd[1A@montague.lit -> juliet@capulet.lit";
    BOOST_TEST(control_report::decision_line(record) == line + "\n");
    record["repeats"] = 59;
    record["last_at"] = "2026-11-23T10:09:50Z";
    BOOST_TEST(control_report::decision_line(record) == line + "  (59 more, last at 2026-11-23 12:09:50)\n");
    record["covers"] = "domain";
    record["outcome"] = "refused";
    record["refusal"] = "item-not-found";
    BOOST_TEST(control_report::decision_line(record) ==
               line +
                   "  NOT APPLIED by the server: item-not-found"
                   "  (59 more of this domain, last at 2026-11-23 12:09:50)\n");
}

BOOST_AUTO_TEST_CASE(ids_have_19_digits_from_2033_on)
{
    const auto read = [](std::string id) {
        std::string program = "usherctl";
        std::string journal = "journal";
        char* words[] = {program.data(), journal.data(), id.data(), nullptr};
        const auto line = read_command_line(3, words);
        return line ? line->arguments.id : "refused";
    };
    BOOST_TEST(read("0") == "0");
    BOOST_TEST(read("116326504860393472") == "116326504860393472");
    BOOST_TEST(read("1000000000000000000") == "1000000000000000000");
    BOOST_TEST(read("9223372036854775807") == "9223372036854775807");
    for (const char* wrong : {"9223372036854775808", "1e3", "12x", "+1", " 1", ""}) {
        BOOST_TEST(read(wrong) == "refused", wrong);
    }
}

BOOST_AUTO_TEST_CASE(a_list_says_which_domains_are_missing)
{
    const control_report::Json unlisted = {
        {{"domain", "montague.lit"}, {"why", "its server has no connector"}}};
    BOOST_TEST(control_report::waiting(
                   {{"requests", control_report::Json::array()}, {"more", false}, {"unlisted", unlisted}}) ==
               "Nothing waits.\nNot listed: montague.lit, because its server has no connector.\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
