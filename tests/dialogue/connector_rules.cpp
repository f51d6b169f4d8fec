// What the connector asks, what it never asks, and what an answer may still do: an entity that answers by
// script holds requests as long as a test needs.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>

#include "stage.h"
#include "transcript.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

const Matcher kPrompt = presence("subscribe", kRomeo);
const Matcher kReceipt = presence("unavailable", kJuliet);

using Dialogue = std::function<void(Stage&, WireClient&, WireClient&)>;

/// Plays the dialogue on a server without Usher and on one with it; Romeo and Juliet must receive the same,
/// and the entity must not be asked about anybody. What was before is played before the entity logs in.
void is_not_asked(Login login, const Dialogue& dialogue, const Dialogue& before = {})
{
    Stage without;
    ScriptedStage with({entity_address(login)});
    const auto play = [&](Stage& stage) {
        WireClient& juliet = stage.enter(kJuliet);
        WireClient& romeo = stage.enter(kRomeo);
        if (before) {
            before(stage, juliet, romeo);
            stage.round_trip();
        }
        if (&stage == &with) {
            with.admit_entity();
        }
        dialogue(stage, juliet, romeo);
        stage.round_trip();
        stage.settle();
        stage.round_trip();
        return "Juliet:\n" + transcript(juliet.received()) + "Romeo:\n" + transcript(romeo.received());
    };
    const std::string expected = play(without);
    BOOST_TEST(play(with) == expected);
    BOOST_TEST(with.asked() == std::vector<std::string>{}, boost::test_tools::per_element());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(connector_rules)

// S11: the server's own handling.

BOOST_DATA_TEST_CASE(already_subscribed_is_not_asked, kLogins, login)
{
    is_not_asked(
        login,
        [](Stage& stage, WireClient& juliet, WireClient& romeo) {
            BOOST_TEST(item_in(juliet.roster(), kRomeo) == "from");
            romeo.send(to(kJuliet, "subscribe"));
            stage.round_trip();
        },
        [](Stage&, WireClient& juliet, WireClient& romeo) {
            romeo.send(to(kJuliet, "subscribe"));
            juliet.expect(kPrompt);
            juliet.send(to(kRomeo, "subscribed"));
            romeo.expect(presence("subscribed", kJuliet));
        });
}

BOOST_DATA_TEST_CASE(pre_approved_is_not_asked, kLogins, login)
{
    // RFC 6121 section 3.4.1: who knows pre-approvals says so; to others `subscribed` without a request is
    // nothing.
    ScriptedStage with(login);
    if (with.enter("nurse@capulet.lit").features().child("sub", "urn:xmpp:features:pre-approval") !=
        nullptr) {
        is_not_asked(login, [](Stage& stage, WireClient& juliet, WireClient& romeo) {
            juliet.send(to(kRomeo, "subscribed"));
            stage.round_trip();
            romeo.send(to(kJuliet, "subscribe"));
            romeo.expect(presence("subscribed", kJuliet));
        });
    } else {
        with.enter(kJuliet).send(to(kRomeo, "subscribed"));
        with.round_trip();
        with.enter(kRomeo).send(to(kJuliet, "subscribe"));
        (void)with.entity().next_ask_about(kRomeo, kJuliet);
    }
}

BOOST_DATA_TEST_CASE(blocked_contact_is_not_asked, kLogins, login)
{
    is_not_asked(login, [](Stage&, WireClient& juliet, WireClient& romeo) {
        juliet.request("set", {}, "<block xmlns='urn:xmpp:blocking'><item jid='" + kRomeo + "'/></block>");
        romeo.send(to(kJuliet, "subscribe"));
    });
}

BOOST_DATA_TEST_CASE(contact_of_a_blocked_domain_is_not_asked, kLogins, login)
{
    is_not_asked(login, [](Stage&, WireClient& juliet, WireClient& romeo) {
        juliet.request("set", {}, "<block xmlns='urn:xmpp:blocking'><item jid='montague.lit'/></block>");
        romeo.send(to(kJuliet, "subscribe"));
    });
}

BOOST_DATA_TEST_CASE(unknown_user_is_not_asked, kLogins, login)
{
    is_not_asked(login, [](Stage&, WireClient&, WireClient& romeo) {
        romeo.send(to("nobody@capulet.lit", "subscribe"));
        romeo.send(to("nobody@capulet.lit/nowhere", "subscribe"));
    });
}

BOOST_DATA_TEST_CASE(request_to_oneself_is_not_asked, kLogins, login)
{
    is_not_asked(login, [](Stage&, WireClient& juliet, WireClient&) {
        juliet.send(to(kJuliet, "subscribe"));
        juliet.send(to(kJuliet + "/balcony", "subscribe"));
    });
}

BOOST_DATA_TEST_CASE(request_to_a_host_is_not_asked, kLogins, login)
{
    is_not_asked(login, [](Stage&, WireClient& juliet, WireClient& romeo) {
        juliet.send(to("capulet.lit", "subscribe"));
        romeo.send(to("capulet.lit", "subscribe"));
    });
}

// What is asked, and as whose request.

// S10, S23
BOOST_DATA_TEST_CASE(request_to_a_full_address_is_the_accounts, kLogins, login)
{
    ScriptedStage stage(login);
    WireClient& juliet = stage.enter(kJuliet);
    // A component speaks for the contact, as another server would: a user's own server has put full addresses
    // right before they come so far.
    WireComponent gossip(stage.server().component_port(), kGossip);
    gossip.connect();
    const std::string contact = "rosaline@" + kGossip;
    gossip.send("<presence type='subscribe' from='" + contact + "/phone' to='" + kJuliet + "/balcony'/>");
    stage.entity().answer(stage.entity().next_ask_about(contact, kJuliet), "subscribed");
    const Element approval = gossip.expect(presence("subscribed", kJuliet));
    BOOST_TEST(approval.attribute("to") == contact);
    stage.round_trip();
    BOOST_TEST(item_in(juliet.roster(), contact) == "from");
    BOOST_TEST(!juliet.has_received(presence("subscribe", contact)));
}

// S23, S24, S25
BOOST_DATA_TEST_CASE(request_carries_nothing_but_addresses_status_and_nick, kLogins, login)
{
    ScriptedStage stage(login);
    stage.person(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    const std::string nick = "<nick xmlns='http://jabber.org/protocol/nick'>R</nick>";
    // 1,023 bytes of text, then a character of two bytes: cut before it.
    const std::string text(1023, 'x');
    romeo.send("<presence type='subscribe' to='" + kJuliet +
               "' id='s1' xml:lang='it'><show>chat</show><status>" + text +
               "\u00e9</status><x xmlns='urn:stranger'/>" + nick + "</presence>");
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    const Element& request = ask.requests.front().element;
    BOOST_TEST(request.children.size() == 1U);
    BOOST_TEST(
        request.child("forwarded")->str() ==
        parse_xml(
            "<forwarded xmlns='urn:xmpp:forward:0'><presence xmlns='jabber:client' type='subscribe' from='" +
            kRomeo + "' to='" + kJuliet + "'><status>" + text + "</status>" + nick +
            "</presence></forwarded>")
            .str());
}

// S25, S26
BOOST_DATA_TEST_CASE(request_shows_the_users_roster_item, kLogins, login)
{
    ScriptedStage stage(login);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    juliet.send(to(kRomeo, "subscribe"));
    stage.round_trip();
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    const Element* item = ask.requests.front().element.child("item", "jabber:iq:roster");
    BOOST_REQUIRE(item != nullptr);
    BOOST_TEST(item->attribute("jid") == kRomeo);
    BOOST_TEST(item->attribute("subscription") == "none");
    BOOST_TEST(item->attribute("ask") == "subscribe");
}

// S12: while a request is held.

BOOST_DATA_TEST_CASE(duplicate_while_held_asks_nothing, kLogins, login)
{
    ScriptedStage stage(login);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    romeo.send(to(kJuliet, "subscribe"));
    stage.round_trip();
    stage.entity().answer(ask, "subscribed");
    romeo.expect(presence("subscribed", kJuliet));
    stage.settle();
    BOOST_TEST(stage.asked() == std::vector<std::string>{kRomeo + " to " + kJuliet},
               boost::test_tools::per_element());
    stage.round_trip();
    BOOST_TEST(count_received(romeo, presence("subscribed", kJuliet)) == 1);
    BOOST_TEST(count_received(romeo, kReceipt) == 0);
    BOOST_TEST(count_received(juliet, kPrompt) == 0);
    BOOST_TEST(item_in(juliet.roster(), kRomeo) == "from");
}

// S12, S47
BOOST_DATA_TEST_CASE(duplicate_that_is_left_is_as_without_usher, kLogins, login)
{
    const auto play = [](Stage& stage, const std::function<void()>& leave_it) {
        WireClient& juliet = stage.enter(kJuliet);
        WireClient& romeo = stage.enter(kRomeo);
        romeo.send(to(kJuliet, "subscribe"));
        romeo.send(to(kJuliet, "subscribe"));
        stage.round_trip();
        leave_it();
        juliet.expect(kPrompt);
        stage.round_trip();
        romeo.send(to(kJuliet, "subscribe"));  // and once more, now that it is Juliet's
        stage.round_trip();
        stage.settle();
        stage.round_trip();
        // Each is acknowledged, though the first two later than they would be: not in the same order.
        BOOST_TEST(count_received(romeo, kReceipt) == stage.acknowledgements_of(3));
        return transcript(juliet.received());
    };
    Stage without;
    ScriptedStage with(login);
    const std::string expected = play(without, [] {});
    BOOST_TEST(play(with, [&] { with.entity().answer(with.entity().next_ask(), "none"); }) == expected);
    BOOST_TEST(with.asked() == std::vector<std::string>{kRomeo + " to " + kJuliet},
               boost::test_tools::per_element());
}

// S35, S45
BOOST_DATA_TEST_CASE(cancelled_while_held_is_over,
                     kLogins* bdata::make({"subscribed", "unsubscribed", "none"}), login, answer)
{
    ScriptedStage stage(login);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    romeo.send(to(kJuliet, "unsubscribe"));
    stage.round_trip();
    stage.entity().answer(ask, answer);
    stage.round_trip();

    BOOST_TEST(count_received(juliet, kPrompt) == 0);
    BOOST_TEST(!romeo.has_received(presence("subscribed", kJuliet)));
    BOOST_TEST(!romeo.has_received(presence("unsubscribed", kJuliet)));
    BOOST_TEST(item_in(juliet.roster(), kRomeo) == "");
    BOOST_TEST(item_in(romeo.roster(), kJuliet) == "none");
    BOOST_TEST(stage.entity().pending().empty());
    BOOST_TEST(
        stage.entity().answer_later(kJuliet, kRomeo, "subscribed").child("error")->child("item-not-found") !=
        nullptr);
    // Nothing became a pre-approval: the next request is asked about.
    romeo.send(to(kJuliet, "subscribe"));
    stage.entity().answer(stage.entity().next_ask_about(kRomeo, kJuliet), "unsubscribed");
    romeo.expect(presence("unsubscribed", kJuliet));
}

// S45
BOOST_DATA_TEST_CASE(cancelled_and_sent_again_is_another_request, kLogins, login)
{
    ScriptedStage stage(login);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask first = stage.entity().next_ask_about(kRomeo, kJuliet);
    romeo.send(to(kJuliet, "unsubscribe") + to(kJuliet, "subscribe"));
    stage.round_trip();
    stage.entity().answer(first, "subscribed");
    const Ask second = stage.entity().next_ask_about(kRomeo, kJuliet);
    BOOST_TEST(second.requests.front().id != first.requests.front().id);
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(presence("subscribed", kJuliet)));
    stage.entity().answer(second, "unsubscribed");
    romeo.expect(presence("unsubscribed", kJuliet));
    stage.round_trip();
    BOOST_TEST(item_in(juliet.roster(), kRomeo) == "");
}

// S46
BOOST_DATA_TEST_CASE(users_own_answer_comes_first, kLogins, login)
{
    ScriptedStage stage(login);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    juliet.send(to(kRomeo, "subscribed"));
    romeo.expect(presence("subscribed", kJuliet));
    stage.round_trip();
    stage.entity().answer(ask, "unsubscribed");
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(presence("unsubscribed", kJuliet)));
    BOOST_TEST(item_in(juliet.roster(), kRomeo) == "from");
    BOOST_TEST(item_in(romeo.roster(), kJuliet) == "to");
    BOOST_TEST(count_received(juliet, kPrompt) == 0);
}

