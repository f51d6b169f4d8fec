// What domains say of their people, and what they are asked about some of them.
#include "integration/people/people_source.h"

#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>
#include <vector>

#include "connector.h"

using namespace std::chrono_literals;
using usher::Address;
using usher::PeopleFailure;
using usher::Person;
using usher::Shows;
using usher::test::Literal;
using usher::test::people;
using usher::test::person;
using Strings = std::vector<std::string>;

namespace
{

Address address(const std::string& text)
{
    return Address::prepare(text).value();
}

std::string availability(const std::string& users)
{
    return "<availability xmlns='urn:xmpp:subscription-requests:0#people'>" + users + "</availability>";
}

struct Scene : usher::test::Connector, usher::PeopleEvents {
    void people_offered(const std::string& domain) override { events.push_back("offered " + domain); }
    void people_changed(const std::string& domain, std::vector<Address> persons) override
    {
        std::string event = "changed " + domain + ":";
        for (const Address& one : persons) {
            event += " " + one.text();
        }
        events.push_back(event);
    }
    void people_lost() override { events.push_back("lost"); }

    void advertise(const std::string& domain, bool granted = true)
    {
        usher::Advertisement advertisement;
        advertisement.people = granted;
        source.advertised(domain, advertisement);
    }
    void message(const std::string& payload, const std::string& domain = "capulet.lit")
    {
        const Literal literal("<message from='" + domain + "'>" + payload + "</message>");
        source.received_message(domain, literal.stanza());
    }
    void changed(const std::string& persons, const std::string& domain = "capulet.lit")
    {
        message("<changed xmlns='urn:xmpp:subscription-requests:0#people'>" + persons + "</changed>", domain);
    }
    void ask_availability(std::vector<Address> users)
    {
        source.availability("romeo@montague.lit/phone", std::move(users), [this](Shows found) {
            ++replies;
            shows = std::move(found);
        });
    }

