// The administration page as browsers, and those who misuse them, talk to it. Browsers themselves: tests/page.
#include "plugin/web/web_page.h"

#include <event2/event.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <fstream>
#include <ostream>
#include <set>

#include "core_now.h"
#include "doubles.h"
#include "held_database.h"
#include "loopback.h"
#include "openapi.h"
#include "plugin/settings/reader.h"
#include "raw_http.h"
#include "temporary_directory.h"

namespace usher
{

namespace
{

namespace bdata = boost::unit_test::data;
using test::HttpAnswer;
using Json = nlohmann::json;

struct FreeBase {
    void operator()(event_base* base) const { event_base_free(base); }
};

struct NoEvents : EntityEvents {
    void domain_changed(const std::string&, DomainState) override {}
    void offline(const Failure&, std::chrono::milliseconds) override {}
};

std::string file(const std::string& administrator)
{
    return R"(
[connection]
component = "usher.capulet.lit"
secret_file = "/etc/usher/secret"
[[organization]]
name = "Capulet"
domains = ["capulet.lit"]
option = "prompt"
administrators = [")" +
           administrator + R"("]
[[organization]]
name = "Montague"
domains = ["montague.lit"]
administrators = ["abram@montague.lit"]
)";
}

std::chrono::system_clock::time_point noon()
{
    return std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12);
}

Login login()
{
    Login login;
    login.component = true;
    login.address = "usher.capulet.lit";
    return login;
}

struct Asked {
    std::string address;
    std::string code;
    std::function<void(bool yes)> then;
};

struct Page {
    explicit Page(const std::string& url = {})
    {
        std::signal(SIGPIPE, SIG_IGN);
        std::ofstream(directory.path() / "index.html") << "<!doctype html>";
        settings.listen = "127.0.0.1:" + std::to_string(port.number());
        settings.url = url;
        settings.files = directory.path();
        origin = url.empty() ? "http://" + settings.listen : url.substr(0, url.size() - 1);
        sessions.emplace(clock, noon, page_url(settings));
        operations.set_web(&*sessions);
        operations.on_reload([](const auto& then) { then(std::vector<std::string>{}); });
        page = WebPage::listen(base.get(), settings, operations, *sessions,
                               [this](const std::string& address, const std::string& code, auto then) {
                                   asked.push_back({address, code, std::move(then)});
                               })
                   .value();
        entity.start();
        channels.opened("usher.capulet.lit");
    }

    /// With these headers, lines without their ends, each in a connection of its own.
    HttpAnswer send(const std::string& method, const std::string& target,
                    const std::vector<std::string>& headers, const std::string& body = {})
    {
        test::RawHttp client(base.get(), port.number());
        std::string lines;
        for (const std::string& header : headers) {
            lines += header + "\r\n";
        }
        client.set_headers(lines);
        return client.request(method, target, body);
    }
    /// As our page sends it.
    HttpAnswer ask(const std::string& method, const std::string& target, const std::string& body = {})
    {
        std::vector<std::string> headers{"Host: " + origin.substr(origin.find("//") + 2)};
        if (method != "GET") {
            headers.insert(headers.end(),
                           {"Origin: " + origin, "Content-Type: application/json", "X-CSRF-Token: " + csrf});
        }
        if (!cookie.empty()) {
            headers.push_back("Cookie: other=1; " + cookie);
        }
        return send(method, target, headers, body);
    }
    void log_in(const Actor& actor)
    {
        const std::string url = operations.web_link(actor).value().url;
        opened(ask("POST", "/v1/session", Json{{"link", url.substr(url.find('=') + 1)}}.dump()));
    }
    void opened(const HttpAnswer& answer)
    {
        BOOST_TEST_REQUIRE(answer.status == 200, answer.body);
        BOOST_TEST(api.mismatch("POST", "/v1/session", answer.body) == "");
        csrf = Json::parse(answer.body)["csrf"];
        set_cookie = answer.headers.at("set-cookie");
        cookie = set_cookie.substr(0, set_cookie.find(';'));
    }
    HttpAnswer confirm(const std::string& token)
    {
        return ask("POST", "/v1/session", Json{{"confirmation", token}}.dump());
    }