// S35, S46
BOOST_DATA_TEST_CASE(users_own_denial_comes_first, kLogins, login)
{
    ScriptedStage stage(login);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    juliet.send(to(kRomeo, "unsubscribed"));
    romeo.expect(presence("unsubscribed", kJuliet));
    stage.round_trip();
    stage.entity().answer(ask, "subscribed");
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(presence("subscribed", kJuliet)));
    BOOST_TEST(item_in(juliet.roster(), kRomeo) == "");
    // No pre-approval either.
    romeo.send(to(kJuliet, "subscribe"));
    (void)stage.entity().next_ask_about(kRomeo, kJuliet);
}

// S43, S51
BOOST_DATA_TEST_CASE(contact_blocked_while_held_is_not_approved,
                     kLogins* bdata::make({kRomeo, std::string("montague.lit")}), login, blocked)
{
    ScriptedStage stage(login);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    juliet.request("set", {}, "<block xmlns='urn:xmpp:blocking'><item jid='" + blocked + "'/></block>");
    stage.entity().answer(ask, "subscribed");
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(presence("subscribed", kJuliet)));
    BOOST_TEST(item_in(juliet.roster(), kRomeo) == "");
    BOOST_TEST(count_received(juliet, kPrompt) == 0);
    // Nor by a later answer.
    BOOST_TEST(stage.entity().answer_later(kJuliet, kRomeo, "subscribed").attribute("type") == "error");
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(presence("subscribed", kJuliet)));
    BOOST_TEST(item_in(juliet.roster(), kRomeo) == "");
}