    Strings events;
    usher::PeopleSource source{clock, iqs, *this};
    int replies = 0;
    Shows shows;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(people_source, Scene)

BOOST_AUTO_TEST_CASE(a_domain_offers_its_people_until_the_stream_is_lost)
{
    advertise("montague.lit", false);
    BOOST_TEST(!source.offered("montague.lit"));
    advertise("capulet.lit");
    BOOST_TEST(source.offered("capulet.lit"));
    advertise("capulet.lit");  // its connector was loaded again
    source.stream_lost();
    BOOST_TEST(!source.offered("capulet.lit"));
    BOOST_TEST(events == (Strings{"offered capulet.lit", "offered capulet.lit", "lost"}),
               boost::test_tools::per_element());
    BOOST_TEST(sent.empty());
}

BOOST_AUTO_TEST_CASE(a_hint_names_people_of_its_domain)
{
    advertise("capulet.lit");
    changed(person("juliet@capulet.lit") + person("tybalt@montague.lit") + person("nurse@capulet.lit"));
    changed("");
    changed(person("tybalt@montague.lit") + "<person/>");  // names nobody of it
    message("<changed xmlns='urn:xmpp:subscription-requests:0'/>");
    message("<body>changed</body>");
    BOOST_TEST(!source.offered("montague.lit"));
    changed(person("romeo@montague.lit"), "montague.lit");
    BOOST_TEST(source.offered("montague.lit"));
    std::string many;
    for (int i = 0; i < 101; ++i) {
        many += person("user" + std::to_string(i) + "@capulet.lit");
    }
    changed(many);
    BOOST_TEST(
        events == (Strings{"offered capulet.lit", "changed capulet.lit: juliet@capulet.lit nurse@capulet.lit",
                           "changed capulet.lit:", "changed montague.lit: romeo@montague.lit",
                           "changed capulet.lit:"}),
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(who_does_not_come_back_is_gone_and_who_was_not_asked_for_does_not_count)
{
    std::optional<tl::expected<std::vector<Person>, PeopleFailure>> given;
    const auto keep = [&given](auto read) { given = std::move(read); };
    source.read_again("capulet.lit", {address("juliet@capulet.lit"), address("nurse@capulet.lit")}, keep);
    const std::string question = take();
    BOOST_TEST(question.find("<people xmlns='urn:xmpp:subscription-requests:0#people'><person "
                             "jid='juliet@capulet.lit'/><person jid='nurse@capulet.lit'/></people></iq>") !=
               std::string::npos);
    BOOST_TEST(!reply(question, people(""), "result", "montague.lit"));
    reply(question, people(person("nurse@capulet.lit", "<fn>Nurse</fn>") + person("tybalt@capulet.lit") +
                           person("juliet@montague.lit")));
    BOOST_REQUIRE((given && *given));
    BOOST_TEST(((*given)->size() == 1U && (*given)->front().full_name == "Nurse"));

    source.read_again("capulet.lit", {address("juliet@capulet.lit")}, keep);
    refuse(take(), "forbidden");
    BOOST_TEST((given->error() == PeopleFailure{PeopleFailure::Problem::not_granted, "forbidden"}));
    source.read_again("capulet.lit", {address("juliet@capulet.lit")}, keep);
    reply(take(), "");
    BOOST_TEST((given->error() == PeopleFailure{PeopleFailure::Problem::unreadable}));
    source.read_again("capulet.lit", {address("juliet@capulet.lit")}, keep);
    clock.advance(60s);
    BOOST_TEST((given->error() == PeopleFailure{PeopleFailure::Problem::no_reply}));
}

BOOST_AUTO_TEST_CASE(availability_is_what_the_viewer_is_shown)
{
    advertise("capulet.lit");
    ask_availability({address("juliet@capulet.lit"), address("nurse@capulet.lit"),
                      address("peter@capulet.lit"), address("tybalt@capulet.lit")});
    const std::string question = take();
    BOOST_TEST(question.find("<availability xmlns='urn:xmpp:subscription-requests:0#people' "
                             "to='romeo@montague.lit/phone'><user jid='juliet@capulet.lit'/><user "
                             "jid='nurse@capulet.lit'/><user jid='peter@capulet.lit'/><user "
                             "jid='tybalt@capulet.lit'/></availability></iq>") != std::string::npos);
    reply(question, availability("<user jid='juliet@capulet.lit' show='dnd'/>"
                                 "<user jid='nurse@capulet.lit' show='available'/>"
                                 "<user jid='peter@capulet.lit' show='asleep'/>"
                                 "<user jid='abram@capulet.lit' show='chat'/>"
                                 "<user xmlns='x' jid='tybalt@capulet.lit' show='chat'/>"));
    BOOST_TEST((shows == Shows{{"juliet@capulet.lit", "dnd"}, {"nurse@capulet.lit", "available"}}));
}

BOOST_AUTO_TEST_CASE(fifty_are_asked_about_at_a_time_each_domain_for_its_own)
{
    advertise("capulet.lit");
    advertise("montague.lit");
    std::vector<Address> users{address("romeo@montague.lit"), address("paris@verona.lit")};
    for (int i = 0; i < 51; ++i) {
        users.push_back(address("user" + std::to_string(i) + "@capulet.lit"));
    }
    ask_availability(users);
    BOOST_TEST_REQUIRE(sent.size() == 3U);  // verona.lit does not offer it
    const std::string fifty = take();
    const std::string one = take();
    const std::string other = take();
    BOOST_TEST(fifty.find("user49@") != std::string::npos);
    BOOST_TEST(fifty.find("user50@") == std::string::npos);
    BOOST_TEST(usher::test::attribute(other, "to") == "montague.lit");
    reply(one, availability(
                   "<user jid='user50@capulet.lit' show='away'/><user jid='user1@capulet.lit' show='xa'/>"));
    refuse(fifty, "forbidden");
    BOOST_TEST(replies == 0);
    reply(other, availability("<user jid='romeo@montague.lit' show='chat'/>"), "result", "montague.lit");
    BOOST_TEST(replies == 1);
    BOOST_TEST((shows == Shows{{"romeo@montague.lit", "chat"}, {"user50@capulet.lit", "away"}}));
}

BOOST_AUTO_TEST_CASE(nobody_waits_for_availability_for_long)
{
    advertise("capulet.lit");
    advertise("montague.lit");
    ask_availability({address("juliet@capulet.lit"), address("romeo@montague.lit")});
    reply(take(), availability("<user jid='juliet@capulet.lit' show='chat'/>"));
    clock.advance(2s - 1ms);
    BOOST_TEST(replies == 0);
    clock.advance(1ms);
    BOOST_TEST(replies == 1);
    BOOST_TEST((shows == Shows{{"juliet@capulet.lit", "chat"}}));
    sent.clear();
    ask_availability({address("paris@verona.lit")});
    BOOST_TEST(replies == 2);
    BOOST_TEST(sent.empty());
}

BOOST_AUTO_TEST_SUITE_END()
