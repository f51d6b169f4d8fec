// What the entity does after the login, until it knows what each domain grants. Numbers such as E2 are the
// rules of PROTOCOL.md.
#include "entity_scene.h"

using namespace std::chrono_literals;
using namespace usher;
using namespace usher::test;

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
    BOOST_TEST(judge.asked.empty());
    pass(60s - 1ms);
    expect_nothing_sent();
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

// --- The grant

// E8. Until then it can be asked what is missing.
BOOST_AUTO_TEST_CASE(where_nobody_grants_it_logs_in_again_after_a_minute)
{
    log_in();
    has_connector();
    refuse_list("forbidden");
    BOOST_TEST(state() == "not_granted");
    pass(60s - 1ms);
    BOOST_TEST(channels.closes == 0);
    clock.advance(1ms);
    has_connector();
    refuse_list("forbidden");
    BOOST_TEST(channels.closes == 1);
    BOOST_TEST(channels.sent == Strings{"<presence type='unavailable'/>"},
               boost::test_tools::per_element());  // E28
    channels.turn();
    BOOST_TEST(events.delay.count() == 1'000);
    BOOST_TEST(channels.opens == 1);
    clock.advance(1s);
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
    for (int minute = 1; minute < 60; ++minute) {
        BOOST_TEST(channels.closes == 0);
        clock.advance(1min);
        reply(take("capulet.lit", "pending"), pending(""));
        has_connector("verona.lit");
        refuse_list("forbidden", "verona.lit");
    }
    BOOST_TEST(channels.closes == 0);
    clock.advance(1min);  // an hour after the login
    has_connector("verona.lit");
    refuse_list("forbidden", "verona.lit");
    BOOST_TEST(channels.closes == 1);
}

BOOST_FIXTURE_TEST_CASE(while_one_domain_may_still_grant_it_stays, TwoDomains)
{
    log_in();
    has_connector("capulet.lit");
    refuse_list("forbidden", "capulet.lit");
    pass(59s);
    BOOST_TEST(channels.closes == 0);
}

// Whichever domain's reply comes last.
BOOST_FIXTURE_TEST_CASE(a_refusal_and_no_connector_elsewhere_are_reason_to_log_in_again, TwoDomains)
{
    log_in();
    has_connector("capulet.lit");
    refuse_list("forbidden", "capulet.lit");
    reply(take("verona.lit", "query"), kWithoutConnector);
    pass(60s);
    reply(take("verona.lit", "query"), kWithoutConnector);
    has_connector("capulet.lit");
    refuse_list("forbidden", "capulet.lit");
    BOOST_TEST(channels.closes == 1);
}

// It is the server that has changed, or the settings: some servers grant at login only.
BOOST_AUTO_TEST_CASE(a_domain_that_is_added_and_refuses_us_is_reason_to_log_in_again)
{
    start_answering();
    entity->set_domains({"capulet.lit", "verona.lit"});
    has_connector("verona.lit");
    refuse_list("forbidden", "verona.lit");
    BOOST_TEST(channels.closes == 1);
    channels.turn();
    clock.advance(1s);
    channels.opened(address);
    has_connector("verona.lit");
    has_connector("capulet.lit");
    page("");
    refuse_list("forbidden", "verona.lit");  // logging in again did not help
    BOOST_TEST(channels.closes == 0);
}

BOOST_FIXTURE_TEST_CASE(a_host_that_appears_later_and_refuses_us_is_reason_to_log_in_again, TwoDomains)
{
    log_in();
    has_connector("capulet.lit");
    page("", "", "capulet.lit");
    reply(take("verona.lit", "query"), error("remote-server-not-found"), "error");
    pass(60s);
    has_connector("verona.lit");
    refuse_list("forbidden", "verona.lit");
    BOOST_TEST(channels.closes == 1);
}

BOOST_FIXTURE_TEST_CASE(without_any_connector_there_is_nothing_to_log_in_again_for, TwoDomains)
{
    log_in();
    reply(take("verona.lit", "query"), kWithoutConnector);
    reply(take("capulet.lit", "query"), error("remote-server-not-found"), "error");
    pass(60s);
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

// At the login, of a domain that becomes ours later.
BOOST_AUTO_TEST_CASE(an_advertisement_of_a_domain_that_becomes_ours_is_known)
{
    start_answering();
    channels.received(advertisement("verona.lit"));
    BOOST_TEST(entity->advertised().empty());
    entity->set_domains({"capulet.lit", "verona.lit"});
    BOOST_TEST(entity->advertised().at("verona.lit").requests);
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

BOOST_AUTO_TEST_SUITE_END()