    test::OpenApi api;
    test::TemporaryDirectory directory;
    test::ReservedPort port;
    WebSettings settings;
    std::string origin;
    std::unique_ptr<event_base, FreeBase> base{event_base_new()};
    std::unique_ptr<test::HeldDatabase> database = std::make_unique<test::HeldDatabase>(
        Database::open("sqlite3://" + (directory.path() / "usher.db").string()).value());
    std::unique_ptr<test::PolicyNow> policy =
        test::PolicyNow::make(parse_settings(file("juliet@capulet.lit"), "usher.toml").value(), *database,
                              noon)
            .value();
    test::ChoicesNow choices{*database};
    test::JournalNow journal{*database};
    test::FakeClock clock;
    test::FakeChannels channels;
    NoEvents events;
    test::AnswererNow answerer{policy->policy(), choices.choices, journal.journal, clock, noon};
    Entity entity{login(),
                  "usher.capulet.lit",
                  {"capulet.lit", "montague.lit"},
                  channels,
                  clock,
                  [] { return 0.5; },
                  answerer,
                  events};
    std::optional<WebSessions> sessions;
    Operations operations{*policy, answerer, choices.choices, *database, entity, clock};
    std::vector<Asked> asked;
    std::unique_ptr<WebPage> page;
    std::string csrf;
    std::string set_cookie;
    std::string cookie;
};

const Actor kRoot = Actor::local("root");

