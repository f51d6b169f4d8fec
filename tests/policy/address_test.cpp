// Expectations from RFC 6122, RFC 3454 and RFC 3491. tests/servers checks that the servers agree.
#include "policy/address.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <random>
#include <string>

namespace bdata = boost::unit_test::data;
using namespace std::string_literals;
using usher::Address;
using usher::prepare_domain;

namespace
{

/// The prepared form, or `-`.
std::string prepared(std::string_view text)
{
    const auto address = Address::prepare(text);
    return address ? address->text() : "-";
}

struct Case {
    const char* what;
    std::string text;
    std::string expected;
};

std::ostream& operator<<(std::ostream& out, const Case& c)
{
    return out << c.what;
}

std::string repeated(std::string_view text, std::size_t times)
{
    std::string all;
    for (std::size_t i = 0; i < times; ++i) {
        all += text;
    }
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(address)

const Case kPrepared[] = {
    {"plain", "amy@corp.example", "amy@corp.example"},
    {"upper_case_ascii", "Amy.Oneil@CORP.Example", "amy.oneil@corp.example"},
    {"every_plain_character", "!#$%()*+,-.0_=;?[\\]^`{|}~@corp.example",
     "!#$%()*+,-.0_=;?[\\]^`{|}~@corp.example"},
    {"resource_is_dropped", "amy@corp.example/Desk", "amy@corp.example"},
    {"resource_with_separators_is_dropped", "amy@corp.example/a@b/c", "amy@corp.example"},
    {"resource_in_unicode_is_dropped", "amy@corp.example/Schreibtisch \u00fc", "amy@corp.example"},

    {"upper_case_beyond_ascii", "\u00c4MY@corp.example", "\u00e4my@corp.example"},
    {"sharp_s", "Stra\u00dfe@corp.example", "strasse@corp.example"},
    {"fullwidth", "\uff21\uff2d\uff39@corp.example", "amy@corp.example"},
    {"ligature", "o\ufb03ce@corp.example", "office@corp.example"},
    {"capital_i_with_dot", "\u0130@corp.example", "i\u0307@corp.example"},
    {"final_sigma", "\u03c3\u03c2\u03a3@corp.example", "\u03c3\u03c3\u03c3@corp.example"},
    {"kelvin_sign", "\u212a@corp.example", "k@corp.example"},
    {"combining_marks_composed", "e\u0301@corp.example", "\u00e9@corp.example"},
    {"combining_marks_in_order", "a\u0323\u0307@corp.example", "\u1ea1\u0307@corp.example"},
    {"combining_marks_out_of_order", "a\u0307\u0323@corp.example", "\u1ea1\u0307@corp.example"},
    {"hangul", "\u1100\u1161@corp.example", "\uac00@corp.example"},
    {"soft_hyphen_is_mapped_to_nothing", "a\u00admy@corp.example", "amy@corp.example"},
    {"unassigned_in_unicode_3_2", "\u0221@corp.example", "\u0221@corp.example"},
    {"beyond_the_basic_plane", "\U00010400@corp.example", "\U00010428@corp.example"},
    {"right_to_left", "\u05d0\u05d1@corp.example", "\u05d0\u05d1@corp.example"},

    {"domain_in_upper_case_beyond_ascii", "amy@B\u00dcCHER.Example", "amy@b\u00fccher.example"},
    {"domain_with_sharp_s", "amy@Fa\u00df.example", "amy@fass.example"},
    {"domain_with_a_fullwidth_dot", "amy@corp\uff0eexample", "amy@corp.example"},
    {"ip_address", "amy@127.0.0.1", "amy@127.0.0.1"},
    {"ipv6_address", "amy@[::1]", "amy@[::1]"},

    {"longest_local_part", std::string(1023, 'a') + "@corp.example",
     std::string(1023, 'a') + "@corp.example"},
    {"longest_domain", "amy@" + std::string(1023, 'a'), "amy@" + std::string(1023, 'a')},
    {"longest_resource", "amy@corp.example/" + std::string(1023, 'r'), "amy@corp.example"},
    {"longest_parts_beyond_ascii", repeated("\u00fc", 511) + "a@" + repeated("\u00fc", 511) + "a",
     repeated("\u00fc", 511) + "a@" + repeated("\u00fc", 511) + "a"},
    {"longest_after_preparation", repeated("\u0149", 341) + "@corp.example",
     repeated("\u02bcn", 341) + "@corp.example"},
};

BOOST_DATA_TEST_CASE(has_its_prepared_form, bdata::make(kPrepared), c)
{
    BOOST_TEST(prepared(c.text) == c.expected);
}

const Case kRefused[] = {
    {"empty", "", ""},
    {"no_local_part", "corp.example", ""},
    {"empty_local_part", "@corp.example", ""},
    {"empty_domain", "amy@", ""},
    {"empty_domain_with_resource", "amy@/Desk", ""},
    {"empty_resource", "amy@corp.example/", ""},
    {"only_separators", "@/", ""},
    {"resource_before_the_local_part", "amy/x@corp.example", ""},
    {"two_local_parts", "amy@bob@corp.example", ""},
    {"local_part_of_nothing_once_prepared", "\u00ad\u200b@corp.example", ""},
    {"domain_of_nothing_once_prepared", "amy@\u2060", ""},
    {"resource_of_nothing_once_prepared", "amy@corp.example/\u2060", ""},

    {"space", "a my@corp.example", ""},
    {"double_quote", "a\"my@corp.example", ""},
    {"ampersand", "a&my@corp.example", ""},
    {"apostrophe", "a'my@corp.example", ""},
    {"colon", "a:my@corp.example", ""},
    {"less_than", "a<my@corp.example", ""},
    {"greater_than", "a>my@corp.example", ""},
    {"control_character", "a\x01my@corp.example", ""},
    {"delete_character", "a\x7fmy@corp.example", ""},
    {"null_character", "a\0my@corp.example"s, ""},
    {"null_character_in_the_domain", "amy@corp\0.example"s, ""},
    {"null_character_in_the_resource", "amy@corp.example/\0"s, ""},
    {"no_break_space", "a\u00a0my@corp.example", ""},
    {"private_use", "a\ue000my@corp.example", ""},
    {"noncharacter", "a\uffffmy@corp.example", ""},
    {"replacement_character", "a\ufffdmy@corp.example", ""},
    {"direction_override", "a\u202emy@corp.example", ""},
    {"both_directions", "\u05d0a@corp.example", ""},
    {"right_to_left_after_a_digit", "1\u05d0@corp.example", ""},
    {"control_character_in_the_resource", "amy@corp.example/\x01", ""},

    {"space_in_the_domain", "amy@corp .example", ""},
    {"tab_in_the_domain", "amy@corp\t.example", ""},
    {"line_break_after_the_domain", "amy@corp.example\n", ""},
    {"space_in_a_domain_beyond_ascii", "amy@b\u00fccher .example", ""},
    {"space_made_in_the_domain", "amy@corp\u00a0.example", ""},
    {"control_character_in_a_domain_beyond_ascii", "amy@b\u00fccher\x01.example", ""},
    {"final_dot", "amy@corp.example.", ""},
    {"final_dot_before_a_resource", "amy@corp.example./Desk", ""},
    {"two_final_dots", "amy@corp.example..", ""},
    {"dot_alone", "amy@.", ""},
    {"final_dot_made_in_the_domain", "amy@corp.example\uff0e", ""},

    {"a_label", "amy@XN--Bcher-Kva.example", ""},
    {"a_label_below", "amy@x.xn--bcher-kva.example", ""},
    {"ideographic_dot", "amy@corp\u3002example", ""},
    {"ideographic_dot_made_in_the_domain", "amy@corp\uff61example", ""},

    {"at_made_in_the_local_part", "a\uff20b@corp.example", ""},
    {"slash_made_in_the_local_part", "a\uff0fb@corp.example", ""},
    {"at_made_in_the_domain", "amy@a\uff20corp.example", ""},
    {"slash_made_in_the_domain", "amy@corp.example\uff0fx", ""},
    {"slash_made_of_account_of", "amy@corp\u2100.example", ""},

    {"server_specific_folding", "\u33c6@corp.example", ""},
    {"server_specific_folding_in_the_domain", "amy@\u33c6.example", ""},
    {"heap_of_marks", "a\u0300\u0323\u0321@corp.example", ""},
    {"heap_of_marks_in_the_domain", "amy@a\u0300\u0323\u0321.example", ""},

    {"local_part_too_long", std::string(1024, 'a') + "@corp.example", ""},
    {"domain_too_long", "amy@" + std::string(1024, 'a'), ""},
    {"resource_too_long", "amy@corp.example/" + std::string(1024, 'r'), ""},
    {"local_part_too_long_beyond_ascii", repeated("\u00fc", 512) + "@corp.example", ""},
    {"local_part_too_long_once_prepared", repeated("\u0149", 342) + "@corp.example", ""},
    {"local_part_too_long_before_preparation", repeated("a\u030a", 342) + "@corp.example", ""},
    {"domain_too_long_once_prepared", "amy@" + repeated("\u0149", 342), ""},

    {"byte_that_never_occurs_in_utf8", "a\xff@corp.example", ""},
    {"overlong", "a\xc1\x81@corp.example", ""},
    {"overlong_slash", "amy@corp.example\xc0\xafx", ""},
    {"overlong_in_three_bytes", "a\xe0\x81\x81@corp.example", ""},
    {"surrogate", "a\xed\xa0\x80@corp.example", ""},
    {"surrogate_pair", "a\xed\xa0\x81\xed\xb0\x80@corp.example", ""},
    {"beyond_unicode", "a\xf4\x90\x80\x80@corp.example", ""},
    {"truncated", "a\xe2\x82@corp.example", ""},
    {"truncated_at_the_end", "amy@corp.exampl\xc3", ""},
    {"continuation_alone", "amy@corp.\x80.example", ""},
    {"invalid_resource", "amy@corp.example/\xff", ""},
};

BOOST_DATA_TEST_CASE(is_refused, bdata::make(kRefused), c)
{
    BOOST_TEST(prepared(c.text) == "-");
}

BOOST_AUTO_TEST_CASE(has_its_parts)
{
    const auto amy = Address::prepare("Amy@Corp.Example/Desk");
    BOOST_REQUIRE(amy.has_value());
    BOOST_TEST(amy->local() == "amy");
    BOOST_TEST(amy->domain() == "corp.example");
    BOOST_TEST((*amy == Address::prepare("amy@corp.example")));
    BOOST_TEST((*amy != Address::prepare("amy@corp.example.org")));
}

BOOST_AUTO_TEST_CASE(of_a_contact_may_be_a_domain_alone)
{
    const auto gateway = Address::prepare_contact("ICQ.Montague.lit");
    BOOST_REQUIRE(gateway.has_value());
    BOOST_TEST(gateway->text() == "icq.montague.lit");
    BOOST_TEST(gateway->local() == "");
    BOOST_TEST(gateway->domain() == "icq.montague.lit");
    BOOST_TEST(Address::prepare_contact("Amy@Corp.Example/Desk")->text() == "amy@corp.example");
    for (const char* const wrong :
         {"", "@", "@corp.example", "amy@", "corp.example.", "corp example", "/x"}) {
        BOOST_TEST(!Address::prepare_contact(wrong), wrong);
    }
}

const Case kDomains[] = {
    {"plain", "corp.example", "corp.example"},
    {"upper_case", "CORP.Example", "corp.example"},
    {"unicode", "B\u00dcCHER.example", "b\u00fccher.example"},
    {"longest", std::string(1023, 'a'), std::string(1023, 'a')},
    {"too_long", std::string(1024, 'a'), "-"},
    {"empty", "", "-"},
    {"final_dot", "corp.example.", "-"},
    {"address", "amy@corp.example", "-"},
    {"with_a_resource", "corp.example/x", "-"},
    {"separator_made", "corp\uff0fexample", "-"},
    {"a_label", "xn--bcher-kva.example", "-"},
    {"no_a_label", "axn--b.example", "axn--b.example"},
    {"space", "corp example", "-"},
    {"not_utf8", "corp\xff", "-"},
};

BOOST_DATA_TEST_CASE(domain_has_its_prepared_form, bdata::make(kDomains), c)
{
    BOOST_TEST(prepare_domain(c.text).value_or("-") == c.expected);
}

/// Plain ASCII is prepared without ICU. Next to a letter that needs ICU, each character must give the same
/// result.
BOOST_AUTO_TEST_CASE(ascii_is_prepared_as_unicode_is)
{
    const std::string letter = "\u00fc";
    for (int i = 0; i < 0x80; ++i) {
        const char c = static_cast<char>(i);
        if (c == '@' || c == '/') {
            continue;
        }
        BOOST_TEST_CONTEXT("character " << i)
        {
            const std::string middle = "a"s + c + "b";
            const std::string local = prepared(middle + "@corp.example");
            BOOST_TEST(prepared(letter + middle + "@corp.example") == (local == "-" ? "-" : letter + local));
            const std::string domain = prepare_domain(middle).value_or("-");
            BOOST_TEST(prepare_domain(letter + middle).value_or("-") ==
                       (domain == "-" ? "-" : letter + domain));
        }
    }
}

BOOST_AUTO_TEST_CASE(preparing_again_changes_nothing)
{
    std::mt19937 random(3454);
    const auto word = [&random] {
        std::u32string ranges =
            U"\x01\x7f\x80\u024f\u0300\u036f\u0370\u05ff\u0600\u06ff\u1100\u11ff\u1e00\u1fff";
        ranges += U"\u2000\u218f\u2460\u24ff\u3000\u33ff\uac00\ud7a3\uf900\uffff";
        std::string text;
        for (auto length = 1 + random() % 5; length > 0; --length) {
            const std::size_t range = 2 * (random() % (ranges.size() / 2));
            const auto c =
                static_cast<char32_t>(ranges[range] + random() % (ranges[range + 1] - ranges[range] + 1));
            if (c < 0x80) {
                text += static_cast<char>(c);
            } else if (c < 0x800) {
                text += static_cast<char>(0xc0 | (c >> 6));
                text += static_cast<char>(0x80 | (c & 0x3f));
            } else {
                text += static_cast<char>(0xe0 | (c >> 12));
                text += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
                text += static_cast<char>(0x80 | (c & 0x3f));
            }
        }
        return text;
    };
    int accepted = 0;
    for (int i = 0; i < 100'000; ++i) {
        const std::string text = word() + "@" + word();
        const std::string once = prepared(text);
        if (once != "-") {
            ++accepted;
            BOOST_TEST(prepared(once) == once, text);
        }
    }
    BOOST_TEST(accepted > 10'000);
}

BOOST_AUTO_TEST_SUITE_END()
