// A domain's list of people, read to its end, and the lists that are none. Numbers such as E21 are rules of PROTOCOL.md.
#include "integration/people/people_list.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connector.h"

using namespace std::chrono_literals;
using usher::PeopleFailure;
using usher::PeopleList;
using usher::Person;
using usher::test::people;
using usher::test::person;
using Problem = usher::PeopleFailure::Problem;
using Strings = std::vector<std::string>;

namespace
{

struct Scene : usher::test::Connector {
    Scene()
        : list(std::make_unique<PeopleList>(
              iqs, refused, "capulet.lit",
              [this](std::vector<Person> page) {
                  ++pages;
                  for (Person& one : page) {
                      addresses.push_back(one.address.text());
                      persons.push_back(std::move(one));
                  }
                  list->next();
              },
              [this](const std::optional<PeopleFailure>& why) {
                  ++ends;
                  failure = why;
                  list.reset();
              }))
    {
        list->next();
    }

    /// The next page that is asked for.
    void page(const std::string& persons_in_it, const std::string& last = {})
    {
        BOOST_TEST_REQUIRE(reply(take(), people(persons_in_it, last)));
    }
    void expect_end(std::optional<Problem> why)
    {
        BOOST_TEST(ends == 1);
        BOOST_REQUIRE(failure.has_value() == why.has_value());
        BOOST_TEST((!why || failure->problem == *why));
        BOOST_TEST(sent.empty());
        BOOST_TEST(clock.waiting() == 0U);
    }

