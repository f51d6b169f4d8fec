// How the entity reads the waiting list and answers the requests in it. Numbers such as E2 are the rules of
// PROTOCOL.md.
#include "entity_scene.h"

using namespace std::chrono_literals;
using namespace usher;
using namespace usher::test;

BOOST_FIXTURE_TEST_SUITE(entity, Scene)

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
             request("4", "both@montague.lit", "nurse@capulet.lit") +
             request("5", "approve-named@montague.lit", "nurse@capulet.lit"),
         "5");
    Strings payloads;
    for (const std::string& xml : channels.sent) {
        payloads.push_back(xml.substr(xml.find("<answer")));
    }
    BOOST_TEST(
        payloads ==
            (Strings{"<answer xmlns='urn:xmpp:subscription-requests:0' user='juliet@capulet.lit' "
                     "contact='approve@montague.lit' type='subscribed'/></iq>",
                     "<answer xmlns='urn:xmpp:subscription-requests:0' user='juliet@capulet.lit' "
                     "contact='deny@montague.lit' type='unsubscribed'/></iq>",
                     "<answer xmlns='urn:xmpp:subscription-requests:0' user='nurse@capulet.lit' "
                     "contact='both@montague.lit' type='subscribed' ask-back='true'/></iq>",
                     "<answer xmlns='urn:xmpp:subscription-requests:0' user='nurse@capulet.lit' "
                     "contact='approve-named@montague.lit' type='subscribed'><item "
                     "xmlns='jabber:iq:roster' name='Romeo'><group>Friends</group></item></answer></iq>"}),
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
BOOST_AUTO_TEST_CASE(a_list_with_an_unknown_position_is_read_again_at_once)
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

// E26
BOOST_AUTO_TEST_CASE(what_the_server_says_of_the_answers_of_a_page_is_settled_together)
{
    log_in();
    has_connector();
    page(request("1", "approve@montague.lit", "juliet@capulet.lit") +
             request("2", "leave@montague.lit", "juliet@capulet.lit") +
             request("3", "approve-gone@montague.lit", "juliet@capulet.lit") +
             request("4", "deny@montague.lit", "juliet@capulet.lit"),
         "4");
    reply(take("capulet.lit", "answer"), "");
    reply(take("capulet.lit", "answer"), error("item-not-found"), "error");
    BOOST_TEST(judge.settled.empty());
    reply(take("capulet.lit", "answer"), error("internal-server-error"), "error");
    BOOST_TEST(judge.settled == Strings{"1 approve confirmed, 3 approve-gone refused item-not-found, "
                                        "4 deny refused internal-server-error"},
               boost::test_tools::per_element());
    page("");
    BOOST_TEST(state() == "answering");
}

BOOST_AUTO_TEST_CASE(what_is_known_of_a_page_is_settled_when_the_stream_ends)
{
    log_in();
    has_connector();
    page(request("1", "approve@montague.lit", "juliet@capulet.lit") +
             request("2", "deny@montague.lit", "juliet@capulet.lit"),
         "2");
    reply(take("capulet.lit", "answer"), "");
    channels.ended(Failure::Kind::lost);
    BOOST_TEST(judge.settled == Strings{"1 approve confirmed"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_list_is_read_on_where_a_page_cannot_be_recorded)
{
    log_in();
    has_connector();
    judge.failing = true;
    page(request("1", "approve@montague.lit", "juliet@capulet.lit"), "1");
    judge.failing = false;
    page(request("2", "approve@montague.lit", "nurse@capulet.lit"), "2");
    BOOST_TEST(take("capulet.lit", "answer").find("nurse@capulet.lit") != std::string::npos);
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
            // Because of the other domain the entity does not log in again.
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

// --- On others' behalf

BOOST_AUTO_TEST_CASE(why_nothing_can_be_listed_is_said)
{
    std::string why;
    const auto list = [&](const char* domain) {
        entity->list_waiting(domain, std::nullopt, 10,
                             [&why](auto listed) { why = listed ? "listed" : listed.error(); });
    };
    list("capulet.lit");
    BOOST_TEST(why == "Usher is not connected to its server");
    list("verona.lit");
    BOOST_TEST(why == "it is a domain of no organization");
    start_answering();
    list("verona.lit");
    BOOST_TEST(why == "it is a domain of no organization");
    list("capulet.lit");
    refuse_list("forbidden");
    BOOST_TEST(why == "its server refuses to list the waiting requests (forbidden)");
}

BOOST_AUTO_TEST_SUITE_END()
