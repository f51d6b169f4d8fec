// PROTOCOL.md, rules S44 to S47: what a held request does not do. (How holds end is in holds.cpp.)
#include "protocol.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

BOOST_AUTO_TEST_SUITE(protocol_holds)

BOOST_DATA_TEST_CASE(S44_held_request_reaches_none_of_the_users_clients, kLogins, login)
{
    ScriptedStage stage(login, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);

    WireClient& second = stage.client(kJuliet, "second");
    second.connect();
    second.send("<presence><priority>-1</priority></presence>");
    stage.round_trip();
    second.send("<presence/>");
    (void)second.roster();
    stage.round_trip();
    second.send("<presence type='unavailable'/>");
    stage.round_trip();
    second.send("<presence/>");
    stage.round_trip();
    for (WireClient* client : {&juliet, &second}) {
        client->disconnect();
        client->connect();
        client->appear();
        stage.round_trip();
    }
    // Romeo's server asks again at his next login.
    WireClient& again = stage.client(kRomeo, "again");
    again.connect();
    again.appear();
    stage.round_trip();
    BOOST_TEST(count_received(juliet, kPrompt) == 0);
    BOOST_TEST(count_received(second, kPrompt) == 0);

    stage.entity().answer(ask, "none");
    juliet.expect(kPrompt);
    second.expect(kPrompt);
    stage.round_trip();
    BOOST_TEST(count_received(juliet, kPrompt) == 1);
    BOOST_TEST(count_received(second, kPrompt) == 1);
    // From now on it is delivered at a login, as ever.
    second.disconnect();
    second.take_received();
    second.connect();
    second.appear();
    second.expect(kPrompt);
}

BOOST_DATA_TEST_CASE(S46_hold_ends_with_the_account, kLogins, login)
{
    ScriptedStage stage(login, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    juliet.send("<iq type='set' id='remove'><query xmlns='jabber:iq:register'><remove/></query></iq>");
    juliet.expect_end();
    stage.entity().answer(ask, "subscribed");
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(kApproval));
    BOOST_TEST(stage.entity().pending().empty());
    // Nobody's roster has it, if there is a Juliet again.
    stage.server().add_account(kJuliet);
    juliet.connect();
    juliet.take_received();
    juliet.appear();
    stage.round_trip();
    BOOST_TEST(count_received(juliet, kPrompt) == 0);
    BOOST_TEST(item_in(juliet.roster(), kRomeo) == "");
}

BOOST_DATA_TEST_CASE(S46_hold_that_has_ended_makes_room,
                     kLogins* bdata::make({"answers", "denies", "removes her account"}), login, act)
{
    ScriptedStage stage(login, {.timeout = kNoTimeout.timeout, .max_held = 1});
    WireClient& juliet = stage.enter(kJuliet);
    stage.enter(kNurse);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    (void)stage.entity().next_ask_about(kRomeo, kJuliet);
    if (act == std::string("removes her account")) {
        juliet.send("<iq type='set' id='remove'><query xmlns='jabber:iq:register'><remove/></query></iq>");
        juliet.expect_end();
    } else {
        juliet.send(to(kRomeo, act == std::string("answers") ? "subscribed" : "unsubscribed"));
    }
    stage.round_trip();
    romeo.send(to(kNurse, "subscribe"));
    stage.entity().answer(stage.entity().next_ask_about(kRomeo, kNurse), "subscribed");
    romeo.expect(presence("subscribed", kNurse));
}

BOOST_DATA_TEST_CASE(S47_each_request_is_acknowledged_when_it_is_left_and_not_before,
                     kLogins* bdata::make({"none", "subscribed", "unsubscribed", "withdrawn"}), login, end)
{
    ScriptedStage stage(login, kNoTimeout);
    stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    for (int i = 0; i < 3; ++i) {
        romeo.send(to(kJuliet, "subscribe"));
    }
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    stage.round_trip();
    BOOST_TEST(count_received(romeo, kReceipt) == 0);
    if (end == std::string("withdrawn")) {
        romeo.send(to(kJuliet, "unsubscribe"));
    } else {
        stage.entity().answer(ask, end);
    }
    stage.round_trip();
    const auto from_nobody_online = [](const Element& stanza) {
        return kReceipt.matches(stanza) && stanza.children.empty();
    };
    BOOST_TEST(count_received(romeo, {"an acknowledgement", from_nobody_online}) ==
               (end == std::string("none") ? stage.acknowledgements_of(3) : 0));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
