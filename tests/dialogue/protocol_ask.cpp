// PROTOCOL.md, rules S10 to S27: which requests are put to the entity, how, and when. (Those of which the
// server's own handling is the whole rule, S11 and S12, are in connector_rules.cpp.)
#include <algorithm>
#include <chrono>
#include <set>

#include "progress.h"
#include "protocol.h"
#include "transcript.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

const Element& presence_in(const AskedRequest& request)
{
    return *request.element.child("forwarded")->child("presence");
}

const Element* item_in(const AskedRequest& request)
{
    return request.element.child("item", "jabber:iq:roster");
}

std::string str(const Element* element)
{
    return element == nullptr ? "" : element->str();
}

WireComponent& gossip(ScriptedStage& stage, std::optional<WireComponent>& component)
{
    component.emplace(stage.server().component_port(), kGossip);
    component->connect();
    return *component;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(protocol_ask)

BOOST_DATA_TEST_CASE(S10_every_new_request_is_asked, kLogins* bdata::make({true, false}), login, user_online)
{
    ScriptedStage stage(login);
    if (user_online) {
        stage.enter(kJuliet);
    } else {
        stage.person(kJuliet);
    }
    std::optional<WireComponent> component;
    gossip(stage, component);
    const auto is_asked = [&](WireStream& sender, const std::string& contact, const std::string& receiver) {
        sender.send("<presence type='subscribe' from='" + contact + "' to='" + receiver + "'/>");
        stage.entity().answer(stage.entity().next_ask_about(contact.substr(0, contact.find('/')), kJuliet),
                              "unsubscribed");
        sender.expect(kDenial);
    };
    is_asked(stage.enter(kRomeo), kRomeo, kJuliet);
    is_asked(stage.enter(kNurse), kNurse, kJuliet);          // of the user's own host
    is_asked(*component, kGossip, kJuliet);                  // a gateway
    is_asked(*component, kGossip + "/registered", kJuliet);  // with a resource
    is_asked(*component, "a\u00e9@" + kGossip, kJuliet + "/orchard");
}

BOOST_DATA_TEST_CASE(S13_request_is_stored_before_the_entity_is_asked, kLogins, login)
{
    ScriptedStage stage(login, kNoTimeout);
    WireClient& juliet = stage.person(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    (void)stage.entity().next_ask_about(kRomeo, kJuliet);
    stage.server().kill();
    stage.server().start();
    juliet.connect();
    juliet.appear();
    juliet.expect(kPrompt);
}

BOOST_DATA_TEST_CASE(S14_what_cannot_be_stored_is_as_without_the_connector, kLogins, login)
{
    const auto play = [](Stage& stage) {
        WireClient& juliet = stage.enter(kJuliet);
        WireClient& romeo = stage.enter(kRomeo);
        stage.server().refuse_roster_writes();
        romeo.send(to(kJuliet, "subscribe"));
        stage.round_trip();
        return "Juliet:\n" + transcript(juliet.received()) + "Romeo:\n" + transcript(romeo.received());
    };
    Stage without;
    ScriptedStage with(login);
    const std::string expected = play(without);
    BOOST_TEST(play(with) == expected);
    BOOST_TEST(with.asked() == std::vector<std::string>{}, boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(S17_ask_is_one_set_of_at_most_100_in_the_order_of_receipt, kLogins, login)
{
    constexpr int kRequests = 250;
    ScriptedStage stage(login, kNoTimeout);
    for (const std::string name : {"u0", "u1", "u2", "u3", "u4"}) {
        stage.server().add_account(name + "@capulet.lit");
    }
    std::optional<WireComponent> component;
    gossip(stage, component);
    std::vector<std::string> expected;
    for (int i = 0; i < kRequests; ++i) {
        send_requests(*component, i, 1, "u" + std::to_string(i % 5) + "@capulet.lit");
        expected.push_back("c" + std::to_string(i) + "@" + kGossip);
    }
    round_trip({&*component});

    std::vector<std::string> asked;
    std::size_t largest = 0;
    while (asked.size() < expected.size()) {
        const Element iq = stage.entity().stream().expect(
            {"an ask", [](const Element& stanza) { return !asks_in({stanza}).empty(); }});
        const Ask ask = asks_in({iq}).front();
        BOOST_TEST(iq.attribute("from") == "capulet.lit");
        BOOST_TEST(iq.attribute("to") == stage.entity().stream().full_address());
        BOOST_TEST(iq.children.size() == 1U);
        BOOST_TEST(iq.children.front().children.size() == ask.requests.size());
        BOOST_TEST(!ask.requests.empty());
        largest = std::max(largest, ask.requests.size());
        for (const AskedRequest& request : ask.requests) {
            asked.push_back(request.contact);
        }
        stage.entity().answer(ask, "unsubscribed");
    }
    BOOST_TEST(asked == expected, boost::test_tools::per_element());
    // As a rule it is 100: what comes while the first ask is in flight. A slow machine has fewer by then.
    BOOST_TEST(largest > 1U);
    BOOST_TEST(largest <= 100U);
}

BOOST_DATA_TEST_CASE(S18_S19_ids_cannot_be_guessed_and_are_not_used_again, kLogins, login)
{
    constexpr int kAsks = 40;
    ScriptedStage stage(login, kNoTimeout);
    stage.enter(kJuliet);
    std::optional<WireComponent> component;
    gossip(stage, component);
    std::vector<std::string> ids;
    std::set<std::string> request_ids;
    for (int i = 0; i < kAsks; ++i) {
        send_requests(*component, i, 1, kJuliet);
        const Ask ask = stage.entity().next_ask();
        ids.push_back(ask.id);
        request_ids.insert(ask.requests.front().id);
        stage.entity().answer(ask, "unsubscribed");
    }
    BOOST_TEST(std::set<std::string>(ids.begin(), ids.end()).size() == std::size_t{kAsks});
    BOOST_TEST(request_ids.size() == std::size_t{kAsks});
    // What differs from id to id has to be long enough for 64 random bits, and not to count.
    std::size_t before = 0;
    std::size_t after = 0;
    const std::size_t length = ids.front().size();
    const auto are_equal = [&](std::size_t at) {
        return std::all_of(ids.begin(), ids.end(), [&](const std::string& id) {
            return id.size() == length && id[at] == ids.front()[at];
        });
    };
    while (before < length && are_equal(before)) {
        ++before;
    }
    while (before + after < length && are_equal(length - 1 - after)) {
        ++after;
    }
    BOOST_TEST(length - before - after >= 11U, ids.front() << " and " << ids.back());
}

// Two waits of the server can be shown by the time that passes at least, whatever else takes time. The first
// moment is before the first ask could be sent, the second after the second has arrived.

BOOST_DATA_TEST_CASE(S20_one_ask_is_in_flight_until_it_is_answered_or_500_ms_old, kLogins, login)
{
    ScriptedStage stage(login, kNoTimeout);
    stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& nurse = stage.enter(kNurse);
    const auto begin = Clock::now();
    romeo.send(to(kJuliet, "subscribe"));
    const Ask unanswered = stage.entity().next_ask_about(kRomeo, kJuliet);
    nurse.send(to(kJuliet, "subscribe"));
    (void)stage.entity().next_ask_about(kNurse, kJuliet);
    BOOST_TEST((Clock::now() - begin >= std::chrono::milliseconds(500)));
    // The late reply counts: S30.
    stage.entity().answer(unanswered, "subscribed");
    romeo.expect(kApproval);
}

BOOST_DATA_TEST_CASE(S21_when_nothing_is_in_flight_a_request_is_asked_at_once, kLogins, login)
{
    ScriptedStage stage(login, kNoTimeout);
    stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    round_trip({&romeo});
    round_trip({&stage.entity().stream()});  // no wait of the server's: what it has to say, it has said
    BOOST_TEST(stage.asked().size() == 1U);
}

BOOST_DATA_TEST_CASE(S22_asks_of_several_requests_are_5_ms_apart, kLogins, login)
{
    constexpr int kRounds = 20;
    ScriptedStage stage(login, kNoTimeout);
    stage.enter(kJuliet);
    std::optional<WireComponent> component;
    gossip(stage, component);
    auto waited = Clock::duration::zero();
    std::size_t rounds = 0;
    Progress progress("rounds in time", kRounds);
    for (int i = 0; !progress.complete(); ++i) {
        progress.check();
        // One, to hold back two, to be followed by another.
        const auto begin_of_round = Clock::now();
        send_requests(*component, 10 * i, 1, kJuliet);
        const Ask one = stage.entity().next_ask();
        send_requests(*component, 10 * i + 1, 2, kJuliet);
        round_trip({&*component});
        const auto begin = Clock::now();
        stage.entity().answer(one, "unsubscribed");
        const Ask two = stage.entity().next_ask();
        if (Clock::now() - begin_of_round >= std::chrono::milliseconds(500)) {
            // On a busy machine one may have been too old to hold back two (S20): another round.
            stage.entity().answer(two, "unsubscribed");
            for (std::size_t asked = two.requests.size(); asked < 2;) {
                const Ask rest = stage.entity().next_ask();
                stage.entity().answer(rest, "unsubscribed");
                asked += rest.requests.size();
            }
            continue;
        }
        BOOST_TEST_REQUIRE(two.requests.size() == 2U);
        send_requests(*component, 10 * i + 3, 1, kJuliet);
        stage.entity().answer(two, "unsubscribed");
        const Ask another = stage.entity().next_ask();
        waited += Clock::now() - begin;
        stage.entity().answer(another, "unsubscribed");
        progress.reached(++rounds);
    }
    BOOST_TEST((waited >= kRounds * std::chrono::milliseconds(5)));
}

BOOST_DATA_TEST_CASE(S23_S24_texts_are_cut_and_bare_of_attributes_and_the_user_gets_them_whole, kLogins,
                     login)
{
    ScriptedStage stage(login);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    // Characters of four, three and two bytes across the 1024th byte, and what has to be escaped.
    struct Text {
        std::string sent;
        std::string asked;
    };
    const std::string x1022(1022, 'x');
    const std::vector<Text> texts = {
        {x1022 + "\U0001F339\U0001F339", x1022},
        {x1022 + "\u20ac", x1022},
        {x1022 + "\u00e9\u00e9", x1022 + "\u00e9"},
        {x1022 + "xy", x1022 + "xy"},
        {x1022 + "xyz", x1022 + "xy"},
        {"<&>'\"", "<&>'\""},
    };
    const std::string nick_ns = "http://jabber.org/protocol/nick";
    for (const Text& text : texts) {
        const std::string status = "<status xml:lang='de'>" + escaped(text.sent) + "</status>";
        const std::string nick =
            "<nick xmlns='" + nick_ns + "' xml:lang='fr'>" + escaped(text.sent) + "</nick>";
        romeo.send("<presence type='subscribe' to='" + kJuliet + "'>" + status +
                   "<status xml:lang='en'>another</status>" + nick + "<priority>1</priority></presence>");
        const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
        const Element& asked = presence_in(ask.requests.front());
        BOOST_TEST(asked.str() ==
                   parse_xml("<presence xmlns='jabber:client' type='subscribe' from='" + kRomeo + "' to='" +
                             kJuliet + "'><status>" + escaped(text.asked) + "</status><nick xmlns='" +
                             nick_ns + "'>" + escaped(text.asked) + "</nick></presence>")
                       .str());
        stage.entity().answer(ask, "none");
        const Element prompt = juliet.expect(kPrompt);
        BOOST_TEST(prompt.child("status")->text == text.sent);
        BOOST_TEST(prompt.child("status")->attribute("xml:lang") == "de");
        BOOST_TEST(prompt.child("nick")->text == text.sent);
        juliet.send(to(kRomeo, "unsubscribed"));
        romeo.expect(kDenial);
        stage.round_trip();
    }
}

BOOST_DATA_TEST_CASE(S25_S26_item_is_that_of_the_roster_without_name_and_groups, kLogins, login)
{
    ScriptedStage stage(login);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    // The item with which it is asked: as her clients see it at that time, and as the list has it (S56).
    const auto asked_with = [&] {
        romeo.send(to(kJuliet, "subscribe"));
        const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
        const std::string asked = str(item_in(ask.requests.front()));
        std::string expected;
        const Element roster = juliet.roster();
        for (Element item : roster.child("query")->children) {
            if (item.attribute("jid") == kRomeo) {
                item.remove_attribute("name");
                item.children.clear();
                expected = item.str();
            }
        }
        BOOST_TEST(asked == expected);
        stage.entity().answer(ask, "none");
        juliet.expect(kPrompt);
        const std::vector<AskedRequest> waiting = stage.entity().pending();
        BOOST_TEST_REQUIRE(waiting.size() == 1U);
        BOOST_TEST(str(item_in(waiting.front())) == asked);
        romeo.send(to(kJuliet, "unsubscribe"));
        stage.round_trip();
        return asked;
    };
    const auto item = [](const std::string& attributes) {
        return parse_xml("<item xmlns='jabber:iq:roster' jid='" + kRomeo + "' " + attributes + "/>").str();
    };
    BOOST_TEST(asked_with() == "");
    BOOST_TEST(asked_with() == "");  // what the request before has left behind is none
    juliet.request("set", {},
                   "<query xmlns='jabber:iq:roster'><item jid='" + kRomeo +
                       "' name='Love'><group>Enemies</group></item></query>");
    (void)asked_with();
    juliet.send(to(kRomeo, "subscribe"));
    stage.round_trip();
    BOOST_TEST(asked_with() == item("subscription='none' ask='subscribe'"));
    romeo.send(to(kJuliet, "subscribed"));
    stage.round_trip();
    BOOST_TEST(asked_with() == item("subscription='to'"));
}

struct FirstReply {
    const char* name;
    const char* type;
    const char* payload;  ///< null: none at all, until the request is left
    friend std::ostream& operator<<(std::ostream& out, const FirstReply& reply) { return out << reply.name; }
};
const FirstReply kFirstReplies[] = {
    {"none", "result", "<answers xmlns='urn:xmpp:subscription-requests:0'/>"},
    {"error", "error",
     "<error type='wait'><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"},
    {"silence", nullptr, nullptr},
};
BOOST_DATA_TEST_CASE(S27_second_entity_is_not_asked_what_the_first_has_left, bdata::make(kFirstReplies),
                     reply)
{
    TwoEntities two({Login::component, Login::account}, {.timeout = std::chrono::seconds(1), .max_held = {}});
    const Ask ask = two.asked().next_ask_about(kRomeo, kJuliet);
    if (reply.payload != nullptr) {
        two.asked().reply(ask, reply.type, reply.payload);
    }
    two.juliet().expect(kPrompt);
    two.round_trip();
    BOOST_TEST(asks_in(two.asked().stream().received()).size() == 1U);
    BOOST_TEST(asks_in(two.other().stream().received()).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
