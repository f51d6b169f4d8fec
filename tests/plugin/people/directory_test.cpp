#include "plugin/people/directory.h"

#include <algorithm>
#include <random>

#include <boost/test/unit_test.hpp>

namespace
{

using namespace usher;

constexpr std::size_t kLimit = 25;

Person person(std::string_view address, std::string full_name = {})
{
    return {Address::prepare(address).value(), std::move(full_name), {}, {}, {}, {}};
}

bool everybody(std::string_view /*address*/)
{
    return true;
}

/// The addresses found, and `...` if there are more.
std::string found(const Directory& directory, const std::string& text, std::size_t limit = kLimit,
                  const Directory::Accepts& accepts = everybody,
                  const std::vector<std::string>& domains = {"capulet.lit"})
{
    const FoundPeople people = directory.find(domains, SearchWords::read(text).value(), limit, accepts);
    std::string all;
    for (const Person& one : people.people) {
        all += (all.empty() ? "" : " ") + one.address.text();
    }
    return all + (people.more ? " ..." : "");
}

struct Capulets {
    Capulets()
    {
        directory.put(person("nurse@capulet.lit", "Angelica Müller"));
        directory.put(person("juliet@capulet.lit", "Juliet Capulet"));
        directory.put(person("lisa@capulet.lit", "Lisa Li"));
        directory.put(person("a.lisbeth@capulet.lit", "Lisbeth Muller"));
        directory.put(person("lizzy@montague.lit", "Liz Montague"));
    }

