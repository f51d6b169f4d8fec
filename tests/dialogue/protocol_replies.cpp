// PROTOCOL.md, rules S28 to S43: which replies count, and what a verdict does.
#include <chrono>

#include "protocol.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

const HoldLimits kShort{.timeout = std::chrono::seconds(1), .max_held = {}};

std::string ask_back(const std::string& id, const std::string& type)
{
    return answers_xml("<answer id='" + escaped(id) + "' type='" + type + "' ask-back='true'/>");
}

const Matcher kAskedBack = presence("subscribe", kJuliet);

}  // namespace

BOOST_AUTO_TEST_SUITE(protocol_replies)

// S28: see forgery.cpp for what replies from others do; here for what they tell.

BOOST_DATA_TEST_CASE(S28_nobody_learns_whether_an_ask_exists, kLogins, login)
{
    ScriptedStage stage(login, kNoTimeout);
    stage.enter(kJuliet);
    stage.enter(kRomeo).send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    WireClient& mallory = stage.enter("mallory@capulet.lit");
    WireComponent component(stage.server().component_port(), kGossip);
    component.connect();
    for (WireStream* forger : std::initializer_list<WireStream*>{&mallory, &component}) {
        for (const std::string type : {"result", "error"}) {
            std::vector<std::string> told;
            for (const std::string& id : {ask.id, std::string("no-such-ask")}) {
                forger->take_received();
                forger->send("<iq type='" + type + "' id='" + escaped(id) + "' from='" +
                             forger->full_address() + "' to='capulet.lit'>" +
                             answers_xml(answer_xml(ask.requests.front().id, "subscribed")) + "</iq>");
                round_trip({forger});
                std::string heard;
                for (Element& stanza : forger->take_received()) {
                    stanza.remove_attribute("id");
                    heard += stanza.str();
                }
                told.push_back(heard);
            }
            BOOST_TEST(told[0] == told[1]);
        }
    }
}

BOOST_DATA_TEST_CASE(S29_first_reply_and_first_answer_count, kLogins, login)
{
    ScriptedStage stage(login, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& nurse = stage.enter(kNurse);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    const std::string& id = ask.requests.front().id;
    stage.entity().reply(ask, "result",
                         answers_xml(answer_xml("unknown", "unsubscribed") + answer_xml(id, "none") +
                                     answer_xml(id, "subscribed")));
    juliet.expect(kPrompt);
    stage.entity().reply(ask, "result", answers_xml(answer_xml(id, "unsubscribed")));
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(kApproval));
    BOOST_TEST(!romeo.has_received(kDenial));
    BOOST_TEST(stage.entity().pending().size() == 1U);
    // The ids of one ask are nothing to another.
    nurse.send(to(kJuliet, "subscribe"));
    const Ask second = stage.entity().next_ask_about(kNurse, kJuliet);
    stage.entity().reply(
        second, "result",
        answers_xml(answer_xml(id, "subscribed") + answer_xml(second.requests.front().id, "unsubscribed")));
    nurse.expect(kDenial);
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(kApproval));
}

