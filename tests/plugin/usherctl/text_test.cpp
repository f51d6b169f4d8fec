// What usherctl reads from its command line and prints on a terminal.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <ctime>
#include <optional>

#include "plugin/text/since.h"
#include "plugin/text/terminal.h"
#include "plugin/text/timestamp.h"
#include "plugin/usherctl/reports.h"

namespace usher
{

namespace
{

using std::chrono::system_clock;
namespace bdata = boost::unit_test::data;

constexpr system_clock::time_point kNoon =
    std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12);

/// Two hours east of UTC, without summer time.
struct Zone {
    Zone() { set("TST-2"); }
    ~Zone()
    {
        if (before) {
            set(before->c_str());
        } else {
            ::unsetenv("TZ");
            ::tzset();
        }
    }
    Zone(const Zone&) = delete;
    Zone& operator=(const Zone&) = delete;

    static void set(const char* zone)
    {
        ::setenv("TZ", zone, 1);
        ::tzset();
    }
    std::optional<std::string> before =
        std::getenv("TZ") != nullptr ? std::optional<std::string>(std::getenv("TZ")) : std::nullopt;
};

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

BOOST_AUTO_TEST_SUITE(usherctl_text)

BOOST_DATA_TEST_CASE(since, bdata::make(kSince), c)
{
    const Zone zone;
    const auto read = read_since(c.text, kNoon);
    BOOST_TEST((read ? timestamp(*read) : std::string()) == c.expected);
}

BOOST_AUTO_TEST_CASE(nothing_that_is_printed_moves_the_cursor_or_hides_what_stands_there)
{
    BOOST_TEST(printable("romeo@montague.lit") == "romeo@montague.lit");
    BOOST_TEST(printable("\u00dcn\u00efc\u00f6de \u4e2d \U0001f600") ==
               "\u00dcn\u00efc\u00f6de \u4e2d \U0001f600");
    BOOST_TEST(printable("\x1b[2Jx\n\r\t\x7f") == "\ufffd[2Jx\ufffd\ufffd\ufffd\ufffd");
    BOOST_TEST(printable("a\u009b2Jb\u202ec\u2066d\u2028e\ufefff\u200fg\u061ch") ==
               "a\ufffd2Jb\ufffdc\ufffdd\ufffde\ufffdf\ufffdg\ufffdh");
    // A byte that begins nothing, an overlong escape, a surrogate, one too high, one cut off.
    BOOST_TEST(printable("\xff") == "\ufffd");
    BOOST_TEST(printable("\xc0\x9b") == "\ufffd\ufffd");
    BOOST_TEST(printable("\xed\xa0\x80") == "\ufffd\ufffd\ufffd");
    BOOST_TEST(printable("\xf4\x90\x80\x80") == "\ufffd\ufffd\ufffd\ufffd");
    BOOST_TEST(printable("x\xe2\x82") == "x\ufffd\ufffd");
}

BOOST_AUTO_TEST_CASE(columns_are_as_wide_as_what_is_in_them)
{
    BOOST_TEST(table({{"a", "\u00fc\u00fc", "x"}, {"bcd", "e", "\x1b"}}) ==
               "a    \u00fc\u00fc  x\n"
               "bcd  e   \ufffd\n");
}

BOOST_AUTO_TEST_CASE(lines_break_at_spaces)
{
    BOOST_TEST(wrapped("one two three four", 9, 2) == "one two\n  three\n  four");
    BOOST_TEST(wrapped("incomprehensibilities one", 9, 0) == "incomprehensibilities\none");
}

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
