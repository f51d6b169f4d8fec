// The control interface passes on what Operations return, as openapi.yaml documents it. Without a server;
// tests that need one are in tests/dialogue.
#include "plugin/control/control.h"

#include <event2/event.h>

#include <array>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <fstream>
#include <regex>
#include <set>
#include <thread>

#include "core_now.h"
#include "doubles.h"
#include "follower.h"
#include "held_database.h"
#include "openapi.h"
#include "plugin/settings/reader.h"
#include "plugin/usherctl/reports.h"
#include "raw_http.h"
#include "temporary_directory.h"

namespace usher
{

namespace
{

using test::HttpAnswer;
using test::RawHttp;
using Json = nlohmann::json;

struct FreeBase {
    void operator()(event_base* base) const { event_base_free(base); }
};

struct NoEvents : EntityEvents {
    void domain_changed(const std::string&, DomainState) override {}
    void offline(const Failure&, std::chrono::milliseconds) override {}
};

const std::string kFile = R"(
[connection]
component = "usher.capulet.lit"
secret_file = "/etc/usher/secret"
[[organization]]
name = "House Capulet / Verona"
domains = ["capulet.lit", "capulet.example"]
option = "prompt"
[[organization]]
name = "Montague"
domains = ["montague.lit"]
users_may_choose = false
[[organization.rule]]
from = ["tybalt@capulet.lit"]
answer = "deny"
[organization.archive]
default = "never"
)";

/// Served at the administration page only (tests/plugin/web).
const std::string kOfThePage = "/v1/session";

const std::string kCapulet = "/v1/organizations/House%20Capulet%20%2F%20Verona/general";

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

struct Controlled {
    Controlled()
    {
        std::signal(SIGPIPE, SIG_IGN);
        operations.on_reload([this](const auto& then) { then(reload); });
        operations.on_federation([this](const FederationOrder& order, const auto& then) {
            counted.push_back(order);
            then(std::vector{
                FederationReport{"Montague", {DomainRequests{"verona.lit", 3, 0, 0, 0, 0, {}}}, false}});
        });
        operations.on_overview([this](const OverviewOrder& order, const auto& then) {
            overviews.push_back(order);
            then(Overview{order.period,
                          noon(),
                          std::chrono::hours(24),
                          {{noon() - std::chrono::hours(24), 1, 2, 3, 4}},
                          {{Answer::approve, "in organization", 1}},
                          2});
        });
        operations.on_replay([this](const ReplayRequest& request, const auto& then) {
            replayed.push_back(request);
            Replay seven;
            seven.decided = 7;
            then(seven);
        });
        control = Control::listen(base.get(), path.string(), operations).value();
        client.emplace(base.get(), path);
    }

    HttpAnswer ask(const std::string& method, const std::string& target, const std::string& body = {})
    {
        return client->request(method, target, body);
    }
    /// Also checks the reply against the documentation.
    Json asked(const std::string& method, const std::string& documented, const std::string& target,
               const std::string& body = {})
    {
        const HttpAnswer answer = ask(method, target, body);
        BOOST_TEST(answer.status == 200, answer.body);
        BOOST_TEST(api.mismatch(method, documented, answer.body) == "");
        return Json::parse(answer.body);
    }
    std::vector<Json> records_in(const HttpAnswer& answer)
    {
        BOOST_TEST(answer.status == 200, answer.body);
        BOOST_TEST(answer.headers.at("content-type") == "application/x-ndjson");
        std::vector<Json> records;
        std::istringstream lines(answer.body);
        for (std::string line; std::getline(lines, line);) {
            BOOST_TEST(api.mismatch("GET", "/v1/journal", line) == "");
            records.push_back(Json::parse(line));
        }
        return records;
    }
    void decide(const std::string& user, const std::string& contact)
    {
        const SubscriptionRequest request{*Address::prepare(user), *Address::prepare(contact),
                                          RosterItem{Subscription::none, true}};
        answerer.judge({request}, Source::asked, [](const auto&) {});
    }

