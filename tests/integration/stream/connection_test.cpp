// Every state of a connection, what leads out of it, and when.
#include "integration/stream/connection.h"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "doubles.h"
#include "literal.h"

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using usher::Connection;
using usher::Failure;
using State = usher::Connection::State;

namespace
{

class Events : public usher::ConnectionEvents
{
  public:
    void online(const std::string& address) override
    {
        happened.push_back("online " + address);
        if (when_online) {
            when_online();
        }
    }
    void received(const usher::Stanza& stanza) override
    {
        happened.push_back("received " + std::string(stanza.attribute("id")));
        if (when_received) {
            when_received();
        }
    }
    void offline(const Failure& failure, milliseconds retry) override
    {
        happened.push_back("offline " + usher::test::to_string(failure.kind));
        detail = failure.detail;
        delay = retry;
        if (when_offline) {
            when_offline();
        }
    }

    std::vector<std::string> happened;
    std::string detail;
    std::optional<milliseconds> delay;  // of the last offline
    std::function<void()> when_online;
    std::function<void()> when_received;
    std::function<void()> when_offline;
};

using Happened = std::vector<std::string>;
using Times = std::vector<milliseconds>;

struct Scene {
    explicit Scene(const usher::Login& login = account())
    {
        connection.emplace(
            login, login.component ? login.address : "capulet.lit", channels, clock,
            [this] { return random; }, events);
    }

    static usher::Login account()
    {
        usher::Login login;
        login.host = "127.0.0.1";
        login.port = 5222;
        login.address = "usher@capulet.lit/usher";
        return login;
    }

    static usher::Login component()
    {
        usher::Login login;
        login.host = "127.0.0.1";
        login.port = 5347;
        login.address = "usher.capulet.lit";
        login.component = true;
        return login;
    }

    void log_in()
    {
        connection->start();
        channels.opened("usher@capulet.lit/usher");
        events.happened.clear();
    }

    /// One attempt that fails; returns how long the connection then waits.
    milliseconds fail(Failure::Kind kind = Failure::Kind::unreachable)
    {
        channels.ended(kind);
        BOOST_TEST_REQUIRE(events.delay.has_value());
        return *events.delay;
    }

    /// Lets exactly `time` pass and checks that the next attempt is made at its end, not before.
    void expect_attempt_after(milliseconds time)
    {
        const int before = channels.opens;
        clock.advance(time - 1ms);
        BOOST_TEST(channels.opens == before);
        BOOST_TEST((connection->state() == State::waiting));
        clock.advance(1ms);
        BOOST_TEST(channels.opens == before + 1);
        BOOST_TEST((connection->state() == State::opening));
    }

