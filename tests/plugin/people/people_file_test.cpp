// What a file of people may have in it, and what is said of what it may not.
#include "plugin/people/people_file.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "named_file.h"

namespace usher
{

namespace
{

namespace bdata = boost::unit_test::data;

const std::string kJuliet = R"({"address": "juliet@capulet.lit"})"
                            "\n";
const std::string kPersonAccepted =
    R"(one person, such as {"address": "juliet@example.org", "full_name": "Juliet Capulet"})";
const std::string kAddressAccepted = "an address such as juliet@example.org";
const std::string kKeys = "address, full_name, given_name, family_name, nickname, email";

PeopleFile wanted(const std::string& path = "people.jsonl")
{
    return {path,
            {"capulet.lit", "capulet.example"},
            {PersonField::full_name, PersonField::given_name, PersonField::family_name, PersonField::nickname,
             PersonField::email}};
}

std::string line(const std::string& address)
{
    return "{\"address\": \"" + address + "\"}\n";
}

std::vector<std::string> addresses(const PeopleOfFile& people, const std::string& domain)
{
    std::vector<std::string> all;
    people.at(domain).visit_addresses([&all](std::string_view one) { all.emplace_back(one); });
    return all;
}

std::vector<std::string> errors(const std::string& text)
{
    const auto read = parse_people(text, wanted());
    std::vector<std::string> all;
    if (!read) {
        for (const SettingError& error : read.error()) {
            all.push_back(to_string(error));
        }
    }
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(people_file)

BOOST_AUTO_TEST_CASE(a_line_is_a_person)
{
    const auto people = parse_people(
        R"({"address": "Nurse@Capulet.lit", "full_name": " Angelica M\u00fcller ", "given_name": "Angelica",)"
        R"( "family_name": "Müller", "nickname": "Nurse", "email": "a@capulet.lit"})"
        "\r\n\n" +
            kJuliet + R"({"address": "tybalt@capulet.example"})",
        wanted());
    BOOST_TEST_REQUIRE(people.has_value());
    BOOST_TEST((addresses(*people, "capulet.lit") ==
                std::vector<std::string>{"juliet@capulet.lit", "nurse@capulet.lit"}));
    BOOST_TEST((addresses(*people, "capulet.example") == std::vector<std::string>{"tybalt@capulet.example"}));
    const DomainPeople& capulet = people->at("capulet.lit");
    const Person nurse = capulet.at(capulet.place_of("nurse@capulet.lit").value());
    BOOST_TEST(nurse.full_name == "Angelica Müller");
    BOOST_TEST(nurse.given_name == "Angelica");
    BOOST_TEST(nurse.family_name == "Müller");
    BOOST_TEST(nurse.nickname == "Nurse");
    BOOST_TEST(nurse.email == "a@capulet.lit");
}

BOOST_AUTO_TEST_CASE(only_what_may_be_known_is_taken)
{
    PeopleFile file = wanted();
    file.fields = {PersonField::nickname};
    const auto people =
        parse_people(R"({"address": "juliet@capulet.lit", "full_name": "Juliet", "nickname": "Sun"})", file);
    BOOST_TEST_REQUIRE(people.has_value());
    const DomainPeople& capulet = people->at("capulet.lit");
    const Person juliet = capulet.at(capulet.place_of("juliet@capulet.lit").value());
    BOOST_TEST(juliet.full_name == "");
    BOOST_TEST(juliet.nickname == "Sun");
    BOOST_TEST(addresses(*people, "capulet.example").empty());
}

struct Wrong {
    std::string name;
    std::string text;
    std::string said;
};

std::ostream& operator<<(std::ostream& out, const Wrong& wrong)
{
    return out << wrong.name;
}

const Wrong kWrong[] = {
    {"no_json", kJuliet + "juliet@capulet.lit\n",
     "people.jsonl:2: found what is no JSON, at byte 1 of the line; accepted: " + kPersonAccepted},
    {"half_a_line", kJuliet + R"({"address": "nurse@cap)",
     "people.jsonl:2: found what is no JSON, at byte 23 of the line; accepted: " + kPersonAccepted},
    {"no_utf8", "{\"address\": \"n\xfcrse@capulet.lit\"}",
     "people.jsonl:1: found what is no JSON, at byte 15 of the line; accepted: " + kPersonAccepted},
    {"list", "[\"juliet@capulet.lit\"]",
     "people.jsonl:1: found [\"juliet@capulet.lit\"]; accepted: " + kPersonAccepted},
    {"unknown_key", R"({"address": "juliet@capulet.lit", "phone": "1"})",
     "people.jsonl:1: phone: found an unknown key; accepted: " + kKeys},
    {"misspelt_key", R"({"address": "juliet@capulet.lit", "ful_name": "Juliet"})",
     "people.jsonl:1: ful_name: found an unknown key; accepted: full_name (is that what was meant?)"},
    {"key_twice", R"({"address": "juliet@capulet.lit", "email": "a", "email": "b"})",
     "people.jsonl:1: found a key that is there twice; accepted: each key once"},
    {"number_for_a_name", R"({"address": "juliet@capulet.lit", "nickname": 7})",
     "people.jsonl:1: nickname: found 7; accepted: a text, in quotes"},
    {"object_for_a_name",
     R"({"address": "juliet@capulet.lit", "full_name": {"nickname": "x", "email": "y"}})",
     R"(people.jsonl:1: full_name: found {"email":"y","nickname":"x"}; accepted: a text, in quotes)"},
    {"no_address", R"({"full_name": "Juliet"})",
     "people.jsonl:1: address: found nothing; accepted: " + kAddressAccepted},
    {"address_is_a_list", R"({"address": ["juliet@capulet.lit"]})",
     "people.jsonl:1: address: found [\"juliet@capulet.lit\"]; accepted: " + kAddressAccepted},
    {"domain_alone", line("capulet.lit"),
     "people.jsonl:1: address: found \"capulet.lit\"; accepted: " + kAddressAccepted},
    {"full_address", line("juliet@capulet.lit/balcony"),
     "people.jsonl:1: address: found \"juliet@capulet.lit/balcony\"; accepted: " + kAddressAccepted},
    {"a_label", line("juliet@xn--bcher-kva.example"),
     "people.jsonl:1: address: found \"juliet@xn--bcher-kva.example\"; accepted: \"juliet@bücher.example\" (as the "
     "server writes it, without xn--)"},
    {"foreign_domain", line("romeo@montague.lit"),
     "people.jsonl:1: address: found \"romeo@montague.lit\"; accepted: an address of the organization's domains: "
     "capulet.lit, capulet.example"},
    {"subdomain", line("a@x.capulet.lit"),
     "people.jsonl:1: address: found \"a@x.capulet.lit\"; accepted: an address of the organization's domains: "
     "capulet.lit, capulet.example"},
    {"person_twice", kJuliet + "\n" + line("JULIET@capulet.lit"),
     "people.jsonl:3: address: found \"JULIET@capulet.lit\", as in line 1; accepted: each person once"},
    {"long_line", line(std::string(PeopleFile::kMaxLineBytes, 'x')),
     "people.jsonl:1: found 16399 bytes in one line; accepted: at most 16384"},
    {"many_lines", kJuliet + std::string(PeopleFile::kMaxLines, '\n'),
     "people.jsonl:1000001: found a line more; accepted: at most 1000000"},
    {"empty", "", "people.jsonl: found nobody; accepted: at least one person"},
    {"blank", " \n\r\n", "people.jsonl: found nobody; accepted: at least one person"},
};

BOOST_DATA_TEST_CASE(a_file_with_a_fault_is_not_valid, bdata::make(kWrong), wrong)
{
    BOOST_TEST(errors(wrong.text) == std::vector<std::string>{wrong.said}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_longest_line_and_the_last_one_are_read)
{
    const std::string most = R"({"address": "juliet@capulet.lit", "email": ")";
    const std::string end = "\"}";
    const std::string longest =
        most + std::string(PeopleFile::kMaxLineBytes - most.size() - end.size(), 'x') + end;
    BOOST_TEST(errors(longest + std::string(PeopleFile::kMaxLines, '\n')).empty());
}

BOOST_AUTO_TEST_CASE(all_faults_are_named_up_to_a_limit)
{
    BOOST_TEST(errors("1\n" + kJuliet + R"({"email": 1})").size() == 3U);
    std::string many;
    for (std::size_t i = 0; i <= PeopleFile::kMaxErrors; ++i) {
        many += "1\n";
    }
    BOOST_TEST(errors(many).size() == PeopleFile::kMaxErrors);
}

BOOST_AUTO_TEST_CASE(what_is_no_file_is_an_error)
{
    BOOST_TEST(
        to_string(read_people_file(wanted("/nowhere/people")).error().front()) ==
        "/nowhere/people: found nothing to read: No such file or directory; accepted: a readable file of at "
        "most 256 MiB");
    const test::NamedFile named;
    BOOST_TEST(read_people_file(wanted(named.path.string())).error().front().found == "a directory");
    BOOST_TEST(read_people_file(wanted(named.file(kJuliet))).has_value());
}

BOOST_AUTO_TEST_CASE(files_of_all_organizations_are_checked_unless_nobody_searches_there)
{
    OrganizationSettings capulet;
    capulet.domains = {"capulet.lit"};
    capulet.people.listed = Listed::opt_out;
    capulet.people.names = NamesFrom::file;
    const test::NamedFile named;
    capulet.people.file = named.file(line("romeo@montague.lit") + "\x1b\n");
    const auto problems = check_people_files({capulet});
    BOOST_TEST_REQUIRE(problems.size() == 2U);
    BOOST_TEST(problems[0].starts_with(capulet.people.file + ":1: address: found "));
    BOOST_TEST(problems[1].starts_with(capulet.people.file + ":2: found what is no JSON"));
    capulet.people.listed = Listed::off;
    BOOST_TEST(check_people_files({capulet}).empty());
    capulet.people.listed = Listed::opt_in;
    capulet.people.names = NamesFrom::ldap;
    BOOST_TEST(check_people_files({capulet}).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
