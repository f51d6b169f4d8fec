// What the entity says and answers. Numbers such as E2 are the rules of PROTOCOL.md.
#include "integration/entity.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "doubles.h"
#include "literal.h"

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using usher::Answer;
using usher::DomainState;
using usher::Failure;
using usher::Source;
using usher::SubscriptionRequest;
using usher::test::attribute;
using usher::test::Literal;
using Strings = std::vector<std::string>;

namespace
{

usher::Decision decision(Answer answer, bool ask_back = false)
{
    usher::Decision decision;
    decision.answer = answer;
    decision.ask_back = ask_back;
    return decision;
}

/// Answers by the contact's local part, which says what is wanted; remembers what it was asked.
class ScriptedJudge : public usher::Judge
{
  public:
    std::vector<usher::Decision> judge(std::span<const SubscriptionRequest> requests, Source source) override
    {
        ++calls;
        std::vector<usher::Decision> decisions;
        for (const SubscriptionRequest& request : requests) {
            asked.push_back((source == Source::asked ? "asked " : "waiting ") + request.user.text() + " " +
                            request.contact.text());
            items.push_back(request.item);
            const std::string_view wish = request.contact.local();
            decisions.push_back(wish.starts_with("approve") ? decision(Answer::approve)
                                : wish.starts_with("both")  ? decision(Answer::approve, true)
                                : wish.starts_with("deny")  ? decision(Answer::deny)
                                                            : decision(Answer::leave));
        }
        if (when_asked) {
            when_asked();
        }
        return decisions;
    }

    int calls = 0;
    Strings asked;
    std::vector<std::optional<usher::RosterItem>> items;
    std::function<void()> when_asked;
};

std::string written(DomainState state)
{
    switch (state) {
        case DomainState::offline:
            return "offline";
        case DomainState::asking:
            return "asking";
        case DomainState::no_connector:
            return "no_connector";
        case DomainState::not_granted:
            return "not_granted";
        case DomainState::unreachable:
            return "unreachable";
        case DomainState::reading:
            return "reading";
        case DomainState::answering:
            return "answering";
        case DomainState::stock:
            return "stock";
        case DomainState::stock_not_granted:
            return "stock_not_granted";
        case DomainState::stock_ineffective:
            return "stock_ineffective";
    }
    return "?";
}

class Events : public usher::EntityEvents
{
  public:
    void domain_changed(const std::string& domain, DomainState state) override
    {
        states[domain] = written(state);
        history[domain].push_back(written(state));
    }
    void offline(const Failure& failure, milliseconds retry) override
    {
        failures.push_back(usher::test::written(failure.kind));
        delay = retry;
    }

    std::map<std::string, std::string> states;
    std::map<std::string, Strings> history;
    Strings failures;
    milliseconds delay{0};
};

std::string request(const std::string& id, const std::string& contact, const std::string& user,
                    const std::string& item = {})
{
    return "<request id='" + id +
           "'><forwarded xmlns='urn:xmpp:forward:0'><presence xmlns='jabber:client' type='subscribe' from='" +
           contact + "' to='" + user + "'/></forwarded>" + item + "</request>";
}

std::string requests(const std::string& inside)
{
    return "<requests xmlns='urn:xmpp:subscription-requests:0'>" + inside + "</requests>";
}

std::string pending(const std::string& inside, const std::string& last = {})
{
    return "<pending xmlns='urn:xmpp:subscription-requests:0'>" + inside +
           "<set xmlns='http://jabber.org/protocol/rsm'>" +
           (last.empty() ? "" : "<last>" + last + "</last>") + "</set></pending>";
}

std::string error(const std::string& condition, const std::string& type = "cancel")
{
    return "<error type='" + type + "'><" + condition +
           " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
}

const std::string kWithConnector =
    "<query xmlns='http://jabber.org/protocol/disco#info'>"
    "<identity category='server' type='im'/>"
    "<feature var='http://jabber.org/protocol/disco#info'/>"
    "<feature var='urn:xmpp:subscription-requests:0'/></query>";
const std::string kWithoutConnector =
    "<query xmlns='http://jabber.org/protocol/disco#info'>"
    "<identity category='server' type='im'/>"
    "<feature var='http://jabber.org/protocol/disco#info'/>"
    "<feature var='urn:xmpp:subscription-requests:1'/></query>";

std::string advertisement(const std::string& from)
{
    return "<message from='" + from +
           "' to='usher.capulet.lit'><privilege xmlns='urn:xmpp:privilege:2'><perm access='iq'>"
           "<namespace ns='urn:xmpp:subscription-requests:0' type='both'/></perm></privilege></message>";
}

struct Scene {
    explicit Scene(bool component = false, Strings domains = {"capulet.lit"})
    {
        usher::Login login;
        login.host = "127.0.0.1";
        login.component = component;
        address = component ? "usher.capulet.lit" : "usher@capulet.lit/usher";
        login.address = address;
        entity.emplace(
            login, "capulet.lit", std::move(domains), channels, clock, [] { return 0.0; }, judge, events);
    }

    void log_in()
    {
        entity->start();
        channels.opened(address);
        std::erase(channels.sent, "<presence/>");
    }

    /// Lets time pass on a stream that is never silent for so long that it would be pinged.
    void pass(milliseconds time)
    {
        for (; time > 20s; time -= 20s) {
            clock.advance(20s);
            channels.received("<message/>");
        }
        clock.advance(time);
    }

    /// The first thing sent that is an IQ to `to` with this payload; it no longer counts as sent afterwards.
    std::string take(const std::string& to, const std::string& payload)
    {
        const auto found =
            std::find_if(channels.sent.begin(), channels.sent.end(), [&](const std::string& xml) {
                const Literal literal(xml);
                return literal.stanza().name() == "iq" && literal.stanza().attribute("to") == to &&
                       literal.stanza().first().name() == payload;
            });
        if (found == channels.sent.end()) {
            BOOST_FAIL("no <" + payload + "/> was sent to " + to);
        }
        std::string xml = *found;
        channels.sent.erase(found);
        return xml;
    }

    void reply(const std::string& iq, const std::string& inside, const std::string& type = "result")
    {
        channels.received("<iq type='" + type + "' id='" + attribute(iq, "id") + "' from='" +
                          attribute(iq, "to") + "' to='" + address + "'>" + inside + "</iq>");
    }

    void has_connector(const std::string& domain = "capulet.lit")
    {
        reply(take(domain, "query"), kWithConnector);
    }

    /// The page that is being asked for.
    void page(const std::string& inside, const std::string& last = {},
              const std::string& domain = "capulet.lit")
    {
        reply(take(domain, "pending"), pending(inside, last));
    }

    void refuse_list(const std::string& condition, const std::string& domain = "capulet.lit")
    {
        reply(take(domain, "pending"), error(condition), "error");
    }

    /// Logged in, every list read to its end.
    void start_answering(const Strings& domains = {"capulet.lit"})
    {
        log_in();
        for (const std::string& domain : domains) {
            has_connector(domain);
            page("", "", domain);
            BOOST_TEST_REQUIRE(state(domain) == "answering");
        }
        channels.sent.clear();
    }

