// Whatever a client sends or does not send, the server answers or closes the connection, and serves the next.
#include "plugin/control/http_server.h"

#include <event2/event.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <deque>
#include <fstream>
#include <thread>

#include "loopback.h"
#include "plugin/control/socket_file.h"
#include "raw_http.h"
#include "temporary_directory.h"

namespace usher
{

namespace
{

using test::HttpAnswer;
using test::RawHttp;

struct FreeBase {
    void operator()(event_base* base) const { event_base_free(base); }
};

/// Replies with the request it received.
std::string echo(const HttpRequest& request)
{
    std::string text = request.method;
    for (const std::string& segment : request.path) {
        text += " /" + segment;
    }
    for (const auto& [key, value] : request.query) {
        text += " " + key + "=" + value;
    }
    return text + " [" + request.body + "]";
}

struct Served {
    Served() { std::signal(SIGPIPE, SIG_IGN); }

    void listen(HttpServer::Bounds bounds = {})
    {
        auto made = HttpServer::listen(
            base.get(), path.string(),
            [this](std::shared_ptr<HttpExchange> exchange) { handler(std::move(exchange)); }, bounds);
        BOOST_REQUIRE_MESSAGE(made.has_value(), (made ? std::string() : made.error()));
        server = *std::move(made);
    }
    void turn_until(const std::function<bool()>& done) { test::turn_until(base.get(), done); }