BOOST_DATA_TEST_CASE(S30_ask_is_forgotten_with_its_connection, kLogins, login)
{
    ScriptedStage stage({entity_address(login)}, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    std::optional<Ask> ask;
    {
        ScriptedEntity entity(stage.server(), entity_address(login));
        romeo.send(to(kJuliet, "subscribe"));
        ask = entity.next_ask_about(kRomeo, kJuliet);
        entity.stream().drop();
    }
    juliet.expect(kPrompt);
    ScriptedEntity entity(stage.server(), entity_address(login));
    entity.answer(*ask, "subscribed");
    round_trip({&entity.stream(), &romeo});
    BOOST_TEST(!romeo.has_received(kApproval));
    BOOST_TEST(entity.pending().size() == 1U);
}

BOOST_DATA_TEST_CASE(S33_queued_request_is_held_no_longer_than_one_that_was_asked, kLogins, login)
{
    // More than an entity that does not answer is asked in a hold of a second: 1 at once, then 100 every half
    // second. Those that come last are the longest in the queue. (Where storing takes longer than that, all
    // are asked in time, and the case shows less.)
    constexpr int kRequests = 800;
    ScriptedStage stage(login, kShort);
    WireClient& juliet = stage.enter(kJuliet);
    std::string requests;
    for (int i = 0; i + 1 < kRequests; ++i) {
        const std::string user =
            "u" + std::to_string(i % 50) + "@capulet.lit";  // small rosters, quickly stored
        if (i < 50) {
            stage.server().add_account(user);
        }
        requests += request_xml("c" + std::to_string(i) + "@" + kGossip, user);
    }
    const std::string last = "c" + std::to_string(kRequests - 1) + "@" + kGossip;
    WireComponent component(stage.server().component_port(), kGossip);
    component.connect();
    component.send(requests + request_xml(last, kJuliet));
    // All are stored before, and on ejabberd nothing shows out here how far it is: not a wait for progress.
    juliet.expect(presence("subscribe", last), std::chrono::minutes(5));
    stage.round_trip();
    std::size_t asked = 0;
    for (const Ask& ask : asks_in(stage.entity().stream().received())) {
        asked += ask.requests.size();
    }
    BOOST_TEST(asked > 0U);
    BOOST_WARN(asked < std::size_t{kRequests});
    // And never again about what is left.
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    Ask next;
    do {
        next = stage.entity().next_ask();
    } while (next.requests.back().contact != kRomeo);
    BOOST_TEST(next.requests.size() == 1U);
}

BOOST_AUTO_TEST_CASE(S33_default_is_5_s)
{
    ScriptedStage stage(Login::component);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    const auto begin = Clock::now();
    romeo.send(to(kJuliet, "subscribe"));
    juliet.expect(kPrompt);
    // Not before; and expect()'s patience is the only bound above that a busy machine allows.
    BOOST_TEST((Clock::now() - begin >= std::chrono::seconds(5)));
}

BOOST_DATA_TEST_CASE(S34_late_verdict_is_a_later_answer, kLogins, login)
{
    ScriptedStage stage(login, kShort);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& nurse = stage.enter(kNurse);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    juliet.expect(kPrompt);
    block(juliet, "montague.lit");
    stage.entity().answer(ask, "subscribed");
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(kApproval));  // S51
    nurse.send(to(kJuliet, "subscribe"));
    const Ask second = stage.entity().next_ask_about(kNurse, kJuliet);
    juliet.expect(presence("subscribe", kNurse));
    stage.entity().reply(second, "result", ask_back(second.requests.front().id, "subscribed"));
    nurse.expect(kApproval);
    nurse.expect(kAskedBack);
}

