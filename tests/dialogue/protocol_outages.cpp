// PROTOCOL.md, rules S65 to S75: what is gone is noticed at once, and nothing is lost with it.
#include <chrono>
#include <thread>

#include "protocol.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

/// How a connection ends.
enum class End { stream_closed, socket_closed };
std::ostream& operator<<(std::ostream& out, End end)
{
    return out << (end == End::stream_closed ? "stream closed" : "socket closed");
}
const auto kEnds = bdata::make({End::stream_closed, End::socket_closed});

void end_stream(WireStream& stream, End end)
{
    if (end == End::stream_closed) {
        stream.disconnect();
    } else {
        stream.drop();
    }
}

/// Two connections that may be asked.
struct Pair {
    Pair(Stage& stage, const std::vector<std::string>& addresses)
        : one(stage.server(), addresses.front(), "one"), two(stage.server(), addresses.back(), "two")
    {
    }

    /// Finds out which of them is asked.
    void request(WireClient& contact)
    {
        contact.send(to(kJuliet, "subscribe"));
        round_trip({&contact, &one.stream(), &two.stream()});
        const bool first = !asks_in(one.stream().received()).empty();
        asked = first ? &one : &two;
        other = first ? &two : &one;
    }

    ScriptedEntity one;
    ScriptedEntity two;
    ScriptedEntity* asked = nullptr;
    ScriptedEntity* other = nullptr;
};

const std::vector<std::string> kTwoEntities = {entity_address(Login::component),
                                               entity_address(Login::account)};
const std::vector<std::string> kTwoResources = {entity_address(Login::account)};

}  // namespace

BOOST_AUTO_TEST_SUITE(protocol_outages)