    test::TemporaryDirectory directory;
    std::filesystem::path path = directory.path() / "control.sock";
    std::unique_ptr<event_base, FreeBase> base{event_base_new()};
    HttpServer::Handler handler = [](const std::shared_ptr<HttpExchange>& exchange) {
        exchange->reply(200, echo(exchange->request()));
    };
    std::unique_ptr<HttpServer> server;
};

std::string with_header(const std::string& header)
{
    return "GET /v1/status HTTP/1.1\r\n" + header + "\r\n\r\n";
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(http_server, Served)

BOOST_AUTO_TEST_CASE(path_and_query_are_decoded_once_and_a_plus_is_a_plus)
{
    listen();
    RawHttp client(base.get(), path);
    const HttpAnswer answer = client.request("PUT", "/v1/option/a%2Fb%40c%252F?x=1+2&y=%E2%82%AC&z", "text");
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.body == "PUT /v1 /option /a/b@c%2F x=1+2 y=\u20ac z= [text]");
}

BOOST_AUTO_TEST_CASE(who_asks_is_known)
{
    std::optional<uid_t> peer;
    handler = [&](const std::shared_ptr<HttpExchange>& exchange) {
        peer = exchange->request().peer;
        exchange->reply(200, "{}");
    };
    listen();
    RawHttp client(base.get(), path);
    client.request("GET", "/");
    BOOST_REQUIRE(peer.has_value());
    BOOST_TEST(*peer == ::geteuid());
}

BOOST_AUTO_TEST_CASE(who_asks_over_tcp_is_not_known)
{
    std::optional<HttpRequest> seen;
    const test::ReservedPort port;
    const auto over_tcp = HttpServer::listen_at(base.get(), "127.0.0.1", port.number(),
                                                [&](const std::shared_ptr<HttpExchange>& exchange) {
                                                    seen = exchange->request();
                                                    exchange->reply(200, "{}");
                                                },
                                                {});
    BOOST_REQUIRE(over_tcp.has_value());
    const test::Descriptor client = test::connect_loopback(port.number());
    const std::string_view request = "GET / HTTP/1.0\r\n\r\n";
    BOOST_REQUIRE(::send(client.get(), request.data(), request.size(), MSG_NOSIGNAL) > 0);
    turn_until([&] { return seen.has_value(); });
    BOOST_TEST(!seen->peer.has_value());
}

const std::vector<std::string> kMalformed{
    "GET /a%2 HTTP/1.1\r\n\r\n",
    "GET /a%zz HTTP/1.1\r\n\r\n",
    "GET /?a=1&a=2 HTTP/1.1\r\n\r\n",
    "GET\r\n\r\n",
    "GET /v1/status HTTP/9\r\n\r\n",
    "\x16\x03\x01\x02 TLS perhaps\r\n\r\n",
    with_header("no colon here"),
    "PUT / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "PUT / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
};

BOOST_DATA_TEST_CASE(what_is_malformed_is_refused, boost::unit_test::data::make(kMalformed), bytes)
{
    listen();
    RawHttp client(base.get(), path);
    client.send(bytes);
    BOOST_TEST(client.answer().status == 400);
    RawHttp other(base.get(), path);
    BOOST_TEST(other.request("GET", "/").status == 200);
}

BOOST_AUTO_TEST_CASE(what_is_too_large_is_refused_before_it_is_read)
{
    listen();
    {
        RawHttp client(base.get(), path);
        client.send(with_header("X: " + std::string(HttpServer::kMaxHeaderBytes, 'x')));
        BOOST_TEST(client.answer().status >= 400);
    }
    {
        RawHttp client(base.get(), path);
        client.send("PUT / HTTP/1.1\r\nContent-Length: " + std::to_string(HttpServer::kMaxBodyBytes + 1) +
                    "\r\n\r\n");
        BOOST_TEST(client.answer().status == 413);
    }
    {
        RawHttp client(base.get(), path);
        client.send("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n20000\r\n" +
                    std::string(0x20000, 'x') + "\r\n0\r\n\r\n");
        BOOST_TEST(client.answer().status == 413);
    }
    {
        RawHttp client(base.get(), path);
        client.send("GET /" + std::string(1024 * 1024, 'x'));
        BOOST_TEST(client.answer().status >= 400);
    }
    RawHttp client(base.get(), path);
    BOOST_TEST(client.request("PUT", "/", std::string(HttpServer::kMaxBodyBytes, 'x')).status == 200);
}

BOOST_AUTO_TEST_CASE(requests_sent_in_one_go_are_answered_in_order)
{
    std::deque<std::shared_ptr<HttpExchange>> waiting;
    handler = [&](std::shared_ptr<HttpExchange> exchange) { waiting.push_back(std::move(exchange)); };
    listen();
    RawHttp client(base.get(), path);
    client.send("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n");
    for (const char* expected : {"/1", "/2", "/3"}) {
        turn_until([&] { return !waiting.empty(); });
        BOOST_TEST(waiting.size() == 1U);
        waiting.front()->reply(200, echo(waiting.front()->request()));
        waiting.pop_front();
        BOOST_TEST(client.answer().body == "GET " + std::string(expected) + " []");
    }
}

BOOST_AUTO_TEST_CASE(a_request_that_comes_byte_by_byte_is_cut_off)
{
    listen({.patience = std::chrono::milliseconds(300)});
    RawHttp client(base.get(), path);
    // This client sends one byte in each round of the loop: never idle, never finished.
    turn_until([&] {
        client.send("G");
        return client.ended() || !client.received().empty();
    });
    BOOST_TEST(client.received().find(" 200 ") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(whoever_connects_and_says_nothing_is_cut_off)
{
    listen({.patience = std::chrono::milliseconds(100)});
    RawHttp silent(base.get(), path);
    RawHttp idle(base.get(), path);
    BOOST_TEST(idle.request("GET", "/").status == 200);
    silent.wait_for_end();
    idle.wait_for_end();
}

BOOST_AUTO_TEST_CASE(a_request_that_is_being_answered_has_time)
{
    std::shared_ptr<HttpExchange> kept;
    handler = [&](std::shared_ptr<HttpExchange> exchange) {
        if (exchange->request().path.front() == "slow") {
            kept = std::move(exchange);
        } else {
            exchange->reply(200, "{}");
        }
    };
    listen({.patience = std::chrono::milliseconds(100)});
    RawHttp slow(base.get(), path);
    slow.send_request("GET", "/slow");
    turn_until([&] { return kept != nullptr; });
    RawHttp silent(base.get(), path);
    silent.wait_for_end();  // the deadline has passed, several times if needed
    BOOST_TEST(!slow.ended());
    kept->reply(200, "done");
    BOOST_TEST(slow.answer().body == "done");
}

BOOST_AUTO_TEST_CASE(at_the_limit_the_connection_that_is_idle_longest_ends)
{
    listen({.connections = 3});
    RawHttp first(base.get(), path);
    RawHttp second(base.get(), path);
    BOOST_TEST(second.request("GET", "/").status == 200);
    BOOST_TEST(first.request("GET", "/").status == 200);
    for (int i = 0; i < 20; ++i) {  // who says nothing keeps nobody out
        RawHttp silent(base.get(), path);
        RawHttp other(base.get(), path);
        BOOST_TEST(other.request("GET", "/other").body == "GET /other []");
        if (i == 0) {
            second.wait_for_end();
        }
    }
    first.wait_for_end();
}

BOOST_AUTO_TEST_CASE(beyond_the_limit_connections_wait_for_those_that_are_answered)
{
    std::vector<std::shared_ptr<HttpExchange>> kept;
    handler = [&](std::shared_ptr<HttpExchange> exchange) { kept.push_back(std::move(exchange)); };
    listen({.patience = std::chrono::milliseconds(500), .connections = 2});
    RawHttp first(base.get(), path);
    first.send_request("GET", "/");
    turn_until([&] { return kept.size() == 1; });
    RawHttp second(base.get(), path);
    second.send_request("GET", "/");
    turn_until([&] { return kept.size() == 2; });
    RawHttp third(base.get(), path);
    third.send_request("GET", "/3");
    kept[0]->reply(200, "first");
    BOOST_TEST(first.answer().body == "first");
    turn_until([&] { return kept.size() == 3; });  // the first has ended, since it is idle
    kept[1]->reply(200, "second");
    kept[2]->reply(200, "third");
    BOOST_TEST(second.answer().body == "second");
    BOOST_TEST(third.answer().body == "third");
    first.wait_for_end();
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_before_the_answer_harms_nobody)
{
    std::shared_ptr<HttpExchange> kept;
    handler = [&](std::shared_ptr<HttpExchange> exchange) { kept = std::move(exchange); };
    listen();
    {
        RawHttp client(base.get(), path);
        client.send_request("GET", "/");
        turn_until([&] { return kept != nullptr; });
    }
    kept->reply(200, std::string(1024 * 1024, 'x'));
    kept.reset();
    RawHttp other(base.get(), path);
    other.send_request("GET", "/");
    turn_until([&] { return kept != nullptr; });
    kept->reply(200, "{}");
    BOOST_TEST(other.answer().status == 200);
}

BOOST_AUTO_TEST_CASE(what_nobody_answers_is_answered_all_the_same)
{
    handler = [](const std::shared_ptr<HttpExchange>&) {};
    listen();
    RawHttp client(base.get(), path);
    BOOST_TEST(client.request("GET", "/").status == 503);
}

BOOST_AUTO_TEST_CASE(a_bug_is_an_error_of_that_request_only)
{
    handler = [](const std::shared_ptr<HttpExchange>& exchange) {
        if (exchange->request().path.front() == "bug") {
            throw std::runtime_error("a bug");
        }
        exchange->reply(200, "{}");
    };
    listen();
    RawHttp client(base.get(), path);
    BOOST_TEST(client.request("GET", "/bug").status == 500);
    BOOST_TEST(client.request("GET", "/").status == 200);
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_not_taken_is_given_up)
{
    handler = [](const std::shared_ptr<HttpExchange>& exchange) {
        exchange->reply(200, std::string(exchange->request().path.front() == "long" ? 4'000'000 : 2, 'x'));
    };
    listen({.patience = std::chrono::milliseconds(100), .connections = 1});
    RawHttp stubborn(base.get(), path);
    stubborn.pause_reading();
    stubborn.send_request("GET", "/long");
    RawHttp other(base.get(), path);
    other.send_request("GET", "/");  // is accepted when the first is gone
    BOOST_TEST(other.answer().status == 200);
}

BOOST_AUTO_TEST_CASE(a_long_answer_that_is_taken_slowly_arrives_whole)
{
    constexpr std::size_t kSize = 4'000'000;
    handler = [](const std::shared_ptr<HttpExchange>& exchange) {
        exchange->reply(200, std::string(kSize, 'x'));
    };
    listen({.patience = std::chrono::milliseconds(500)});
    RawHttp slow(base.get(), path);
    slow.send_request("GET", "/");
    std::size_t taken = 0;
    turn_until([&] {  // a little at a time, for longer than the patience
        const bool more = slow.received().size() > taken;
        taken = slow.received().size();
        if (more) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return taken > kSize;
    });
    BOOST_TEST(slow.answer().body.size() == kSize);
}

BOOST_AUTO_TEST_CASE(who_takes_a_long_answer_slowly_keeps_nobody_out)
{
    constexpr std::size_t kSize = 10'000'000;
    handler = [](const std::shared_ptr<HttpExchange>& exchange) {
        exchange->reply(200, exchange->request().path.front() == "long" ? std::string(kSize, 'x') : "{}");
    };
    listen({.patience = std::chrono::seconds(3), .connections = 3});
    std::deque<RawHttp> slow;
    std::chrono::steady_clock::time_point next_take;
    const auto take_a_little = [&] {  // often enough not to be given up, for much longer than the patience
        if (std::chrono::steady_clock::now() >= next_take) {
            next_take = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
            for (RawHttp& one : slow) {
                one.take(50'000);
            }
        }
    };
    while (slow.size() < 3) {
        slow.emplace_back(base.get(), path).pause_reading();
        slow.back().send_request("GET", "/long");
        turn_until([&] {
            take_a_little();
            return !slow.back().received().empty();
        });
    }
    RawHttp other(base.get(), path);
    other.send_request("GET", "/");
    turn_until([&] {
        take_a_little();
        return !other.received().empty();
    });
    for (const RawHttp& one : slow) {
        BOOST_TEST(one.received().size() < kSize);
    }
}

BOOST_AUTO_TEST_CASE(a_server_that_stops_still_answers_what_it_was_asked)
{
    std::shared_ptr<HttpExchange> kept;
    handler = [&](std::shared_ptr<HttpExchange> exchange) { kept = std::move(exchange); };
    listen();
    RawHttp client(base.get(), path);
    client.send_request("GET", "/");
    turn_until([&] { return kept != nullptr; });
    server->stop();
    BOOST_TEST(!std::filesystem::exists(path));
    kept->reply(200, "done");
    BOOST_TEST(client.answer().body == "done");
}

BOOST_AUTO_TEST_CASE(what_was_answered_when_the_loop_has_ended_is_sent_all_the_same)
{
    std::shared_ptr<HttpExchange> kept;
    handler = [&](std::shared_ptr<HttpExchange> exchange) { kept = std::move(exchange); };
    listen();
    RawHttp client(base.get(), path);
    client.send_request("GET", "/");
    turn_until([&] { return kept != nullptr; });
    server->stop();
    kept->reply(200, "done");
    server.reset();
    BOOST_TEST(client.answer().body == "done");
}

BOOST_AUTO_TEST_CASE(a_server_that_is_gone_harms_nobody_who_still_answers)
{
    std::shared_ptr<HttpExchange> kept;
    handler = [&](std::shared_ptr<HttpExchange> exchange) { kept = std::move(exchange); };
    listen();
    RawHttp client(base.get(), path);
    client.send_request("GET", "/");
    turn_until([&] { return kept != nullptr; });
    server.reset();
    kept->reply(200, "{}");
    client.wait_for_end();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(socket_file, Served)

BOOST_AUTO_TEST_CASE(only_owner_and_group_may_connect_and_the_file_goes_with_the_server)
{
    const mode_t before = ::umask(077);
    listen();
    ::umask(before);
    struct stat status{};
    BOOST_REQUIRE(::stat(path.c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 07777) == 0660);
    server.reset();
    BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_CASE(what_a_dead_process_left_is_taken_over)
{
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.string().copy(address.sun_path, sizeof address.sun_path - 1);
        const int dead = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        BOOST_REQUIRE(::bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        ::close(dead);
    }
    listen();
    RawHttp client(base.get(), path);
    BOOST_TEST(client.request("GET", "/").status == 200);
}

BOOST_AUTO_TEST_CASE(where_somebody_listens_nothing_changes)
{
    listen();
    const auto second = SocketFile::listen(path.string());
    BOOST_REQUIRE(!second);
    BOOST_TEST(second.error() == path.string() + ": another usherd listens there");
    RawHttp client(base.get(), path);
    BOOST_TEST(client.request("GET", "/").status == 200);
}

BOOST_AUTO_TEST_CASE(a_socket_of_another_kind_stays_and_is_not_taken_for_another_usherd)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    const int other = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    BOOST_REQUIRE(::bind(other, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    const auto refused = SocketFile::listen(path.string());
    BOOST_REQUIRE(!refused);
    BOOST_TEST(refused.error() ==
               path.string() + ": is not known to be unused (Protocol wrong type for socket)");
    BOOST_TEST(std::filesystem::exists(path));
    ::close(other);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_socket_stays)
{
    std::ofstream(path) << "precious";
    const auto refused = SocketFile::listen(path.string());
    BOOST_REQUIRE(!refused);
    BOOST_TEST(refused.error() == path.string() + ": exists and is not a socket");
    BOOST_TEST(std::filesystem::file_size(path) == 8U);
}

BOOST_AUTO_TEST_CASE(a_name_that_somebody_else_has_by_then_stays)
{
    listen();
    std::filesystem::remove(path);
    const auto successor = SocketFile::listen(path.string());
    server.reset();
    BOOST_TEST(std::filesystem::exists(path));
}

BOOST_AUTO_TEST_CASE(a_directory_that_is_not_there_is_named)
{
    const auto refused = SocketFile::listen((directory.path() / "nowhere" / "control.sock").string());
    BOOST_REQUIRE(!refused);
    BOOST_TEST(refused.error().ends_with("/nowhere/control.sock: No such file or directory"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
