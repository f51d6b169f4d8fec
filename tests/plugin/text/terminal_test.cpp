// What is printed on a terminal and in logs, whatever a stranger has put into it.
#include "plugin/text/terminal.h"

#include <boost/test/unit_test.hpp>
#include <string>

namespace usher
{

BOOST_AUTO_TEST_SUITE(terminal)

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

BOOST_AUTO_TEST_CASE(lines_after_the_first_begin_with_the_prefix)
{
    BOOST_TEST("# " + wrapped("one two three four", 9, "# ") == "# one two\n# three\n# four");
    BOOST_TEST(wrapped("", 9, "# ").empty());
}

BOOST_AUTO_TEST_CASE(a_line_is_as_wide_as_its_characters)
{
    BOOST_TEST(wrapped("\u00fc\u00fc \u00fc\u00fc \u00fc", 5, 0) == "\u00fc\u00fc \u00fc\u00fc\n\u00fc");
}

BOOST_AUTO_TEST_CASE(each_line_gets_the_prefix_and_no_control_characters)
{
    BOOST_TEST(printable_lines("one\ntwo\x1b[A\n\nfour", "usherctl: ") ==
               "usherctl: one\nusherctl: two\ufffd[A\nusherctl: \nusherctl: four\n");
    BOOST_TEST(printable_lines("one\n", "usherctl: ") == "usherctl: one\n");
    BOOST_TEST(printable_lines("", "usherctl: ").empty());
}

BOOST_AUTO_TEST_CASE(what_a_server_says_is_short_and_ascii)
{
    BOOST_TEST(short_ascii("Prosody 0.12~") == "Prosody 0.12~");
    BOOST_TEST(short_ascii("a\nb\x1b\x7f\u00fc") == "a b    ");
    BOOST_TEST(short_ascii(std::string(100'000, 'x')) == std::string(200, 'x'));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
