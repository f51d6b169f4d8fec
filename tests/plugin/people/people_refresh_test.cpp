// What is known of people follows what their servers list: at the start, after a login, by hints and at night.
#include "plugin/people/people_refresh.h"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "connector.h"
#include "private_store.h"
#include "store_now.h"
#include "time_zone.h"

using namespace std::chrono_literals;

namespace usher
{

namespace
{

using Strings = std::vector<std::string>;
using test::people;
using test::person;

/// 2026-11-23 10:00:00 UTC
const std::chrono::system_clock::time_point kMorning{1'795'428'000s};

/// One usherd, on a store that others may have too.
struct Instance : test::Connector {
    explicit Instance(Database& database_used) : stored(database_used), used(database_used) {}

    void offer(const std::string& domain = "capulet.lit")
    {
        Advertisement granted;
        granted.people = true;
        refresh.protocol_part().advertised(domain, granted);
    }
    void hint(const std::string& persons)
    {
        const test::Literal literal(
            "<message from='capulet.lit'><changed xmlns='urn:xmpp:subscription-requests:0#people'>" +
            persons + "</changed></message>");
        refresh.protocol_part().received_message("capulet.lit", literal.stanza());
    }
    /// Answers the page that is asked for, and lets what follows from it happen.
    void page(const std::string& persons, const std::string& last = {})
    {
        BOOST_TEST_REQUIRE(reply(take(), people(persons, last)));
        clock.advance(0ms);
    }
    /// The whole list, as it is asked for now.
    void list(const std::string& persons)
    {
        if (!persons.empty()) {
            page(persons, "last");
        }
        page("");
    }
    void expect_nothing_asked() { BOOST_TEST(sent.empty()); }

    [[nodiscard]] Strings known(const std::string& domain = "capulet.lit") const
    {
        Strings addresses;
        directory.visit_addresses(domain, [&](std::string_view address) { addresses.emplace_back(address); });
        return addresses;
    }
    [[nodiscard]] Strings stored_addresses()
    {
        Strings addresses;
        const auto read = stored.read("capulet.lit").value();
        for (const Person& one : read) {
            addresses.push_back(one.address.text());
        }
        return addresses;
    }
    void expect_known(const Strings& expected)
    {
        BOOST_TEST(known() == expected, boost::test_tools::per_element());
        BOOST_TEST(stored_addresses() == expected, boost::test_tools::per_element());
        BOOST_TEST(status().people == expected.size());
    }
    [[nodiscard]] PeopleStatus status() const { return refresh.status("capulet.lit").value(); }

    test::PeopleNow stored;
    Database& used;
    Directory directory;
    const Clock::Time begun = clock.now();
    PeopleRefresh refresh{
        clock,
        iqs,
        used,
        directory,
        [this] {
            return kMorning +
                   std::chrono::duration_cast<std::chrono::system_clock::duration>(clock.now() - begun);
        },
        [] { return 0.5; }};
};

struct Scene {
    std::unique_ptr<test::PrivateStore> store = test::PrivateStore::make();
    std::unique_ptr<Database> database = store->open();
};

struct Listing : Scene, Instance {
    Listing() : Instance(*database) { refresh.set_domains({"capulet.lit"}); }
};

const std::string kJuliet = person("juliet@capulet.lit", "<fn>Juliet Capulet</fn>");
const std::string kNurse = person("nurse@capulet.lit");
const std::string kTybalt = person("tybalt@capulet.lit");

}  // namespace

BOOST_FIXTURE_TEST_SUITE(people_refresh, Listing)

BOOST_AUTO_TEST_CASE(nothing_is_asked_of_a_domain_that_offers_nothing_or_may_not_be_searched)
{
    offer("montague.lit");
    clock.advance(48h);
    expect_nothing_asked();
    BOOST_TEST(!refresh.status("montague.lit").has_value());
    BOOST_TEST(status().people == 0U);
    BOOST_TEST(!status().listed.has_value());
}

// E37
BOOST_AUTO_TEST_CASE(after_a_login_the_list_is_read_to_its_end)
{
    offer();
    page(kJuliet + kNurse, "2");
    expect_known({"juliet@capulet.lit", "nurse@capulet.lit"});
    BOOST_TEST(!status().listed.has_value());
    list(kTybalt);
    expect_known({"juliet@capulet.lit", "nurse@capulet.lit", "tybalt@capulet.lit"});
    BOOST_TEST((status().listed == kMorning));
    BOOST_TEST(stored.read("capulet.lit").value()[0].full_name == "Juliet Capulet");
    expect_nothing_asked();
}

BOOST_AUTO_TEST_CASE(who_is_not_listed_any_more_is_gone_everywhere)
{
    std::string many;
    for (int i = 100; i < 199; ++i) {
        many += person("a" + std::to_string(i) + "@capulet.lit");
    }
    offer();
    page(many, "1");
    page(kJuliet + kTybalt, "2");
    page("");
    BOOST_TEST(status().people == 101U);
    offer();
    page(kNurse, "1");
    BOOST_TEST(status().people == 102U);  // the list may still name them
    page(kJuliet, "2");
    page("");
    expect_known({"juliet@capulet.lit", "nurse@capulet.lit"});
}

BOOST_AUTO_TEST_CASE(people_are_known_from_the_start_and_come_in_portions)
{
    std::vector<Person> many;
    for (std::size_t i = 0; i < DomainRefresh::kStoredPortion + 1; ++i) {
        many.push_back({Address::prepare("user" + std::to_string(10'000 + i) + "@capulet.lit").value(),
                        {},
                        {},
                        {},
                        {},
                        {}});
    }
    BOOST_REQUIRE(stored.put(many).has_value());
    BOOST_REQUIRE(stored.set_list_time("capulet.lit", kMorning - 5h).has_value());
    Instance later(*database);
    later.refresh.set_domains({"capulet.lit"});
    BOOST_TEST(later.status().people == DomainRefresh::kStoredPortion);
    later.offer();
    later.expect_nothing_asked();  // until all are known: else nobody could be gone
    later.clock.advance(0ms);
    BOOST_TEST(later.status().people == many.size());
    BOOST_TEST((later.status().listed == kMorning - 5h));
    later.list(kJuliet);
    for (int i = 0; i < 6; ++i) {
        later.clock.advance(0ms);
    }
    later.expect_known({"juliet@capulet.lit"});
}

// E39
BOOST_AUTO_TEST_CASE(a_hint_has_those_people_read_again)
{
    offer();
    list(kJuliet + kNurse);
    hint(kNurse + kTybalt);
    const std::string question = take();
    BOOST_TEST(question.find("<person jid='nurse@capulet.lit'/><person jid='tybalt@capulet.lit'/>") !=
               std::string::npos);
    hint(kJuliet);
    expect_nothing_asked();  // one question at a time
    reply(question, people(kTybalt));
    BOOST_TEST(known() == (Strings{"juliet@capulet.lit", "tybalt@capulet.lit"}),
               boost::test_tools::per_element());
    reply(take(), people(person("juliet@capulet.lit", "<fn>Juliet Montague</fn>")));
    expect_known({"juliet@capulet.lit", "tybalt@capulet.lit"});
    BOOST_TEST(stored.read("capulet.lit").value()[0].full_name == "Juliet Montague");
    expect_nothing_asked();
}

BOOST_AUTO_TEST_CASE(a_hint_that_is_not_answered_has_the_list_read_later)
{
    offer();
    list(kJuliet);
    hint(kJuliet);
    (void)take();
    clock.advance(PeopleSource::kReadDeadline);
    BOOST_TEST(status().problem.empty());  // the list is as it was read
    expect_nothing_asked();
    clock.advance(10min);
    list(kJuliet + kNurse);
    expect_known({"juliet@capulet.lit", "nurse@capulet.lit"});
}

BOOST_AUTO_TEST_CASE(fields_that_are_not_to_be_known_are_not_stored)
{
    refresh.set_fields("capulet.lit", {PersonField::full_name});
    refresh.set_domains({"capulet.lit"});
    offer();
    const std::string juliet =
        person("juliet@capulet.lit", "<fn>Juliet</fn><email>juliet@capulet.lit</email>");
    list(juliet);
    BOOST_TEST(stored.read("capulet.lit").value()[0].full_name == "Juliet");
    BOOST_TEST(stored.read("capulet.lit").value()[0].email.empty());
    hint(juliet);
    reply(take(), people(juliet));
    BOOST_TEST(stored.read("capulet.lit").value()[0].email.empty());
}

BOOST_AUTO_TEST_CASE(hints_during_a_list_wait_for_its_end)
{
    offer();
    page(kJuliet, "1");
    hint(kJuliet);
    BOOST_TEST_REQUIRE(sent.size() == 1U);
    page("");
    BOOST_TEST_REQUIRE(sent.size() == 1U);
    BOOST_TEST(sent[0].find("<person jid='juliet@capulet.lit'/>") != std::string::npos);
    reply(take(), people(""));
    expect_known({});
}

BOOST_AUTO_TEST_CASE(a_hint_without_names_and_too_many_names_have_the_list_read)
{
    offer();
    list(kJuliet);
    hint("");
    list(kJuliet);
    expect_nothing_asked();
    hint(kJuliet);
    const std::string question = take();
    for (int i = 0; i <= 10; ++i) {
        std::string many;
        for (int j = 0; j < 100; ++j) {
            many += person("user" + std::to_string(100 * i + j) + "@capulet.lit");
        }
        hint(many);
    }
    reply(question, people(kJuliet));
    list(kJuliet);
    expect_known({"juliet@capulet.lit"});
    expect_nothing_asked();
}

BOOST_AUTO_TEST_CASE(the_list_is_read_once_in_each_night)
{
    const Zone berlin;
    Zone::set("CET-1CEST,M3.5.0,M10.5.0/3");
    refresh.set_domains({});
    refresh.set_domains({"capulet.lit"});
    offer();
    list(kJuliet);
    clock.advance(16h + 30min - 1ms);  // it is 11 o'clock in Berlin
    expect_nothing_asked();
    clock.advance(1ms);
    list(kJuliet);
    BOOST_TEST((status().listed == kMorning + 16h + 30min));
    clock.advance(24h - 1ms);
    expect_nothing_asked();
    clock.advance(1ms);
    list("");
    expect_known({});
}

// E38
BOOST_AUTO_TEST_CASE(what_prevents_it_is_told_and_nobody_is_gone)
{
    offer();
    list(kJuliet + kNurse);
    offer();
    page(kJuliet, "1");
    refuse(take(), "feature-not-implemented");
    expect_known({"juliet@capulet.lit", "nurse@capulet.lit"});
    BOOST_TEST(status().problem == "its server cannot list its users");
    BOOST_TEST((status().listed == kMorning));
    clock.advance(1h);
    expect_nothing_asked();
    offer();
    list(kNurse);
    expect_known({"nurse@capulet.lit"});
    BOOST_TEST(status().problem.empty());
}

BOOST_AUTO_TEST_CASE(a_server_that_does_not_answer_is_asked_again)
{
    offer();
    BOOST_TEST(sent.size() == 1U);
    sent.clear();
    clock.advance(PeopleList::kDeadline);
    BOOST_TEST(status().problem == "its server did not answer");
    clock.advance(DomainRefresh::kRetry - 1ms);
    expect_nothing_asked();
    clock.advance(1ms);
    refuse(take(), "internal-server-error");
    clock.advance(DomainRefresh::kRetry);
    list(kJuliet);
    expect_known({"juliet@capulet.lit"});
}

BOOST_AUTO_TEST_CASE(when_the_stream_is_lost_nobody_is_gone_and_nothing_is_asked)
{
    offer();
    list(kJuliet + kNurse);
    offer();
    page(kJuliet, "1");
    refresh.protocol_part().stream_lost();
    iqs.give_up();
    sent.clear();
    clock.advance(48h);
    expect_nothing_asked();
    expect_known({"juliet@capulet.lit", "nurse@capulet.lit"});
    offer();
    list(kNurse);
    expect_known({"nurse@capulet.lit"});
}

BOOST_AUTO_TEST_CASE(a_domain_that_may_be_searched_from_now_on_is_listed_if_it_has_offered)
{
    offer("montague.lit");
    refresh.set_domains({"capulet.lit", "montague.lit"});
    BOOST_TEST(test::attribute(take(), "to") == "montague.lit");
    offer();
    list(kJuliet);
    refresh.set_domains({"montague.lit"});
    BOOST_TEST(known().empty());
    hint(kJuliet);
    expect_nothing_asked();
}

BOOST_AUTO_TEST_CASE(who_may_not_be_searched_for_is_not_kept)
{
    std::vector<Person> many;
    for (std::size_t i = 0; i < UnsearchedPeople::kPortion + 1; ++i) {
        many.push_back(
            {Address::prepare("user" + std::to_string(i) + "@capulet.lit").value(), {}, {}, {}, {}, {}});
    }
    BOOST_REQUIRE(stored.put(many).has_value());
    BOOST_REQUIRE(
        stored.put({{Address::prepare("romeo@montague.lit").value(), {}, {}, {}, {}, {}}}).has_value());
    BOOST_REQUIRE(stored.set_list_time("capulet.lit", kMorning).has_value());
    refresh.set_domains({"montague.lit"});
    clock.advance(0ms);
    BOOST_TEST(stored_addresses().empty());
    BOOST_TEST(stored.list_times().value().empty());
    BOOST_TEST(stored.read("montague.lit").value().size() == 1U);
    refresh.set_domains({});
    clock.advance(0ms);
    BOOST_TEST(stored.read("montague.lit").value().empty());
}

BOOST_AUTO_TEST_CASE(a_store_that_fails_keeps_nobody_from_being_known)
{
    store->run("ALTER TABLE person RENAME TO gone");
    offer();
    page(kJuliet, "1");
    page("");
    BOOST_TEST(known() == Strings{"juliet@capulet.lit"}, boost::test_tools::per_element());
    store->run("ALTER TABLE gone RENAME TO person");
    offer();
    list(kJuliet);
    expect_known({"juliet@capulet.lit"});
}

// Each reads for itself; what one has written is what the other would.
BOOST_AUTO_TEST_CASE(two_instances_on_one_store_do_not_write_over_each_other)
{
    const auto elsewhere = store->open();
    Instance other(*elsewhere);
    other.refresh.set_domains({"capulet.lit"});
    offer();
    other.offer();
    list(kJuliet + kNurse);
    other.list(kJuliet + kNurse);
    other.hint(kTybalt);  // reaches only one of them
    other.reply(other.take(), people(kTybalt));
    BOOST_TEST(status().people == 2U);
    other.expect_known({"juliet@capulet.lit", "nurse@capulet.lit", "tybalt@capulet.lit"});
    offer();
    list(kJuliet + kTybalt);
    expect_known({"juliet@capulet.lit", "tybalt@capulet.lit"});
    other.offer();
    other.list(kJuliet + kTybalt);
    other.expect_known({"juliet@capulet.lit", "tybalt@capulet.lit"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