// S39, S44
BOOST_DATA_TEST_CASE(user_logs_in_during_the_hold_and_it_is_approved, kLogins, login)
{
    ScriptedStage stage(login);
    WireClient& juliet = stage.person(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    juliet.connect();
    juliet.appear();
    stage.round_trip();
    stage.entity().answer(ask, "subscribed");
    romeo.expect(presence("subscribed", kJuliet));
    romeo.expect(presence("", juliet.full_address()));
    juliet.expect(roster_push(kRomeo));
    stage.round_trip();
    BOOST_TEST(count_received(juliet, kPrompt) == 0);
    BOOST_TEST(item_in(juliet.roster(), kRomeo) == "from");
    juliet.disconnect();
    juliet.take_received();
    juliet.connect();
    juliet.appear();
    stage.round_trip();
    BOOST_TEST(count_received(juliet, kPrompt) == 0);
}

// S44
BOOST_DATA_TEST_CASE(user_logs_in_during_the_hold_and_it_is_left, kLogins, login)
{
    ScriptedStage stage(login);
    WireClient& juliet = stage.person(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    juliet.connect();
    juliet.appear();
    stage.round_trip();
    stage.entity().answer(ask, "none");
    stage.expect_acknowledgement(romeo, kJuliet);
    stage.round_trip();
    BOOST_TEST(count_received(juliet, kPrompt) == 1);
    juliet.send(to(kRomeo, "subscribed"));
    romeo.expect(presence("subscribed", kJuliet));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
