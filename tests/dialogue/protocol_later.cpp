// PROTOCOL.md, rules S49 to S53 and section 8: later answers.
#include "protocol.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

BOOST_AUTO_TEST_SUITE(protocol_later)

BOOST_AUTO_TEST_CASE(S49_every_granted_entity_may_answer_from_every_connection)
{
    const std::vector<std::string> addresses = {entity_address(Login::account),
                                                entity_address(Login::component)};
    ScriptedStage stage(addresses, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    ScriptedEntity account(stage.server(), addresses[0]);
    ScriptedEntity component(stage.server(), addresses[1]);
    // A client of the account that has neither presence nor the list.
    WireClient& desk = stage.client(addresses[0], "desk");
    desk.connect();
    for (WireStream* stream :
         std::initializer_list<WireStream*>{&account.stream(), &component.stream(), &desk}) {
        WireClient& contact =
            stage.enter("c" + std::to_string(stream->full_address().size()) + "@montague.lit");
        contact.send(to(kJuliet, "subscribe"));
        stage.round_trip();
        BOOST_TEST(
            stream->request("set", "capulet.lit", later_answer_xml(kJuliet, contact.address(), "subscribed"))
                .attribute("type") == "result");
        contact.expect(kApproval);
    }
    (void)juliet;
}

BOOST_DATA_TEST_CASE(S49_others_are_forbidden_whatever_they_send, kLogins, login)
{
    ScriptedStage stage(login);
    stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    leave_romeo_to_juliet(stage, romeo);
    WireComponent component(stage.server().component_port(), kGossip);
    component.connect();
    WireClient& mallory = stage.enter("mallory@capulet.lit");
    for (WireStream* stranger : std::initializer_list<WireStream*>{&mallory, &component, &romeo}) {
        for (const std::string& answer :
             {later_answer_xml(kJuliet, kRomeo, "subscribed"), later_answer_xml(kJuliet, kRomeo, "none"),
              later_answer_xml(kJuliet, "nobody@montague.lit", "subscribed"),
              later_answer_xml("@", "@", "perhaps"), "<answer xmlns='" + kRequestsNs + "'/>"}) {
            BOOST_TEST(is_error(stranger->request("set", "capulet.lit", answer), "auth", "forbidden"),
                       stranger->full_address() << " sent " << answer);
        }
    }
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(kApproval));
    BOOST_TEST(stage.entity().pending().size() == 1U);
}

BOOST_AUTO_TEST_CASE(S50_later_answer_of_another_entity_ends_the_hold)
{
    TwoEntities two({Login::account, Login::component});
    const Ask ask = two.asked().next_ask_about(kRomeo, kJuliet);
    BOOST_TEST(two.other().answer_later(kJuliet, kRomeo, "unsubscribed").attribute("type") == "result");
    two.romeo().expect(kDenial);
    two.asked().answer(ask, "subscribed");
    round_trip({&two.asked().stream(), &two.romeo(), &two.juliet()});
    BOOST_TEST(!two.romeo().has_received(kApproval));
    BOOST_TEST(count_received(two.juliet(), kPrompt) == 0);
    BOOST_TEST(count_received(two.romeo(), kReceipt) == 0);
}

BOOST_DATA_TEST_CASE(S51_blocked_contact_is_as_if_nothing_were_pending,
                     kLogins* bdata::make({"subscribed", "unsubscribed", "none"}) *
                         bdata::make({true, false}),
                     login, answer, user_online)
{
    ScriptedStage stage(login);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    leave_romeo_to_juliet(stage, romeo);
    // A domain: servers leave what is pending as it is.
    block(juliet, "montague.lit");
    if (!user_online) {
        juliet.disconnect();
    }
    BOOST_TEST(is_error(stage.entity().answer_later(kJuliet, kRomeo, answer), "cancel", "item-not-found"));
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(kApproval));
    BOOST_TEST(!romeo.has_received(kDenial));
    // It waits still, for when she thinks better of him.
    if (!user_online) {
        juliet.connect();
    }
    unblock(juliet, "montague.lit");
    BOOST_TEST(stage.entity().answer_later(kJuliet, kRomeo, "subscribed").attribute("type") == "result");
    romeo.expect(kApproval);
}