BOOST_DATA_TEST_CASE(S65_what_was_asked_on_a_connection_that_ends_is_asked_on_another,
                     bdata::make({true, false}) * kEnds, two_entities, end)
{
    const std::vector<std::string>& addresses = two_entities ? kTwoEntities : kTwoResources;
    ScriptedStage stage(addresses, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& nurse = stage.enter(kNurse);
    WireClient& tybalt = stage.enter("tybalt@capulet.lit");
    Pair pair(stage, addresses);
    pair.request(romeo);
    const Ask first = pair.asked->next_ask_about(kRomeo, kJuliet);
    // One more that is queued, and one that is asked when the first is 500 ms old.
    nurse.send(to(kJuliet, "subscribe"));
    const Ask second = pair.asked->next_ask_about(kNurse, kJuliet);
    tybalt.send(to(kJuliet, "subscribe"));
    round_trip({&tybalt});
    end_stream(pair.asked->stream(), end);

    std::vector<std::string> again;
    std::string answers;
    while (again.size() < 3) {
        const Ask ask = pair.other->next_ask();
        BOOST_TEST(ask.id != first.id);
        BOOST_TEST(ask.id != second.id);
        for (const AskedRequest& request : ask.requests) {
            again.push_back(request.contact);
        }
        pair.other->answer(ask, "subscribed");
    }
    BOOST_TEST(again == (std::vector<std::string>{kRomeo, kNurse, tybalt.address()}),
               boost::test_tools::per_element());
    for (WireClient* contact : {&romeo, &nurse, &tybalt}) {
        contact->expect(kApproval);
        BOOST_TEST(count_received(*contact, kReceipt) == 0);
    }
    stage.round_trip();
    BOOST_TEST(
        !juliet.has_received({"a prompt", [](const Element& s) { return is_presence(s, "subscribe"); }}));
}

BOOST_DATA_TEST_CASE(S66_S67_end_of_the_last_connection_leaves_everything_to_the_users,
                     kLogins* kEnds* bdata::make({false, true}), login, end, another_is_queued)
{
    ScriptedStage stage(login, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& nurse = stage.enter(kNurse);
    romeo.send(to(kJuliet, "subscribe"));
    (void)stage.entity().next_ask_about(kRomeo, kJuliet);
    if (another_is_queued) {
        nurse.send(to(kJuliet, "subscribe"));
        round_trip({&nurse});
    }
    end_stream(stage.entity().stream(), end);
    juliet.expect(kPrompt);
    stage.expect_acknowledgement(romeo, kJuliet);
    if (!another_is_queued) {
        nurse.send(to(kJuliet, "subscribe"));  // S16
    }
    juliet.expect(presence("subscribe", kNurse));
    stage.expect_acknowledgement(nurse, kJuliet);
}

BOOST_AUTO_TEST_CASE(S68_connection_kept_for_resumption_has_ended)
{
    ScriptedStage stage(Login::account, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& nurse = stage.enter(kNurse);
    WireStream& stream = stage.entity().stream();
    stream.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    const Element enabled =
        stream.expect({"stream management", [](const Element& s) { return s.name == "enabled"; }});
    BOOST_TEST(enabled.attribute("resume") == "true");
    romeo.send(to(kJuliet, "subscribe"));
    (void)stage.entity().next_ask_about(kRomeo, kJuliet);
    stream.drop();
    juliet.expect(kPrompt);
    stage.expect_acknowledgement(romeo, kJuliet);
    nurse.send(to(kJuliet, "subscribe"));
    juliet.expect(presence("subscribe", kNurse));
}

BOOST_AUTO_TEST_CASE(S69_resource_that_is_unavailable_may_answer_but_is_not_asked)
{
    ScriptedStage stage(Login::account, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& nurse = stage.enter(kNurse);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    stage.entity().stream().send("<presence type='unavailable'/>");
    stage.round_trip();
    nurse.send(to(kJuliet, "subscribe"));
    juliet.expect(presence("subscribe", kNurse));
    stage.entity().answer(ask, "subscribed");
    romeo.expect(kApproval);
    stage.round_trip();
    BOOST_TEST(stage.asked().size() == 1U);
    BOOST_TEST(count_received(juliet, kPrompt) == 0);
}

// What was queued behind the ask cannot be asked any more; what was asked can still be answered.
BOOST_AUTO_TEST_CASE(S69_what_an_unavailable_resource_was_asked_is_not_lost_with_the_queue)
{
    ScriptedStage stage(Login::account, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& nurse = stage.enter(kNurse);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    nurse.send(to(kJuliet, "subscribe"));
    round_trip({&nurse});
    stage.entity().stream().send("<presence type='unavailable'/>");
    juliet.expect(presence("subscribe", kNurse));
    stage.entity().answer(ask, "subscribed");
    romeo.expect(kApproval);
    stage.round_trip();
    BOOST_TEST(stage.asked().size() == 1U);
}

BOOST_DATA_TEST_CASE(S70_entity_that_is_granted_no_more_has_lost_everything, kLogins, login)
{
    ScriptedStage stage(login, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& nurse = stage.enter(kNurse);
    WireStream& entity = stage.entity().stream();
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    entity.take_received();
    stage.server().withdraw_grant();
    juliet.expect(kPrompt);
    stage.entity().answer(ask, "subscribed");
    BOOST_TEST(is_error(ask_for_page(stage.entity(), {}, {}), "auth", "forbidden"));
    BOOST_TEST(is_error(stage.entity().answer_later(kJuliet, kRomeo, "subscribed"), "auth", "forbidden"));
    nurse.send(to(kJuliet, "subscribe"));
    juliet.expect(presence("subscribe", kNurse));
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(kApproval));
    BOOST_TEST(asks_in(entity.received()).empty());
    BOOST_TEST(!entity.has_received(advertisement()));
}

BOOST_DATA_TEST_CASE(S71_unloading_leaves_everything_to_the_users, kLogins, login)
{
    ScriptedStage stage(login, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& nurse = stage.enter(kNurse);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    nurse.send(to(kJuliet, "subscribe"));
    round_trip({&nurse});
    stage.server().unload_connector();
    juliet.expect(kPrompt);
    juliet.expect(presence("subscribe", kNurse));
    stage.expect_acknowledgement(romeo, kJuliet);
    stage.expect_acknowledgement(nurse, kJuliet);
    stage.entity().answer(ask, "subscribed");
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(kApproval));
    juliet.send(to(kRomeo, "subscribed"));
    romeo.expect(kApproval);
}

BOOST_DATA_TEST_CASE(S72_fall_of_the_connector_alone_loses_nothing, kLogins, login)
{
    ScriptedStage stage(login, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& nurse = stage.enter(kNurse);
    romeo.send(to(kJuliet, "subscribe"));
    (void)stage.entity().next_ask_about(kRomeo, kJuliet);
    nurse.send(to(kJuliet, "subscribe"));
    round_trip({&nurse});
    stage.entity().stream().take_received();
    if (!stage.server().crash_connector()) {
        return;  // it falls with the server: S13
    }
    juliet.expect(kPrompt);
    juliet.expect(presence("subscribe", kNurse));
    stage.expect_acknowledgement(romeo, kJuliet);
    stage.entity().stream().expect(advertisement());
}

BOOST_DATA_TEST_CASE(S75_what_strangers_write_is_not_logged, kLogins, login)
{
    ScriptedStage stage(login, {.timeout = std::chrono::seconds(1), .max_held = {}});
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    const std::string text = "My bounty is as boundless as the sea";
    const auto request = [&] {
        romeo.send("<presence type='subscribe' to='" + kJuliet + "'><status>" + text +
                   "</status><nick xmlns='http://jabber.org/protocol/nick'>" + text + "</nick></presence>");
        return stage.entity().next_ask_about(kRomeo, kJuliet);
    };
    // Left because of an answer, of time, and of an outage; answered; nonsense about it.
    stage.entity().answer(request(), "none");
    juliet.expect(kPrompt);
    (void)stage.entity().pending();
    (void)stage.entity().answer_later(kJuliet, kRomeo, "unsubscribed");
    romeo.expect(kDenial);
    const Ask late = request();
    juliet.expect(kPrompt);
    stage.entity().answer(late, "unsubscribed");
    romeo.expect(kDenial);
    stage.entity().reply(request(), "result", "<answers xmlns='urn:other'>" + text + "</answers>");
    juliet.expect(kPrompt);
    (void)stage.entity().answer_later(kJuliet, kRomeo, "unsubscribed");
    (void)request();
    stage.entity().stream().drop();
    juliet.expect(kPrompt);
    round_trip({&juliet, &romeo});
    stage.server().stop();
    BOOST_TEST(stage.server().log_text().find(text) == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

// Time is what this is about: it takes a minute, and is a test of its own.
BOOST_AUTO_TEST_SUITE(protocol_minute)

BOOST_AUTO_TEST_CASE(S9_entity_is_told_that_requests_have_passed_it_though_no_other_comes)
{
    constexpr std::chrono::seconds kTwoMinutes{120};
    ScriptedStage full(Login::component, {.timeout = kNoTimeout.timeout, .max_held = 1});
    WireClient& juliet = full.enter(kJuliet);
    full.entity().stream().take_received();
    full.enter(kRomeo).send(to(kJuliet, "subscribe"));
    const Ask ask = full.entity().next_ask_about(kRomeo, kJuliet);
    full.enter(kNurse).send(to(kJuliet, "subscribe"));
    juliet.expect(presence("subscribe", kNurse));
    full.entity().answer(ask, "unsubscribed");

    ScriptedStage silent(Login::component);
    WireClient& waiting = silent.enter(kJuliet);
    silent.entity().stream().take_received();
    silent.enter(kRomeo).send(to(kJuliet, "subscribe"));
    (void)silent.entity().next_ask_about(kRomeo, kJuliet);
    waiting.expect(presence("subscribe", kRomeo));

    full.entity().stream().expect(advertisement(), kTwoMinutes);
    silent.entity().stream().expect(advertisement(), kTwoMinutes);
}

BOOST_AUTO_TEST_CASE(S30_ask_is_remembered_for_60_s_and_no_longer)
{
    ScriptedStage stage(Login::component);
    stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& nurse = stage.enter(kNurse);
    const auto begin = Clock::now();
    romeo.send(to(kJuliet, "subscribe"));
    const Ask forgotten = stage.entity().next_ask_about(kRomeo, kJuliet);
    const auto asked = Clock::now();
    nurse.send(to(kJuliet, "subscribe"));
    const Ask remembered = stage.entity().next_ask_about(kNurse, kJuliet);
    // The time itself is waited for: nothing happens meanwhile. 15 s are left for a busy machine.
    std::this_thread::sleep_until(begin + std::chrono::seconds(45));
    stage.entity().answer(remembered, "subscribed");
    nurse.expect(kApproval);
    // Counted from the ask, which may have come later than `begin` by as much as a busy machine takes.
    std::this_thread::sleep_until(asked + std::chrono::seconds(61));
    stage.entity().answer(forgotten, "subscribed");
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(kApproval));
    BOOST_TEST(stage.entity().pending().size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
