// What is no TOML, or none that is accepted, in words for whoever wrote it.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "broken_files.h"
#include "settings_files.h"

namespace bdata = boost::unit_test::data;
using namespace usher;
using namespace usher::test;

BOOST_AUTO_TEST_SUITE(toml_file)

const Broken kNotToml[] = {
    {"text_without_quotes", "option = all\n", 7, "", "option = all",
     "a value: \"text\" in quotes, a number, true, false or a [list]"},
    {"text_that_begins_like_a_flag", "option = total\n", 7, "", "option = total",
     "a value: \"text\" in quotes, a number, true, false or a [list]"},
    {"no_value", "option =\n", 7, "", "option =", "a value after ="},
    {"no_equals_sign", "option \"all\"\n", 7, "", "option \"all\"", "KEY = VALUE, [TABLE] or # COMMENT"},
    {"no_key", "= \"all\"\n", 7, "", "= \"all\"", "a key of letters, digits, _ and - before ="},
    {"quote_not_closed", "option = \"all\nask_back = true\n", 7, "", "option = \"all",
     "\"text\" in quotes, closed in its line; \\ only as \\\\, \\\", \\n or \\uXXXX"},
    {"two_settings_in_a_line", "option = \"all\" ask_back = true\n", 7, "",
     "option = \"all\" ask_back = true", "nothing more in the line after the value"},
    {"secret_not_closed", "secret = \"s3cret\n", 7, "", "secret =...",
     "\"text\" in quotes, closed in its line; \\ only as \\\\, \\\", \\n or \\uXXXX"},
    {"long_secret_not_closed", "secret = \"\"\"\ns3cret\n[log]\n", 7, "", "secret =...",
     "text closed by the three quotes that opened it"},
    {"secret_in_a_list", "secret = [\"x\",\n\"s3cret\" \"x\"]\n", 8, "",
     "a line after password = or secret =", "a comma between the values of a list, and ] after the last"},
    {"secret_not_closed_at_the_end", "secret = 's3cret", 7, "", "secret =...",
     "\"text\" in quotes, closed in its line; \\ only as \\\\, \\\", \\n or \\uXXXX"},
    {"bracket_not_closed", "[limits\n", 7, "", "[limits",
     "a key of letters, digits, _ and -; a [TABLE] closed in its line"},
    {"list_not_closed", "administrators = [\"a@example.org\"\nask_back = true\n", 8, "", "ask_back = true",
     "a comma between the values of a list, and ] after the last"},
    {"key_twice", "ask_back = true\nask_back = false\n", 8, "", "ask_back = false",
     "each key and [TABLE] once (first in line 7)"},
    {"table_twice", "[log]\n[store]\n[log]\n", 9, "", "[log]", "each key and [TABLE] once (first in line 7)"},
    {"table_inside_a_value", "[connection.account]\n", 7, "", "[connection.account]",
     "each key and [TABLE] once (first in line 2)"},
    {"latin_1", "# caf\xe9\n", 7, "", "the byte 0xE9", "UTF-8"},
    {"overlong_utf8", "# \xc0\xaf\n", 7, "", "the byte 0xC0", "UTF-8"},
    {"surrogate_in_utf8", "\n# \xed\xa0\x80\n", 8, "", "the byte 0xED", "UTF-8"},
    {"beyond_unicode", "# \xf4\x90\x80\x80\n", 7, "", "the byte 0xF4", "UTF-8"},
    {"truncated_utf8", "# \xe2\x82", 7, "", "the byte 0xE2", "UTF-8"},
    {"control_character", "# a\x1b[31mb\n", 7, "", "the control character U+001B", "text"},
    {"null_character", std::string("# \0\n", 4), 7, "", "the control character U+0000", "text"},
    {"carriage_return_alone", "# a\rb\n", 7, "", "the control character U+000D", "text"},
    {"lists_nested_without_end", "x = " + std::string(100'000, '['), 7, "",
     "lists or keys within each other, more than 64 deep", "a list, or a key of a table"},
    {"tables_nested_without_end", "x = " + std::string(100, '{'), 7, "",
     "lists or keys within each other, more than 64 deep", "a list, or a key of a table"},
};

BOOST_DATA_TEST_CASE(not_toml, bdata::make(kNotToml), broken)
{
    check_only_error(broken, kStart + broken.toml);
}

const Broken kNotUtf8[] = {
    {"byte_order_mark", "\xef\xbb\xbf" + kStart, 1, "", "a byte order mark", "UTF-8 without one"},
    {"utf_16", "\xff\xfe[\x00" + kStart, 1, "", "the byte 0xFF", "UTF-8"},
};

BOOST_DATA_TEST_CASE(not_utf_8, bdata::make(kNotUtf8), broken)
{
    check_only_error(broken, broken.toml);
}

BOOST_AUTO_TEST_SUITE_END()