    double random = 0;
    usher::test::FakeClock clock;
    usher::test::FakeChannels channels;
    Events events;
    std::optional<Connection> connection;
};

struct ComponentScene : Scene {
    ComponentScene() : Scene(component()) {}
};

constexpr const char* kStanza = "<message id='m1'/>";

bool is_abandoned(const usher::test::FakeChannels& channels, Failure::Kind kind)
{
    return channels.abandoned && channels.abandoned->kind == kind;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(connection, Scene)

// --- Logging in

BOOST_AUTO_TEST_CASE(nothing_happens_before_start)
{
    BOOST_TEST((connection->state() == State::idle));
    clock.advance(1h);
    BOOST_TEST(channels.opens == 0);
    BOOST_TEST(clock.waiting() == 0U);
    BOOST_TEST(events.happened.empty());
}

BOOST_AUTO_TEST_CASE(start_opens_a_channel_with_the_login)
{
    connection->start();
    BOOST_TEST((connection->state() == State::opening));
    BOOST_TEST(channels.opens == 1);
    BOOST_TEST(channels.login.host == "127.0.0.1");
    BOOST_TEST(channels.login.port == 5222);
    BOOST_TEST(channels.login.address == "usher@capulet.lit/usher");
    BOOST_TEST(events.happened.empty());
}

BOOST_AUTO_TEST_CASE(a_login_is_reported_with_its_address)
{
    connection->start();
    channels.opened("usher@capulet.lit/other");
    BOOST_TEST((connection->state() == State::online));
    BOOST_TEST(events.happened == Happened{"online usher@capulet.lit/other"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_login_has_thirty_seconds)
{
    connection->start();
    clock.advance(29'999ms);
    BOOST_TEST(!channels.abandoned.has_value());
    clock.advance(1ms);
    BOOST_TEST(is_abandoned(channels, Failure::Kind::timeout));
    BOOST_TEST((connection->state() == State::opening));
    channels.turn();
    BOOST_TEST((connection->state() == State::waiting));
    BOOST_TEST(events.happened == Happened{"offline timeout"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_login_deadline_ends_with_the_login)
{
    connection->start();
    clock.advance(29'999ms);
    channels.opened("usher@capulet.lit/usher");
    clock.advance(1s);
    BOOST_TEST(!channels.abandoned.has_value());
}

BOOST_AUTO_TEST_CASE(every_attempt_has_its_own_deadline)
{
    connection->start();
    clock.advance(20s);
    expect_attempt_after(fail());
    clock.advance(29'999ms);
    BOOST_TEST(!channels.abandoned.has_value());
    clock.advance(1ms);
    BOOST_TEST(is_abandoned(channels, Failure::Kind::timeout));
}

// --- Retrying

BOOST_AUTO_TEST_CASE(the_delay_doubles_up_to_a_minute)
{
    connection->start();
    for (const milliseconds expected : Times{1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s, 60s}) {
        const milliseconds delay = fail();
        BOOST_TEST(delay.count() == expected.count());
        expect_attempt_after(delay);
    }
}

BOOST_AUTO_TEST_CASE(the_delay_is_shortened_by_at_most_half)
{
    random = 0.999999;
    connection->start();
    for (const milliseconds full : Times{1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
        const milliseconds delay = fail();
        BOOST_TEST(delay.count() >= (full / 2).count());
        BOOST_TEST(delay.count() <= (full / 2).count() + 1);
        expect_attempt_after(delay);
    }
}

BOOST_AUTO_TEST_CASE(the_delay_is_shortened_in_proportion)
{
    random = 0.5;
    connection->start();
    BOOST_TEST(fail().count() == 750);
    expect_attempt_after(750ms);
    BOOST_TEST(fail().count() == 1500);
}

BOOST_AUTO_TEST_CASE(every_delay_has_its_own_random_number)
{
    int drawn = 0;
    connection.emplace(
        account(), "capulet.lit", channels, clock,
        [&drawn] {
            ++drawn;
            return 0.0;
        },
        events);
    connection->start();
    expect_attempt_after(fail());
    expect_attempt_after(fail());
    BOOST_TEST(drawn == 2);
}

BOOST_AUTO_TEST_CASE(a_login_of_a_minute_resets_the_delay)
{
    connection->start();
    for (int i = 0; i < 5; ++i) {
        expect_attempt_after(fail());
    }
    channels.opened("usher@capulet.lit/usher");
    clock.advance(30s);
    channels.received(kStanza);
    clock.advance(30s);
    BOOST_TEST(fail(Failure::Kind::lost).count() == 1000);
}

BOOST_AUTO_TEST_CASE(a_shorter_login_does_not)
{
    connection->start();
    for (int i = 0; i < 5; ++i) {
        expect_attempt_after(fail());
    }
    channels.opened("usher@capulet.lit/usher");
    clock.advance(30s);
    channels.received(kStanza);
    clock.advance(29'999ms);
    BOOST_TEST(fail(Failure::Kind::lost).count() == 32'000);
}

BOOST_AUTO_TEST_CASE(a_long_attempt_to_log_in_does_not_reset_the_delay)
{
    connection->start();
    channels.opened("usher@capulet.lit/usher");
    fail(Failure::Kind::lost);
    for (const milliseconds expected : Times{2s, 4s, 8s, 16s, 32s, 60s}) {
        clock.advance(*events.delay);
        clock.advance(30s);
        channels.turn();
        BOOST_TEST(events.delay->count() == expected.count());
    }
}

BOOST_AUTO_TEST_CASE(the_failure_is_passed_on_as_it_is)
{
    connection->start();
    channels.ended(Failure::Kind::lost, "system-shutdown");
    BOOST_TEST(events.happened == Happened{"offline lost"}, boost::test_tools::per_element());
    BOOST_TEST(events.detail == "system-shutdown");
}

constexpr Failure::Kind kKinds[] = {
    Failure::Kind::closed,       Failure::Kind::no_password, Failure::Kind::lookup,
    Failure::Kind::unreachable,  Failure::Kind::timeout,     Failure::Kind::no_tls,
    Failure::Kind::certificate,  Failure::Kind::credentials, Failure::Kind::mechanism,
    Failure::Kind::unknown_host, Failure::Kind::conflict,    Failure::Kind::lost,
    Failure::Kind::silent,       Failure::Kind::detached,
};

// Which of the two is ready first after a boot is left to chance: even a password may be refused only because the
// server does not know the account yet.
BOOST_AUTO_TEST_CASE(every_failure_is_retried_before_the_first_login_and_after_it)
{
    for (const Failure::Kind kind : kKinds) {
        BOOST_TEST_CONTEXT(usher::test::to_string(kind))
        {
            Scene scene;
            scene.connection->start();
            scene.expect_attempt_after(scene.fail(kind));
            scene.channels.opened("usher@capulet.lit/usher");
            scene.expect_attempt_after(scene.fail(Failure::Kind::lost));
            scene.expect_attempt_after(scene.fail(kind));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_wait_can_be_cut_short)
{
    connection->start();
    fail(Failure::Kind::credentials);
    connection->retry_now();
    clock.advance(0ms);
    BOOST_TEST(channels.opens == 2);
    connection->retry_now();
    clock.advance(0ms);
    BOOST_TEST(channels.opens == 2);
    channels.opened("usher@capulet.lit/usher");
    connection->retry_now();
    clock.advance(0ms);
    BOOST_TEST(channels.opens == 2);
}

// --- The password

BOOST_AUTO_TEST_CASE(the_password_is_read_for_every_attempt)
{
    int read = 0;
    usher::Login login = account();
    login.read_password = [&read] { return "password " + std::to_string(++read); };
    connection.emplace(login, "capulet.lit", channels, clock, [] { return 0.0; }, events);
    connection->start();
    BOOST_TEST(channels.login.password == "password 1");
    expect_attempt_after(fail(Failure::Kind::credentials));
    BOOST_TEST(channels.login.password == "password 2");
}

BOOST_AUTO_TEST_CASE(a_password_that_cannot_be_read_is_a_failed_attempt)
{
    bool readable = false;
    usher::Login login = account();
    login.read_password = [&readable]() -> tl::expected<std::string, std::string> {
        if (!readable) {
            return tl::unexpected<std::string>("not there");
        }
        return "password";
    };
    connection.emplace(login, "capulet.lit", channels, clock, [] { return 0.0; }, events);
    connection->start();
    BOOST_TEST(events.happened == Happened{"offline no_password"}, boost::test_tools::per_element());
    BOOST_TEST(events.detail == "not there");
    BOOST_TEST(channels.opens == 0);
    clock.advance(*events.delay);
    BOOST_TEST(events.happened.size() == 2U);
    readable = true;
    expect_attempt_after(*events.delay);
    BOOST_TEST(channels.login.password == "password");
}

// --- Sending and receiving

BOOST_AUTO_TEST_CASE(what_is_sent_online_goes_out_as_it_is)
{
    log_in();
    connection->send("<presence/>");
    connection->send("<message/><message/>");
    BOOST_TEST(channels.sent == (Happened{"<presence/>", "<message/><message/>"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_sent_when_not_online_is_dropped)
{
    connection->send("<idle/>");
    connection->start();
    connection->send("<opening/>");
    expect_attempt_after(fail());
    fail();
    connection->send("<waiting/>");
    clock.advance(2s);
    channels.opened("usher@capulet.lit/usher");
    connection->log_in_again(1s);
    channels.turn();
    connection->send("<waiting/>");
    clock.advance(1s);
    channels.opened("usher@capulet.lit/usher");
    BOOST_TEST(channels.sent.empty());
}

BOOST_AUTO_TEST_CASE(what_is_received_online_is_passed_on)
{
    log_in();
    channels.received("<message id='m1'/>");
    channels.received("<message id='m2'/>");
    BOOST_TEST(events.happened == (Happened{"received m1", "received m2"}), boost::test_tools::per_element());
}

// --- Keep-alive

BOOST_AUTO_TEST_CASE(thirty_seconds_of_silence_are_followed_by_a_ping)
{
    log_in();
    clock.advance(29'999ms);
    BOOST_TEST(channels.sent.empty());
    clock.advance(1ms);
    BOOST_TEST_REQUIRE(channels.sent.size() == 1U);
    const usher::test::Literal ping(channels.sent.front());
    BOOST_TEST(ping.stanza().name() == "iq");
    BOOST_TEST(ping.stanza().attribute("type") == "get");
    BOOST_TEST(ping.stanza().attribute("to") == "capulet.lit");
    BOOST_TEST(!ping.stanza().has("from"));
    BOOST_TEST(ping.stanza().attribute("id") != "");
    BOOST_TEST(ping.stanza().first().is("ping", "urn:xmpp:ping"));
}

BOOST_FIXTURE_TEST_CASE(a_component_says_who_it_is, ComponentScene)
{
    log_in();
    clock.advance(30s);
    BOOST_TEST_REQUIRE(channels.sent.size() == 1U);
    BOOST_TEST(usher::test::attribute(channels.sent.front(), "from") == "usher.capulet.lit");
}

BOOST_AUTO_TEST_CASE(pings_have_different_ids)
{
    log_in();
    for (int i = 0; i < 5; ++i) {
        clock.advance(30s);
        channels.received(kStanza);
    }
    BOOST_TEST_REQUIRE(channels.sent.size() >= 2U);
    BOOST_TEST(usher::test::attribute(channels.sent.at(0), "id") !=
               usher::test::attribute(channels.sent.at(1), "id"));
}

BOOST_AUTO_TEST_CASE(a_peer_that_sends_is_not_pinged)
{
    log_in();
    for (int i = 0; i < 20; ++i) {
        clock.advance(29'999ms);
        channels.received(kStanza);
    }
    BOOST_TEST(channels.sent.empty());
    BOOST_TEST(!channels.abandoned.has_value());
}

// The ping comes 30 s after whatever was received last.
BOOST_AUTO_TEST_CASE(silence_is_counted_from_the_last_stanza)
{
    for (const milliseconds word : Times{0ms, 1ms, 10s, 29'999ms, 30'001ms, 44s, 60s, 74'999ms}) {
        BOOST_TEST_CONTEXT(word.count() << " ms")
        {
            Scene scene;
            scene.log_in();
            scene.clock.advance(word);
            scene.channels.received(kStanza);
            scene.channels.sent.clear();
            scene.clock.advance(29'999ms);
            BOOST_TEST(scene.channels.sent.empty());
            scene.clock.advance(1ms);
            BOOST_TEST(scene.channels.sent.size() == 1U);
        }
    }
}

// E29
BOOST_AUTO_TEST_CASE(a_silent_peer_is_abandoned)
{
    log_in();
    clock.advance(74'999ms);
    BOOST_TEST(!channels.abandoned.has_value());
    clock.advance(1ms);
    BOOST_TEST(is_abandoned(channels, Failure::Kind::silent));
    channels.turn();
    BOOST_TEST(events.happened == Happened{"offline silent"}, boost::test_tools::per_element());
    BOOST_TEST((connection->state() == State::waiting));
}

BOOST_AUTO_TEST_CASE(a_peer_that_becomes_silent_is_abandoned_within_ninety_seconds)
{
    for (const milliseconds word : Times{1ms, 10s, 29'999ms, 30'001ms, 44s, 60s, 74'999ms}) {
        BOOST_TEST_CONTEXT(word.count() << " ms")
        {
            Scene scene;
            scene.log_in();
            scene.clock.advance(word);
            scene.channels.received(kStanza);
            scene.clock.advance(74'999ms);
            BOOST_TEST(!scene.channels.abandoned.has_value());
            scene.clock.advance(15s);
            BOOST_TEST(is_abandoned(scene.channels, Failure::Kind::silent));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_peer_that_answers_is_never_abandoned)
{
    log_in();
    std::size_t pings = 0;
    for (int second = 0; second < 600; ++second) {
        clock.advance(1s);
        for (const std::string& ping : channels.take_sent()) {
            ++pings;
            channels.received("<iq type='result' from='capulet.lit' id='" +
                              usher::test::attribute(ping, "id") + "'/>");
        }
    }
    BOOST_TEST(!channels.abandoned.has_value());
    BOOST_TEST(pings >= 13U);
    BOOST_TEST(pings <= 20U);
}

BOOST_AUTO_TEST_CASE(an_error_reply_to_a_ping_counts_as_an_answer)
{
    log_in();
    for (int i = 0; i < 10; ++i) {
        clock.advance(31s);
        channels.received("<iq type='error' from='capulet.lit' id='" +
                          usher::test::attribute(channels.sent.back(), "id") + "'/>");
    }
    BOOST_TEST(!channels.abandoned.has_value());
}

// E20
BOOST_AUTO_TEST_CASE(ids_of_pings_cannot_be_guessed)
{
    log_in();
    clock.advance(30s);
    BOOST_TEST(usher::test::attribute(channels.sent.back(), "id").size() >= 32U);
}

// E33
BOOST_FIXTURE_TEST_CASE(a_ping_to_itself_that_is_bounced_is_the_end, ComponentScene)
{
    log_in();
    clock.advance(30s);
    const std::string id = usher::test::attribute(channels.sent.back(), "id");
    channels.received("<iq type='error' from='usher.capulet.lit' to='usher.capulet.lit' id='" + id +
                      "'><error type='cancel'><service-unavailable "
                      "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    BOOST_TEST(is_abandoned(channels, Failure::Kind::detached));
    BOOST_TEST(channels.abandoned->detail == "service-unavailable");
    channels.turn();
    BOOST_TEST(events.happened == Happened{"offline detached"}, boost::test_tools::per_element());
    expect_attempt_after(1s);
}

// E33: what others send is no reply.
BOOST_FIXTURE_TEST_CASE(only_the_bounced_ping_itself_is_the_end, ComponentScene)
{
    log_in();
    clock.advance(30s);
    const std::string id = usher::test::attribute(channels.sent.back(), "id");
    channels.received("<iq type='error' from='usher.capulet.lit' id='ping-1'/>");
    channels.received("<iq type='error' from='usher.capulet.lit'/>");
    channels.received("<iq type='error' from='romeo@montague.lit' id='" + id + "'/>");
    channels.received("<iq type='get' from='usher.capulet.lit' id='" + id + "'/>");
    channels.received("<iq type='result' from='usher.capulet.lit' id='" + id + "'/>");
    BOOST_TEST(!channels.abandoned.has_value());
    BOOST_TEST(events.happened.size() == 3U);  // its own ping is not passed on
}

// E33. A host of Prosody that is deactivated: the server still replies to the component, but drops what is for it.
BOOST_FIXTURE_TEST_CASE(replies_do_not_show_that_the_server_delivers, ComponentScene)
{
    log_in();
    for (int i = 0; i < 23; ++i) {
        clock.advance(5s);
        channels.received("<iq type='result' from='capulet.lit' id='r'/>");
    }
    clock.advance(4'999ms);
    BOOST_TEST(!channels.abandoned.has_value());
    clock.advance(1ms);
    BOOST_TEST(is_abandoned(channels, Failure::Kind::detached));
}

BOOST_FIXTURE_TEST_CASE(a_component_whose_pings_come_back_is_never_abandoned, ComponentScene)
{
    log_in();
    std::size_t pings = 0;
    for (int second = 0; second < 600; ++second) {
        clock.advance(1s);
        for (const std::string& ping : channels.take_sent()) {
            ++pings;
            channels.received(ping);
        }
    }
    BOOST_TEST(!channels.abandoned.has_value());
    BOOST_TEST(pings == 20U);
}

// --- Stopping

BOOST_AUTO_TEST_CASE(stop_before_start)
{
    connection->stop();
    BOOST_TEST(events.happened == Happened{"offline closed"}, boost::test_tools::per_element());
    BOOST_TEST(events.delay->count() == 0);
    BOOST_TEST((connection->state() == State::idle));
}

BOOST_AUTO_TEST_CASE(stop_while_logging_in)
{
    connection->start();
    connection->stop();
    BOOST_TEST(is_abandoned(channels, Failure::Kind::closed));
    BOOST_TEST(events.happened.empty());
    channels.turn();
    BOOST_TEST(events.happened == Happened{"offline closed"}, boost::test_tools::per_element());
    BOOST_TEST(events.delay->count() == 0);
    BOOST_TEST((connection->state() == State::idle));
    BOOST_TEST(clock.waiting() == 0U);
}

BOOST_AUTO_TEST_CASE(stop_while_waiting)
{
    connection->start();
    fail();
    events.happened.clear();
    connection->stop();
    BOOST_TEST(events.happened == Happened{"offline closed"}, boost::test_tools::per_element());
    BOOST_TEST((connection->state() == State::idle));
    BOOST_TEST(clock.waiting() == 0U);
    clock.advance(10min);
    BOOST_TEST(channels.opens == 1);
}

BOOST_AUTO_TEST_CASE(stop_online_closes_the_stream)
{
    log_in();
    connection->stop();
    BOOST_TEST(channels.closes == 1);
    BOOST_TEST(!channels.abandoned.has_value());
    BOOST_TEST(events.happened.empty());
    channels.turn();
    BOOST_TEST(events.happened == Happened{"offline closed"}, boost::test_tools::per_element());
    BOOST_TEST(events.delay->count() == 0);
    BOOST_TEST((connection->state() == State::idle));
    BOOST_TEST(clock.waiting() == 0U);
}

BOOST_AUTO_TEST_CASE(what_arrives_before_the_end_is_received_and_may_be_answered)
{
    log_in();
    connection->stop();
    events.when_received = [this] { connection->send("<answer/>"); };
    channels.received(kStanza);
    BOOST_TEST(events.happened == Happened{"received m1"}, boost::test_tools::per_element());
    BOOST_TEST(channels.sent == Happened{"<answer/>"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_stream_that_does_not_end_is_abandoned_after_three_seconds)
{
    log_in();
    connection->stop();
    clock.advance(2'999ms);
    BOOST_TEST(!channels.abandoned.has_value());
    clock.advance(1ms);
    BOOST_TEST(is_abandoned(channels, Failure::Kind::closed));
    channels.turn();
    BOOST_TEST(events.happened == Happened{"offline closed"}, boost::test_tools::per_element());
    BOOST_TEST((connection->state() == State::idle));
}

BOOST_AUTO_TEST_CASE(a_connection_lost_while_stopping_is_not_opened_again)
{
    log_in();
    connection->stop();
    channels.ended(Failure::Kind::lost);
    BOOST_TEST((connection->state() == State::idle));
    BOOST_TEST(events.delay->count() == 0);
    clock.advance(10min);
    BOOST_TEST(channels.opens == 1);
}

BOOST_AUTO_TEST_CASE(stop_while_logging_in_again)
{
    log_in();
    connection->log_in_again(60s);
    connection->stop();
    channels.turn();
    BOOST_TEST(events.happened == Happened{"offline closed"}, boost::test_tools::per_element());
    BOOST_TEST((connection->state() == State::idle));
    clock.advance(10min);
    BOOST_TEST(channels.opens == 1);
}

BOOST_AUTO_TEST_CASE(stop_twice_is_stop)
{
    log_in();
    connection->stop();
    clock.advance(2s);
    connection->stop();
    clock.advance(1s);
    BOOST_TEST(is_abandoned(channels, Failure::Kind::closed));
    channels.turn();
    BOOST_TEST(events.happened == Happened{"offline closed"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(stop_as_soon_as_it_is_online)
{
    events.when_online = [this] { connection->stop(); };
    connection->start();
    channels.opened("usher@capulet.lit/usher");
    channels.turn();
    BOOST_TEST((connection->state() == State::idle));
    BOOST_TEST(events.happened == (Happened{"online usher@capulet.lit/usher", "offline closed"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(stop_as_soon_as_it_is_offline)
{
    log_in();
    events.when_offline = [this] {
        events.when_offline = nullptr;
        connection->stop();
    };
    channels.ended(Failure::Kind::lost);
    BOOST_TEST(events.happened == (Happened{"offline lost", "offline closed"}),
               boost::test_tools::per_element());
    BOOST_TEST((connection->state() == State::idle));
    BOOST_TEST(clock.waiting() == 0U);
}

BOOST_AUTO_TEST_CASE(after_stop_it_can_be_started_again)
{
    log_in();
    connection->stop();
    channels.turn();
    connection->start();
    BOOST_TEST((connection->state() == State::opening));
    channels.opened("usher@capulet.lit/usher");
    channels.ended(Failure::Kind::lost);
    BOOST_TEST((connection->state() == State::waiting));
}

// --- Logging in again on purpose

BOOST_AUTO_TEST_CASE(log_in_again_ends_the_stream_and_waits_for_the_given_delay)
{
    log_in();
    BOOST_TEST(connection->log_in_again(60s));
    BOOST_TEST((connection->state() == State::online));
    BOOST_TEST(channels.closes == 1);
    channels.turn();
    BOOST_TEST(events.happened == Happened{"offline closed"}, boost::test_tools::per_element());
    BOOST_TEST(events.delay->count() == 60'000);
    expect_attempt_after(60s);
}

// E28
BOOST_AUTO_TEST_CASE(what_arrives_before_the_stream_ends_to_log_in_again_may_be_answered)
{
    log_in();
    BOOST_TEST(connection->log_in_again(60s));
    events.when_received = [this] { connection->send("<answer/>"); };
    channels.received(kStanza);
    BOOST_TEST(events.happened == Happened{"received m1"}, boost::test_tools::per_element());
    BOOST_TEST(channels.sent == Happened{"<answer/>"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(while_stopping_it_does_not_log_in_again)
{
    log_in();
    connection->stop();
    BOOST_TEST(!connection->log_in_again(60s));
    channels.turn();
    BOOST_TEST((connection->state() == State::idle));
}

BOOST_AUTO_TEST_CASE(a_wait_that_was_asked_for_does_not_lengthen_the_next)
{
    log_in();
    BOOST_TEST(connection->log_in_again(60s));
    channels.turn();
    expect_attempt_after(60s);
    BOOST_TEST(fail().count() == 1000);
}

BOOST_AUTO_TEST_CASE(a_stream_that_does_not_end_does_not_keep_it_from_logging_in_again)
{
    log_in();
    connection->log_in_again(60s);
    clock.advance(3s);
    BOOST_TEST(is_abandoned(channels, Failure::Kind::closed));
    channels.turn();
    expect_attempt_after(60s);
}

BOOST_AUTO_TEST_CASE(log_in_again_counts_once)
{
    log_in();
    BOOST_TEST(connection->log_in_again(50s));
    BOOST_TEST(!connection->log_in_again(20s));
    channels.turn();
    expect_attempt_after(50s);
    channels.opened("usher@capulet.lit/usher");
    BOOST_TEST(fail(Failure::Kind::lost).count() <= 2000);
}

BOOST_AUTO_TEST_CASE(log_in_again_does_nothing_when_not_online)
{
    BOOST_TEST(!connection->log_in_again(60s));
    BOOST_TEST((connection->state() == State::idle));
    connection->start();
    BOOST_TEST(!connection->log_in_again(60s));
    BOOST_TEST((connection->state() == State::opening));
    BOOST_TEST(fail().count() == 1000);
    BOOST_TEST(!connection->log_in_again(60s));
    expect_attempt_after(1s);
}

BOOST_AUTO_TEST_CASE(a_stop_forgets_the_wait_that_was_asked_for)
{
    log_in();
    connection->log_in_again(60s);
    connection->stop();
    channels.turn();
    connection->start();
    channels.opened("usher@capulet.lit/usher");
    clock.advance(30s);
    channels.received(kStanza);
    clock.advance(30s);
    BOOST_TEST(fail(Failure::Kind::lost).count() == 1000);
}

// --- Destruction

BOOST_AUTO_TEST_CASE(nothing_is_left_when_it_is_destroyed_in_any_state)
{
    const std::vector<std::function<void(Scene&)>> ways = {
        [](Scene&) {},
        [](Scene& s) { s.connection->start(); },
        [](Scene& s) {
            s.connection->start();
            s.connection->stop();
        },
        [](Scene& s) { s.log_in(); },
        [](Scene& s) {
            s.log_in();
            s.clock.advance(40s);
        },
        [](Scene& s) {
            s.log_in();
            s.connection->stop();
        },
        [](Scene& s) {
            s.log_in();
            s.connection->log_in_again(60s);
        },
        [](Scene& s) {
            s.log_in();
            s.channels.ended(Failure::Kind::lost);
        },
        [](Scene& s) {
            s.connection->start();
            s.channels.ended(Failure::Kind::credentials);
        },
    };
    for (std::size_t i = 0; i < ways.size(); ++i) {
        BOOST_TEST_CONTEXT("way " << i)
        {
            Scene scene;
            ways[i](scene);
            scene.events.happened.clear();
            scene.connection.reset();
            BOOST_TEST(scene.clock.waiting() == 0U);
            BOOST_TEST(!scene.channels.is_open());
            BOOST_TEST(scene.events.happened.empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(it_may_be_destroyed_when_it_reports_that_it_is_offline)
{
    log_in();
    events.when_offline = [this] { connection.reset(); };
    channels.ended(Failure::Kind::lost);
    BOOST_TEST(!connection.has_value());
    BOOST_TEST(clock.waiting() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