BOOST_DATA_TEST_CASE(S34_what_a_later_answer_has_left_may_still_get_its_verdict, kLogins, login)
{
    ScriptedStage stage(login, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    BOOST_TEST(stage.entity().answer_later(kJuliet, kRomeo, "none").attribute("type") == "result");
    juliet.expect(kPrompt);
    stage.entity().answer(ask, "subscribed");
    romeo.expect(kApproval);
}

BOOST_DATA_TEST_CASE(S35_verdict_on_what_is_not_pending_any_more_stores_no_pre_approval, kLogins, login)
{
    ScriptedStage stage(login, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    romeo.send(to(kJuliet, "unsubscribe"));
    stage.round_trip();
    stage.entity().answer(ask, "subscribed");
    (void)stage.entity().answer_later(kJuliet, kRomeo, "subscribed");
    stage.round_trip();
    const Element roster = juliet.roster();
    BOOST_TEST(roster.child("query")->children.empty());
    romeo.send(to(kJuliet, "subscribe"));
    (void)stage.entity().next_ask_about(kRomeo, kJuliet);
}

BOOST_DATA_TEST_CASE(S36_S38_approval_is_pushed_and_comes_before_presence,
                     kLogins* bdata::make({kRomeo, std::string("benvolio@capulet.lit")}), login, contact)
{
    ScriptedStage stage(login);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& orchard = stage.client(kJuliet, "orchard");
    orchard.connect();
    orchard.appear();
    WireClient& romeo = stage.enter(contact);
    romeo.send(to(kJuliet, "subscribe"));
    stage.entity().answer(stage.entity().next_ask_about(contact, kJuliet), "subscribed");
    romeo.expect(kApproval);
    stage.round_trip();
    // After the approval, as expect() counts.
    std::vector<std::string> present;
    bool approved = false;
    for (const Element& stanza : romeo.received()) {
        approved = approved || kApproval.matches(stanza);
        const std::string& from = stanza.attribute("from");
        if (is_presence(stanza, "") && from != romeo.full_address()) {
            BOOST_TEST(approved);
            present.push_back(from);
        }
    }
    std::sort(present.begin(), present.end());
    BOOST_TEST(present == (std::vector<std::string>{orchard.full_address(), juliet.full_address()}),
               boost::test_tools::per_element());
    for (const WireClient* client : {&juliet, &orchard}) {
        BOOST_TEST(count_received(*client, roster_push(contact)) == 1);
    }
}

BOOST_DATA_TEST_CASE(S36_contact_who_has_been_denied_may_ask_again_at_once,
                     kLogins* bdata::make({true, false}), login, held)
{
    ScriptedStage stage(login, kNoTimeout);
    stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    for (int time = 0; time < 20; ++time) {
        romeo.send(to(kJuliet, "subscribe"));
        const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
        if (held) {
            stage.entity().answer(ask, "unsubscribed");
        } else {
            stage.entity().answer(ask, "none");
            stage.entity().stream().send("<iq type='set' id='later" + std::to_string(time) + "' from='" +
                                         stage.entity().stream().full_address() + "' to='capulet.lit'>" +
                                         later_answer_xml(kJuliet, kRomeo, "unsubscribed") + "</iq>");
        }
        romeo.expect(kDenial);
    }
}

BOOST_DATA_TEST_CASE(S37_S39_verdict_for_a_user_who_is_offline,
                     kLogins* bdata::make({"subscribed", "unsubscribed"}), login, verdict)
{
    ScriptedStage stage(login);
    WireClient& juliet = stage.person(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    stage.entity().answer(stage.entity().next_ask_about(kRomeo, kJuliet), verdict);
    romeo.expect(presence(verdict, kJuliet));
    stage.round_trip();
    juliet.connect();
    juliet.appear();
    stage.round_trip();
    BOOST_TEST(count_received(juliet, kPrompt) == 0);
    const bool approved = verdict == std::string("subscribed");
    BOOST_TEST(item_in(juliet.roster(), kRomeo) == (approved ? "from" : ""));
    BOOST_TEST(romeo.has_received(presence("", juliet.full_address())) == approved);
}

// Between the two when Romeo asks.
enum class Before { juliet_has_asked, juliet_is_subscribed };
std::ostream& operator<<(std::ostream& out, Before before)
{
    return out << (before == Before::juliet_has_asked ? "juliet has asked" : "juliet is subscribed");
}

BOOST_DATA_TEST_CASE(S40_who_has_asked_or_is_subscribed_does_not_ask_back,
                     kLogins* bdata::make({Before::juliet_has_asked, Before::juliet_is_subscribed}), login,
                     before)
{
    ScriptedStage stage(login);
    WireClient& juliet = stage.enter(kJuliet);
    // Contacts' servers do not deliver a request twice; a component is told everything.
    WireComponent component(stage.server().component_port(), kGossip);
    component.connect();
    const std::string contact = "rosaline@" + kGossip;
    const auto send = [&](const std::string& type) {
        component.send("<presence type='" + type + "' from='" + contact + "' to='" + kJuliet + "'/>");
    };
    juliet.send(to(contact, "subscribe"));
    component.expect(kAskedBack);
    if (before == Before::juliet_is_subscribed) {
        send("subscribed");
        juliet.expect(presence("subscribed", contact));
    }
    send("subscribe");
    const Ask ask = stage.entity().next_ask_about(contact, kJuliet);
    stage.entity().reply(ask, "result", ask_back(ask.requests.front().id, "subscribed"));
    component.expect(kApproval);
    stage.round_trip();
    round_trip({&component});
    BOOST_TEST(count_received(component, kAskedBack) == 1);
}

BOOST_DATA_TEST_CASE(S40_later_answer_asks_back, kLogins* bdata::make({true, false}), login, user_online)
{
    ScriptedStage stage(login);
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& juliet = user_online ? stage.enter(kJuliet) : stage.person(kJuliet);
    leave_romeo_to_juliet(stage, romeo);
    const Element reply = stage.entity().stream().request(
        "set", "capulet.lit",
        "<answer xmlns='" + kRequestsNs + "' user='" + kJuliet + "' contact='" + kRomeo +
            "' type='subscribed' ask-back='1'/>");  // as XML Schema has it
    BOOST_TEST(reply.attribute("type") == "result");
    romeo.expect(kApproval);
    romeo.expect(kAskedBack);
    if (!user_online) {
        juliet.connect();
        juliet.appear();
    }
    BOOST_TEST(item_in(juliet.roster(), kRomeo) == "from ask");
}

BOOST_DATA_TEST_CASE(S41_ask_back_is_nothing_without_an_approval,
                     kLogins* bdata::make({"unsubscribed", "none", "subscribe"}), login, type)
{
    ScriptedStage stage(login);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    stage.entity().reply(ask, "result", ask_back(ask.requests.front().id, type));
    if (type == std::string("unsubscribed")) {
        romeo.expect(kDenial);
    } else {
        juliet.expect(kPrompt);
    }
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(kAskedBack));
    BOOST_TEST(item_in(juliet.roster(), kRomeo) == "");
}

BOOST_DATA_TEST_CASE(S41_ask_back_is_nothing_where_the_approval_is_not_applied, kLogins, login)
{
    ScriptedStage stage(login);
    stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    romeo.send(to(kJuliet, "unsubscribe"));
    stage.round_trip();
    stage.entity().reply(ask, "result", ask_back(ask.requests.front().id, "subscribed"));
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(kAskedBack));
}

BOOST_DATA_TEST_CASE(S42_verdict_that_cannot_be_applied_leaves_the_request_to_the_user,
                     kLogins* bdata::make({"subscribed", "unsubscribed"}), login, verdict)
{
    ScriptedStage stage(login, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    stage.server().refuse_roster_writes();
    stage.entity().answer(ask, verdict);
    juliet.expect(kPrompt);
    stage.expect_acknowledgement(romeo, kJuliet);
    BOOST_TEST(item_in(juliet.roster(), kRomeo) == "");
}

// What the entity does about a request whose contact has been blocked: nothing that it says may be heard.
BOOST_DATA_TEST_CASE(S43_contact_blocked_while_held_hears_nothing,
                     kLogins* bdata::make({kRomeo, std::string("montague.lit")}) *
                         bdata::make({"subscribed", "unsubscribed", "none", "nothing", "leaves"}),
                     login, blocked, answer)
{
    // The contact has to be blocked before the hold ends, on a busy machine, too: the default, not kShort.
    ScriptedStage stage(login, answer == std::string("nothing") ? HoldLimits() : kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& nurse = stage.enter(kNurse);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    block(juliet, blocked);
    // Holds end in the order in which they began, so this one's end shows that of the other.
    nurse.send(to(kJuliet, "subscribe"));
    if (answer == std::string("leaves")) {
        round_trip({&nurse});
        stage.entity().stream().drop();
        juliet.expect(presence("subscribe", kNurse));
    } else if (answer == std::string("nothing")) {
        juliet.expect(presence("subscribe", kNurse));
    } else {
        stage.entity().answer(ask, answer);
    }
    stage.round_trip();
    BOOST_TEST(count_received(juliet, kPrompt) == 0);
    for (const std::string type : {"subscribed", "unsubscribed", "unavailable"}) {
        BOOST_TEST(!romeo.has_received(presence(type, kJuliet)), type);
    }
    BOOST_TEST(item_in(juliet.roster(), kRomeo) == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