    usher::RateLimitedWarning refused{clock, "passed over"};
    int pages = 0;
    int ends = 0;
    Strings addresses;
    std::vector<Person> persons;
    std::optional<PeopleFailure> failure;
    std::unique_ptr<PeopleList> list;
};

std::string numbered(std::size_t number)
{
    return "user" + std::to_string(number) + "@capulet.lit";
}

std::string many(std::size_t first, std::size_t count)
{
    std::string all;
    for (std::size_t i = first; i < first + count; ++i) {
        all += person(numbered(i));
    }
    return all;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(people_list, Scene)

// E21
BOOST_AUTO_TEST_CASE(it_is_read_page_by_page_to_an_empty_one)
{
    const std::string first = take();
    BOOST_TEST(first == "<iq type='get' id='" + usher::test::attribute(first, "id") +
                            "' to='capulet.lit'><people xmlns='urn:xmpp:subscription-requests:0#people'>"
                            "<set xmlns='http://jabber.org/protocol/rsm'><max>100</max></set></people></iq>");
    reply(first, people(person("juliet@capulet.lit") + person("nurse@capulet.lit"), "k-2"));
    BOOST_TEST_REQUIRE(sent.size() == 1U);
    BOOST_TEST(sent[0].find("<max>100</max><after>k-2</after>") != std::string::npos);
    page(person("tybalt@capulet.lit"));
    BOOST_TEST_REQUIRE(sent.size() == 1U);
    BOOST_TEST(sent[0].find("<after>tybalt@capulet.lit</after>") != std::string::npos);
    page("");
    expect_end(std::nullopt);
    BOOST_TEST(pages == 2);
    BOOST_TEST(addresses == (Strings{"juliet@capulet.lit", "nurse@capulet.lit", "tybalt@capulet.lit"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_person_has_the_fields_that_are_known)
{
    page(person(
             "juliet@capulet.lit",
             "<fn>Juliet Capulet</fn><given>Juliet</given><family>Capulet</family><nick>Jule &amp; co</nick>"
             "<email>juliet@post.capulet.lit</email><tel>1</tel><fn xmlns='other'>x</fn>") +
             person("nurse@capulet.lit"),
         "2");
    BOOST_TEST_REQUIRE(persons.size() == 2U);
    BOOST_TEST((persons[0] == Person{*usher::Address::prepare("juliet@capulet.lit"), "Juliet Capulet",
                                     "Juliet", "Capulet", "Jule & co", "juliet@post.capulet.lit"}));
    BOOST_TEST((persons[1] == Person{*usher::Address::prepare("nurse@capulet.lit"), "", "", "", "", ""}));
}

// E42
BOOST_AUTO_TEST_CASE(fields_are_made_harmless)
{
    const std::string umlauts = [] {
        std::string text = "x";  // so that byte 256 is the second one of a character
        for (int i = 0; i < 200; ++i) {
            text += "ü";
        }
        return text;
    }();
    page(person("juliet@capulet.lit", "<fn>" + umlauts +
                                          "</fn><nick>a&#9;b&#10;c\xc2\x85"
                                          "d\x7f"
                                          "e</nick><given>" +
                                          std::string(100'000, 'y') + "</given><family>" +
                                          std::string(256, 'z') + "</family><email> &#9;</email>"),
         "1");
    BOOST_TEST_REQUIRE(persons.size() == 1U);
    BOOST_TEST(persons[0].full_name == umlauts.substr(0, 255));
    BOOST_TEST(persons[0].nickname == "abcde");
    BOOST_TEST(persons[0].given_name == std::string(256, 'y'));
    BOOST_TEST(persons[0].family_name == std::string(256, 'z'));
    BOOST_TEST(persons[0].email.empty());  // as if there were none
}

// E40
BOOST_AUTO_TEST_CASE(who_is_of_another_domain_or_not_prepared_is_passed_over)
{
    page(person("tybalt@montague.lit") + person("juliet@x.capulet.lit") + person("juliet@evilcapulet.lit") +
             person("capulet.lit") + person("Juliet@capulet.lit") + person("juliet@capulet.lit/phone") +
             "<person/><other xmlns='x'/>" + person("nurse@capulet.lit"),
         "1");
    BOOST_TEST(addresses == Strings{"nurse@capulet.lit"}, boost::test_tools::per_element());
    page(person("tybalt@montague.lit"), "2");  // no reason to stop
    page("");
    expect_end(std::nullopt);
}

// The server's order is its own affair, and who comes twice is read twice.
BOOST_AUTO_TEST_CASE(neither_order_nor_repetition_is_relied_on)
{
    page(person("nurse@capulet.lit") + person("juliet@capulet.lit") + person("nurse@capulet.lit"), "2");
    page(person("nurse@capulet.lit") + person("anne@capulet.lit"), "1");
    page("");
    expect_end(std::nullopt);
    BOOST_TEST(addresses.size() == 5U);
}

// E22
BOOST_AUTO_TEST_CASE(a_page_that_does_not_go_forward_ends_it)
{
    page(many(0, 2), "1");
    page(many(2, 2), "1");
    expect_end(Problem::unreadable);
    BOOST_TEST(pages == 1);
}

BOOST_AUTO_TEST_CASE(a_list_without_end_ends_after_a_million)
{
    constexpr std::size_t kPage = 100;
    const std::string same = many(0, kPage);
    for (std::size_t i = 0; i < PeopleList::kMaxPeople / kPage; ++i) {
        page(same, std::to_string(i));
        persons.clear();
        addresses.clear();
    }
    BOOST_TEST(ends == 0);
    page(person(numbered(0)), "end");
    expect_end(Problem::unreadable);
}

BOOST_AUTO_TEST_CASE(no_more_than_asked_for_is_taken)
{
    page(many(0, 100), "99");
    page(many(100, 101), "200");
    expect_end(Problem::unreadable);
    BOOST_TEST(addresses.size() == 100U);
}

const char* const kNoPages[] = {
    "",
    "<people xmlns='urn:xmpp:subscription-requests:0'/>",
    "<pending xmlns='urn:xmpp:subscription-requests:0#people'/>",
};
BOOST_DATA_TEST_CASE(what_is_no_page_ends_it, boost::unit_test::data::make(kNoPages), payload)
{
    reply(take(), payload);
    expect_end(Problem::unreadable);
}

// E19
BOOST_AUTO_TEST_CASE(only_the_domain_replies)
{
    const std::string question = take();
    for (const char* other : {"montague.lit", "juliet@capulet.lit", "capulet.lit/x", ""}) {
        BOOST_TEST(!reply(question, people(person("juliet@capulet.lit"), "1"), "result", other));
    }
    BOOST_TEST(pages == 0);
    BOOST_TEST(reply(question, people("")));
    expect_end(std::nullopt);
}

// E24
BOOST_AUTO_TEST_CASE(each_page_has_its_deadline)
{
    clock.advance(PeopleList::kDeadline - 1ms);
    page(many(0, 1), "0");
    clock.advance(PeopleList::kDeadline - 1ms);
    BOOST_TEST(ends == 0);
    sent.clear();
    clock.advance(1ms);
    expect_end(Problem::no_reply);
}

// E23
BOOST_AUTO_TEST_CASE(a_lost_place_is_a_new_beginning_once)
{
    page(many(0, 2), "1");
    refuse(take(), "item-not-found");
    BOOST_TEST_REQUIRE(sent.size() == 1U);
    BOOST_TEST(sent[0].find("<after>") == std::string::npos);
    page(many(0, 3), "2");
    refuse(take(), "item-not-found");
    expect_end(Problem::refused);
    BOOST_TEST(failure->condition == "item-not-found");
}

struct Refusal {
    const char* condition;
    Problem problem;
    const char* text;
};
std::ostream& operator<<(std::ostream& out, const Refusal& refusal)
{
    return out << refusal.condition;
}
const Refusal kRefusals[] = {
    {"forbidden", Problem::not_granted, "its server does not allow Usher to list them"},
    {"feature-not-implemented", Problem::cannot_list, "its server cannot list its users"},
    {"item-not-found", Problem::refused, "its server refuses to list them (item-not-found)"},
    {"service-unavailable", Problem::refused, "its server refuses to list them (service-unavailable)"},
};
BOOST_DATA_TEST_CASE(a_refusal_says_why, boost::unit_test::data::make(kRefusals), c)
{
    refuse(take(), c.condition);
    expect_end(c.problem);
    BOOST_TEST(to_string(*failure) == c.text);
}

BOOST_AUTO_TEST_SUITE_END()
