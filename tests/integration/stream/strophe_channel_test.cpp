// The real channel against a scripted server, all on one loop and 127.0.0.1.
#include "integration/stream/strophe_channel.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "doubles.h"
#include "integration/base/event_clock.h"
#include "integration/base/file_descriptor.h"
#include "scripted_peer.h"

using usher::Failure;
using usher::Login;
using usher::Stanza;
using usher::test::Listener;
using usher::test::Loop;
using usher::test::Peer;

namespace
{

const std::string kComponentHeader =
    "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
    "xmlns:stream='http://etherx.jabber.org/streams' from='usher.capulet.lit' id='s1'>";
const std::string kClientHeader =
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams' from='capulet.lit' id='s1' version='1.0'>";
const std::string kStartTls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>";

std::string features(const std::string& inside)
{
    return "<stream:features>" + inside + "</stream:features>";
}

std::string mechanism(const std::string& name)
{
    return "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>" + name +
           "</mechanism></mechanisms>";
}

std::string stream_error(const std::string& condition, const std::string& text)
{
    return "<stream:error><" + condition +
           " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
           "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>" +
           text + "</text></stream:error></stream:stream>";
}

std::string message(const std::string& id)
{
    return "<message id='" + id + "'/>";
}

std::size_t count(std::string_view text, std::string_view what)
{
    std::size_t n = 0;
    for (std::size_t at = text.find(what); at != std::string_view::npos;
         at = text.find(what, at + what.size())) {
        ++n;
    }
    return n;
}

std::ptrdiff_t open_descriptors()
{
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

/// Whether a thread beside this one has used 0.2 s of processor time.
bool another_thread_computes()
{
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        if (task.path().filename() == std::to_string(::gettid())) {
            continue;
        }
        std::ifstream stat(task.path() / "stat");
        std::string field;
        long ticks = 0;
        for (int i = 0; i < 13; ++i) {
            stat >> field;
        }
        if (stat >> ticks && ticks >= ::sysconf(_SC_CLK_TCK) / 5) {
            return true;
        }
    }
    return false;
}

class Events : public usher::ChannelEvents
{
  public:
    void opened(const std::string& given) override
    {
        address = given;
        if (when_opened) {
            when_opened();
        }
    }
    void received(const Stanza& stanza) override
    {
        ids.emplace_back(stanza.attribute("id"));
        if (when_received) {
            when_received(stanza);
        }
    }
    void ended(const Failure& why) override
    {
        ++ends;
        failure = why;
        channel.reset();  // like the connection
    }

    std::unique_ptr<usher::Channel> channel;
    std::optional<std::string> address;
    std::vector<std::string> ids;
    std::optional<Failure> failure;
    int ends = 0;
    std::function<void()> when_opened;
    std::function<void(const Stanza&)> when_received;
};

struct Scene {
    [[nodiscard]] Login component() const
    {
        Login login;
        login.host = "127.0.0.1";
        login.port = listener.port();
        login.address = "usher.capulet.lit";
        login.component = true;
        login.password = "secret";
        return login;
    }

    [[nodiscard]] Login account(bool tls) const
    {
        Login login;
        login.host = "127.0.0.1";
        login.port = listener.port();
        login.address = "usher@capulet.lit/usher";
        login.password = "password";
        login.tls = tls;
        return login;
    }

    void open(const Login& login) { events.channel = channels.open(login, events); }

    [[nodiscard]] Peer& peer() const { return *listener.peer(); }

    void until(const std::function<bool()>& happened, const char* what)
    {
        if (!loop.run_until(happened)) {
            BOOST_FAIL("did not happen: " << what);
        }
    }

    void until_accepted()
    {
        const int before = accepted;
        until([&] { return listener.accepted > before; }, "the channel connects");
        accepted = listener.accepted;
    }

    /// One attempt at a port on which nobody listens.
    void find_nobody()
    {
        events.failure.reset();
        events.ends = 0;
        Login login = component();
        login.port = std::make_unique<Listener>(loop.base())->port();  // which is gone again
        open(login);
        until_ended(Failure::Kind::unreachable);
        BOOST_TEST(events.failure->detail == "Connection refused");
        events.failure.reset();
        events.ends = 0;
    }