    test::OpenApi api;
    test::TemporaryDirectory directory;
    std::filesystem::path path = directory.path() / "control.sock";
    std::unique_ptr<event_base, FreeBase> base{event_base_new()};
    std::unique_ptr<test::HeldDatabase> database = std::make_unique<test::HeldDatabase>(
        Database::open("sqlite3://" + (directory.path() / "usher.db").string()).value());
    std::unique_ptr<test::PolicyNow> policy =
        test::PolicyNow::make(parse_settings(kFile, "usher.toml").value(), *database, noon).value();
    test::ChoicesNow choices{*database};
    test::JournalNow journal{*database};
    test::FakeClock clock;
    test::FakeChannels channels;
    NoEvents events;
    test::AnswererNow answerer{policy->policy(), choices.choices, journal.journal, clock, noon};
    Entity entity{login(),
                  "usher.capulet.lit",
                  {"capulet.lit", "capulet.example", "montague.lit"},
                  channels,
                  clock,
                  [] { return 0.5; },
                  answerer,
                  events};
    Operations operations{*policy, answerer, choices.choices, *database, entity, clock};
    Result<std::vector<std::string>> reload = std::vector<std::string>{"store.url"};
    std::vector<ReplayRequest> replayed;
    std::vector<FederationOrder> counted;
    std::vector<OverviewOrder> overviews;
    std::unique_ptr<Control> control;
    std::optional<RawHttp> client;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(control, Controlled)

BOOST_AUTO_TEST_CASE(what_is_served_is_documented_and_what_is_documented_is_served)
{
    const auto served = Control::served();
    auto documented = api.operations();
    std::erase_if(documented, [](const auto& one) { return one.second == kOfThePage; });
    BOOST_TEST((std::set<std::pair<std::string, std::string>>(served.begin(), served.end()) == documented));
}

BOOST_AUTO_TEST_CASE(what_is_documented_answers_to_its_method_and_to_no_other)
{
    for (const auto& [method, documented] : api.operations()) {
        if (documented == kOfThePage) {
            continue;
        }
        std::string target = documented;
        if (const auto brace = target.find('{'); brace != std::string::npos) {
            target.replace(brace, target.find('}') - brace + 1, "x");
        }
        BOOST_TEST(ask(method, target).status != 405, method << " " << target);
        for (const std::string other : {"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"}) {
            if (!api.operations().contains({other, documented})) {
                const HttpAnswer answer = ask(other, target);
                BOOST_TEST(answer.status == 405, other << " " << target);
                BOOST_TEST(answer.headers.at("allow").find(method) != std::string::npos);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(status_has_every_domain_and_every_reason)
{
    decide("juliet@capulet.lit", "romeo@montague.lit");
    const Json status = asked("GET", "/v1/status", "/v1/status");
    BOOST_TEST(status["address"] == "usher.capulet.lit");
    BOOST_TEST(status["online"] == false);
    BOOST_TEST(status["organizations"].size() == 2U);
    BOOST_TEST(status["organizations"][0]["domains"][1]["domain"] == "capulet.example");
    BOOST_TEST(status["organizations"][0]["domains"][1]["state"] == "offline");
    BOOST_TEST(status["decisions"][0]["count"] == 1);
}

BOOST_AUTO_TEST_CASE(status_counts_what_has_no_record_of_its_own)
{
    for (int i = 0; i < 3; ++i) {
        decide("juliet@capulet.lit", "juliet@capulet.lit");
    }
    const Json status = asked("GET", "/v1/status", "/v1/status");
    BOOST_TEST(status["decisions"][0]["count"] == 3);
    BOOST_TEST(status["without_own_record"]["repeated"] == 2);
    BOOST_TEST(status["without_own_record"]["too_many"] == 0);
    const std::string text = control_report::status(status);
    BOOST_TEST(text.find("made again within the hour, counted in one record: 2\n") != std::string::npos,
               text);
    BOOST_TEST(text.find("more than the journal takes") == std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(status_and_metrics_say_how_old_what_is_known_of_the_directory_is)
{
    const auto reported = [this] {
        const std::string text = control_report::status(asked("GET", "/v1/status", "/v1/status"));
        return std::regex_replace(text, std::regex("\n +"), " ");
    };
    BOOST_TEST(asked("GET", "/v1/status", "/v1/status")["ldap"].is_null());
    BOOST_TEST(reported().find("Directory") == std::string::npos);
    LdapStatus ldap{.url = "ldaps://ldap.example.org"};
    ldap.problem = "connection refused";
    ldap.failures = 3;
    ldap.groups_not_known.resize(12, "(department=Sales)");
    operations.on_ldap_status([&ldap] { return std::optional(ldap); });
    BOOST_TEST(asked("GET", "/v1/status", "/v1/status")["ldap"]["read"].is_null());
    const std::string never =
        "Directory ldaps://ldap.example.org: NOT READ YET, so it is not known who is in its groups; IT COULD NOT BE READ "
        "the last time: connection refused";
    BOOST_TEST(reported().find(never) != std::string::npos, reported());
    ldap.people = 10'000;
    ldap.groups = 12;
    ldap.groups_not_known.clear();
    ldap.read = noon();
    ldap.readings = 1;
    const std::string read = asked("GET", "/v1/status", "/v1/status")["ldap"]["read"];
    BOOST_TEST(read.starts_with("2026-11-23T12:00:00"), read);
    BOOST_TEST(reported().find("10000 people, 12 groups, read at ") != std::string::npos, reported());
    BOOST_TEST(ask("GET", "/metrics").body.find("usher_ldap_groups_not_known 0") != std::string::npos);
    BOOST_TEST(reported().find("so this is in force still: connection refused") != std::string::npos,
               reported());
    const std::string metrics = ask("GET", "/metrics").body;
    BOOST_TEST(metrics.find("usher_ldap_readings_total{outcome=\"failed\"} 3") != std::string::npos, metrics);
    BOOST_TEST(metrics.find("usher_ldap_read_timestamp_seconds 1795435200") != std::string::npos, metrics);

    // What the dashboard asks about the directory is there.
    std::ifstream dashboard(USHER_DASHBOARD);
    const std::string text{std::istreambuf_iterator<char>(dashboard), {}};
    const std::regex name("usher_ldap_[a-z_]+");
    std::set<std::string> names(std::sregex_token_iterator(text.begin(), text.end(), name), {});
    BOOST_TEST(names.size() == 3U);
    for (const std::string& one : names) {
        BOOST_TEST(metrics.find("\n" + one) != std::string::npos, one + " is not served");
    }
}

BOOST_AUTO_TEST_CASE(status_and_metrics_say_of_which_groups_nobody_knows_the_members)
{
    LdapStatus ldap{.url = "ldaps://ldap.example.org", .people = 10'000, .groups = 11, .read = noon()};
    ldap.groups_not_known = {"cn=board,dc=example,dc=org"};
    operations.on_ldap_status([&ldap] { return std::optional(ldap); });
    const Json status = asked("GET", "/v1/status", "/v1/status");
    BOOST_TEST((status["ldap"]["groups_not_known"] == Json::array({"cn=board,dc=example,dc=org"})));
    const std::string text = std::regex_replace(control_report::status(status), std::regex("\n +"), " ");
    BOOST_TEST(text.find("10000 people, 11 of 12 groups, read at ") != std::string::npos, text);
    BOOST_TEST(text.find("; IT IS NOT KNOWN WHO IS IN cn=board,dc=example,dc=org") != std::string::npos,
               text);
    const std::string metrics = ask("GET", "/metrics").body;
    BOOST_TEST(metrics.find("usher_ldap_groups_not_known 1") != std::string::npos, metrics);
}

BOOST_AUTO_TEST_CASE(status_and_metrics_say_what_would_not_be_approved_any_more)
{
    std::optional<RevocationStatus> known;
    operations.on_revocation_status([&known](const std::string&) { return known; });
    const auto reported = [this] {
        const std::string text = control_report::status(asked("GET", "/v1/status", "/v1/status"));
        return std::regex_replace(text, std::regex("\n +"), " ");
    };
    const auto has = [](const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    };
    BOOST_TEST(!has(reported(), "no longer approved"));
    known = RevocationStatus{.setting = Revoking::report, .problem = "The store cannot be written."};
    BOOST_TEST(has(reported(),
                   "no longer approved  not looked for yet; PROBLEM SINCE: The store cannot be written."),
               reported());
    BOOST_TEST(!has(ask("GET", "/metrics").body, "usher_approvals_no_longer_given{"));
    known = RevocationStatus{.setting = Revoking::report, .found = 12, .more = true, .looked = noon()};
    BOOST_TEST(has(reported(), "no longer approved  12 or more; usherctl approvals --no-longer lists them"),
               reported());
    known->from = noon();
    known->waits = 2;
    known->problem = "The store cannot be written.";
    BOOST_TEST(has(reported(), "no longer approved  12 or more at "), reported());
    BOOST_TEST(has(reported(), ", 2 of them revoked from "), reported());
    BOOST_TEST(has(reported(), " on; usherctl approvals --no-longer lists them; PROBLEM SINCE: The store "),
               reported());
    known = RevocationStatus{
        .setting = Revoking::apply, .found = 12, .waits = 12, .from = noon(), .looked = noon()};
    BOOST_TEST(has(reported(), "no longer approved  12, revoked from "), reported());
    BOOST_TEST(has(ask("GET", "/metrics").body, "usher_approvals_no_longer_given{organization="),
               ask("GET", "/metrics").body);
    const Json json = asked("GET", "/v1/status", "/v1/status")["organizations"][0]["no_longer_approved"];
    BOOST_TEST(json["found"] == 12);
    BOOST_TEST(json["waits"] == 12);
    BOOST_TEST(json["setting"] == "apply");
    BOOST_TEST(json["from"] == json["looked"]);
}

BOOST_AUTO_TEST_CASE(where_only_names_are_read_of_a_directory_nothing_is_said_of_groups)
{
    LdapStatus ldap{.url = "ldaps://ldap.example.org"};
    operations.on_ldap_status([&ldap] { return std::optional(ldap); });
    const auto reported = [this] {
        const std::string text = control_report::status(asked("GET", "/v1/status", "/v1/status"));
        return std::regex_replace(text, std::regex("\n +"), " ");
    };
    BOOST_TEST(reported().find("NOT READ YET, so searches find none of its people") != std::string::npos,
               reported());
    ldap.people = 7;
    ldap.read = noon();
    BOOST_TEST(reported().find("7 people, read at ") != std::string::npos, reported());
}

BOOST_AUTO_TEST_CASE(how_long_it_has_run_is_not_a_matter_of_the_time_of_day)
{
    clock.advance(std::chrono::minutes(90));
    Json status = asked("GET", "/v1/status", "/v1/status");
    BOOST_TEST(status["running_seconds"] == 90 * 60);
    status["started"] = "2099-01-01T00:00:00Z";  // as if the clock had been set back since
    const std::string text = control_report::status(status);
    BOOST_TEST(text.find("running for 1 h 30 min,") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(reload_says_what_needs_a_restart_and_why_it_was_refused)
{
    const Json done = asked("POST", "/v1/reload", "/v1/reload");
    BOOST_TEST(done["need_restart"] == Json::array({"store.url"}));
    BOOST_TEST(done["generation"] == policy->policy()->generation());
    reload = tl::unexpected(Refusal{Refusal::Kind::invalid, "usher.toml:3: wrong\nusher.toml is not valid"});
    const HttpAnswer refused = ask("POST", "/v1/reload");
    BOOST_TEST(refused.status == 400);
    BOOST_TEST(Json::parse(refused.body)["error"] == "usher.toml:3: wrong\nusher.toml is not valid");
}

BOOST_AUTO_TEST_CASE(a_choice_is_made_changed_and_forgotten)
{
    const std::string documented = "/v1/option/{user}";
    const std::string juliet = "/v1/option/Juliet%40capulet.lit";
    BOOST_TEST(asked("GET", documented, juliet)["chosen"].is_null());
    const Json chosen = asked("PUT", documented, juliet, R"({"option": "all"})");
    BOOST_TEST(chosen["user"] == "juliet@capulet.lit");
    BOOST_TEST(chosen["chosen"] == "all");
    BOOST_TEST(chosen["in_force"] == "all");
    BOOST_TEST(chosen["of_organization"] == "prompt");
    BOOST_TEST((choices.of(*Address::prepare("juliet@capulet.lit")).value() == Option::all));
    BOOST_TEST(asked("DELETE", documented, juliet)["in_force"] == "prompt");
    BOOST_TEST(choices.count().value()["capulet.lit"] == 0U);
}

BOOST_AUTO_TEST_CASE(an_explanation_has_its_steps)
{
    const Json explained =
        asked("GET", "/v1/explain", "/v1/explain?user=romeo@montague.lit&contact=juliet@capulet.lit");
    BOOST_TEST(explained["answer"] == "leave");
    BOOST_TEST(explained["organization"] == "Montague");
    BOOST_TEST(explained["steps"].back()["applied"] == true);
    BOOST_TEST(explained["waits"].is_null());
    BOOST_TEST(explained["list_error"] == "Usher is not connected to its server");
    const Json by_rule =
        asked("GET", "/v1/explain", "/v1/explain?user=romeo@montague.lit&contact=tybalt@capulet.lit");
    BOOST_TEST(by_rule["steps"].back()["why"] ==
               "Rule 1, in line 13 of the settings file, matches and says deny.");
}

BOOST_AUTO_TEST_CASE(settings_are_saved_and_reset)
{
    const std::string documented = "/v1/organizations/{name}/general";
    BOOST_TEST(asked("GET", documented, kCapulet)["option"]["value"] == "prompt");
    const Json saved = asked("PUT", documented, kCapulet,
                             R"({"option": "all", "users_may_choose": false, "domains": ["CAPULET.lit"]})");
    BOOST_TEST(saved["organization"] == "House Capulet / Verona");
    BOOST_TEST(saved["option"]["value"] == "all");
    BOOST_TEST(saved["option"]["saved"] == true);
    BOOST_TEST(saved["users_may_choose"]["value"] == false);
    BOOST_TEST(saved["domains"]["value"] == Json::array({"capulet.lit"}));
    BOOST_TEST(saved["domains_in_file"].size() == 2U);
    BOOST_TEST((policy->policy()->organizations()[0].option == Option::all));
    const Json federation =
        asked("PUT", documented, kCapulet,
              R"({"federation": {"mode": "listed", "domains": ["Verona.lit"], "answer": "deny"}})");
    BOOST_TEST(federation["federation"]["value"] ==
               Json({{"mode", "listed"}, {"domains", {"verona.lit"}}, {"answer", "deny"}}));
    BOOST_TEST(federation["federation"]["saved"] == true);
    BOOST_TEST(federation["option"]["value"] == "all");
    BOOST_TEST(policy->policy()->organizations()[0].federation.domains.contains("verona.lit"));
    const Json rules = asked(
        "PUT", documented, kCapulet,
        R"({"rules": [{"from": ["*.Verona.lit"], "answer": "deny"}], "administrators": ["Nurse@capulet.lit"]})");
    BOOST_TEST(rules["rules"]["value"] ==
               Json::array({{{"from", {"*.verona.lit"}}, {"to", {"*"}}, {"answer", "deny"}}}));
    BOOST_TEST(rules["rules"]["count"] == 1);
    BOOST_TEST(rules["rules"]["saved"] == true);
    BOOST_TEST(rules["administrators"]["value"] == Json::array({"nurse@capulet.lit"}));
    BOOST_TEST(rules["limits"]["approvals_per_contact_per_hour"] == 60);
    BOOST_TEST(rules["limits"]["source"] == "default");
    BOOST_TEST(rules["without_effect"] == Json::array());
    BOOST_TEST(policy->policy()->organizations()[0].rules.size() == 1U);
    const std::string report = control_report::general(rules);
    BOOST_TEST(report.find("rules             1") != std::string::npos, report);
    BOOST_TEST(report.find("administrators    nurse@capulet.lit") != std::string::npos, report);
    const Json status = asked("GET", "/v1/status", "/v1/status");
    BOOST_TEST(!status["organizations"][0]["general"].contains("rules"));
    BOOST_TEST(status["saved"].size() == 6U);
    const Json reset = asked("DELETE", documented, kCapulet);
    BOOST_TEST(reset["rules"]["count"] == 0);
    BOOST_TEST(reset["administrators"]["value"].empty());
    BOOST_TEST(reset["federation"]["value"]["mode"] == "open");
    BOOST_TEST(reset["option"]["value"] == "prompt");
    BOOST_TEST(reset["option"]["saved"] == false);
}

BOOST_AUTO_TEST_CASE(a_change_is_tried_before_it_is_saved)
{
    const std::string organization = "/v1/organizations/House%20Capulet%20%2F%20Verona";
    const std::uint64_t before = policy->policy()->generation();
    const Json replay =
        asked("POST", "/v1/organizations/{name}/preview",
              organization + "/preview?since=2026-11-23T10:00:00Z&after=3&limit=5", R"({"option": "all"})");
    BOOST_TEST(replay["decided"] == 7);
    BOOST_REQUIRE(replayed.size() == 1U);
    BOOST_TEST((replayed[0].filter.after == 3));
    BOOST_TEST(replayed[0].filter.most == 5U);
    BOOST_TEST(replayed[0].filter.since.has_value());
    BOOST_TEST((replayed[0].changed().organizations[0].option == Option::all));
    asked("POST", "/v1/organizations/{name}/preview", organization + "/preview", "{}");
    BOOST_TEST(replayed[1].filter.most == 100'000U);

    const std::string tested = "/v1/organizations/{name}/try";
    const Json explained = asked("POST", tested, organization + "/try",
                                 Json{{"user", "juliet@capulet.lit"},
                                      {"contact", "romeo@montague.lit"},
                                      {"change", {{"option", "all"}}}}
                                     .dump());
    BOOST_TEST(explained["answer"] == "approve");
    BOOST_TEST(explained["reason"] == "all contacts");
    BOOST_TEST(asked("POST", tested, organization + "/try",
                     R"({"user": "juliet@capulet.lit", "contact": "romeo@montague.lit"})")["answer"] ==
               "leave");
    BOOST_TEST(policy->policy()->generation() == before);
}

BOOST_AUTO_TEST_CASE(a_replay_is_of_what_was_asked_for)
{
    const std::string text(800'000, 'x');  // a settings file may be long
    HttpAnswer answer = ask("POST", "/v1/replay?after=5&user=juliet@capulet.lit",
                            Json{{"settings", text}, {"path", "new.toml"}}.dump());
    BOOST_TEST(answer.status == 200, answer.body);
    BOOST_TEST(api.mismatch("POST", "/v1/replay", answer.body) == "");
    BOOST_TEST(ask("POST", "/v1/replay?organization=Montague&limit=3", R"({"own_policies": true})").status ==
               200);
    BOOST_REQUIRE(replayed.size() == 2U);
    BOOST_TEST((replayed[0].toml == text));
    BOOST_TEST(replayed[0].path == "new.toml");
    BOOST_TEST((replayed[0].filter.after == 5));
    BOOST_TEST(replayed[0].filter.user->text() == "juliet@capulet.lit");
    BOOST_TEST(!replayed[0].filter.domains.has_value());
    BOOST_TEST(replayed[1].own_policies);
    BOOST_TEST((replayed[1].filter.domains == std::vector<std::string>{"montague.lit"}));
    BOOST_TEST(replayed[1].filter.most == 3U);
}

BOOST_AUTO_TEST_CASE(federation_is_reported_of_the_organizations_asked_for)
{
    const HttpAnswer answer = ask("GET", "/v1/federation?since=2026-11-23T10:00:00Z&organization=Montague");
    BOOST_TEST(answer.status == 200, answer.body);
    BOOST_TEST(api.mismatch("GET", "/v1/federation", answer.body) == "");
    BOOST_REQUIRE(counted.size() == 1U);
    BOOST_REQUIRE(counted.front().organizations.size() == 1U);
    BOOST_TEST(counted.front().organizations.front().domains == std::vector<std::string>{"montague.lit"});
    BOOST_TEST(ask("GET", "/v1/federation?since=2026-11-23T10:00:00Z").status == 200);
    BOOST_TEST(counted.back().organizations.size() == 2U);
}

BOOST_AUTO_TEST_CASE(archives_are_reported_by_organization_and_of_one_user)
{
    ArchiveStatus status;
    status.wish = {Archiving::never, false};
    status.accounts = {1, 2, 3, 4, 5};
    status.listed = noon();
    operations.set_archive({[&status](std::string_view domain) -> std::optional<ArchiveStatus> {
                                return domain == "montague.lit" ? std::optional(status) : std::nullopt;
                            },
                            [](const Address&, const auto& then) { then(std::nullopt); }});
    const Json all = asked("GET", "/v1/archive", "/v1/archive")["organizations"];
    BOOST_TEST_REQUIRE(all.size() == 2U);
    BOOST_TEST(all[0]["default"] == "server");
    BOOST_TEST(all[0]["domains"].empty());
    const Json archive = all[1]["domains"][0]["archive"];
    BOOST_TEST(archive["accounts"] ==
               (Json{{"set", 1}, {"own", 2}, {"waiting", 3}, {"unknown", 4}, {"impossible", 5}}));
    BOOST_TEST(archive["server_default"].is_null());
    BOOST_TEST(archive["listed"] == "2026-11-23T12:00:00.000Z");
    BOOST_TEST(asked("GET", "/v1/archive", "/v1/archive?organization=Montague")["organizations"].size() ==
               1U);
    const Json juliet = asked("GET", "/v1/archive", "/v1/archive?user=juliet@capulet.lit")["user"];
    BOOST_TEST(juliet == (Json{{"user", "juliet@capulet.lit"},
                               {"organization", "House Capulet / Verona"},
                               {"organization_wants", {{"default", "server"}, {"lock", false}}}}));
    const Json in_status = asked("GET", "/v1/status", "/v1/status")["organizations"];
    BOOST_TEST(in_status[0]["domains"][0]["archive"].is_null());
    BOOST_TEST(in_status[1]["domains"][0]["archive"] == archive);
    const std::string metrics = ask("GET", "/metrics").body;
    BOOST_TEST(
        metrics.find(
            "usher_archive_accounts{organization=\"Montague\",domain=\"montague.lit\",state=\"waiting\"} 3\n") !=
        std::string::npos);
    BOOST_TEST(metrics.find("domain=\"capulet.lit\",state=") == std::string::npos);
    const Json general =
        asked("GET", "/v1/organizations/{name}/general", "/v1/organizations/Montague/general");
    BOOST_TEST(general["archive"]["default"] == "never");
    BOOST_TEST(general["archive"]["lock"] == false);
}

BOOST_AUTO_TEST_CASE(an_overview_is_given_of_the_organization_and_period_asked_for)
{
    const Json week = asked("GET", "/v1/overview", "/v1/overview");
    BOOST_TEST(week["period"] == "week");
    BOOST_TEST(week["from"] == "2026-11-22T12:00:00.000Z");
    BOOST_TEST(week["until"] == "2026-11-23T12:00:00.000Z");
    BOOST_TEST(week["step_seconds"] == 86'400);
    BOOST_TEST(week["steps"] == Json::array({{{"from", "2026-11-22T12:00:00.000Z"},
                                              {"approve", 1},
                                              {"deny", 2},
                                              {"leave", 3},
                                              {"by_hand", 4}}}));
    BOOST_TEST(week["limited"] == 2);
    BOOST_TEST(asked("GET", "/v1/overview", "/v1/overview?organization=Montague&period=day")["period"] ==
               "day");
    BOOST_REQUIRE(overviews.size() == 2U);
    BOOST_TEST((overviews[0].period == OverviewPeriod::week));
    BOOST_TEST(!overviews[0].domains.has_value());
    BOOST_TEST((overviews[1].domains == std::vector<std::string>{"montague.lit"}));
    const HttpAnswer year = ask("GET", "/v1/overview?period=year");
    BOOST_TEST(year.status == 400);
    BOOST_TEST(Json::parse(year.body)["error"] == "period: found \"year\"; accepted: day, week, month");
    BOOST_TEST(ask("GET", "/v1/overview?organization=Verona").status == 404);
}

BOOST_AUTO_TEST_CASE(the_journal_is_read_in_portions_and_one_by_one)
{
    for (int i = 0; i < 5; ++i) {
        decide("juliet@capulet.lit", "contact" + std::to_string(i) + "@montague.lit");
        decide("romeo" + std::to_string(i) + "@montague.lit", "juliet@capulet.lit");
    }
    const auto read = [this](const std::string& query) {
        return records_in(ask("GET", "/v1/journal" + query));
    };
    const auto all = read("");
    BOOST_REQUIRE(all.size() == 10U);
    BOOST_TEST(all[0]["contact"] == "contact0@montague.lit");
    BOOST_TEST(all[0]["item"]["ask"] == true);
    BOOST_TEST(all[0]["at"] == "2026-11-23T12:00:00.000Z");
    BOOST_TEST(read("?limit=3").front() == all[7]);
    BOOST_TEST(read("?limit=0").empty());
    BOOST_TEST(read("?user=juliet@capulet.lit").size() == 5U);
    BOOST_TEST(read("?contact=contact3@montague.lit").size() == 1U);
    BOOST_TEST(read("?since=2026-11-23T12:00:00Z").size() == 10U);
    BOOST_TEST(read("?since=2026-11-23T14:00:01%2B02:00").empty());
    const auto first = read("?after=0&limit=4");
    BOOST_REQUIRE(first.size() == 4U);
    BOOST_TEST(first.front() == all[0]);
    const auto second = read("?after=" + first.back()["id"].get<std::string>() + "&limit=100");
    BOOST_REQUIRE(second.size() == 6U);
    BOOST_TEST(second.front() == all[4]);
    BOOST_TEST(asked("GET", "/v1/journal/{id}", "/v1/journal/" + all[2]["id"].get<std::string>()) == all[2]);
}

BOOST_AUTO_TEST_CASE(whoever_asks_again_sees_each_as_it_was_made_and_no_others)
{
    decide("juliet@capulet.lit", "before1@montague.lit");
    decide("juliet@capulet.lit", "before2@montague.lit");
    const std::string filtered = "/v1/journal?user=juliet@capulet.lit";
    const auto last = records_in(ask("GET", filtered + "&limit=1"));
    BOOST_REQUIRE(last.size() == 1U);
    BOOST_TEST(last[0]["contact"] == "before2@montague.lit");
    decide("romeo@montague.lit", "juliet@capulet.lit");
    decide("juliet@capulet.lit", "after1@montague.lit");
    decide("juliet@capulet.lit", "after2@montague.lit");
    const auto next = records_in(ask("GET", filtered + "&after=" + last[0]["id"].get<std::string>()));
    BOOST_REQUIRE(next.size() == 2U);
    BOOST_TEST(next[0]["contact"] == "after1@montague.lit");
    BOOST_TEST(next[1]["contact"] == "after2@montague.lit");
    BOOST_TEST(records_in(ask("GET", filtered + "&after=" + next[1]["id"].get<std::string>())).empty());
}

BOOST_AUTO_TEST_CASE(what_is_decided_while_a_long_journal_is_read_comes_after_it)
{
    decide("juliet@capulet.lit", "before@montague.lit");
    std::vector<JournalEntry> others;
    for (std::size_t i = 0; i < JournalSearch::kPortion; ++i) {
        others.push_back({{.id = journal.next_id(noon()),
                           .at = noon(),
                           .source = Source::asked,
                           .organization = "Capulet",
                           .request = {Address::prepare("nurse@capulet.lit").value(),
                                       Address::prepare("peter@capulet.lit").value(), std::nullopt},
                           .facts = {},
                           .decision = {}}});
    }
    BOOST_REQUIRE(journal.record(others).has_value());
    client->send_request("GET", "/v1/journal?user=juliet@capulet.lit&after=0");
    test::turn_until(base.get(), [this] { return clock.waiting() > 0; });
    decide("juliet@capulet.lit", "meanwhile@montague.lit");
    decide("romeo@montague.lit", "meanwhile@montague.lit");
    clock.advance(std::chrono::milliseconds(0));
    const auto found = records_in(client->answer());
    BOOST_REQUIRE(found.size() == 2U);
    BOOST_TEST(found[0]["contact"] == "before@montague.lit");
    BOOST_TEST(found[1]["contact"] == "meanwhile@montague.lit");
    decide("juliet@capulet.lit", "after@montague.lit");
    const auto next = records_in(
        ask("GET", "/v1/journal?user=juliet@capulet.lit&after=" + found[1]["id"].get<std::string>()));
    BOOST_REQUIRE(next.size() == 1U);
    BOOST_TEST(next[0]["contact"] == "after@montague.lit");
}

BOOST_AUTO_TEST_CASE(usherctl_follows_without_missing_or_repeating_a_record)
{
    using Contacts = std::vector<std::string>;
    const auto turn_until = [this](const auto& done) {
        for (const auto deadline = test::within(test::kPatience); !done();) {
            BOOST_REQUIRE(test::remaining_ms(deadline) > 0);
            event_base_loop(base.get(), EVLOOP_NONBLOCK);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    };
    decide("juliet@capulet.lit", "before@montague.lit");
    test::Follower all(path, {});
    test::Follower juliets(path, {"--user", "juliet@capulet.lit", "--last", "1"});
    test::Follower paris(path, {"--contact", "paris@montague.lit", "--since", "0s"});
    turn_until([&] { return all.contacts().size() == 1 && juliets.contacts().size() == 1; });
    Contacts expected{"before@montague.lit"};
    Contacts expected_of_juliet = expected;
    const auto decide_one = [&] {
        const std::string contact = "contact" + std::to_string(expected.size()) + "@montague.lit";
        const bool of_juliet = expected.size() % 7 == 0;
        decide(of_juliet ? "juliet@capulet.lit" : "nurse@capulet.lit", contact);
        expected.push_back(contact);
        if (of_juliet) {
            expected_of_juliet.push_back(contact);
        }
    };
    // Decisions are made all the time, while it asks and while it does not.
    turn_until([&] {
        decide_one();
        return juliets.contacts().size() > 100 && all.contacts().size() > 500;
    });
    for (int i = 0; i < 1'200; ++i) {  // more than it asks for at a time
        decide_one();
    }
    decide("nurse@capulet.lit", "paris@montague.lit");
    expected.push_back("paris@montague.lit");
    turn_until([&] { return all.contacts().size() >= expected.size(); });
    turn_until([&] { return juliets.contacts().size() >= expected_of_juliet.size(); });
    turn_until([&] { return !paris.contacts().empty(); });
    BOOST_TEST(all.contacts() == expected, boost::test_tools::per_element());
    BOOST_TEST(juliets.contacts() == expected_of_juliet, boost::test_tools::per_element());
    BOOST_TEST(paris.contacts() == Contacts{"paris@montague.lit"}, boost::test_tools::per_element());

    juliets.interrupt();
    BOOST_TEST(juliets.wait_for_end() == 128 + SIGINT);
    control.reset();
    BOOST_TEST(all.wait_for_end() == 1);
    BOOST_TEST(all.errors() == "usherctl: usherd has stopped\n");
    BOOST_TEST(paris.wait_for_end() == 1);
    BOOST_TEST(paris.errors() == "usherctl: usherd has stopped\n");
}

struct Refused {
    std::string method;
    std::string target;
    std::string body;
    int status;
    std::string error;  // part of it
};

std::ostream& operator<<(std::ostream& out, const Refused& refused)
{
    return out << refused.method << " " << refused.target << " " << refused.body;
}

const std::vector<Refused> kRefused{
    {"GET", "/", "", 404, "no such resource"},
    {"GET", "/v1", "", 404, "no such resource"},
    {"GET", "/v2/status", "", 404, "no such resource"},
    {"GET", "/v1/status/", "", 404, "no such resource"},
    {"GET", "/v1/option", "", 404, "no such resource"},
    {"GET", "/v1/status?verbose=1", "", 400, "unknown parameter \"verbose\""},
    {"GET", "/v1/option/juliet", "", 400, "user: found \"juliet\""},
    {"GET", "/v1/option/juliet%40capulet.lit%2Fbalcony", "", 400, "accepted: an address"},
    {"GET", "/v1/option/juliet%40capulet.lit%00", "", 400, "accepted: an address"},
    {"GET", "/v1/option/a%40nowhere.lit", "", 404, "not a domain of any organization"},
    {"PUT", "/v1/option/juliet%40capulet.lit", "", 400, "the body must be a JSON object"},
    {"PUT", "/v1/option/juliet%40capulet.lit", "{\"option\": ", 400, "the body must be a JSON object"},
    {"PUT", "/v1/option/juliet%40capulet.lit", "[\"all\"]", 400, "the body must be a JSON object"},
    {"PUT", "/v1/option/juliet%40capulet.lit", std::string(60'000, '['), 400, "must be a JSON object"},
    {"PUT", "/v1/option/juliet%40capulet.lit", "{}", 400, "option: found null"},
    {"PUT", "/v1/option/juliet%40capulet.lit", R"({"option": "All"})", 400, "option: found \"All\""},
    {"PUT", "/v1/option/juliet%40capulet.lit", R"({"option": ["all"]})", 400, "option: found"},
    {"PUT", "/v1/option/juliet%40capulet.lit", R"({"option": "all", "x": 1})", 400, "unknown member \"x\""},
    {"PUT", "/v1/option/romeo%40montague.lit", R"({"option": "all"})", 403, "has set how"},
    {"GET", "/v1/explain?user=juliet@capulet.lit", "", 400, "user and contact are required"},
    {"GET", "/v1/explain?user=juliet@capulet.lit&contact=", "", 400, "contact: found \"\""},
    {"GET", "/v1/waiting", "", 503, "not connected"},
    {"GET", "/v1/waiting?user=a@nowhere.lit", "", 404, "not a domain of any organization"},
    {"GET", "/v1/waiting?user=nobody", "", 400, "user: found \"nobody\""},
    {"GET", "/v1/review", "", 503, "not connected"},
    {"POST", "/v1/review", "", 503, "not connected"},
    {"POST", "/v1/answer", R"({"user": "juliet@capulet.lit", "answer": "deny"})", 400,
     "contact: found nothing"},
    {"POST", "/v1/answer", R"({"user": 1, "contact": "a@b", "answer": "deny"})", 400, "user: found 1"},
    {"POST", "/v1/answer", R"({"user": "juliet@capulet.lit", "contact": "a@b", "answer": "leave"})", 400,
     "answer: found \"leave\""},
    {"POST", "/v1/answer", R"({"user": "juliet@capulet.lit", "contact": "a@b", "answer": "deny"})", 503,
     "not connected"},
    {"GET", "/v1/journal?since=yesterday", "", 400, "since: found \"yesterday\""},
    {"GET", "/v1/journal?since=2026-02-30T10:00:00Z", "", 400, "since: found"},
    {"GET", "/v1/journal?limit=1001", "", 400, "limit: found \"1001\""},
    {"GET", "/v1/journal?limit=-1", "", 400, "limit: found"},
    {"GET", "/v1/journal?after=1x", "", 400, "after: found"},
    {"GET", "/v1/journal?follow=true", "", 400, "unknown parameter \"follow\""},
    {"GET", "/v1/journal?settled=yes", "", 400, "settled: found \"yes\"; accepted: true, false"},
    {"GET", "/v1/journal/12", "", 404, "there is no decision 12"},
    {"GET", "/v1/journal/99999999999999999999", "", 400, "id: found"},
    {"GET", "/v1/federation", "", 400, "since is required"},
    {"GET", "/v1/archive?user=@", "", 400, "user: found"},
    {"GET", "/v1/archive?user=romeo@montague.lit&organization=Montague", "", 400, "accepted: one of them"},
    {"GET", "/v1/archive?user=a@verona.lit", "", 404, "verona.lit is not a domain of any organization"},
    {"GET", "/v1/archive?organization=Nobody", "", 404, "no organization Nobody"},
    {"GET", "/v1/federation?since=2026-11-23T10:00:00Z&organization=Nobody", "", 404,
     "no organization Nobody"},
    {"GET", "/v1/approvals", "", 503, "not connected"},
    {"GET", "/v1/approvals?user=a@nowhere.lit", "", 404, "not a domain of any organization"},
    {"GET", "/v1/approvals?organization=Nobody", "", 404, "no organization Nobody"},
    {"GET", "/v1/approvals?contact=@", "", 400, "contact: found \"@\""},
    {"GET", "/v1/approvals?rule=0", "", 400, "rule: found \"0\"; accepted: a whole number from 1"},
    {"GET", "/v1/approvals?reason=by_hand", "", 400, "reason: found \"by_hand\"; accepted: rule, asked_for"},
    {"GET", "/v1/approvals?since=yesterday", "", 400, "since: found \"yesterday\""},
    {"GET", "/v1/approvals?apply=true", "", 400, "unknown parameter \"apply\""},
    {"POST", "/v1/revocations", "", 400, "the body must be a JSON object"},
    {"POST", "/v1/revocations", "{}", 503, "not connected"},
    {"POST", "/v1/revocations", R"({"apply": "yes"})", 400, "apply: found \"yes\"; accepted: true, false"},
    {"POST", "/v1/revocations", R"({"apply": true, "rule": -1})", 400, "rule: found -1"},
    {"POST", "/v1/revocations", R"({"apply": true, "users": "juliet@capulet.lit"})", 400,
     "unknown member \"users\""},
    {"POST", "/v1/revocations", R"({"apply": true, "user": ["juliet@capulet.lit"]})", 400, "user: found ["},
    {"POST", "/v1/revocations", R"({"apply": true})", 503, "not connected"},
    {"POST", "/v1/replay", "", 400, "the body must be a JSON object"},
    {"POST", "/v1/replay?limit=100001", "{}", 400, "limit: found \"100001\""},
    {"POST", "/v1/replay?limit=0", "{}", 400, "accepted: a whole number from 1"},
    {"POST", "/v1/replay?organization=Nobody", "{}", 404, "no organization Nobody"},
    {"POST", "/v1/replay", R"({"settings": 1})", 400, "accepted: settings and path"},
    {"POST", "/v1/replay", R"({"settings": "", "own_policies": true})", 400, "accepted: settings and path"},
    {"POST", "/v1/organizations/Nobody/preview", "{}", 404, "no organization Nobody"},
    {"POST", "/v1/organizations/Montague/preview", "", 400, "the body must be a JSON object"},
    {"POST", "/v1/organizations/Montague/preview?limit=0", "{}", 400, "accepted: a whole number from 1"},
    {"POST", "/v1/organizations/Montague/preview?user=romeo@montague.lit", "{}", 400, "unknown parameter"},
    {"POST", "/v1/organizations/Montague/preview", R"({"domains": ["capulet.lit"]})", 400,
     "cannot be chosen"},
    {"POST", "/v1/organizations/Montague/preview/waiting", R"({"option": 1})", 400, "option: found 1"},
    {"POST", "/v1/organizations/Montague/preview/waiting", "{}", 503, "not connected"},
    {"POST", "/v1/organizations/Montague/try", "{}", 400, "user: found nothing"},
    {"POST", "/v1/organizations/Montague/try", R"({"user": "romeo@montague.lit"})", 400,
     "contact: found nothing"},
    {"POST", "/v1/organizations/Montague/try",
     R"({"user": "romeo@montague.lit", "contact": "juliet@capulet.lit", "change": 7})", 400,
     "change must be a JSON object"},
    {"POST", "/v1/organizations/Montague/try",
     R"({"user": "juliet@capulet.lit", "contact": "romeo@montague.lit"})", 400, "is no user of Montague"},
    {"GET", "/v1/organizations/Nobody/general", "", 404, "no organization Nobody"},
    {"PUT", "/v1/organizations/Montague/general", R"({"option": 1})", 400, "option: found 1"},
    {"PUT", "/v1/organizations/Montague/general", R"({"users_may_choose": "yes"})", 400,
     "users_may_choose: found \"yes\""},
    {"PUT", "/v1/organizations/Montague/general", R"({"domains": "montague.lit"})", 400, "domains: found"},
    {"PUT", "/v1/organizations/Montague/general", R"({"domains": [7]})", 400, "domains: found 7"},
    {"PUT", "/v1/organizations/Montague/general", R"({"domains": ["capulet.lit"]})", 400, "cannot be chosen"},
    {"PUT", "/v1/organizations/Montague/general", R"({"domains": []})", 400, "At least one domain"},
    {"PUT", "/v1/organizations/Montague/general", R"({"rules": [{"from": ["a@"], "answer": "deny"}]})", 400,
     "rule 1, from: found \"a@\""},
    {"PUT", "/v1/organizations/Montague/general",
     R"({"rules": [{"from": ["group:sale"], "answer": "deny"}]})", 400,
     "rule 1, from: found \"group:sale\"; accepted: group:NAME of"},
    {"PUT", "/v1/organizations/Montague/general", R"({"administrators": ["montague.lit"]})", 400,
     "administrators: found \"montague.lit\""},
    {"PUT", "/v1/organizations/Montague/general", R"({"administrators": ["nurse@capulet.lit"]})", 400,
     "nurse@capulet.lit cannot be an administrator of Montague"},
    {"PUT", "/v1/organizations/Montague/general", R"({"federation": "open"})", 400,
     "federation: found \"open\""},
    {"PUT", "/v1/organizations/Montague/general", R"({"federation": {}})", 400, "federation: found {}"},
    {"PUT", "/v1/organizations/Montague/general", R"({"federation": {"mode": "shut"}})", 400,
     "federation: found"},
    {"PUT", "/v1/organizations/Montague/general",
     R"({"federation": {"mode": "closed", "answer": "approve"}})", 400, "federation: found"},
    {"PUT", "/v1/organizations/Montague/general", R"({"federation": {"mode": "listed"}})", 400,
     "needs at least one domain"},
    {"PUT", "/v1/organizations/Montague/general", R"({"federation": {"mode": "open", "domains": ["a.lit"]}})",
     400, "only where federation is"},
    {"PUT", "/v1/organizations/Montague/general",
     R"({"federation": {"mode": "listed", "domains": ["verona.lit:5269"]}})", 400, "federation: found"},
    {"PUT", "/v1/organizations/Montague/general",
     R"({"federation": {"mode": "listed", "domains": ["a.lit b.lit"]}})", 400, "federation: found"},
    {"PUT", "/v1/organizations/Montague/general", R"({"federation": {"mode": "listed", "domains": ["*"]}})",
     400, "federation: found"},
};

BOOST_DATA_TEST_CASE(what_cannot_be_done_is_refused_with_a_reason, boost::unit_test::data::make(kRefused),
                     refused)
{
    const HttpAnswer answer = ask(refused.method, refused.target, refused.body);
    BOOST_TEST(answer.status == refused.status, answer.body);
    BOOST_TEST(api.mismatch_of_error(answer.body) == "");
    BOOST_TEST(
        answer.body.find(Json(refused.error).dump().substr(1, Json(refused.error).dump().size() - 2)) !=
            std::string::npos,
        answer.body);
    BOOST_TEST((policy->policy()->generation()) == 1U);
    BOOST_TEST(choices.count().value().empty());
}

// --- A store that answers late

/// A method, its resource as openapi.yaml has it, the path, a body.
const std::vector<std::array<std::string, 4>> kAskStore{
    {"GET", "/v1/status", "/v1/status", ""},
    {"GET", "/v1/option/{user}", "/v1/option/juliet@capulet.lit", ""},
    {"PUT", "/v1/option/{user}", "/v1/option/juliet@capulet.lit", R"({"option": "all"})"},
    {"DELETE", "/v1/option/{user}", "/v1/option/juliet@capulet.lit", ""},
    {"GET", "/v1/explain", "/v1/explain?user=juliet@capulet.lit&contact=romeo@montague.lit", ""},
    {"PUT", "/v1/organizations/{name}/general", kCapulet, R"({"option": "all"})"},
    {"DELETE", "/v1/organizations/{name}/general", kCapulet, ""},
};

BOOST_AUTO_TEST_CASE(what_asks_the_store_is_answered_when_the_store_has_answered)
{
    for (const auto& [method, documented, target, body] : kAskStore) {
        database->holds = true;
        client->send_request(method, target, body);
        test::turn_until(base.get(), [this] { return database->held() > 0; });
        event_base_loop(base.get(), EVLOOP_NONBLOCK);
        BOOST_TEST(client->received() == "", method << " " << target);
        database->release_all();
        const HttpAnswer answer = client->answer();
        BOOST_TEST(answer.status == 200, answer.body);
        BOOST_TEST(api.mismatch(method, documented, answer.body) == "");
    }
}

BOOST_AUTO_TEST_CASE(metrics_are_answered_while_the_store_does_not_answer)
{
    database->holds = true;
    client->send_request("GET", "/metrics");
    test::turn_until(base.get(), [this] { return database->held() > 0; });
    event_base_loop(base.get(), EVLOOP_NONBLOCK);
    BOOST_TEST(client->received() == "");
    clock.advance(Operations::kStatusPatience);
    const HttpAnswer answer = client->answer();
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.body.find("usher_store_failing 1\n") != std::string::npos, answer.body);
    database->release_all();
    BOOST_TEST(ask("GET", "/metrics").body.find("usher_store_failing 0\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_client_that_has_gone_before_the_store_answered_disturbs_nobody)
{
    database->holds = true;
    client->send_request("PUT", "/v1/option/juliet@capulet.lit", R"({"option": "all"})");
    test::turn_until(base.get(), [this] { return database->held() > 0; });
    client.emplace(base.get(), path);
    event_base_loop(base.get(), EVLOOP_NONBLOCK);
    database->release_all();
    BOOST_TEST(Json::parse(ask("GET", "/v1/option/juliet@capulet.lit").body)["chosen"] == "all");
}

BOOST_AUTO_TEST_CASE(the_store_may_answer_when_the_control_interface_has_gone)
{
    database->holds = true;
    client->send_request("GET", "/v1/status");
    test::turn_until(base.get(), [this] { return database->held() > 0; });
    control.reset();
    database->release_all();
    client->wait_for_end();
    BOOST_TEST(client->received() == "");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_as_text_is_still_answered_in_json)
{
    const HttpAnswer answer = ask("GET", "/v1/option/%ff%1b%5b2J");
    BOOST_TEST(answer.status == 400);
    BOOST_TEST(api.mismatch_of_error(answer.body) == "");
    for (const char c : answer.body) {
        BOOST_TEST(((c >= ' ' && c <= '~') || c == '\n'));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
