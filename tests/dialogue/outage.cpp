// Nothing is lost when the daemon or the server is away: users get their requests as without Usher, and what
// waits is answered when both are back.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <csignal>

#include "stage.h"
#include "transcript.h"
#include "usherctl.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

const Matcher kPrompt = presence("subscribe", kRomeo);

UsherdOptions approve_all()
{
    UsherdOptions options;
    options.option = "all";
    return options;
}

/// Romeo asks Juliet, who is online, and her nurse, who is not.
std::string requests_while_nobody_answers(Stage& stage)
{
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.person("nurse@capulet.lit");
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    romeo.send(to("nurse@capulet.lit", "subscribe"));
    stage.round_trip();
    nurse.connect();
    nurse.appear();
    stage.round_trip();
    nurse.disconnect();
    return transcript(juliet.received()) + transcript(nurse.received()) + transcript(romeo.received());
}

/// Logs in again after the server was away.
void return_to_stage(WireClient& client)
{
    if (client.open()) {
        client.expect_end();
    }
    client.take_received();
    client.connect();
    client.appear();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(outage)

enum class Away { stopped, killed };
std::ostream& operator<<(std::ostream& out, Away away)
{
    return out << (away == Away::stopped ? "stopped" : "killed");
}
const auto kWaysToGo = bdata::make({Away::stopped, Away::killed});

BOOST_DATA_TEST_CASE(daemon_away_is_as_without_usher_and_what_waits_is_answered, kLogins* kWaysToGo, login,
                     away)
{
    Stage without;
    UsherStage with(login, approve_all());
    if (away == Away::stopped) {
        BOOST_TEST(with.usherd().stop() == 0);
    } else {
        with.usherd().kill();
    }
    const std::string expected = requests_while_nobody_answers(without);
    BOOST_TEST(requests_while_nobody_answers(with) == expected);

    WireClient& romeo = with.client(kRomeo, "second");
    romeo.connect();
    romeo.appear();
    with.usherd().start();
    romeo.expect_all({presence("subscribed", kJuliet), presence("subscribed", "nurse@capulet.lit")});
    with.usherd().wait_until_answering();
    with.round_trip();
    BOOST_TEST(item_in(romeo.roster(), kJuliet) == "to");
    BOOST_TEST(item_in(romeo.roster(), "nurse@capulet.lit") == "to");
}

BOOST_DATA_TEST_CASE(long_list_is_answered_to_its_end, kLogins, login)
{
    constexpr std::size_t kContacts = 150;  // two pages
    UsherStage stage(login, approve_all());
    stage.usherd().kill();
    WireClient& juliet = stage.enter(kJuliet);
    // A component speaks for as many contacts as it likes.
    WireComponent gossip(stage.server().component_port(), kGossip);
    gossip.connect();
    for (std::size_t i = 0; i < kContacts; ++i) {
        gossip.send("<presence type='subscribe' from='contact" + std::to_string(i) + "@" + kGossip +
                    "' to='" + kJuliet + "'/>");
    }
    round_trip({&gossip, &juliet});
    stage.usherd().start();
    gossip.expect_all({kContacts, presence("subscribed", kJuliet)});
    stage.usherd().wait_until_answering();
    round_trip({&gossip, &juliet});
    BOOST_TEST(count_received(gossip, presence("subscribed", kJuliet)) == static_cast<long>(kContacts));
    BOOST_TEST(juliet.roster().child("query")->children.size() == kContacts);
}

BOOST_DATA_TEST_CASE(daemon_that_hangs_holds_a_request_no_longer_than_the_timeout, kLogins, login)
{
    UsherStage stage(login, approve_all(), {.timeout = std::chrono::seconds(1), .max_held = {}});
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    stage.usherd().signal(SIGSTOP);
    romeo.send(to(kJuliet, "subscribe"));
    juliet.expect(kPrompt);
    stage.expect_acknowledgement(romeo, kJuliet);
    // What it decides late is what happens: its journal will say so.
    stage.usherd().signal(SIGCONT);
    romeo.expect(presence("subscribed", kJuliet));
}

BOOST_DATA_TEST_CASE(daemon_stopped_while_it_is_asked_loses_nothing, kLogins* kWaysToGo, login, away)
{
    UsherStage stage(login, approve_all(), kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    stage.usherd().signal(SIGSTOP);
    romeo.send(to(kJuliet, "subscribe"));
    stage.round_trip();
    BOOST_TEST(count_received(juliet, kPrompt) == 0);
    if (away == Away::killed) {
        stage.usherd().kill();
        juliet.expect(kPrompt);
    } else {
        // Woken with the request and SIGTERM in hand, it may answer or not; it must end.
        stage.usherd().signal(SIGTERM);
        stage.usherd().signal(SIGCONT);
        BOOST_TEST(stage.usherd().stop() == 0);
    }
    stage.usherd().start();
    romeo.expect(presence("subscribed", kJuliet));
    stage.usherd().wait_until_answering();
    stage.round_trip();
    BOOST_TEST(item_in(juliet.roster(), kRomeo) == "from");
    BOOST_TEST(count_received(romeo, presence("subscribed", kJuliet)) == 1);
}

BOOST_DATA_TEST_CASE(server_away_and_back_finds_the_daemon_again, kLogins* kWaysToGo, login, away)
{
    UsherStage stage(login, approve_all(), kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    // One request is stored and asked about, and then nobody is there any more, not even who sent it.
    stage.usherd().signal(SIGSTOP);
    romeo.send(to(kJuliet, "subscribe"));
    stage.round_trip();
    romeo.disconnect();
    if (away == Away::stopped) {
        stage.server().stop();
    } else {
        stage.server().kill();
    }
    stage.usherd().signal(SIGCONT);
    stage.usherd().wait_for_status("connecting");
    stage.server().start();
    stage.usherd().wait_until_answering();
    return_to_stage(juliet);
    stage.round_trip();
    BOOST_TEST(item_in(juliet.roster(), kRomeo) == "from");
    return_to_stage(romeo);
    BOOST_TEST(item_in(romeo.roster(), kJuliet) == "to");
    BOOST_TEST(count_received(juliet, kPrompt) == 0);

    WireClient& benvolio = stage.enter("benvolio@montague.lit");
    benvolio.send(to(kJuliet, "subscribe"));
    benvolio.expect(presence("subscribed", kJuliet));
}

/// Nothing waits at the server any more: whatever it had stored is answered.
void wait_until_nothing_waits(const Usherctl& usherctl)
{
    const Deadline deadline = within(kPatience);
    for (std::string waiting; waiting != "Nothing waits.\n"; waiting = usherctl.done({"waiting"})) {
        if (remaining_ms(deadline) <= 0) {
            throw std::runtime_error("there are requests that stay unanswered:\n" + waiting);
        }
    }
}

enum class Victim { server, daemon };
std::ostream& operator<<(std::ostream& out, Victim victim)
{
    return out << (victim == Victim::server ? "server" : "daemon");
}

BOOST_DATA_TEST_CASE(killed_amid_many_requests_loses_none,
                     kLogins* bdata::make({Victim::server, Victim::daemon}), login, victim)
{
    constexpr int kContacts = 30;
    UsherStage stage(login, approve_all());
    WireClient& juliet = stage.enter(kJuliet);
    std::vector<WireClient*> contacts;
    for (int i = 0; i < kContacts; ++i) {
        contacts.push_back(
            &stage.enter("contact" + std::to_string(i) + (i % 2 == 0 ? "@capulet.lit" : "@montague.lit")));
    }
    for (WireClient* contact : contacts) {
        contact->send(to(kJuliet, "subscribe"));
    }
    contacts.front()->expect(presence("subscribed", kJuliet));
    if (victim == Victim::server) {
        stage.server().kill();
        stage.server().start();
        stage.usherd().wait_for_status("connecting");
    } else {
        stage.usherd().kill();
        stage.usherd().start();
    }
    stage.usherd().wait_until_answering();
    if (victim == Victim::server) {
        wait_until_nothing_waits(Usherctl(stage.usherd().directory() / "control.sock"));
    }

    for (WireClient* contact : contacts) {
        if (victim == Victim::server) {
            return_to_stage(*contact);
        }
        const std::string item = item_in(contact->roster(), kJuliet);
        if (victim == Victim::server && item != "to") {
            // The server died before it had read it, or had stored it for one of the two only: it has forgotten.
            contact->send(to(kJuliet, "subscribe"));
        }
        if (item != "to") {
            contact->expect(presence("subscribed", kJuliet));
        }
        BOOST_TEST(item_in(contact->roster(), kJuliet) == "to");
    }
    if (victim == Victim::server) {
        return_to_stage(juliet);
    }
    stage.round_trip();
    const Element roster = juliet.roster();
    for (WireClient* contact : contacts) {
        BOOST_TEST(item_in(roster, contact->address()) == "from");
    }
    juliet.disconnect();
    juliet.take_received();
    juliet.connect();
    juliet.appear();
    stage.round_trip();
    const Matcher any_prompt{"a prompt",
                             [](const Element& stanza) { return is_presence(stanza, "subscribe"); }};
    BOOST_TEST(count_received(juliet, any_prompt) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