struct WrongAnswer {
    const char* xml;  ///< inside the IQ
    const char* type;
    const char* condition;
    friend std::ostream& operator<<(std::ostream& out, const WrongAnswer& c) { return out << c.xml; }
};
#define ANSWER "<answer xmlns='urn:xmpp:subscription-requests:0' "
#define JULIET "user='juliet@capulet.lit' "
#define ROMEO "contact='romeo@montague.lit' "
const WrongAnswer kWrongAnswers[] = {
    {ANSWER ROMEO "type='subscribed'/>", "modify", "bad-request"},
    {ANSWER JULIET "type='subscribed'/>", "modify", "bad-request"},
    {ANSWER JULIET ROMEO "/>", "modify", "bad-request"},
    {ANSWER JULIET ROMEO "type='subscribe'/>", "modify", "bad-request"},
    {ANSWER JULIET ROMEO "type='subscribed'/>" ANSWER JULIET ROMEO "type='subscribed'/>", "modify",
     "bad-request"},
    {ANSWER "user='@' " ROMEO "type='subscribed'/>", "modify", "jid-malformed"},
    {ANSWER JULIET "contact='@' type='subscribed'/>", "modify", "jid-malformed"},
    {ANSWER "user='nobody@capulet.lit' " ROMEO "type='subscribed'/>", "cancel", "item-not-found"},
    {ANSWER "user='juliet@montague.lit' " ROMEO "type='subscribed'/>", "cancel", "item-not-found"},
    {ANSWER "user='capulet.lit' " ROMEO "type='subscribed'/>", "cancel", "item-not-found"},
    {ANSWER "user='juliet@capulet.lit/wire' " ROMEO "type='subscribed'/>", "cancel", "item-not-found"},
    {ANSWER JULIET "contact='romeo@montague.lit/wire' type='subscribed'/>", "cancel", "item-not-found"},
    {ANSWER JULIET "contact='benvolio@montague.lit' type='subscribed'/>", "cancel", "item-not-found"},
    {ANSWER JULIET "contact='benvolio@montague.lit' type='none'/>", "cancel", "item-not-found"},
};
#undef ANSWER
#undef JULIET
#undef ROMEO

BOOST_AUTO_TEST_CASE(S52_what_is_wrong_with_a_later_answer_is_said)
{
    ScriptedStage stage(Login::component);
    stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    leave_romeo_to_juliet(stage, romeo);
    for (const WrongAnswer& wrong : kWrongAnswers) {
        const Element reply = stage.entity().stream().request("set", "capulet.lit", wrong.xml);
        BOOST_TEST(is_error(reply, wrong.type, wrong.condition), wrong.xml << " got " << reply.str());
    }
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(kApproval));
    // What is merely not prepared is prepared (section 12).
    BOOST_TEST(stage.entity()
                   .answer_later("Juliet@CAPULET.lit", "ROMEO@montague.lit", "subscribed")
                   .attribute("type") == "result");
    romeo.expect(kApproval);
}

BOOST_DATA_TEST_CASE(S52_result_means_that_the_answer_is_stored,
                     kLogins* bdata::make({"subscribed", "unsubscribed"}), login, answer)
{
    ScriptedStage stage(login);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    leave_romeo_to_juliet(stage, romeo);
    BOOST_TEST(stage.entity().answer_later(kJuliet, kRomeo, answer).attribute("type") == "result");
    stage.server().kill();
    stage.server().start();
    for (WireClient* client : {&juliet, &romeo}) {
        client->expect_end();
        client->take_received();
        client->connect();
        client->appear();
    }
    round_trip({&juliet, &romeo});
    BOOST_TEST(count_received(juliet, kPrompt) == 0);
    BOOST_TEST(item_in(juliet.roster(), kRomeo) == (answer == std::string("subscribed") ? "from" : ""));
}

BOOST_DATA_TEST_CASE(S52_answer_that_cannot_be_stored_is_an_error,
                     kLogins* bdata::make({"subscribed", "unsubscribed"}) * bdata::make({true, false}), login,
                     answer, held)
{
    ScriptedStage stage(login, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    if (!held) {
        stage.entity().answer(ask, "none");
        stage.expect_acknowledgement(romeo, kJuliet);
    }
    stage.server().refuse_roster_writes();
    BOOST_TEST(
        is_error(stage.entity().answer_later(kJuliet, kRomeo, answer), "wait", "internal-server-error"));
    juliet.expect(kPrompt);  // S42
    BOOST_TEST(item_in(juliet.roster(), kRomeo) == "");
}

BOOST_DATA_TEST_CASE(S53_none_leaves_what_is_held_and_changes_nothing_else, kLogins, login)
{
    ScriptedStage stage(login, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    (void)stage.entity().next_ask_about(kRomeo, kJuliet);
    for (int time = 0; time < 2; ++time) {
        BOOST_TEST(stage.entity().answer_later(kJuliet, kRomeo, "none").attribute("type") == "result");
        stage.round_trip();
        BOOST_TEST(count_received(juliet, kPrompt) == 1);
        BOOST_TEST(count_received(romeo, kReceipt) == stage.acknowledgements_of(1));
        BOOST_TEST(stage.entity().pending().size() == 1U);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
