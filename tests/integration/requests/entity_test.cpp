// How the entity answers, and what it ignores. Numbers such as E2 are the rules of PROTOCOL.md.
#include "entity_scene.h"

using namespace std::chrono_literals;
using namespace usher;
using namespace usher::test;

BOOST_FIXTURE_TEST_SUITE(entity, Scene)

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

// E17: the judge has recorded when it calls back, so nothing may have left before.
BOOST_AUTO_TEST_CASE(no_answer_leaves_before_the_judge_has_recorded)
{
    start_answering();
    std::size_t sent_before = 1;
    judge.when_asked = [&] { sent_before = channels.sent.size(); };
    ask(requests(request("c", "approve@montague.lit", "juliet@capulet.lit")));
    BOOST_TEST(sent_before == 0U);
    BOOST_TEST(channels.sent.size() == 1U);
}

// E11, E17: what cannot be decided or recorded is not answered as if it had been.
BOOST_AUTO_TEST_CASE(an_ask_that_cannot_be_recorded_gets_an_error)
{
    start_answering();
    judge.failing = true;
    ask(requests(request("c", "approve@montague.lit", "juliet@capulet.lit")));
    expect_error("internal-server-error", "wait", "capulet.lit");
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
                 request("y", "", "juliet@capulet.lit") +
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

// RFC 6120 section 8.1.2.1: an IQ without `from` is from the account's own server; the reply has no `to`.
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
    reply(lost, "");  // too late: it does not count for the current page
    const std::string answer = take("capulet.lit", "answer");
    BOOST_TEST(std::none_of(channels.sent.begin(), channels.sent.end(), [](const std::string& xml) {
        return xml.find("<pending") != std::string::npos;
    }));
    reply(answer, "");
    page("");
    BOOST_TEST(state() == "answering");
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
    for (const std::string& xml : channels.sent) {
        BOOST_TEST(attribute(xml, "to") == "verona.lit");
    }
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

BOOST_AUTO_TEST_CASE(after_every_login_everything_starts_again)
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

// --- ClientStanzas

class Guests : public usher::ClientStanzas
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
    entity->set_client_stanzas(&guests);
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
    entity->set_client_stanzas(&guests);
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
