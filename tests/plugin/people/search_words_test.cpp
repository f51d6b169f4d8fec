#include "plugin/people/search_words.h"

#include <ostream>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace
{

using namespace usher;
namespace bdata = boost::unit_test::data;

Person person(std::string_view address, std::string full_name = {})
{
    return {Address::prepare(address).value(), std::move(full_name), {}, {}, {}, {}};
}

using Words = std::vector<std::string>;

struct Folded {
    std::string text;
    Words words;
};

std::ostream& operator<<(std::ostream& out, const Folded& folded)
{
    return out << folded.text;
}

const Folded kFolded[] = {
    {"Müller", {"muller"}},
    {"MULLER", {"muller"}},
    {"Mu\u0308ller", {"muller"}},                     // decomposed
    {"Ｍｕｌｌｅｒ", {"muller"}},                     // full width
    {"Strauß", {"strauss"}},                          // full case folding
    {"STRAUSS", {"strauss"}},                         //
    {"ﬁona", {"fiona"}},                              // ligature
    {"Łukasz Ørsted", {"lukasz", "orsted"}},          // letters that do not decompose
    {"Işık İnan", {"isik", "inan"}},                  // Turkish i, without and with dot
    {"ΟΔΥΣΣΕΥΣ Οδυσσεύς", {"οδυσσευσ", "οδυσσευσ"}},  // final sigma
    {"Фёдор", {"федор"}},                             //
    {"王小明", {"王小明"}},                           //
    {"ｱｲ", {"アイ"}},                                 // half width
    {"O'Brien-Smith, J.", {"o", "brien", "smith", "j"}},
    {"Anna\u200bbel", {"annabel"}},  // zero width space: ignorable
    {"a\xff b", {"a", "b"}},         // not UTF-8
    {"", {}},
    {" - ", {}},
};

BOOST_AUTO_TEST_SUITE(search_words)

BOOST_DATA_TEST_CASE(folds, bdata::make(kFolded), c)
{
    BOOST_TEST(folded_words(c.text) == c.words, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(search_is_for_words_the_longest_first)
{
    const auto words = SearchWords::read("  J. Anna-Maria  anna ");
    BOOST_TEST_REQUIRE(words.has_value());
    BOOST_TEST(words->words() == (Words{"maria", "anna", "j"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(address_is_one_word)
{
    const auto words = SearchWords::read("Anna.Bell@Capulet");
    BOOST_TEST_REQUIRE(words.has_value());
    BOOST_TEST(words->words() == (Words{"anna.bell@capulet"}), boost::test_tools::per_element());
}

const std::string kTooShort[] = {"",   " ",  "a",          "a b",          "*",           "**",
                                 "%%", "a*", "@capulet.l", "\xff\xff\xff", "\u0308\u0308"};

BOOST_DATA_TEST_CASE(two_letters_are_the_least, bdata::make(kTooShort), text)
{
    // Of "@capulet.l" the words are looked for, as of other text.
    BOOST_TEST(SearchWords::read(text).has_value() == (text == "@capulet.l"));
}

BOOST_AUTO_TEST_CASE(two_letters_are_enough)
{
    BOOST_TEST(SearchWords::read("li").has_value());
    BOOST_TEST(SearchWords::read("ß").has_value());  // two, folded
    BOOST_TEST(SearchWords::read("王小").has_value());
}

BOOST_AUTO_TEST_CASE(wildcards_separate_words)
{
    const auto words = SearchWords::read("an*a%b_c");
    BOOST_TEST_REQUIRE(words.has_value());
    BOOST_TEST(words->words() == (Words{"an", "a", "b", "c"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(long_text_is_cut_at_a_character)
{
    const auto words = SearchWords::read(std::string(255, 'a') + "ü" + std::string(10'000, 'b'));
    BOOST_TEST_REQUIRE(words.has_value());
    BOOST_TEST(words->words() == (Words{std::string(255, 'a')}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(person_is_found_by_names_and_addresses)
{
    Person anna = person("anna.b@capulet.lit", "Anna Maria Müller");
    anna.given_name = "Anna";
    anna.family_name = "Müller";
    anna.nickname = "Annie";
    anna.email = "Mueller@Example.org";
    BOOST_TEST(words_of(anna) == (Words{"anna", "anna.b@capulet.lit", "annie", "b", "maria", "mueller",
                                        "mueller@example.org", "muller"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_shown_is_one_line_that_reads_as_it_is_written)
{
    BOOST_TEST(shown_text("Anna\nBell\x1b[2J") == "AnnaBell[2J");
    BOOST_TEST(shown_text("\u202eanna\u202c \u2066b\u2069\u2028") == "anna b");
    BOOST_TEST(shown_text("a\xff\xc3") == "a");
    BOOST_TEST(shown_text(std::string(255, 'a') + "ü") == std::string(255, 'a'));
    BOOST_TEST(shown_text("Müller Łódź") == "Müller Łódź");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