    void ask(const std::string& inside, const std::string& from = "capulet.lit", const std::string& id = "a1")
    {
        channels.received("<iq type='set' id='" + id + "' from='" + from + "' to='" + address + "'>" +
                          inside + "</iq>");
    }

    std::string state(const std::string& domain = "capulet.lit") { return events.states[domain]; }

    void expect_sent(const Strings& expected)
    {
        BOOST_TEST(channels.sent == expected, boost::test_tools::per_element());
        channels.sent.clear();
    }

    void expect_nothing_sent() { expect_sent({}); }

    void expect_error(const std::string& condition, const std::string& type, const std::string& to)
    {
        expect_sent({"<iq type='error' id='a1' to='" + to + "'><error type='" + type + "'><" + condition +
                     " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"});
    }

    std::string address;
    usher::test::FakeClock clock;
    usher::test::FakeChannels channels;
    ScriptedJudge judge;
    Events events;
    std::optional<usher::Entity> entity;
};

struct ComponentScene : Scene {
    ComponentScene() : Scene(true) {}
};

struct TwoDomains : Scene {
    TwoDomains() : Scene(false, {"capulet.lit", "verona.lit"}) {}
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(entity, Scene)

// --- After the login

// E1, E3
BOOST_FIXTURE_TEST_CASE(an_account_sends_presence_then_asks_every_domain_for_its_connector, TwoDomains)
{
    entity->start();
    channels.opened(address);
    BOOST_TEST_REQUIRE(channels.sent.size() == 3U);
    BOOST_TEST(channels.sent[0] == "<presence/>");
    channels.sent.erase(channels.sent.begin());
    Strings asked;
    for (const std::string& xml : channels.sent) {
        const Literal iq(xml);
        BOOST_TEST(iq.stanza().attribute("type") == "get");
        BOOST_TEST(!iq.stanza().has("from"));
        BOOST_TEST(iq.stanza().first().is("query", "http://jabber.org/protocol/disco#info"));
        BOOST_TEST(!iq.stanza().first().has("node"));
        asked.emplace_back(iq.stanza().attribute("to"));
    }
    BOOST_TEST(asked == (Strings{"capulet.lit", "verona.lit"}), boost::test_tools::per_element());
    BOOST_TEST(state("capulet.lit") == "asking");
    BOOST_TEST(state("verona.lit") == "asking");
}

BOOST_FIXTURE_TEST_CASE(a_component_sends_no_presence_and_says_who_it_is, ComponentScene)
{
    entity->start();
    channels.opened(address);
    BOOST_TEST_REQUIRE(channels.sent.size() == 1U);
    BOOST_TEST(attribute(channels.sent[0], "from") == "usher.capulet.lit");
    has_connector();
    BOOST_TEST(attribute(take("capulet.lit", "pending"), "from") == "usher.capulet.lit");
}

BOOST_AUTO_TEST_CASE(a_domain_named_twice_is_asked_once)
{
    Scene scene(false, {"capulet.lit", "capulet.lit"});
    scene.log_in();
    BOOST_TEST(scene.channels.sent.size() == 1U);
}

// E20
BOOST_AUTO_TEST_CASE(ids_cannot_be_guessed_from_those_of_another_login)
{
    log_in();
    const std::string first = attribute(take("capulet.lit", "query"), "id");
    channels.ended(Failure::Kind::lost);
    clock.advance(events.delay);
    channels.sent.clear();
    channels.opened(address);
    const std::string second = attribute(take("capulet.lit", "query"), "id");
    BOOST_TEST(first.size() >= 33U);
    BOOST_TEST(second.size() >= 33U);
    BOOST_TEST(first.substr(0, 32) != second.substr(0, 32));
}

// E2; E5: no advertisement has come
BOOST_AUTO_TEST_CASE(with_a_connector_the_waiting_list_is_read)
{
    log_in();
    has_connector();
    BOOST_TEST(state() == "reading");
    const Literal iq(take("capulet.lit", "pending"));
    BOOST_TEST(iq.stanza().attribute("type") == "get");
    const usher::Stanza list = iq.stanza().first();
    BOOST_TEST(list.ns() == "urn:xmpp:subscription-requests:0");
    BOOST_TEST(!list.has("user"));
    const usher::Stanza set = list.child("set", "http://jabber.org/protocol/rsm");
    BOOST_TEST(set.child("max", "http://jabber.org/protocol/rsm").text() == "100");
    BOOST_TEST(!set.child("after", "http://jabber.org/protocol/rsm"));
}

BOOST_AUTO_TEST_CASE(an_empty_list_means_answering)
{
    log_in();
    has_connector();
    page("");
    BOOST_TEST(events.history["capulet.lit"] == (Strings{"asking", "reading", "answering"}),
               boost::test_tools::per_element());
    clock.advance(29s);
    BOOST_TEST(judge.asked.empty());
}

// E8
BOOST_AUTO_TEST_CASE(without_a_connector_it_is_asked_again_after_a_minute)
{
    log_in();
    reply(take("capulet.lit", "query"), kWithoutConnector);
    BOOST_TEST(state() == "no_connector");
    pass(60s - 1ms);
    expect_nothing_sent();
    clock.advance(1ms);
    has_connector();
    BOOST_TEST(state() == "reading");
}

BOOST_AUTO_TEST_CASE(a_domain_that_answers_with_an_error_is_unreachable)
{
    log_in();
    reply(take("capulet.lit", "query"), error("remote-server-not-found"), "error");
    BOOST_TEST(state() == "unreachable");
    clock.advance(60s);
    has_connector();
    BOOST_TEST(state() == "reading");
}

BOOST_AUTO_TEST_CASE(a_disco_answer_without_a_query_shows_no_connector)
{
    log_in();
    reply(take("capulet.lit", "query"), "");
    BOOST_TEST(state() == "no_connector");
}

// --- The waiting list

// E2, E21, E25
BOOST_AUTO_TEST_CASE(the_list_is_read_to_its_end_page_by_page)
{
    log_in();
    has_connector();
    page(request("1", "approve@montague.lit", "juliet@capulet.lit") +
             request("2", "leave@montague.lit", "juliet@capulet.lit"),
         "k-2");
    const std::string answer = take("capulet.lit", "answer");
    BOOST_TEST(attribute(answer, "type") == "set");
    BOOST_TEST(Literal(answer).stanza().first().ns() == "urn:xmpp:subscription-requests:0");
    expect_nothing_sent();  // the next page waits for the reply
    reply(answer, "");
    std::string next = take("capulet.lit", "pending");
    BOOST_TEST(next.find("<after>k-2</after>") != std::string::npos);
    reply(next, pending(request("3", "deny@montague.lit", "nurse@capulet.lit"), "k-3"));
    reply(take("capulet.lit", "answer"), "");
    next = take("capulet.lit", "pending");
    BOOST_TEST(next.find("<after>k-3</after>") != std::string::npos);
    reply(next, pending(""));
    BOOST_TEST(state() == "answering");
    expect_nothing_sent();
    BOOST_TEST(judge.asked == (Strings{"waiting juliet@capulet.lit approve@montague.lit",
                                       "waiting juliet@capulet.lit leave@montague.lit",
                                       "waiting nurse@capulet.lit deny@montague.lit"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_short_page_is_not_the_end)
{
    log_in();
    has_connector();
    page(request("1", "leave@montague.lit", "juliet@capulet.lit"), "1");
    BOOST_TEST(state() == "reading");
    BOOST_TEST(take("capulet.lit", "pending").find("<after>1</after>") != std::string::npos);
}

// E27
BOOST_AUTO_TEST_CASE(later_answers_are_sent_for_verdicts_only)
{
    log_in();
    has_connector();
    page(request("1", "approve@montague.lit", "juliet@capulet.lit") +
             request("2", "leave@montague.lit", "juliet@capulet.lit") +
             request("3", "deny@montague.lit", "juliet@capulet.lit") +
             request("4", "both@montague.lit", "nurse@capulet.lit"),
         "4");
    Strings payloads;
    for (const std::string& xml : channels.sent) {
        payloads.push_back(xml.substr(xml.find("<answer")));
    }
    BOOST_TEST(
        payloads == (Strings{"<answer xmlns='urn:xmpp:subscription-requests:0' user='juliet@capulet.lit' "
                             "contact='approve@montague.lit' type='subscribed'/></iq>",
                             "<answer xmlns='urn:xmpp:subscription-requests:0' user='juliet@capulet.lit' "
                             "contact='deny@montague.lit' type='unsubscribed'/></iq>",
                             "<answer xmlns='urn:xmpp:subscription-requests:0' user='nurse@capulet.lit' "
                             "contact='both@montague.lit' type='subscribed' ask-back='true'/></iq>"}),
        boost::test_tools::per_element());
    BOOST_TEST(judge.calls == 1);
}

BOOST_AUTO_TEST_CASE(the_next_page_waits_for_every_reply_in_any_order)
{
    log_in();
    has_connector();
    page(request("1", "approve-1@montague.lit", "juliet@capulet.lit") +
             request("2", "approve-2@montague.lit", "juliet@capulet.lit") +
             request("3", "approve-3@montague.lit", "juliet@capulet.lit"),
         "3");
    const Strings answers = channels.take_sent();
    BOOST_TEST_REQUIRE(answers.size() == 3U);
    reply(answers[2], "");
    reply(answers[0], "");
    expect_nothing_sent();
    reply(answers[1], "");
    static_cast<void>(take("capulet.lit", "pending"));
}

// E26
BOOST_AUTO_TEST_CASE(errors_to_later_answers_do_not_end_the_reading)
{
    for (const char* condition : {"item-not-found", "internal-server-error", "forbidden", "bad-request"}) {
        BOOST_TEST_CONTEXT(condition)
        {
            Scene scene;
            scene.log_in();
            scene.has_connector();
            scene.page(request("1", "approve@montague.lit", "juliet@capulet.lit"), "1");
            scene.reply(scene.take("capulet.lit", "answer"), error(condition), "error");
            scene.page("");
            BOOST_TEST(scene.state() == "answering");
            scene.expect_nothing_sent();
        }
    }
}

BOOST_AUTO_TEST_CASE(the_roster_item_in_the_list_reaches_the_judge)
{
    log_in();
    has_connector();
    page(request("1", "leave@montague.lit", "juliet@capulet.lit",
                 "<item xmlns='jabber:iq:roster' jid='leave@montague.lit' subscription='to'/>") +
             request("2", "leave@montague.lit", "nurse@capulet.lit"),
         "2");
    BOOST_TEST_REQUIRE(judge.items.size() == 2U);
    BOOST_TEST((judge.items[0] == usher::RosterItem{usher::Subscription::to, false}));
    BOOST_TEST(!judge.items[1].has_value());
}

// E12, E15
BOOST_AUTO_TEST_CASE(what_cannot_be_read_or_is_of_another_domain_is_passed_over_in_the_list)
{
    log_in();
    has_connector();
    page("<request id='1'/>" + request("2", "approve@montague.lit", "tybalt@verona.lit") +
             request("3", "approve@montague.lit", "juliet@capulet.lit"),
         "3");
    BOOST_TEST(judge.asked == Strings{"waiting juliet@capulet.lit approve@montague.lit"},
               boost::test_tools::per_element());
    reply(take("capulet.lit", "answer"), "");
    page("");
    BOOST_TEST(state() == "answering");
}

// E22
BOOST_AUTO_TEST_CASE(a_page_that_repeats_itself_does_not_go_on_for_ever)
{
    log_in();
    has_connector();
    const std::string same = request("1", "leave@montague.lit", "juliet@capulet.lit");
    page(same, "1");
    page(same, "1");
    BOOST_TEST(state() == "unreachable");
    expect_nothing_sent();
    BOOST_TEST(judge.calls == 1);
    clock.advance(60s);
    has_connector();
    BOOST_TEST(state() == "reading");
}

BOOST_AUTO_TEST_CASE(what_is_not_a_list_makes_the_domain_unreachable)
{
    for (const char* nonsense : {"", "<pending xmlns='urn:other'/>",
                                 "<pending xmlns='urn:xmpp:subscription-requests:0'><request/></pending>"}) {
        BOOST_TEST_CONTEXT(nonsense)
        {
            Scene scene;
            scene.log_in();
            scene.has_connector();
            scene.reply(scene.take("capulet.lit", "pending"), nonsense);
            BOOST_TEST(scene.state() == "unreachable");
            BOOST_TEST(scene.judge.calls == 0);
        }
    }
}

// E23
BOOST_AUTO_TEST_CASE(a_list_that_has_lost_its_place_is_read_anew_at_once)
{
    log_in();
    has_connector();
    page(request("1", "leave@montague.lit", "juliet@capulet.lit"), "1");
    refuse_list("item-not-found");
    BOOST_TEST(state() == "reading");
    const std::string anew = take("capulet.lit", "pending");
    BOOST_TEST(anew.find("<after>") == std::string::npos);
    reply(anew, pending(""));
    BOOST_TEST(state() == "answering");
}

BOOST_AUTO_TEST_CASE(a_list_that_loses_its_place_again_is_left_for_a_minute)
{
    log_in();
    has_connector();
    for (int i = 0; i < 2; ++i) {
        page(request("1", "leave@montague.lit", "juliet@capulet.lit"), "1");
        refuse_list("item-not-found");
    }
    BOOST_TEST(state() == "unreachable");
    expect_nothing_sent();
    clock.advance(60s);
    has_connector();
    page(request("1", "leave@montague.lit", "juliet@capulet.lit"), "1");
    refuse_list("item-not-found");
    BOOST_TEST(state() == "reading");
}

BOOST_AUTO_TEST_CASE(errors_to_the_list_say_what_is_the_matter)
{
    const std::map<std::string, std::string> states = {
        {"not-allowed", "not_granted"},           {"forbidden", "not_granted"},
        {"service-unavailable", "no_connector"},  {"feature-not-implemented", "no_connector"},
        {"remote-server-timeout", "unreachable"}, {"internal-server-error", "unreachable"},
        {"item-not-found", "unreachable"},
    };
    for (const auto& [condition, expected] : states) {
        BOOST_TEST_CONTEXT(condition)
        {
            // The other domain keeps the entity from logging in again.
            Scene scene(false, {"capulet.lit", "verona.lit"});
            scene.start_answering({"capulet.lit", "verona.lit"});
            scene.entity->read_again();
            scene.refuse_list(condition);
            BOOST_TEST(scene.state() == expected);
        }
    }
}

BOOST_FIXTURE_TEST_CASE(an_error_without_a_condition_is_an_error, TwoDomains)
{
    log_in();
    has_connector();
    reply(take("capulet.lit", "pending"), "", "error");
    BOOST_TEST(state() == "unreachable");
}

// --- The grant

// E8
BOOST_AUTO_TEST_CASE(where_nobody_grants_it_logs_in_again_after_a_minute)
{
    log_in();
    has_connector();
    refuse_list("forbidden");
    BOOST_TEST(state() == "not_granted");
    BOOST_TEST(channels.closes == 1);
    channels.turn();
    BOOST_TEST(events.delay.count() == 60'000);
    BOOST_TEST(channels.opens == 1);
    clock.advance(60s);
    BOOST_TEST(channels.opens == 2);
}

BOOST_FIXTURE_TEST_CASE(where_one_domain_grants_it_stays_and_asks_the_other_again, TwoDomains)
{
    log_in();
    has_connector("capulet.lit");
    page("", "", "capulet.lit");
    has_connector("verona.lit");
    refuse_list("forbidden", "verona.lit");
    BOOST_TEST(state("verona.lit") == "not_granted");
    BOOST_TEST(channels.closes == 0);
    channels.sent.clear();
    clock.advance(60s);
    has_connector("verona.lit");
    BOOST_TEST(state("verona.lit") == "reading");
    BOOST_TEST(state("capulet.lit") == "answering");
}

BOOST_FIXTURE_TEST_CASE(while_one_domain_may_still_grant_it_stays, TwoDomains)
{
    log_in();
    has_connector("capulet.lit");
    refuse_list("forbidden", "capulet.lit");
    BOOST_TEST(channels.closes == 0);
}

// Whichever domain's reply comes last.
BOOST_FIXTURE_TEST_CASE(a_refusal_and_no_connector_elsewhere_are_reason_to_log_in_again, TwoDomains)
{
    log_in();
    has_connector("capulet.lit");
    refuse_list("forbidden", "capulet.lit");
    reply(take("verona.lit", "query"), kWithoutConnector);
    BOOST_TEST(channels.closes == 1);
}

BOOST_FIXTURE_TEST_CASE(no_connector_elsewhere_and_a_refusal_are_reason_to_log_in_again, TwoDomains)
{
    log_in();
    reply(take("verona.lit", "query"), kWithoutConnector);
    BOOST_TEST(channels.closes == 0);
    has_connector("capulet.lit");
    refuse_list("forbidden", "capulet.lit");
    BOOST_TEST(channels.closes == 1);
}

BOOST_FIXTURE_TEST_CASE(without_any_connector_there_is_nothing_to_log_in_again_for, TwoDomains)
{
    log_in();
    reply(take("verona.lit", "query"), kWithoutConnector);
    reply(take("capulet.lit", "query"), error("remote-server-not-found"), "error");
    BOOST_TEST(channels.closes == 0);
}

// --- The advertisement

// E4
BOOST_AUTO_TEST_CASE(an_advertisement_while_answering_has_the_list_read_again)
{
    start_answering();
    channels.received(advertisement("capulet.lit"));
    BOOST_TEST(state() == "reading");
    page("");
    BOOST_TEST(state() == "answering");
    expect_nothing_sent();
}

BOOST_AUTO_TEST_CASE(an_advertisement_while_reading_has_the_list_read_again_afterwards)
{
    log_in();
    has_connector();
    channels.received(advertisement("capulet.lit"));
    channels.received(advertisement("capulet.lit"));
    page(request("1", "leave@montague.lit", "juliet@capulet.lit"), "1");
    page("");
    BOOST_TEST(state() == "reading");
    const std::string again = take("capulet.lit", "pending");
    BOOST_TEST(again.find("<after>") == std::string::npos);
    reply(again, pending(""));
    BOOST_TEST(state() == "answering");
    expect_nothing_sent();
}

BOOST_AUTO_TEST_CASE(an_advertisement_while_asking_changes_nothing)
{
    log_in();
    const Strings sent = channels.sent;
    channels.received(advertisement("capulet.lit"));
    expect_sent(sent);
    BOOST_TEST(state() == "asking");
}

// E4, E5
BOOST_FIXTURE_TEST_CASE(an_advertisement_from_a_domain_that_refused_has_the_list_read, TwoDomains)
{
    start_answering({"capulet.lit", "verona.lit"});
    for (const char* condition : {"forbidden", "service-unavailable", "internal-server-error"}) {
        BOOST_TEST_CONTEXT(condition)
        {
            entity->read_again();
            page("", "", "verona.lit");
            refuse_list(condition);
            BOOST_TEST(state() != "reading");
            channels.received(advertisement("capulet.lit"));
            BOOST_TEST(state() == "reading");
            page("");
            BOOST_TEST(state() == "answering");
        }
    }
}

// E5
BOOST_AUTO_TEST_CASE(an_advertisement_does_not_undo_a_refusal)
{
    log_in();
    has_connector();
    channels.received(advertisement("capulet.lit"));
    refuse_list("forbidden");
    BOOST_TEST(state() == "not_granted");
}

// E6
BOOST_AUTO_TEST_CASE(advertisements_from_others_are_ignored)
{
    start_answering();
    for (const char* from : {"verona.lit", "romeo@montague.lit", "juliet@capulet.lit", "capulet.lit/x",
                             "usher@capulet.lit", "usher.capulet.lit", ""}) {
        BOOST_TEST_CONTEXT(from)
        {
            channels.received(advertisement(from));
            expect_nothing_sent();
        }
    }
    channels.received(
        "<message><privilege xmlns='urn:xmpp:privilege:2'><perm access='iq'><namespace "
        "ns='urn:xmpp:subscription-requests:0' type='both'/></perm></privilege></message>");
    expect_nothing_sent();
    BOOST_TEST(state() == "answering");
}

BOOST_AUTO_TEST_CASE(messages_that_grant_nothing_are_ignored)
{
    start_answering();
    channels.received("<message from='capulet.lit'><body>hello</body></message>");
    channels.received("<message from='capulet.lit'><privilege xmlns='urn:xmpp:privilege:2'/></message>");
    channels.received(
        "<message from='capulet.lit' type='error'><privilege xmlns='urn:xmpp:privilege:2'><perm "
        "access='iq'><namespace ns='urn:xmpp:subscription-requests:0' type='both'/></perm>"
        "</privilege>" +
        error("service-unavailable") + "</message>");
    channels.received("<presence from='capulet.lit'/>");
    expect_nothing_sent();
    BOOST_TEST(state() == "answering");
}

// --- Asks

// E11
BOOST_AUTO_TEST_CASE(an_ask_is_answered_in_one_reply_as_the_judge_said)
{
    start_answering();
    ask(requests(request("c", "approve@montague.lit", "juliet@capulet.lit") +
                 request("a", "leave@montague.lit", "juliet@capulet.lit") +
                 request("d", "deny@montague.lit", "nurse@capulet.lit") +
                 request("b", "both@montague.lit", "nurse@capulet.lit")));
    expect_sent(
        {"<iq type='result' id='a1' to='capulet.lit'>"
         "<answers xmlns='urn:xmpp:subscription-requests:0'>"
         "<answer id='c' type='subscribed'/>"
         "<answer id='a' type='none'/>"
         "<answer id='d' type='unsubscribed'/>"
         "<answer id='b' type='subscribed' ask-back='true'/>"
         "</answers></iq>"});
    BOOST_TEST(judge.calls == 1);
    BOOST_TEST(judge.asked == (Strings{"asked juliet@capulet.lit approve@montague.lit",
                                       "asked juliet@capulet.lit leave@montague.lit",
                                       "asked nurse@capulet.lit deny@montague.lit",
                                       "asked nurse@capulet.lit both@montague.lit"}),
               boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_component_answers_from_its_address, ComponentScene)
{
    start_answering();
    ask(requests(request("c", "approve@montague.lit", "juliet@capulet.lit")));
    expect_sent(
        {"<iq type='result' id='a1' to='capulet.lit' from='usher.capulet.lit'>"
         "<answers xmlns='urn:xmpp:subscription-requests:0'>"
         "<answer id='c' type='subscribed'/></answers></iq>"});
}

// E18
BOOST_AUTO_TEST_CASE(what_was_answered_before_is_decided_again)
{
    log_in();
    has_connector();
    const std::string same = request("1", "approve@montague.lit", "juliet@capulet.lit");
    page(same, "1");
    reply(take("capulet.lit", "answer"), "");
    page("");
    channels.sent.clear();
    for (const char* id : {"a1", "a2"}) {
        ask(requests(same), "capulet.lit", id);
        BOOST_TEST_REQUIRE(channels.sent.size() == 1U);
        BOOST_TEST(channels.sent.front().find("type='subscribed'") != std::string::npos);
        channels.sent.clear();
    }
    entity->read_again();
    page(same, "1");
    BOOST_TEST(attribute(take("capulet.lit", "answer"), "to") == "capulet.lit");
    BOOST_TEST(judge.calls == 4);
}

// E17: the judge has recorded when it returns, so nothing may have left before.
BOOST_AUTO_TEST_CASE(no_answer_leaves_before_the_judge_returns)
{
    start_answering();
    std::size_t sent_before = 1;
    judge.when_asked = [&] { sent_before = channels.sent.size(); };
    ask(requests(request("c", "approve@montague.lit", "juliet@capulet.lit")));
    BOOST_TEST(sent_before == 0U);
    BOOST_TEST(channels.sent.size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_ask_is_answered_whatever_is_known_of_the_domain)
{
    log_in();
    channels.sent.clear();
    ask(requests(request("c", "approve@montague.lit", "juliet@capulet.lit")));
    BOOST_TEST_REQUIRE(channels.sent.size() == 1U);
    BOOST_TEST(channels.sent[0].find("<answer id='c' type='subscribed'/>") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(ids_come_back_as_they_were)
{
    start_answering();
    ask(requests("<request id='&apos;&quot;&lt;&amp;&#10;'/>"), "capulet.lit", "&apos;&lt;&#10;");
    BOOST_TEST_REQUIRE(channels.sent.size() == 1U);
    const Literal iq(channels.sent[0]);
    BOOST_TEST(iq.stanza().attribute("id") == "'<\n");
    BOOST_TEST(iq.stanza().first().first().attribute("id") == "'\"<&\n");
}

// E12
BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_left_to_the_user_and_the_rest_is_answered)
{
    start_answering();
    ask(requests("<request id='x'/>" + request("c", "approve@montague.lit", "juliet@capulet.lit") +
                 request("y", "montague.lit", "juliet@capulet.lit") +
                 request("z", "approve@montague.lit", "juliet@capulet.lit",
                         "<item xmlns='jabber:iq:roster' jid='other@montague.lit' subscription='to'/>")));
    expect_sent(
        {"<iq type='result' id='a1' to='capulet.lit'>"
         "<answers xmlns='urn:xmpp:subscription-requests:0'>"
         "<answer id='x' type='none'/>"
         "<answer id='c' type='subscribed'/>"
         "<answer id='y' type='none'/>"
         "<answer id='z' type='none'/>"
         "</answers></iq>"});
    BOOST_TEST(judge.asked == Strings{"asked juliet@capulet.lit approve@montague.lit"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_same_id_twice_is_answered_twice)
{
    start_answering();
    ask(requests(request("a", "approve@montague.lit", "juliet@capulet.lit") +
                 request("a", "deny@montague.lit", "juliet@capulet.lit")));
    expect_sent(
        {"<iq type='result' id='a1' to='capulet.lit'>"
         "<answers xmlns='urn:xmpp:subscription-requests:0'>"
         "<answer id='a' type='subscribed'/><answer id='a' type='unsubscribed'/></answers></iq>"});
}

BOOST_AUTO_TEST_CASE(an_ask_for_nothing_is_answered_with_nothing)
{
    start_answering();
    ask(requests(""));
    expect_sent(
        {"<iq type='result' id='a1' to='capulet.lit'>"
         "<answers xmlns='urn:xmpp:subscription-requests:0'></answers></iq>"});
}

// E14
BOOST_AUTO_TEST_CASE(a_request_without_an_id_is_a_bad_request)
{
    start_answering();
    ask(requests(request("a", "approve@montague.lit", "juliet@capulet.lit") + "<request/>"));
    expect_error("bad-request", "modify", "capulet.lit");
    BOOST_TEST(judge.calls == 0);
}

// E9
BOOST_AUTO_TEST_CASE(asks_from_others_are_forbidden_and_not_judged)
{
    start_answering();
    for (const char* from : {"verona.lit", "juliet@capulet.lit", "juliet@capulet.lit/balcony",
                             "capulet.lit/x", "usher@capulet.lit", "CAPULET.lit", "x.capulet.lit"}) {
        BOOST_TEST_CONTEXT(from)
        {
            ask(requests(request("a", "approve@montague.lit", "juliet@capulet.lit")), from);
            expect_error("forbidden", "auth", from);
        }
    }
    BOOST_TEST(judge.calls == 0);
}

BOOST_AUTO_TEST_CASE(an_ask_from_nobody_is_forbidden)
{
    start_answering();
    channels.received("<iq type='set' id='a1' to='usher@capulet.lit/usher'>" +
                      requests(request("a", "approve@montague.lit", "juliet@capulet.lit")) + "</iq>");
    expect_sent(
        {"<iq type='error' id='a1'><error type='auth'><forbidden "
         "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"});
    BOOST_TEST(judge.calls == 0);
}

// E10
BOOST_FIXTURE_TEST_CASE(one_user_of_another_domain_makes_the_whole_ask_forbidden, TwoDomains)
{
    start_answering({"capulet.lit", "verona.lit"});
    for (const char* user : {"tybalt@verona.lit", "romeo@montague.lit", "juliet@x.capulet.lit"}) {
        BOOST_TEST_CONTEXT(user)
        {
            ask(requests(request("a", "approve@montague.lit", "juliet@capulet.lit") +
                         request("b", "approve@montague.lit", user)));
            expect_error("forbidden", "auth", "capulet.lit");
        }
    }
    BOOST_TEST(judge.calls == 0);
}

// --- Other IQs

BOOST_AUTO_TEST_CASE(a_ping_is_answered)
{
    start_answering();
    channels.received(
        "<iq type='get' id='p1' from='capulet.lit' to='usher@capulet.lit/usher'>"
        "<ping xmlns='urn:xmpp:ping'/></iq>");
    expect_sent({"<iq type='result' id='p1' to='capulet.lit'/>"});
}

BOOST_FIXTURE_TEST_CASE(a_component_answers_from_the_address_that_was_asked, ComponentScene)
{
    start_answering();
    channels.received(
        "<iq type='get' id='p1' from='romeo@montague.lit/orchard' to='bot@usher.capulet.lit'>"
        "<ping xmlns='urn:xmpp:ping'/></iq>");
    expect_sent({"<iq type='result' id='p1' to='romeo@montague.lit/orchard' from='bot@usher.capulet.lit'/>"});
}

// RFC 6120 section 8.1.2.1: without `from` it is the account's own server that asks, and `to` stays away too.
BOOST_AUTO_TEST_CASE(a_reply_to_nobody_has_no_address)
{
    start_answering();
    channels.received("<iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>");
    expect_sent({"<iq type='result' id='p1'/>"});
}

// E32
BOOST_AUTO_TEST_CASE(what_is_not_understood_gets_an_error)
{
    start_answering();
    for (const char* iq : {
             "<iq type='get' id='a1' from='romeo@montague.lit/x'><query xmlns='jabber:iq:version'/></iq>",
             "<iq type='set' id='a1' from='romeo@montague.lit/x'><query xmlns='jabber:iq:roster'/></iq>",
             "<iq type='set' id='a1' from='romeo@montague.lit/x'><ping xmlns='urn:xmpp:ping'/></iq>",
             "<iq type='get' id='a1' from='romeo@montague.lit/x'>"
             "<requests xmlns='urn:xmpp:subscription-requests:0'/></iq>",
             "<iq type='set' id='a1' from='romeo@montague.lit/x'><requests xmlns='urn:other'/></iq>",
             "<iq type='get' id='a1' from='romeo@montague.lit/x'/>",
         }) {
        BOOST_TEST_CONTEXT(iq)
        {
            channels.received(iq);
            expect_error("service-unavailable", "cancel", "romeo@montague.lit/x");
        }
    }
    BOOST_TEST(judge.calls == 0);
}

BOOST_AUTO_TEST_CASE(replies_and_errors_are_never_answered)
{
    start_answering();
    for (const char* type : {"error", "result", "", "other"}) {
        channels.received(std::string("<iq type='") + type + "' id='a1' from='capulet.lit'>" +
                          requests(request("a", "approve@montague.lit", "juliet@capulet.lit")) +
                          error("service-unavailable") + "</iq>");
    }
    channels.received("<iq id='a1' from='capulet.lit'><ping xmlns='urn:xmpp:ping'/></iq>");
    expect_nothing_sent();
    BOOST_TEST(judge.calls == 0);
}

// --- Replies

// E19
BOOST_AUTO_TEST_CASE(a_reply_from_somebody_else_is_ignored)
{
    log_in();
    const std::string query = take("capulet.lit", "query");
    for (const std::string& from :
         Strings{"from='verona.lit'", "from='juliet@capulet.lit'", "from='capulet.lit/x'", "from=''", ""}) {
        BOOST_TEST_CONTEXT(from)
        {
            channels.received("<iq type='result' id='" + attribute(query, "id") + "' " + from + ">" +
                              kWithConnector + "</iq>");
            BOOST_TEST(state() == "asking");
        }
    }
    reply(query, kWithConnector);
    BOOST_TEST(state() == "reading");
}

BOOST_AUTO_TEST_CASE(a_second_reply_is_ignored)
{
    log_in();
    const std::string query = take("capulet.lit", "query");
    reply(query, kWithConnector);
    static_cast<void>(take("capulet.lit", "pending"));
    reply(query, kWithoutConnector);
    BOOST_TEST(state() == "reading");
    expect_nothing_sent();
}

BOOST_AUTO_TEST_CASE(a_reply_of_the_login_before_is_ignored)
{
    log_in();
    const std::string query = take("capulet.lit", "query");
    channels.ended(Failure::Kind::lost);
    clock.advance(events.delay);
    channels.opened(address);
    reply(query, kWithConnector);
    BOOST_TEST(state() == "asking");
}

// E8, E24
BOOST_AUTO_TEST_CASE(what_is_not_answered_for_a_minute_is_asked_again)
{
    log_in();
    const std::string first = take("capulet.lit", "query");
    pass(60s - 1ms);
    expect_nothing_sent();
    clock.advance(1ms);
    const std::string second = take("capulet.lit", "query");
    reply(first, kWithoutConnector);
    BOOST_TEST(state() == "asking");
    reply(second, kWithConnector);
    BOOST_TEST(state() == "reading");
}

BOOST_AUTO_TEST_CASE(a_list_that_does_not_come_is_asked_for_again)
{
    log_in();
    has_connector();
    const std::string first = take("capulet.lit", "pending");
    clock.advance(60s);
    BOOST_TEST(state() == "asking");
    reply(first, pending(request("1", "approve@montague.lit", "juliet@capulet.lit"), "1"));
    BOOST_TEST(judge.calls == 0);
    has_connector();
    page("");
    BOOST_TEST(state() == "answering");
}

BOOST_AUTO_TEST_CASE(a_later_answer_that_is_not_confirmed_does_not_hold_up_the_list_for_ever)
{
    log_in();
    has_connector();
    page(request("1", "approve-1@montague.lit", "juliet@capulet.lit") +
             request("2", "approve-2@montague.lit", "juliet@capulet.lit"),
         "2");
    reply(take("capulet.lit", "answer"), "");
    const std::string lost = take("capulet.lit", "answer");
    clock.advance(60s);
    has_connector();
    page(request("2", "approve-2@montague.lit", "juliet@capulet.lit"), "2");
    reply(lost, "");  // too late: it does not count for the page that is being answered now
    const std::string answer = take("capulet.lit", "answer");
    BOOST_TEST(std::none_of(channels.sent.begin(), channels.sent.end(), [](const std::string& xml) {
        return xml.find("<pending") != std::string::npos;
    }));
    reply(answer, "");
    page("");
    BOOST_TEST(state() == "answering");
}

BOOST_AUTO_TEST_CASE(while_answering_nothing_is_asked)
{
    start_answering();
    pass(10min);
    expect_nothing_sent();
}

// --- Changes from outside

BOOST_AUTO_TEST_CASE(a_new_domain_is_looked_at_and_the_others_are_left_alone)
{
    start_answering();
    entity->set_domains({"verona.lit", "capulet.lit"});
    BOOST_TEST(channels.sent.size() == 1U);
    has_connector("verona.lit");
    page("", "", "verona.lit");
    BOOST_TEST(state("verona.lit") == "answering");
    BOOST_TEST(state("capulet.lit") == "answering");
}

BOOST_FIXTURE_TEST_CASE(a_domain_that_is_gone_is_a_stranger, TwoDomains)
{
    start_answering({"capulet.lit", "verona.lit"});
    entity->set_domains({"verona.lit"});
    expect_nothing_sent();
    ask(requests(request("a", "approve@montague.lit", "juliet@capulet.lit")));
    expect_error("forbidden", "auth", "capulet.lit");
    channels.received(advertisement("capulet.lit"));
    expect_nothing_sent();
    pass(5min);
    expect_nothing_sent();
}

BOOST_AUTO_TEST_CASE(replies_for_a_domain_that_is_gone_are_ignored)
{
    log_in();
    const std::string query = take("capulet.lit", "query");
    entity->set_domains({"verona.lit"});
    reply(query, kWithConnector);
    static_cast<void>(take("verona.lit", "query"));
    expect_nothing_sent();
    entity->set_domains({"verona.lit", "capulet.lit"});
    reply(query, kWithoutConnector);
    BOOST_TEST(state() == "asking");
}

BOOST_AUTO_TEST_CASE(a_domain_that_goes_while_its_list_is_answered_leaves_nothing_behind)
{
    log_in();
    has_connector();
    page(request("1", "approve@montague.lit", "juliet@capulet.lit"), "1");
    const std::string answer = take("capulet.lit", "answer");
    entity->set_domains({});
    reply(answer, "");
    pass(5min);
    expect_nothing_sent();
}

BOOST_AUTO_TEST_CASE(domains_that_change_offline_are_looked_at_after_the_login)
{
    entity->set_domains({"verona.lit"});
    BOOST_TEST(channels.sent.empty());
    log_in();
    has_connector("verona.lit");
    BOOST_TEST(channels.sent.size() == 1U);  // nobody else is asked
}

BOOST_AUTO_TEST_CASE(a_new_policy_has_the_list_read_again)
{
    start_answering();
    entity->read_again();
    BOOST_TEST(state() == "reading");
    page(request("1", "approve@montague.lit", "juliet@capulet.lit"), "1");
    reply(take("capulet.lit", "answer"), "");
    page("");
    BOOST_TEST(state() == "answering");
    expect_nothing_sent();
}

BOOST_AUTO_TEST_CASE(a_new_policy_while_reading_has_it_read_again_afterwards)
{
    log_in();
    has_connector();
    entity->read_again();
    entity->read_again();
    page("");
    BOOST_TEST(state() == "reading");
    page("");
    BOOST_TEST(state() == "answering");
    expect_nothing_sent();
}

BOOST_AUTO_TEST_CASE(a_new_policy_where_nothing_is_read_changes_nothing)
{
    entity->read_again();
    log_in();
    const Strings sent = channels.sent;
    entity->read_again();
    expect_sent(sent);
}

// --- The end

// E28
BOOST_AUTO_TEST_CASE(an_account_that_stops_says_so_and_answers_what_has_arrived)
{
    start_answering();
    entity->stop();
    expect_sent({"<presence type='unavailable'/>"});
    BOOST_TEST(channels.closes == 1);
    ask(requests(request("a", "approve@montague.lit", "juliet@capulet.lit")));
    BOOST_TEST(channels.sent.size() == 1U);
    channels.turn();
    BOOST_TEST(events.failures == Strings{"closed"}, boost::test_tools::per_element());
    BOOST_TEST(events.delay.count() == 0);
    BOOST_TEST(state() == "offline");
    BOOST_TEST(clock.waiting() == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_component_has_no_presence_to_end, ComponentScene)
{
    start_answering();
    entity->stop();
    expect_nothing_sent();
    BOOST_TEST(channels.closes == 1);
}

BOOST_FIXTURE_TEST_CASE(offline_is_said_of_every_domain_and_of_the_connection, TwoDomains)
{
    start_answering({"capulet.lit", "verona.lit"});
    channels.ended(Failure::Kind::lost);
    BOOST_TEST(state("capulet.lit") == "offline");
    BOOST_TEST(state("verona.lit") == "offline");
    BOOST_TEST(events.failures == Strings{"lost"}, boost::test_tools::per_element());
    BOOST_TEST(events.delay.count() == 1000);
    BOOST_TEST(clock.waiting() == 1U);  // the next attempt
}

BOOST_AUTO_TEST_CASE(after_every_login_everything_begins_anew)
{
    start_answering();
    for (int i = 0; i < 3; ++i) {
        channels.ended(Failure::Kind::lost);
        clock.advance(events.delay);
        channels.opened(address);
        has_connector();
        page(request("1", "approve@montague.lit", "juliet@capulet.lit"), "1");
        reply(take("capulet.lit", "answer"), "");
        page("");
        BOOST_TEST(state() == "answering");
    }
    BOOST_TEST(judge.calls == 3);
}

BOOST_AUTO_TEST_CASE(nothing_is_left_when_it_is_destroyed_in_any_state)
{
    const std::vector<std::function<void(Scene&)>> ways = {
        [](Scene&) {},
        [](Scene& s) { s.entity->start(); },
        [](Scene& s) { s.log_in(); },
        [](Scene& s) {
            s.log_in();
            s.has_connector();
        },
        [](Scene& s) { s.start_answering(); },
        [](Scene& s) {
            s.start_answering();
            s.entity->stop();
        },
        [](Scene& s) {
            s.start_answering();
            s.channels.ended(Failure::Kind::lost);
        },
    };
    for (std::size_t i = 0; i < ways.size(); ++i) {
        BOOST_TEST_CONTEXT("way " << i)
        {
            Scene scene;
            ways[i](scene);
            scene.entity.reset();
            BOOST_TEST(scene.clock.waiting() == 0U);
            BOOST_TEST(!scene.channels.is_open());
        }
    }
}

// --- Without a connector: stock approval

namespace
{

const std::string kVersion = "<query xmlns='jabber:iq:version'><name>Prosody</name></query>";

std::string rosters_granted(const std::string& from)
{
    return "<message from='" + from +
           "' to='usher.capulet.lit'><privilege xmlns='urn:xmpp:privilege:2'>"
           "<perm access='roster' type='both'/><perm access='presence' type='managed_entity'/>"
           "<perm access='iq'><namespace ns='urn:xmpp:blocking' type='get'/></perm>"
           "</privilege></message>";
}

struct StockScene : ComponentScene {
    StockScene() { entity->set_stock({"capulet.lit"}, 10); }

    void learn_that_there_is_no_connector(const std::string& version = kVersion)
    {
        reply(take("capulet.lit", "query"), kWithoutConnector);
        BOOST_TEST(state() == "asking");
        reply(take("capulet.lit", "query"), version);
    }

    void start_stock()
    {
        log_in();
        channels.received(rosters_granted("capulet.lit"));
        learn_that_there_is_no_connector();
        BOOST_TEST_REQUIRE(state() == "stock");
        expect_nothing_sent();
    }

    void present(const std::string& from, const std::string& type = {})
    {
        channels.received("<presence from='" + from + "' to='usher.capulet.lit'" +
                          (type.empty() ? "" : " type='" + type + "'") + "/>");
    }

    void push(const std::string& from)
    {
        ask("<query xmlns='jabber:iq:roster'><item jid='juliet@capulet.lit' subscription='none' "
            "ask='subscribe'/></query>",
            from);
    }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(stock_reads_the_rosters_of_own_users_who_are_online, StockScene)
{
    log_in();
    channels.received(rosters_granted("capulet.lit"));
    present("nurse@capulet.lit/balcony");  // before it is known that there is no connector
    learn_that_there_is_no_connector();
    const Literal iq(take("nurse@capulet.lit", "query"));
    BOOST_TEST(iq.stanza().attribute("type") == "get");
    BOOST_TEST(iq.stanza().attribute("from") == "usher.capulet.lit");
    BOOST_TEST(iq.stanza().first().ns() == "jabber:iq:roster");
}

BOOST_FIXTURE_TEST_CASE(stock_takes_no_notice_of_strangers_and_of_other_presence, StockScene)
{
    start_stock();
    present("romeo@montague.lit/orchard");
    present("nurse@capulet.lit/balcony", "error");
    present("nurse@capulet.lit/balcony", "probe");
    present("nurse@capulet.lit");
    present("capulet.lit");
    clock.advance(10s);
    expect_nothing_sent();
}

BOOST_FIXTURE_TEST_CASE(roster_push_is_acknowledged_and_the_roster_read, StockScene)
{
    start_stock();
    push("nurse@capulet.lit");
    BOOST_TEST(channels.sent.at(0) ==
               "<iq type='result' id='a1' to='nurse@capulet.lit' "
               "from='usher.capulet.lit'/>");
    take("nurse@capulet.lit", "query");
}

BOOST_FIXTURE_TEST_CASE(roster_push_of_anybody_but_the_server_is_refused, StockScene)
{
    start_stock();
    for (const std::string from : {"nurse@capulet.lit/balcony", "romeo@montague.lit", "capulet.lit"}) {
        push(from);
        expect_sent({"<iq type='error' id='a1' to='" + from +
                     "' from='usher.capulet.lit'><error type='cancel'><service-unavailable "
                     "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"});
    }
}

BOOST_FIXTURE_TEST_CASE(stock_does_not_start_where_permissions_are_missing, StockScene)
{
    log_in();
    channels.received(rosters_granted("montague.lit"));
    learn_that_there_is_no_connector();
    BOOST_TEST(state() == "stock_not_granted");
}

BOOST_FIXTURE_TEST_CASE(stock_does_not_start_on_ejabberd, StockScene)
{
    log_in();
    channels.received(rosters_granted("capulet.lit"));
    learn_that_there_is_no_connector("<query xmlns='jabber:iq:version'><name>ejabberd</name></query>");
    BOOST_TEST(state() == "stock_ineffective");
    pass(60s);
    reply(take("capulet.lit", "query"), kWithoutConnector);  // it keeps looking for a connector
    BOOST_TEST(state() == "stock_ineffective");
    expect_nothing_sent();
}

BOOST_FIXTURE_TEST_CASE(ejabberd_is_known_by_disco_too, StockScene)
{
    log_in();
    channels.received(rosters_granted("capulet.lit"));
    reply(take("capulet.lit", "query"),
          "<query xmlns='http://jabber.org/protocol/disco#info'>"
          "<identity category='server' type='im' name='ejabberd'/></query>");
    BOOST_TEST(state() == "stock_ineffective");
    expect_nothing_sent();
}

BOOST_FIXTURE_TEST_CASE(connector_that_appears_ends_stock, StockScene)
{
    start_stock();
    pass(60s);
    has_connector();
    page("");
    BOOST_TEST(state() == "answering");
    present("nurse@capulet.lit/balcony");
    clock.advance(10s);
    expect_nothing_sent();
}

BOOST_FIXTURE_TEST_CASE(stock_goes_on_while_the_connector_is_looked_for, StockScene)
{
    start_stock();
    pass(60s);
    present("nurse@capulet.lit/balcony");
    take("nurse@capulet.lit", "query");
    learn_that_there_is_no_connector();
    BOOST_TEST(state() == "stock");
}

BOOST_FIXTURE_TEST_CASE(stock_is_begun_and_ended_by_a_reload, StockScene)
{
    start_stock();
    entity->set_stock({}, 10);
    reply(take("capulet.lit", "query"), kWithoutConnector);
    BOOST_TEST(state() == "no_connector");
    present("nurse@capulet.lit/balcony");
    clock.advance(10s);
    expect_nothing_sent();
    entity->set_stock({"capulet.lit"}, 10);
    learn_that_there_is_no_connector();
    BOOST_TEST(state() == "stock");
    take("nurse@capulet.lit", "query");
}

// --- Visitors

class Guests : public usher::Visitors
{
  public:
    bool received_iq(const usher::Stanza& iq) override
    {
        came.push_back("iq " + std::string(iq.first().name()));
        return iq.first().name() == "query";
    }
    void received_message(const usher::Stanza& message) override
    {
        came.push_back("message " + std::string(message.attribute("from")));
    }
    void received_presence(const usher::Stanza& presence) override
    {
        came.push_back("presence " + std::string(presence.attribute("type")));
    }
    Strings came;
};

BOOST_AUTO_TEST_CASE(what_is_not_the_protocols_goes_to_the_visitors)
{
    Guests guests;
    entity->set_visitors(&guests);
    start_answering();
    channels.received(
        "<iq type='get' id='a1' from='juliet@capulet.lit/x'><query xmlns='urn:example:q'/></iq>");
    channels.received("<message from='juliet@capulet.lit/x'><body>help</body></message>");
    channels.received("<presence from='juliet@capulet.lit' type='subscribe'/>");
    expect_nothing_sent();
    channels.received(
        "<iq type='set' id='a1' from='juliet@capulet.lit/x'><other xmlns='urn:example:o'/></iq>");
    expect_error("service-unavailable", "cancel", "juliet@capulet.lit/x");
    BOOST_TEST(guests.came ==
                   (Strings{"iq query", "message juliet@capulet.lit/x", "presence subscribe", "iq other"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_protocol_is_no_visitor)
{
    Guests guests;
    entity->set_visitors(&guests);
    start_answering();
    ask(requests(request("r1", "leave@montague.lit", "juliet@capulet.lit")));
    ask(requests(request("r1", "leave@montague.lit", "juliet@capulet.lit")), "romeo@montague.lit/x");
    channels.received(
        "<iq type='get' id='p1' from='juliet@capulet.lit/x'><ping xmlns='urn:xmpp:ping'/></iq>");
    channels.received(advertisement("capulet.lit"));
    BOOST_TEST(guests.came == Strings());
}

BOOST_AUTO_TEST_CASE(visitors_are_answered_from_the_address_the_server_gave)
{
    entity->start();
    channels.opened("usher@capulet.lit/another");
    channels.sent.clear();
    BOOST_TEST(entity->address() == "usher@capulet.lit/another");
    entity->send("<message/>");
    expect_sent({"<message/>"});
    channels.ended(Failure::Kind::lost);
    entity->send("<message/>");
    expect_nothing_sent();
}

BOOST_AUTO_TEST_SUITE_END()