    void until_peer_has(const std::string& text)
    {
        until([&] { return peer().has_received(text); }, text.c_str());
    }

    void until_ended(Failure::Kind expected)
    {
        until([&] { return events.failure.has_value(); }, "the channel ends");
        BOOST_TEST(usher::test::to_string(events.failure->kind) == usher::test::to_string(expected));
        BOOST_TEST(events.ends == 1);
    }

    void log_in_component()
    {
        open(component());
        until_accepted();
        until_peer_has("to=\"usher.capulet.lit\"");
        peer().write(kComponentHeader);
        // XEP-0114: SHA-1 of the stream's id and the secret, here of "s1secret"
        until_peer_has("3d1121b21f6287dc58010ebe9a95fa84ee2483d4</handshake>");
        peer().write("<handshake/>");
        until([&] { return events.address.has_value(); }, "the component is logged in");
        peer().received.clear();
    }

    /// Plays the server up to its stream header and features.
    void connect_account(bool tls, const std::string& offered)
    {
        open(account(tls));
        until_accepted();
        until_peer_has("to=\"capulet.lit\"");
        peer().write(kClientHeader + features(offered));
    }

    Loop loop;
    Listener listener{loop.base()};
    usher::StropheChannels channels{loop.base()};
    Events events;
    int accepted = 0;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(strophe_channel, Scene)

// --- Logging in

BOOST_AUTO_TEST_CASE(a_component_shakes_hands)
{
    log_in_component();
    BOOST_TEST(*events.address == "usher.capulet.lit");
    BOOST_TEST(!events.failure.has_value());
    events.channel->send(message("m1"));
    until_peer_has(message("m1"));
    peer().write(message("m2") + message("m3"));
    until([&] { return events.ids.size() == 2; }, "two stanzas");
    BOOST_TEST(events.ids == (std::vector<std::string>{"m2", "m3"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_account_binds_a_resource)
{
    connect_account(false, mechanism("PLAIN"));
    until_peer_has("AHVzaGVyAHBhc3N3b3Jk");  // base64 of "\0usher\0password"
    peer().write("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    until([&] { return count(peer().received, "<stream:stream") == 2; }, "the stream begins anew");
    peer().write(kClientHeader + features("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"));
    until_peer_has("<resource>usher</resource>");
    const std::size_t id = peer().received.rfind("id=\"") + 4;
    peer().write(
        "<iq type='result' id='" + peer().received.substr(id, peer().received.find('"', id) - id) +
        "'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>usher@capulet.lit/other</jid></bind></iq>");
    until([&] { return events.address.has_value(); }, "the account is logged in");
    BOOST_TEST(*events.address == "usher@capulet.lit/other");
}

BOOST_AUTO_TEST_CASE(a_name_in_the_hosts_file_is_found)
{
    Login login = component();
    login.host = "localhost";
    open(login);
    until_accepted();
    until_peer_has("<stream:stream");
    BOOST_TEST(events.ends == 0);
}

BOOST_AUTO_TEST_CASE(stanzas_that_come_with_the_end_of_the_login_are_received_after_it)
{
    open(component());
    until_accepted();
    until_peer_has("<stream:stream");
    peer().write(kComponentHeader);
    until_peer_has("</handshake>");
    bool opened_first = false;
    events.when_received = [&](const Stanza&) { opened_first = events.address.has_value(); };
    peer().write("<handshake/>" + message("m1") + message("m2"));
    until([&] { return events.ids.size() == 2; }, "two stanzas");
    BOOST_TEST(opened_first);
}

// --- Logins that fail

BOOST_AUTO_TEST_CASE(a_wrong_secret)
{
    open(component());
    until_accepted();
    until_peer_has("<stream:stream");
    peer().write(kComponentHeader);
    until_peer_has("</handshake>");
    peer().write(stream_error("not-authorized", "Given token does not match"));
    until_ended(Failure::Kind::credentials);
    BOOST_TEST(events.failure->detail == "Given token does not match");
    BOOST_TEST(!events.address.has_value());
}

BOOST_AUTO_TEST_CASE(a_component_that_the_server_does_not_know)
{
    open(component());
    until_accepted();
    until_peer_has("<stream:stream");
    peer().write(kComponentHeader + stream_error("host-unknown", "usher.capulet.lit does not match"));
    until_ended(Failure::Kind::unknown_host);
}

BOOST_AUTO_TEST_CASE(a_component_that_is_already_connected)
{
    open(component());
    until_accepted();
    until_peer_has("<stream:stream");
    peer().write(kComponentHeader);
    until_peer_has("</handshake>");
    peer().write(stream_error("conflict", "Component already connected"));
    until_ended(Failure::Kind::conflict);
}

BOOST_AUTO_TEST_CASE(a_wrong_password)
{
    connect_account(false, mechanism("PLAIN"));
    until_peer_has("<auth");
    peer().write("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>");
    until_peer_has("</stream:stream>");
    peer().close();
    until_ended(Failure::Kind::credentials);
}

BOOST_AUTO_TEST_CASE(a_server_that_cannot_check_passwords_now_is_not_a_wrong_password)
{
    connect_account(false, mechanism("PLAIN"));
    until_peer_has("<auth");
    peer().write("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><temporary-auth-failure/></failure>");
    until_peer_has("</stream:stream>");
    peer().close();
    until_ended(Failure::Kind::lost);
}

// The thread that logs in computes for hours, and cannot be ended: the program is, to be started again.
BOOST_AUTO_TEST_CASE(a_login_that_cannot_be_ended_ends_the_program)
{
    const pid_t child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        ::alarm(60);
        Scene scene;
        scene.connect_account(false, mechanism("SCRAM-SHA-1"));
        scene.until_peer_has("<auth");
        scene.peer().write(
            "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>cj14LHM9ZUE9PSxpPS0x</challenge>");
        while (!another_thread_computes()) {
            scene.loop.turn();
        }
        scene.events.channel->abandon({Failure::Kind::closed, {}});
        scene.until_ended(Failure::Kind::closed);
        ::_exit(0);
    }
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_TEST(WIFEXITED(status));
    BOOST_TEST(WEXITSTATUS(status) == 1);
}

BOOST_AUTO_TEST_CASE(no_mechanism_in_common)
{
    connect_account(false, mechanism("GSSAPI"));
    until_peer_has("</stream:stream>");
    peer().close();
    until_ended(Failure::Kind::mechanism);
}

BOOST_AUTO_TEST_CASE(tls_that_is_not_offered)
{
    connect_account(true, mechanism("PLAIN"));
    until_ended(Failure::Kind::no_tls);
    BOOST_TEST(!peer().has_received("<auth"));
}

BOOST_AUTO_TEST_CASE(a_failed_tls_handshake_is_not_permanent)
{
    connect_account(true, kStartTls);
    until_peer_has("<starttls");
    peer().received.clear();
    peer().write("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    until_peer_has("\x16\x03");  // a TLS record of type handshake
    peer().write("this is not TLS");
    until_ended(Failure::Kind::lost);
    BOOST_TEST(events.failure->detail == "the TLS handshake failed");
}

BOOST_AUTO_TEST_CASE(nobody_listens)
{
    find_nobody();
}

// Since 0.13 libstrophe reads errno after it has asked for a socket's options: in it, the attempt before leaves
// EINPROGRESS.
BOOST_AUTO_TEST_CASE(a_component_logs_in_after_nobody_listened)
{
    find_nobody();
    log_in_component();
}

BOOST_AUTO_TEST_CASE(a_socket_that_select_cannot_watch_is_not_used)
{
    rlimit limit{};
    BOOST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = std::max<rlim_t>(limit.rlim_cur, FD_SETSIZE + 64);
    BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
    for (const bool is_component : {true, false}) {
        find_nobody();
        std::vector<usher::FileDescriptor> opened;
        do {
            opened.emplace_back(::eventfd(0, EFD_CLOEXEC));
            BOOST_REQUIRE(static_cast<bool>(opened.back()));
        } while (opened.back().get() < FD_SETSIZE);
        open(is_component ? component() : account(false));
        until_ended(Failure::Kind::unreachable);
        BOOST_TEST(events.failure->detail == "too many open files");
        BOOST_TEST(listener.accepted == 0);
    }
}

BOOST_AUTO_TEST_CASE(a_server_that_closes_during_the_login)
{
    open(component());
    until_accepted();
    until_peer_has("<stream:stream");
    peer().close();
    until_ended(Failure::Kind::lost);
}

BOOST_AUTO_TEST_CASE(a_server_that_resets_during_the_login)
{
    open(component());
    until_accepted();
    until_peer_has("<stream:stream");
    peer().reset();
    until_ended(Failure::Kind::lost);
}

BOOST_AUTO_TEST_CASE(a_server_that_does_not_speak_xml)
{
    open(component());
    until_accepted();
    until_peer_has("<stream:stream");
    peer().write("220 mail.capulet.lit ESMTP <<<\r\n");
    until_peer_has("stream:error");
    peer().close();
    until_ended(Failure::Kind::lost);
}

BOOST_AUTO_TEST_CASE(a_server_that_opens_no_stream)
{
    open(component());
    until_accepted();
    until_peer_has("<stream:stream");
    peer().write("<html><body>It works!</body></html>");
    until_ended(Failure::Kind::lost);
}

// --- Names

// This takes long: without a network libevent asks three times and waits five seconds each time.
BOOST_AUTO_TEST_CASE(a_name_without_an_address)
{
    Login login = component();
    login.host = "no-such-host.invalid";
    open(login);
    until_ended(Failure::Kind::lookup);
    BOOST_TEST(events.failure->detail != "");
}

BOOST_AUTO_TEST_CASE(a_name_that_cannot_be_one)
{
    Login login = component();
    login.host = std::string(300, 'x') + ".invalid";
    open(login);
    until_ended(Failure::Kind::lookup);
}

BOOST_AUTO_TEST_CASE(a_look_up_can_be_abandoned)
{
    Login login = component();
    login.host = "no-such-host.invalid";
    open(login);
    events.channel->abandon({Failure::Kind::timeout, {}});
    until([&] { return events.failure.has_value(); }, "the channel ends");
    // If no name server is configured it fails before it is abandoned.
    BOOST_TEST(
        (events.failure->kind == Failure::Kind::timeout || events.failure->kind == Failure::Kind::lookup));
    for (int i = 0; i < 10; ++i) {
        loop.turn();  // libevent reports what it cancelled later
    }
}

BOOST_AUTO_TEST_CASE(a_look_up_that_is_under_way_can_be_abandoned)
{
    Login login = component();
    login.host = "no-such-host.invalid";
    open(login);
    for (int i = 0; i < 3; ++i) {
        loop.turn();
    }
    if (events.channel) {  // a name server that answers at once is possible
        events.channel->abandon({Failure::Kind::timeout, {}});
    }
    until([&] { return events.failure.has_value(); }, "the channel ends");
    for (int i = 0; i < 10; ++i) {
        loop.turn();
    }
    BOOST_TEST(events.ends == 1);
}

BOOST_AUTO_TEST_CASE(a_channel_can_be_destroyed_while_it_looks_up)
{
    Login login = component();
    login.host = "no-such-host.invalid";
    open(login);
    events.channel.reset();
    for (int i = 0; i < 10; ++i) {
        loop.turn();
    }
    BOOST_TEST(events.ends == 0);
}

// --- Reading the features without logging in

BOOST_AUTO_TEST_CASE(features_only_reports_the_features_and_does_not_log_in)
{
    Login login = account(true);
    login.features_only = true;
    bool registration = false;
    events.when_received = [&](const Stanza& stanza) {
        registration = static_cast<bool>(stanza.child("register", "http://jabber.org/features/iq-register"));
    };
    open(login);
    until_accepted();
    until_peer_has("to=\"capulet.lit\"");
    peer().write(kClientHeader +
                 features(mechanism("PLAIN") + "<register xmlns='http://jabber.org/features/iq-register'/>"));
    until_ended(Failure::Kind::closed);
    BOOST_TEST(registration);
    BOOST_TEST(!events.address.has_value());
    BOOST_TEST(!peer().has_received("<auth"));
}

BOOST_AUTO_TEST_CASE(features_only_for_a_domain_that_the_server_does_not_serve)
{
    Login login = account(true);
    login.features_only = true;
    open(login);
    until_accepted();
    until_peer_has("<stream:stream");
    peer().write(kClientHeader + stream_error("host-unknown", "no such host"));
    until_ended(Failure::Kind::unknown_host);
}

BOOST_AUTO_TEST_CASE(features_only_starts_tls_if_offered_and_can_be_abandoned)
{
    Login login = account(true);
    login.features_only = true;
    open(login);
    until_accepted();
    until_peer_has("<stream:stream");
    peer().write(kClientHeader + features(kStartTls));
    until_peer_has("<starttls");
    peer().write("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    until_peer_has("\x16\x03");
    events.channel->abandon({Failure::Kind::timeout, {}});
    until_ended(Failure::Kind::timeout);
}

// --- Servers that hang. That the peer answers on the same loop shows that the loop is not blocked.

BOOST_AUTO_TEST_CASE(a_server_that_accepts_and_says_nothing)
{
    open(component());
    until_accepted();
    until_peer_has("<stream:stream");
    BOOST_TEST(events.ends == 0);
    events.channel->abandon({Failure::Kind::timeout, {}});
    until_ended(Failure::Kind::timeout);
    until([&] { return peer().over(); }, "the connection is closed");
}

BOOST_AUTO_TEST_CASE(a_server_that_stops_in_the_middle_of_the_tls_handshake_holds_up_nothing_else)
{
    connect_account(true, kStartTls);
    until_peer_has("<starttls");
    peer().received.clear();
    peer().write("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    until_peer_has("\x16\x03");

    Events others;
    Listener others_listener(loop.base());
    Login login = component();
    login.port = others_listener.port();
    others.channel = channels.open(login, others);
    until([&] { return others_listener.accepted == 1; }, "another channel connects");
    Peer& server = *others_listener.peer();
    until([&] { return server.has_received("<stream:stream"); }, "its stream begins");
    server.write(kComponentHeader);
    until([&] { return server.has_received("</handshake>"); }, "it shakes hands");
    server.write("<handshake/>");
    until([&] { return others.address.has_value(); }, "it is logged in");

    BOOST_TEST(events.ends == 0);
    events.channel->abandon({Failure::Kind::timeout, {}});
    until_ended(Failure::Kind::timeout);
}

BOOST_AUTO_TEST_CASE(closing_before_the_login_ends_it)
{
    open(component());
    until_accepted();
    events.channel->close();
    until_ended(Failure::Kind::closed);
}

BOOST_AUTO_TEST_CASE(the_first_reason_to_abandon_counts)
{
    open(component());
    until_accepted();
    events.channel->abandon({Failure::Kind::timeout, {}});
    events.channel->abandon({Failure::Kind::closed, {}});
    until_ended(Failure::Kind::timeout);
}

BOOST_AUTO_TEST_CASE(a_channel_may_be_destroyed_at_any_point_of_the_login)
{
    open(component());
    events.channel.reset();
    open(component());
    until_accepted();
    events.channel.reset();
    open(component());
    until_accepted();
    until_peer_has("<stream:stream");
    events.channel.reset();
    open(component());
    until_accepted();
    until_peer_has("<stream:stream");
    peer().write(kComponentHeader);
    until_peer_has("</handshake>");
    events.channel.reset();
    connect_account(true, kStartTls);
    until_peer_has("<starttls");
    peer().write("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    until_peer_has("\x16\x03");
    events.channel.reset();
    for (int i = 0; i < 10; ++i) {
        loop.turn();
    }
    BOOST_TEST(events.ends == 0);
}

// --- The end of a stream

BOOST_AUTO_TEST_CASE(a_server_that_closes_suddenly)
{
    log_in_component();
    peer().close();
    until_ended(Failure::Kind::lost);
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_reset)
{
    log_in_component();
    peer().reset();
    until_ended(Failure::Kind::lost);
}

BOOST_AUTO_TEST_CASE(a_long_tag_does_not_hold_up_what_follows)
{
    log_in_component();
    // libstrophe reads it in three parts. Connectors let pass nothing that is longer.
    const std::string long_id(9'000, 'x');
    peer().write(message(long_id));
    until([&] { return events.ids.size() == 1; }, "the stanza with the long tag");
    peer().write(message("m2"));
    until([&] { return events.ids.size() == 2; }, "the next stanza");
    BOOST_TEST(events.ids == (std::vector<std::string>{long_id, "m2"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_came_before_the_end_is_received)
{
    log_in_component();
    std::string all;
    for (int i = 0; i < 1000; ++i) {
        all += message(std::to_string(i));
    }
    peer().write(all);
    until([&] { return peer().unsent() == 0; }, "all is in the socket");
    peer().close();
    until_ended(Failure::Kind::lost);
    BOOST_TEST(events.ids.size() == 1000U);
}

BOOST_AUTO_TEST_CASE(a_stream_that_the_server_ends_with_a_reason)
{
    log_in_component();
    peer().write(stream_error("system-shutdown", "See you later"));
    until_ended(Failure::Kind::lost);
    BOOST_TEST(events.failure->detail == "See you later");
}

// It ended the program.
BOOST_AUTO_TEST_CASE(a_stream_that_the_server_ends_without_any_reason)
{
    log_in_component();
    peer().write("<stream:error/></stream:stream>");
    until_ended(Failure::Kind::lost);
}

BOOST_AUTO_TEST_CASE(a_stream_that_is_replaced)
{
    log_in_component();
    peer().write(stream_error("conflict", "Replaced by new connection"));
    until_ended(Failure::Kind::conflict);
}

BOOST_AUTO_TEST_CASE(garbage_on_a_stream)
{
    log_in_component();
    peer().write("<<<" + message("m1"));
    until_peer_has("stream:error");
    BOOST_TEST(events.ids.empty());
    peer().close();
    until_ended(Failure::Kind::lost);
}

BOOST_AUTO_TEST_CASE(a_server_that_ignores_the_error_can_be_abandoned)
{
    log_in_component();
    peer().write("<<<");
    until_peer_has("stream:error");
    events.channel->abandon({Failure::Kind::silent, {}});
    until_ended(Failure::Kind::silent);
}

BOOST_AUTO_TEST_CASE(abandoning_an_open_stream_ends_it_whatever_the_server_does)
{
    log_in_component();
    peer().stop_reading();
    events.channel->send(message("m1"));
    events.channel->abandon({Failure::Kind::silent, {}});
    until_ended(Failure::Kind::silent);
}

BOOST_AUTO_TEST_CASE(abandoning_from_inside_a_stanza)
{
    log_in_component();
    events.when_received = [&](const Stanza&) { events.channel->abandon({Failure::Kind::silent, {}}); };
    peer().write(message("m1"));
    until_ended(Failure::Kind::silent);
}

BOOST_AUTO_TEST_CASE(closing_says_so_and_waits_for_the_server_to_do_the_same)
{
    log_in_component();
    events.channel->send(message("last"));
    events.channel->close();
    until_peer_has(message("last") + "</stream:stream>");
    BOOST_TEST(events.ends == 0);
    peer().write("</stream:stream>");
    until_ended(Failure::Kind::closed);
}

BOOST_AUTO_TEST_CASE(closing_as_soon_as_it_is_open)
{
    events.when_opened = [&] { events.channel->close(); };
    open(component());
    until_accepted();
    until_peer_has("<stream:stream");
    peer().write(kComponentHeader);
    until_peer_has("</handshake>");
    peer().write("<handshake/>");
    until_peer_has("</stream:stream>");
    peer().close();
    until_ended(Failure::Kind::closed);
}

BOOST_AUTO_TEST_CASE(closing_answers_what_has_arrived)
{
    log_in_component();
    events.when_received = [&](const Stanza& stanza) {
        events.channel->send(message("re-" + std::string(stanza.attribute("id"))));
    };
    std::string asked;
    std::string answered;
    for (int i = 0; i < 2000; ++i) {
        asked += message(std::to_string(i));
        answered += message("re-" + std::to_string(i));
    }
    // Written without the loop, so the channel does not know of it yet when it is closed.
    BOOST_TEST_REQUIRE(::send(peer().socket(), asked.data(), asked.size(), 0) ==
                       static_cast<ssize_t>(asked.size()));
    events.channel->close();
    until_peer_has("</stream:stream>");
    BOOST_TEST((peer().received == answered + "</stream:stream>"));
    peer().close();
    until_ended(Failure::Kind::closed);
}

// --- Large amounts of data

/// Stanzas of at least `size` bytes in all; a large `size` is more than sockets hold.
std::string many_stanzas(std::size_t size)
{
    const std::string body = "<body>" + std::string(1000, 'x') + "</body>";
    std::string all;
    for (int i = 0; all.size() < size; ++i) {
        all += "<message id='" + std::to_string(i) + "'>" + body + "</message>";
    }
    return all;
}

BOOST_AUTO_TEST_CASE(what_a_slow_reader_is_sent_arrives_whole_and_in_order)
{
    log_in_component();
    for (const std::size_t size : {1'000'000U, 16'000'000U}) {
        peer().stop_reading();
        peer().received.clear();
        const std::string all = many_stanzas(size);
        events.channel->send(all);
        for (int i = 0; i < 20; ++i) {
            loop.turn();
        }
        peer().read_again();
        until([&] { return peer().received.size() >= all.size(); }, "all has arrived");
        BOOST_TEST((peer().received == all));
    }
}

// The socket may become writable at any moment while the channel writes: no output may be forgotten then.
// More than the sockets hold: the rest is counted, wherever it is queued.
BOOST_AUTO_TEST_CASE(what_the_peer_has_not_taken_is_counted)
{
    log_in_component();
    peer().stop_reading();
    const std::string large = "<message><body>" + std::string(32UL << 20U, 'x') + "</body></message>";
    events.channel->send(large);
    loop.turn();
    BOOST_TEST(events.channel->unsent() > large.size() / 2);
    BOOST_TEST(events.channel->unsent() <= large.size());
    peer().read_again();
    until([&] { return events.channel->unsent() == 0; }, "everything is taken");
}

BOOST_AUTO_TEST_CASE(what_is_read_while_it_is_being_sent_arrives_whole_and_in_order)
{
    log_in_component();
    peer().stop_reading();
    const int socket = peer().socket();
    const std::string all = many_stanzas(8'000'000);
    for (int round = 0; round < 20; ++round) {
        std::string received;
        std::atomic<bool> done = false;
        std::thread reader([&] {
            std::array<char, 20'000> some{};
            pollfd readable{socket, POLLIN, 0};
            while (received.size() < all.size() && ::poll(&readable, 1, 10'000) == 1) {
                const ssize_t got = ::recv(socket, some.data(), some.size(), MSG_DONTWAIT);
                if (got <= 0) {
                    break;
                }
                received.append(some.data(), static_cast<std::size_t>(got));
            }
            done = true;
        });
        events.channel->send(all);
        while (!done) {  // in short waits, because the end of the thread is not an event of the loop
            static_cast<void>(loop.run_until([&] { return done.load(); }, std::chrono::milliseconds(10)));
        }
        reader.join();
        BOOST_TEST_REQUIRE(received.size() == all.size());
        BOOST_TEST_REQUIRE((received == all));
    }
}

BOOST_AUTO_TEST_CASE(a_peer_that_does_not_read_is_not_read_either)
{
    log_in_component();
    peer().stop_reading();
    std::size_t asked = 0;
    const auto ask = [&] {
        const std::string question = message(std::to_string(asked++));
        BOOST_TEST_REQUIRE(::send(peer().socket(), question.data(), question.size(), 0) ==
                           static_cast<ssize_t>(question.size()));
    };
    const std::string body = "<body>" + std::string(1000, 'x') + "</body>";
    constexpr std::size_t kTooMuch = 8'000'000;  // the sending socket holds four, the other little
    const int little = 65'536;
    ::setsockopt(peer().socket(), SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    std::string answers;
    events.when_received = [&](const Stanza& stanza) {
        const std::string answer =
            "<message id='" + std::string(stanza.attribute("id")) + "'>" + body + "</message>";
        answers += answer;
        events.channel->send(answer);
        if (answers.size() < kTooMuch) {
            ask();  // so that there is always more to read
        }
    };
    for (int i = 0; i < 1000; ++i) {
        ask();
    }
    BOOST_TEST(!loop.run_until([&] { return answers.size() >= kTooMuch; }, std::chrono::seconds(1)));
    peer().read_again();
    until([&] { return peer().received.size() >= kTooMuch && peer().received.size() == answers.size(); },
          "all is answered");
    BOOST_TEST(events.ids.size() == asked);
    BOOST_TEST((peer().received == answers));
}

BOOST_AUTO_TEST_CASE(closing_waits_until_a_slow_reader_has_everything)
{
    log_in_component();
    peer().stop_reading();
    const std::string all = many_stanzas(16'000'000);
    events.channel->send(all);
    events.channel->close();
    for (int i = 0; i < 20; ++i) {
        loop.turn();
    }
    peer().read_again();
    until([&] { return peer().received.size() >= all.size() + std::string_view("</stream:stream>").size(); },
          "all has arrived");
    BOOST_TEST((peer().received == all + "</stream:stream>"));
    peer().close();
    until_ended(Failure::Kind::closed);
}

BOOST_AUTO_TEST_CASE(a_peer_that_reads_nothing_any_more_can_be_abandoned)
{
    log_in_component();
    peer().stop_reading();
    events.channel->send(many_stanzas(16'000'000));
    for (int i = 0; i < 20; ++i) {
        loop.turn();
    }
    events.channel->abandon({Failure::Kind::silent, {}});
    until_ended(Failure::Kind::silent);
}

// The cost of a stanza depends on who wrote it.
BOOST_AUTO_TEST_CASE(other_events_are_served_while_much_arrives)
{
    log_in_component();
    const std::string all = many_stanzas(300'000);
    const std::size_t stanzas = count(all, "<message ");
    std::optional<std::size_t> before_the_other;
    usher::EventClock clock(loop.base());
    std::unique_ptr<usher::Timer> other;
    events.when_received = [&](const Stanza&) {
        if (events.ids.size() == 1) {
            other = clock.after(std::chrono::milliseconds(0), [&] { before_the_other = events.ids.size(); });
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));  // this one's cost
    };
    BOOST_REQUIRE(::send(peer().socket(), all.data(), all.size(), 0) == static_cast<ssize_t>(all.size()));
    until([&] { return events.ids.size() == stanzas; }, "all is received");
    BOOST_TEST_REQUIRE(before_the_other.has_value());
    BOOST_TEST(*before_the_other < stanzas);
}

// PROTOCOL.md, E30
BOOST_AUTO_TEST_CASE(a_stanza_of_two_megabytes_is_received)
{
    log_in_component();
    std::size_t size = 0;
    events.when_received = [&](const Stanza& stanza) { size += stanza.first().text().size(); };
    peer().write("<message id='big'><body>" + std::string(2 * 1024 * 1024, 'x') + "</body></message>" +
                 message("after"));
    until([&] { return !events.ids.empty() && events.ids.back() == "after"; }, "it is received");
    BOOST_TEST(size == 2U * 1024 * 1024);
    BOOST_TEST(events.ids.size() == 2U);
}

// --- Many times

BOOST_AUTO_TEST_CASE(two_hundred_logins_leave_no_descriptors_behind)
{
    const auto again = [&](int i) {
        events.failure.reset();
        events.address.reset();
        events.ends = 0;
        log_in_component();
        switch (i % 4) {
            case 0:
                peer().close();
                break;
            case 1:
                peer().reset();
                break;
            case 2:
                events.channel->close();
                until_peer_has("</stream:stream>");
                peer().close();
                break;
            default:
                events.channel->abandon({Failure::Kind::silent, {}});
                until([&] { return peer().over(); }, "the connection is closed");
                peer().close();
        }
        until([&] { return events.failure.has_value(); }, "the channel ends");
        loop.turn();  // the peer's end is closed in the next round
    };
    again(0);
    const std::ptrdiff_t before = open_descriptors();
    for (int i = 0; i < 200; ++i) {
        again(i);
    }
    BOOST_TEST(open_descriptors() == before);
}

BOOST_AUTO_TEST_CASE(refused_logins_leave_no_descriptors_behind)
{
    find_nobody();
    const std::ptrdiff_t before = open_descriptors();
    for (int i = 0; i < 50; ++i) {
        find_nobody();
    }
    BOOST_TEST(open_descriptors() == before);
}

BOOST_AUTO_TEST_SUITE_END()