    Directory directory;
};

BOOST_FIXTURE_TEST_SUITE(directory, Capulets)

BOOST_AUTO_TEST_CASE(diacritics_do_not_matter_in_either_direction)
{
    BOOST_TEST(found(directory, "muller") == "a.lisbeth@capulet.lit nurse@capulet.lit");
    BOOST_TEST(found(directory, "MÜLLER") == "a.lisbeth@capulet.lit nurse@capulet.lit");
}

BOOST_AUTO_TEST_CASE(people_are_known_by_their_address)
{
    BOOST_TEST(directory.person("nurse@capulet.lit").value().full_name == "Angelica Müller");
    for (const char* nobody : {"nurse@montague.lit", "nurs@capulet.lit", "nursf@capulet.lit", "a@capulet.lit",
                               "zoe@capulet.lit", "capulet.lit", "nurse@verona.lit", ""}) {
        BOOST_TEST(!directory.person(nobody).has_value(), nobody);
    }
    directory.remove(Address::prepare("nurse@capulet.lit").value());
    BOOST_TEST(!directory.person("nurse@capulet.lit").has_value());
}

BOOST_AUTO_TEST_CASE(words_begin_words_in_any_order)
{
    BOOST_TEST(found(directory, "mull ang") == "nurse@capulet.lit");
    BOOST_TEST(found(directory, "ang mull") == "nurse@capulet.lit");
    BOOST_TEST(found(directory, "ang cap").empty());
    BOOST_TEST(found(directory, "uller").empty());
}

BOOST_AUTO_TEST_CASE(whole_words_come_first)
{
    BOOST_TEST(found(directory, "li") == "lisa@capulet.lit a.lisbeth@capulet.lit");
    BOOST_TEST(found(directory, "lisa") == "lisa@capulet.lit");
}

BOOST_AUTO_TEST_CASE(whole_words_come_first_however_many_only_begin_so)
{
    for (int i = 1000; i < 2000; ++i) {
        directory.put(person("m" + std::to_string(i) + "@capulet.lit", "Lisette Lignum"));
    }
    directory.put(person("zoe@capulet.lit", "Zoe Li"));
    directory.put(person("zora@capulet.lit", "Li Lisette"));
    BOOST_TEST(found(directory, "li", 3) == "lisa@capulet.lit zoe@capulet.lit zora@capulet.lit ...");
    BOOST_TEST(found(directory, "lis li", 2) == "a.lisbeth@capulet.lit lisa@capulet.lit ...");
    BOOST_TEST(found(directory, "lisette li", 2) == "zora@capulet.lit m1000@capulet.lit ...");
}

BOOST_AUTO_TEST_CASE(address_finds_and_its_domain_alone_does_not)
{
    BOOST_TEST(found(directory, "juliet@capulet.lit") == "juliet@capulet.lit");
    BOOST_TEST(found(directory, "juliet@cap") == "juliet@capulet.lit");
    BOOST_TEST(found(directory, "Juliet@montague.lit").empty());
    BOOST_TEST(found(directory, "lit").empty());
}

BOOST_AUTO_TEST_CASE(other_domains_are_not_searched)
{
    BOOST_TEST(found(directory, "liz").empty());
    BOOST_TEST(found(directory, "li", kLimit, everybody, {"montague.lit", "capulet.lit"}) ==
               "lisa@capulet.lit lizzy@montague.lit a.lisbeth@capulet.lit");
    BOOST_TEST(found(directory, "li", kLimit, everybody, {"verona.lit"}).empty());
}

BOOST_AUTO_TEST_CASE(no_more_than_the_limit)
{
    BOOST_TEST(found(directory, "muller", 1) == "a.lisbeth@capulet.lit ...");
    BOOST_TEST(found(directory, "muller", 2) == "a.lisbeth@capulet.lit nurse@capulet.lit");
}

BOOST_AUTO_TEST_CASE(who_is_not_accepted_is_as_if_absent)
{
    const auto not_the_nurse = [](std::string_view address) { return address != "nurse@capulet.lit"; };
    BOOST_TEST(found(directory, "muller", 1, not_the_nurse) == "a.lisbeth@capulet.lit");
}

BOOST_AUTO_TEST_CASE(person_changes_and_goes)
{
    directory.put(person("nurse@capulet.lit", "Angelica Verona"));
    BOOST_TEST(found(directory, "muller") == "a.lisbeth@capulet.lit");
    BOOST_TEST(found(directory, "verona") == "nurse@capulet.lit");
    directory.remove(Address::prepare("nurse@capulet.lit").value());
    directory.remove(Address::prepare("nobody@capulet.lit").value());
    directory.remove(Address::prepare("nobody@verona.lit").value());
    BOOST_TEST(found(directory, "verona").empty());
    BOOST_TEST(directory.size("capulet.lit") == 3U);
    directory.forget("capulet.lit");
    BOOST_TEST(directory.size("capulet.lit") == 0U);
    BOOST_TEST(found(directory, "juliet").empty());
}

BOOST_AUTO_TEST_CASE(replaced_people_are_gone)
{
    DomainPeople people;
    people.put(person("tybalt@capulet.lit"));
    directory.replace("capulet.lit", std::move(people));
    BOOST_TEST(found(directory, "tybalt juliet").empty());
    BOOST_TEST(found(directory, "tybalt") == "tybalt@capulet.lit");
    BOOST_TEST(directory.size("capulet.lit") == 1U);
}

BOOST_AUTO_TEST_CASE(fields_are_kept_as_they_may_be_shown)
{
    Person romeo = person("romeo@capulet.lit", "Ro\nmeo\u202e");
    romeo.given_name = "Romeo";
    romeo.family_name = std::string(300, 'x');
    romeo.nickname = "Ro";
    romeo.email = "romeo@example.org";
    directory.put(romeo);
    romeo.full_name = "Romeo";
    romeo.family_name = std::string(Person::kMaxField, 'x');
    const auto people =
        directory.find({"capulet.lit"}, SearchWords::read("romeo@example.org").value(), kLimit, everybody)
            .people;
    BOOST_TEST_REQUIRE(people.size() == 1U);
    BOOST_TEST((people[0] == romeo));
}

/// Blocks are split and emptied on the way.
BOOST_AUTO_TEST_CASE(many_people_come_and_go_in_any_order)
{
    std::vector<int> numbers(3'000);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        numbers[i] = static_cast<int>(10'000 + i);
    }
    std::mt19937 random(1);
    const auto address = [](int number) { return "p" + std::to_string(number) + "@verona.lit"; };
    const auto search = [&](const std::string& text, std::size_t limit) {
        return found(directory, text, limit, everybody, {"verona.lit"});
    };
    for (const bool in_order : {true, false}) {
        if (!in_order) {
            std::shuffle(numbers.begin(), numbers.end(), random);
        }
        for (const int number : numbers) {
            directory.put(person(address(number), "Anna " + std::to_string(number)));
        }
        BOOST_TEST(directory.size("verona.lit") == numbers.size());
        BOOST_TEST(search("anna", 3) == "p10000@verona.lit p10001@verona.lit p10002@verona.lit ...");
        std::shuffle(numbers.begin(), numbers.end(), random);
        for (const int number : numbers) {
            BOOST_TEST_REQUIRE(search(std::to_string(number), 3) == address(number));
            directory.remove(Address::prepare(address(number)).value());
            BOOST_TEST_REQUIRE(search(std::to_string(number), 3).empty());
        }
        BOOST_TEST(directory.size("verona.lit") == 0U);
    }
}

BOOST_AUTO_TEST_CASE(nobody_is_found_by_a_field_that_is_not_to_be_known)
{
    Directory some;
    BOOST_TEST(!some.set_fields("capulet.lit", PeopleSearch().fields));
    BOOST_TEST(some.set_fields("capulet.lit", {PersonField::nickname}));
    some.put({Address::prepare("j@capulet.lit").value(), "Juliet Capulet", "Juliet", "Capulet", "Jule",
              "sun@east.lit"});
    BOOST_TEST(found(some, "juliet") == "");
    BOOST_TEST(found(some, "sun") == "");
    BOOST_TEST(found(some, "jule") == "j@capulet.lit");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