Actor juliet()
{
    return Actor::sender(*Address::prepare("juliet@capulet.lit"));
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(web_page, Page)

BOOST_AUTO_TEST_CASE(what_is_served_here_alone_is_documented)
{
    for (const auto& one : WebPage::served()) {
        BOOST_TEST(api.operations().contains(one), one.first << " " << one.second);
    }
}

BOOST_AUTO_TEST_CASE(its_files_need_no_login_and_no_answer_may_be_framed_or_run_what_is_not_from_here)
{
    const HttpAnswer index = ask("GET", "/");
    BOOST_TEST(index.status == 200);
    BOOST_TEST(index.body == "<!doctype html>");
    BOOST_TEST(index.headers.at("content-type") == "text/html; charset=utf-8");
    BOOST_TEST(index.headers.at("cache-control") == "no-cache");
    for (const HttpAnswer& answer : {index, ask("GET", "/v1/session"), ask("GET", "/files/none")}) {
        const std::string policy_of_content = answer.headers.at("content-security-policy");
        BOOST_TEST(policy_of_content.starts_with("default-src 'none'; script-src 'self';"));
        BOOST_TEST(policy_of_content.find("frame-ancestors 'none'") != std::string::npos);
        BOOST_TEST(policy_of_content.find("unsafe") == std::string::npos);
        BOOST_TEST(answer.headers.at("x-content-type-options") == "nosniff");
        BOOST_TEST(answer.headers.at("referrer-policy") == "no-referrer");
    }
    BOOST_TEST(ask("GET", "/v1/session").headers.at("cache-control") == "no-store");
    BOOST_TEST(ask("GET", "/files/..%2fusher.db").status == 404);
    BOOST_TEST(ask("GET", "/files/usher.db").status == 404);
    BOOST_TEST(ask("GET", "/metrics").status == 404);
    BOOST_TEST(ask("POST", "/").status == 405);
}

BOOST_AUTO_TEST_CASE(without_a_session_nothing_of_the_api_answers)
{
    for (const auto& [method, path] : api.operations()) {
        if (path == "/metrics" || (path == "/v1/session" && method == "POST")) {
            continue;
        }
        const HttpAnswer answer = ask(method, path);
        BOOST_TEST(answer.status == 401, method << " " << path);
        BOOST_TEST(api.mismatch_of_error(answer.body) == "");
    }
    cookie = "usher-00000000=" + std::string(64, '0');
    BOOST_TEST(ask("GET", "/v1/status").status == 401);
}

BOOST_AUTO_TEST_CASE(a_link_logs_in_once_and_logging_out_ends_the_session)
{
    const std::string url = operations.web_link(kRoot).value().url;
    const std::string body = Json{{"link", url.substr(url.find('=') + 1)}}.dump();
    opened(ask("POST", "/v1/session", body));
    BOOST_TEST(set_cookie.find("; HttpOnly; SameSite=Strict; Path=/") != std::string::npos, set_cookie);
    BOOST_TEST(ask("POST", "/v1/session", body).status == 403);
    const Json session = Json::parse(ask("GET", "/v1/session").body);
    BOOST_TEST(session["name"] == "root");
    BOOST_TEST(session["local"] == true);
    BOOST_TEST((session["organizations"] == Json::array({"Capulet", "Montague"})));
    BOOST_TEST(ask("DELETE", "/v1/session").status == 204);
    BOOST_TEST(ask("GET", "/v1/session").status == 401);
}

BOOST_AUTO_TEST_CASE(behind_tls_the_cookie_is_for_this_very_host_and_never_sent_in_clear)
{
    Page secure("https://usher.example.org/");
    secure.log_in(kRoot);
    BOOST_TEST(secure.set_cookie.starts_with("__Host-usher="), secure.set_cookie);
    BOOST_TEST(secure.set_cookie.find("; Secure") != std::string::npos, secure.set_cookie);
    BOOST_TEST(secure.ask("GET", "/v1/session").status == 200);
}

struct Forged {
    std::string name;
    std::vector<std::string> headers;  // HOST and TOKEN are replaced
    int status;
};

std::ostream& operator<<(std::ostream& out, const Forged& forged)
{
    return out << forged.name;
}

const std::string kHost = "Host: HOST";
const std::string kOrigin = "Origin: http://HOST";
const std::string kJson = "Content-Type: application/json";
const std::string kToken = "X-CSRF-Token: TOKEN";
const Forged kForged[] = {
    {"all_is_right", {kHost, kOrigin, kJson, kToken}, 200},
    {"another_name_for_our_address", {"Host: evil.example", kOrigin, kJson, kToken}, 403},
    {"a_host_that_begins_like_ours", {"Host: HOST.evil.example", kOrigin, kJson, kToken}, 403},
    {"no_host", {kOrigin, kJson, kToken}, 403},
    {"an_empty_host", {"Host: ", kOrigin, kJson, kToken}, 403},
    {"a_host_of_separators", {"Host: //", kOrigin, kJson, kToken}, 403},
    {"two_hosts", {kHost, "Host: evil.example", kOrigin, kJson, kToken}, 400},
    {"a_foreign_origin", {kHost, "Origin: http://evil.example", kJson, kToken}, 403},
    {"the_origin_of_a_sandbox", {kHost, "Origin: null", kJson, kToken}, 403},
    {"our_origin_with_tls", {kHost, "Origin: https://HOST", kJson, kToken}, 403},
    {"no_origin", {kHost, kJson, kToken}, 403},
    {"two_origins", {kHost, kOrigin, "Origin: http://evil.example", kJson, kToken}, 400},
    {"no_token", {kHost, kOrigin, kJson}, 403},
    {"a_forged_token", {kHost, kOrigin, kJson, "X-CSRF-Token: TOKEn"}, 403},
    {"what_a_form_can_send", {kHost, kOrigin, "Content-Type: text/plain", kToken}, 415},
    {"no_type", {kHost, kOrigin, kToken}, 415},
};

BOOST_DATA_TEST_CASE(what_another_page_could_have_sent_is_refused, bdata::make(kForged), forged)
{
    log_in(kRoot);
    std::vector<std::string> headers = forged.headers;
    for (std::string& header : headers) {
        for (const auto& [placeholder, value] :
             {std::pair<std::string, std::string>("HOST", settings.listen), {"TOKEN", csrf}}) {
            if (const auto at = header.find(placeholder); at != std::string::npos) {
                header.replace(at, placeholder.size(), value);
            }
        }
    }
    headers.push_back("Cookie: " + cookie);
    const HttpAnswer answer =
        send("PUT", "/v1/organizations/Capulet/general", headers, R"({"option": "all"})");
    BOOST_TEST(answer.status == forged.status, answer.body);
    BOOST_TEST((policy->policy()->organizations()[0].option ==
                (forged.status == 200 ? Option::all : Option::prompt)));
}

BOOST_AUTO_TEST_CASE(a_foreign_page_may_not_even_read)
{
    log_in(kRoot);
    const std::string host = "Host: " + settings.listen;
    BOOST_TEST(send("GET", "/v1/status", {host, "Cookie: " + cookie}).status == 200);
    BOOST_TEST(send("GET", "/v1/status", {host, "Cookie: " + cookie, "Origin: http://evil.example"}).status ==
               403);
    BOOST_TEST(send("GET", "/", {"Host: evil.example"}).status == 403);
    BOOST_TEST(send("GET", "/", {"Host: localhost:" + std::to_string(port.number())}).status == 200);
}

BOOST_AUTO_TEST_CASE(an_administrator_of_an_organization_sees_and_changes_that_one_only)
{
    log_in(juliet());
    const Json session = Json::parse(ask("GET", "/v1/session").body);
    BOOST_TEST(session["local"] == false);
    BOOST_TEST((session["organizations"] == Json::array({"Capulet"})));
    const Json status = Json::parse(ask("GET", "/v1/status").body);
    BOOST_TEST(status["organizations"].size() == 1U);
    BOOST_TEST(status["organizations"][0]["general"]["organization"] == "Capulet");
    const std::string change = R"({"option": "all"})";
    BOOST_TEST(ask("PUT", "/v1/organizations/Capulet/general", change).status == 200);
    for (const auto& [method, target, body] : std::vector<std::array<std::string, 3>>{
             {"GET", "/v1/organizations/Montague/general", ""},
             {"PUT", "/v1/organizations/Montague/general", change},
             {"GET", "/v1/option/romeo%40montague.lit", ""},
             {"GET", "/v1/federation?organization=Montague&since=2026-01-01T00:00:00Z", ""},
             {"POST", "/v1/replay", R"({"settings": "[[organization]]"})"},
             {"POST", "/v1/reload", ""},
             {"GET", "/v1/web/sessions", ""},
             {"DELETE", "/v1/web/sessions/x", ""}}) {
        const HttpAnswer answer = ask(method, target, body);
        BOOST_TEST(answer.status == 403, method << " " << target << ": " << answer.body);
    }
    // What was saved of the others is theirs to see.
    log_in(kRoot);
    BOOST_TEST(ask("PUT", "/v1/organizations/Montague/general", change).status == 200);
    BOOST_TEST(Json::parse(ask("GET", "/v1/status").body)["saved"].size() == 2U);
    log_in(juliet());
    const Json saved = Json::parse(ask("GET", "/v1/status").body)["saved"];
    BOOST_TEST(saved.size() == 1U);
    BOOST_TEST(saved[0]["organization"] == "Capulet");
}

BOOST_AUTO_TEST_CASE(who_is_no_administrator_any_more_is_logged_out)
{
    log_in(juliet());
    BOOST_TEST(ask("GET", "/v1/session").status == 200);
    BOOST_REQUIRE(policy->set_file(parse_settings(file("nurse@capulet.lit"), "usher.toml").value()));
    BOOST_TEST(ask("GET", "/v1/session").status == 401);
    BOOST_TEST(sessions->all().empty());
    BOOST_TEST(!operations.web_link(juliet()).has_value());
}

BOOST_AUTO_TEST_CASE(who_becomes_an_administrator_again_logs_in_again)
{
    const std::string url = operations.web_link(juliet()).value().url;
    log_in(juliet());
    policy->on_change([this](PolicyInForce::Origin) { operations.end_web_sessions_of_removed(); });
    BOOST_REQUIRE(policy->set_file(parse_settings(file("nurse@capulet.lit"), "usher.toml").value()));
    BOOST_TEST(operations.web_sessions(kRoot).value().empty());
    BOOST_REQUIRE(policy->set_file(parse_settings(file("juliet@capulet.lit"), "usher.toml").value()));
    BOOST_TEST(ask("GET", "/v1/session").status == 401);
    BOOST_TEST(!sessions->open_by_link(url.substr(url.find('=') + 1)).has_value());
    log_in(juliet());
}

BOOST_AUTO_TEST_CASE(who_removes_somebody_else_stays_logged_in)
{
    log_in(kRoot);
    policy->on_change([this](PolicyInForce::Origin) { operations.end_web_sessions_of_removed(); });
    BOOST_TEST(ask("PUT", "/v1/organizations/Capulet/general", R"({"administrators": ["nurse@capulet.lit"]})")
                   .status == 200);
    BOOST_TEST(ask("GET", "/v1/session").status == 200);
}

BOOST_AUTO_TEST_CASE(who_opens_the_control_socket_lists_and_ends_sessions)
{
    log_in(juliet());
    const auto all = operations.web_sessions(kRoot).value();
    BOOST_TEST_REQUIRE(all.size() == 1U);
    BOOST_TEST(all.front().actor.name() == "juliet@capulet.lit");
    BOOST_TEST(operations.end_web_session(kRoot, all.front().id).has_value());
    BOOST_TEST(ask("GET", "/v1/session").status == 401);
    BOOST_TEST((operations.end_web_session(kRoot, "x").error().kind == Refusal::Kind::not_found));
    BOOST_TEST(!operations.web_sessions(juliet()).has_value());
}

BOOST_AUTO_TEST_CASE(a_login_that_the_client_confirms)
{
    const HttpAnswer begun = ask("POST", "/v1/session", R"({"address": "Juliet@capulet.lit/Balcony"})");
    BOOST_TEST(begun.status == 202);
    const Json attempt = Json::parse(begun.body);
    BOOST_TEST_REQUIRE(asked.size() == 1U);
    BOOST_TEST(asked[0].address == "juliet@capulet.lit/Balcony");
    BOOST_TEST(asked[0].code == attempt["code"].get<std::string>());
    BOOST_TEST(confirm(attempt["confirmation"]).status == 202);
    asked[0].then(true);
    opened(confirm(attempt["confirmation"]));
    BOOST_TEST(Json::parse(ask("GET", "/v1/session").body)["name"] == "juliet@capulet.lit");
    BOOST_TEST(confirm(attempt["confirmation"]).status == 403);
}

BOOST_AUTO_TEST_CASE(a_login_that_the_client_refuses)
{
    const Json attempt = Json::parse(ask("POST", "/v1/session", R"({"address": "juliet@capulet.lit"})").body);
    asked.at(0).then(false);
    BOOST_TEST(confirm(attempt["confirmation"]).status == 403);
}

BOOST_AUTO_TEST_CASE(who_may_not_log_in_gets_the_same_answer_and_nobody_is_asked)
{
    const HttpAnswer begun = ask("POST", "/v1/session", R"({"address": "romeo@montague.lit"})");
    BOOST_TEST(begun.status == 202);
    BOOST_TEST(asked.empty());
    BOOST_TEST(confirm(Json::parse(begun.body)["confirmation"]).status == 202);
    BOOST_TEST(ask("POST", "/v1/session", R"({"address": ""})").status == 400);
    for (int i = 1; i < 5; ++i) {
        BOOST_TEST(ask("POST", "/v1/session", R"({"address": "romeo@montague.lit/x"})").status == 202);
    }
    BOOST_TEST(ask("POST", "/v1/session", R"({"address": "romeo@montague.lit"})").status == 429);
}

BOOST_AUTO_TEST_CASE(without_a_connection_nobody_can_be_asked_and_everybody_is_told_the_same)
{
    channels.ended(Failure::Kind::closed);
    for (int i = 0; i < 10; ++i) {  // and it is no attempt
        for (const std::string address : {"juliet@capulet.lit", "romeo@montague.lit"}) {
            const HttpAnswer answer = ask("POST", "/v1/session", Json{{"address", address}}.dump());
            BOOST_TEST(answer.status == 503);
            BOOST_TEST(Json::parse(answer.body)["error"] ==
                       "usherd is not connected to the server, so nobody can be asked. Log in by a link from "
                       "`usherctl web`.");
        }
    }
    BOOST_TEST(asked.empty());
    clock.advance(std::chrono::minutes(1));
    channels.opened("usher.capulet.lit");
    BOOST_TEST(ask("POST", "/v1/session", R"({"address": "juliet@capulet.lit"})").status == 202);
    log_in(kRoot);
}

BOOST_AUTO_TEST_CASE(a_login_that_makes_no_sense_is_refused)
{
    for (const std::string body :
         {"", "{}", "[]", R"({"link": 1})", R"({"link": "x", "address": "juliet@capulet.lit"})",
          R"({"other": "x"})"}) {
        BOOST_TEST(ask("POST", "/v1/session", body).status == 400, body);
    }
    BOOST_TEST(ask("PUT", "/v1/session", "{}").status == 401);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
