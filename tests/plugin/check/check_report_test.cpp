// From facts to the report for the administrator, and whether requests can be answered.
#include "plugin/check/check_findings.h"
#include "plugin/check/exit_codes.h"

#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <functional>
#include <iterator>
#include <ostream>
#include <sstream>
#include <string>

#include "plugin/text/known_servers.h"

namespace bdata = boost::unit_test::data;

namespace usher
{

namespace
{

using Kind = DomainFacts::Answer::Kind;

struct Case {
    std::string name;
    std::function<void(Settings&, DomainFacts&, Registration&)>
        change;  ///< to facts with which everything passes
    std::string subject;
    std::string outcome;
    std::string finding;  ///< a part of it
    std::string fix;      ///< a part of it; `-` if there is none
    bool answered;
};

std::ostream& operator<<(std::ostream& out, const Case& c)
{
    return out << c.name;
}

RuleList rules_with_an_end()
{
    Rule rule;
    rule.answer = Answer::approve;
    rule.approved_for = std::chrono::hours(24);
    return RuleList({Rule{}, rule});
}

const Case kCases[] = {
    {"connector", [](auto&, auto&, auto&) {}, "connector", "passed", "urn:xmpp:subscription-requests:0", "-",
     true},
    {"grant", [](auto&, auto&, auto&) {}, "grant", "passed", "advertised as urn:xmpp:privilege:2", "-", true},
    {"older_advertisement", [](auto&, auto& f, auto&) { f.granted->version = 1; }, "grant", "passed",
     "urn:xmpp:privilege:1", "-", true},
    {"list", [](auto&, auto& f, auto&) { f.waiting = 3; }, "pending list", "passed", "readable; 3 waiting",
     "-", true},
    {"roster_not_needed", [](auto&, auto&, auto&) {}, "roster", "passed", "not needed", "-", true},
    {"roster_granted_without_need", [](auto&, auto& f, auto&) { f.granted->roster_get = true; }, "roster",
     "warning", "not needed", "withdraw it", true},
    {"closed", [](auto&, auto&, auto&) {}, "registration", "passed", "closed", "-", true},
    {"by_invitation", [](auto&, auto&, auto& e) { e = Registration::invited; }, "registration", "passed",
     "by invitation", "-", true},
    {"archive_granted",
     [](auto& s, auto& f, auto&) {
         s.organizations[0].archive = {Archiving::never, false};
         f.archive = f.granted->archive = true;
         f.archived = {Kind::result, {}};
     },
     "archive", "passed", "granted, to set preferences; there is a message archive", "-", true},
    {"archive_that_is_none",
     [](auto& s, auto& f, auto&) {
         s.organizations[0].archive = {Archiving::never, false};
         f.archive = f.granted->archive = true;
         f.archived = {Kind::error, "feature-not-implemented"};
     },
     "archive", "warning", "no message archive here: no archiving preferences are set",
     "add \"mam\" to modules_enabled for capulet.lit", true},
    {"archive_that_does_not_say",
     [](auto& s, auto& f, auto&) {
         s.organizations[0].archive = {Archiving::never, false};
         f.archive = f.granted->archive = true;
         f.archived = {Kind::error, "internal-server-error"};
     },
     "archive", "not possible",
     "whether the server has a message archive is not known: internal-server-error", "log", true},
    {"approvals_granted_for_rules_with_an_end",
     [](auto& s, auto& f, auto&) {
         s.organizations[0].rules = rules_with_an_end();
         f.approvals = f.granted->approvals = f.granted->revoking = true;
     },
     "approvals", "passed", "granted, to read and revoke them", "-", true},
    {"approvals_not_granted_for_rules_with_an_end",
     [](auto& s, auto& f, auto&) {
         s.organizations[0].rules = rules_with_an_end();
         f.approvals = true;
     },
     "approvals", "warning", "permission to read them not granted: no approvals are revoked automatically",
     "[\"urn:xmpp:subscription-requests:0#approvals\"] = \"both\"", true},
    {"approvals_granted_to_be_read_only",
     [](auto& s, auto& f, auto&) {
         s.organizations[0].revoke_when_no_longer_approved = Revoking::apply;
         f.approvals = f.granted->approvals = true;
     },
     "approvals", "warning", "but not to revoke them: no approvals are revoked automatically",
     "[\"urn:xmpp:subscription-requests:0#approvals\"] = \"both\"", true},
    {"approvals_on_ejabberd",
     [](auto& s, auto& f, auto&) {
         s.organizations[0].revoke_when_no_longer_approved = Revoking::apply;
         f.software = "ejabberd";
         f.approvals = true;
     },
     "approvals", "warning", "not granted", "`approval_entities`", true},
    {"approvals_to_report_are_only_read",
     [](auto& s, auto& f, auto&) {
         s.organizations[0].revoke_when_no_longer_approved = Revoking::report;
         f.approvals = f.granted->approvals = true;
     },
     "approvals", "passed", "granted, to read them", "-", true},
    {"approvals_to_report_not_granted",
     [](auto& s, auto& f, auto&) {
         s.organizations[0].revoke_when_no_longer_approved = Revoking::report;
         f.approvals = true;
     },
     "approvals", "warning", "not counted", "#approvals", true},
    {"approvals_not_offered",
     [](auto& s, auto& f, auto&) {
         s.organizations[0].revoke_when_no_longer_approved = Revoking::apply;
         f.granted->approvals = f.granted->revoking = true;
     },
     "approvals", "warning", "does not offer them", "usherd's release", true},
    {"archive_not_granted",
     [](auto& s, auto& f, auto&) {
         s.organizations[0].archive = {Archiving::never, false};
         f.archive = true;
     },
     "archive", "warning", "not granted: no archiving preferences are set",
     "[\"urn:xmpp:subscription-requests:0#archive\"] = \"both\"", true},
    {"archive_not_offered",
     [](auto& s, auto& f, auto&) {
         s.organizations[0].archive = {Archiving::never, false};
         f.granted->archive = true;
     },
     "archive", "warning", "does not offer it", "usherd's release", true},
    {"people_granted",
     [](auto& s, auto& f, auto&) {
         s.organizations[0].people.listed = Listed::opt_out;
         f.people = f.granted->people = true;
     },
     "people", "passed", "granted, for search", "-", true},
    {"people_not_granted",
     [](auto& s, auto& f, auto&) {
         s.organizations[0].people.listed = Listed::opt_in;
         f.people = true;
     },
     "people", "warning", "not granted: nobody is found",
     "[\"urn:xmpp:subscription-requests:0#people\"] = \"get\"", true},
    {"people_not_offered",
     [](auto& s, auto& f, auto&) {
         s.organizations[0].people.listed = Listed::opt_out;
         f.granted->people = true;
     },
     "people", "warning", "does not offer them", "usherd's release", true},
    {"people_of_a_directory_without_grant",
     [](auto& s, auto& f, auto&) {
         s.organizations[0].people.listed = Listed::opt_out;
         s.organizations[0].people.names = NamesFrom::ldap;
         f.people = true;
     },
     "people", "warning", "nobody's availability is shown", "#people", true},
    {"people_of_a_directory_without_availability",
     [](auto& s, auto& f, auto&) {
         s.organizations[0].people.listed = Listed::opt_out;
         s.organizations[0].people.names = NamesFrom::ldap;
         s.organizations[0].people.availability = false;
         f.people = f.granted->people = true;
     },
     "people", "warning", "from the directory", "withdraw it", true},
    {"people_of_a_file_without_availability",
     [](auto& s, auto& f, auto&) {
         s.organizations[0].people.listed = Listed::opt_out;
         s.organizations[0].people.names = NamesFrom::file;
         s.organizations[0].people.availability = false;
         f.people = f.granted->people = true;
     },
     "people", "warning", "from a file", "withdraw it", true},
    {"people_granted_without_need", [](auto&, auto& f, auto&) { f.people = f.granted->people = true; },
     "people", "warning", "not needed", "withdraw it", true},
    {"no_connector",
     [](auto&, auto& f, auto&) {
         f.connector = false;
         f.pending = {};
     },
     "connector", "failed", "none", "mod_subscription_requests", false},
    {"connector_of_another_version",
     [](auto&, auto& f, auto&) {
         f.connector = false;
         f.other_connector = "urn:xmpp:subscription-requests:1";
     },
     "connector", "failed", "urn:xmpp:subscription-requests:1", "same release", false},
    {"connector_gone",
     [](auto&, auto& f, auto&) {
         f.connector = false;
         f.pending = {};
         f.last_round_trip = std::chrono::system_clock::time_point{};
     },
     "connector", "failed", "not seen; the connector last replied at 1970-01-01T00:00:00",
     "mod_subscription_requests", false},
    {"refused",
     [](auto&, auto& f, auto&) {
         f.pending = {Kind::error, "forbidden"};
         f.granted.reset();
     },
     "grant", "failed", "accepts no answers", "[\"usher@capulet.lit\"]", false},
    {"refused_component",
     [](auto& s, auto& f, auto&) {
         s.connection.account.reset();
         s.connection.component = "usher.capulet.lit";
         f.pending = {Kind::error, "forbidden"};
     },
     "grant", "failed", "accepts no answers", "Component \"usher.capulet.lit\" needs", false},
    {"not_advertised", [](auto&, auto& f, auto&) { f.granted.reset(); }, "grant", "warning", "not advertised",
     "restart", true},
    {"list_broken", [](auto&, auto& f, auto&) { f.pending = {Kind::error, "internal-server-error"}; },
     "pending list", "failed", "internal-server-error", "log", false},
    {"list_silent", [](auto&, auto& f, auto&) { f.pending = {Kind::silent, {}}; }, "pending list", "failed",
     "no answer", "log", false},
    {"domain_silent", [](auto&, auto& f, auto&) { f.features = {Kind::silent, {}}; }, "domain", "failed",
     "no answer", "domain of this server", false},
    {"foreign",
     [](auto&, auto& f, auto& e) {
         f.connector = false;
         e = Registration::foreign;
     },
     "domain", "warning", "not hosted by this server", "configuration", false},
    {"not_found", [](auto&, auto& f, auto&) { f.features = {Kind::error, "remote-server-not-found"}; },
     "domain", "warning", "not hosted by this server", "configuration", false},
    {"anybody_registers_organization", [](auto&, auto&, auto& e) { e = Registration::open; }, "registration",
     "warning", "whoever registers can watch everybody", "allow_registration", true},
    {"anybody_registers_all",
     [](auto& s, auto&, auto& e) {
         s.organizations[0].option = Option::all;
         s.organizations[0].users_may_choose = false;
         e = Registration::open;
     },
     "registration", "warning", "watch everybody", "prompt", true},
    {"anybody_registers_users_choose",
     [](auto& s, auto&, auto& e) {
         s.organizations[0].option = Option::prompt;
         e = Registration::open;
     },
     "registration", "warning", "watch everybody", "users_may_choose", true},
    {"anybody_registers_prompt",
     [](auto& s, auto&, auto& e) {
         s.organizations[0].option = Option::prompt;
         s.organizations[0].users_may_choose = false;
         e = Registration::open;
     },
     "registration", "passed", "not approved automatically", "-", true},
    {"registration_unseen", [](auto&, auto&, auto& e) { e = Registration::unseen; }, "registration",
     "not possible", "127.0.0.1 port 5222", "make sure", true},
    {"stock",
     [](auto& s, auto& f, auto&) {
         s.organizations[0].stock = true;
         f.connector = false;
         f.granted->roster_get = f.granted->roster_set = f.granted->user_presence = true;
         f.granted->blocklist_get = true;
     },
     "connector", "warning", "cannot deny", "mod_subscription_requests", true},
    {"stock_that_cannot_see_blocks",
     [](auto& s, auto& f, auto&) {
         s.organizations[0].stock = true;
         f.connector = false;
         f.granted->roster_get = f.granted->roster_set = f.granted->user_presence = true;
     },
     "roster", "failed", "lacks permissions", "urn:xmpp:blocking", false},
    {"stock_without_permission",
     [](auto& s, auto& f, auto&) {
         s.organizations[0].stock = true;
         f.connector = false;
     },
     "roster", "failed", "lacks permissions", "managed_entity", false},
    {"stock_on_ejabberd",
     [](auto& s, auto& f, auto&) {
         s.organizations[0].stock = true;
         f.connector = false;
         f.software = "ejabberd";
         f.granted->roster_get = f.granted->roster_set = f.granted->user_presence = true;
         f.granted->blocklist_get = true;
     },
     "roster", "failed", "ejabberd", "connector", false},
    {"stock_where_there_is_a_connector", [](auto& s, auto&, auto&) { s.organizations[0].stock = true; },
     "connector", "passed", "urn:xmpp:subscription-requests:0", "-", true},
    {"server", [](auto&, auto&, auto&) {}, "server", "passed", "Prosody 0.12.3", "-", true},
    {"old_ejabberd",
     [](auto&, auto& f, auto&) {
         f.software = "ejabberd";
         f.software_version = "23.01";
     },
     "server", "passed", "`entities`", "-", true},
    {"unknown_server", [](auto&, auto& f, auto&) { f.software = "Sonnet"; }, "server", "warning",
     "no connector is known", "-", true},
    {"server_does_not_say", [](auto&, auto& f, auto&) { f.version = {Kind::error, "service-unavailable"}; },
     "server", "not possible", "XEP-0092", "-", true},
};

Settings settings()
{
    Settings settings;
    settings.connection.account = Address::prepare("usher@capulet.lit");
    OrganizationSettings organization;
    organization.domains = {"capulet.lit"};
    settings.organizations = {organization};
    return settings;
}

DomainFacts all_well()
{
    DomainFacts facts;
    facts.features = facts.pending = facts.version = {Kind::result, {}};
    facts.connector = true;
    facts.software = "Prosody";
    facts.software_version = "0.12.3";
    facts.granted = Advertisement{};
    facts.granted->requests = true;
    return facts;
}

CheckReport report_of(const Case& c)
{
    Settings changed = settings();
    DomainFacts facts = all_well();
    Registration registration = Registration::closed;
    c.change(changed, facts, registration);
    return report("usher.toml", changed, {{"capulet.lit", facts}}, {{"capulet.lit", registration}});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(check_report)

BOOST_DATA_TEST_CASE(domain, bdata::make(kCases), c)
{
    const CheckReport found = report_of(c);
    const auto result = std::find_if(found.results.begin(), found.results.end(), [&](const CheckResult& one) {
        return one.domain == "capulet.lit" && one.subject == c.subject;
    });
    BOOST_REQUIRE((result != found.results.end()));
    BOOST_TEST(name(result->outcome) == c.outcome);
    BOOST_TEST(result->finding.find(c.finding) != std::string::npos, result->finding);
    if (c.fix == "-") {
        BOOST_TEST(result->fix.empty(), result->fix);
    } else {
        BOOST_TEST(result->fix.find(c.fix) != std::string::npos, result->fix);
    }
    BOOST_TEST(found.all_answered() == c.answered);
}

BOOST_AUTO_TEST_CASE(nothing_is_said_of_permissions_for_approvals_where_none_is_needed)
{
    for (const CheckResult& result :
         report("usher.toml", settings(), {{"capulet.lit", all_well()}}, {}).results) {
        BOOST_TEST(result.subject != "approvals");
    }
}

BOOST_AUTO_TEST_CASE(another_servers_domain_does_not_fail_the_check)
{
    Settings two = settings();
    two.organizations[0].domains.push_back("verona.lit");
    DomainFacts elsewhere;
    elsewhere.features = {Kind::error, "remote-server-not-found"};
    const CheckReport found =
        report("usher.toml", two, {{"capulet.lit", all_well()}, {"verona.lit", elsewhere}},
               {{"capulet.lit", Registration::closed}, {"verona.lit", Registration::foreign}});
    BOOST_TEST(found.all_answered());
}

BOOST_AUTO_TEST_CASE(one_domain_of_ours_without_connector_does)
{
    Settings two = settings();
    two.organizations[0].domains.push_back("montague.lit");
    DomainFacts without = all_well();
    without.connector = false;
    const CheckReport found =
        report("usher.toml", two, {{"capulet.lit", all_well()}, {"montague.lit", without}},
               {{"capulet.lit", Registration::closed}, {"montague.lit", Registration::closed}});
    BOOST_TEST(!found.all_answered());
}

BOOST_AUTO_TEST_CASE(a_failed_login_says_how_far_it_came)
{
    const CheckReport found = report("usher.toml", settings(), {Failure::Kind::certificate, "expired"});
    BOOST_REQUIRE(found.results.size() == 3U);
    BOOST_TEST(found.results[1].subject == "connection");
    BOOST_TEST(name(found.results[1].outcome) == "passed");
    BOOST_TEST(found.results[2].subject == "TLS");
    BOOST_TEST(name(found.results[2].outcome) == "failed");
    BOOST_TEST(found.exit_code == kCertificate);
    BOOST_TEST(!found.all_answered());
}

BOOST_AUTO_TEST_CASE(a_remote_component_is_reported_as_unencrypted)
{
    Settings far = settings();
    far.connection.account.reset();
    far.connection.component = "usher.capulet.lit";
    far.connection.host = "192.0.2.1";
    const CheckReport found = report("usher.toml", far, {{"capulet.lit", all_well()}}, {});
    BOOST_TEST(found.results[2].subject == "TLS");
    BOOST_TEST(name(found.results[2].outcome) == "warning");
    BOOST_TEST(found.all_answered());
}

BOOST_AUTO_TEST_CASE(the_readme_shows_a_report_as_it_is)
{
    Settings example = settings();
    example.connection.host = "127.0.0.1";
    example.connection.tls_required = true;
    example.connection.account = Address::prepare("usher@example.org");
    example.organizations[0].domains = {"example.org"};
    DomainFacts facts = all_well();
    facts.pending = {Kind::error, "forbidden"};
    facts.granted.reset();
    const CheckReport found = report("/etc/usher/usher.toml", example, {{"example.org", facts}},
                                     {{"example.org", Registration::open}});
    const std::string shown = "```\n" + to_string(found) + "```\n";

    std::ifstream file(USHER_README);
    const std::string readme{std::istreambuf_iterator<char>(file), {}};
    BOOST_TEST(readme.find(shown) != std::string::npos, shown);
}

BOOST_AUTO_TEST_CASE(lines_are_aligned_and_none_is_too_long)
{
    for (const Case& c : kCases) {
        std::istringstream lines(to_string(report_of(c)));
        for (std::string line; std::getline(lines, line);) {
            BOOST_TEST(line.size() <= 100U, line);
            BOOST_TEST((line.empty() || line.back() != ' '), line);
            if (line.starts_with("  ")) {
                BOOST_TEST(line.substr(14, 2) == "  ", line);
                BOOST_TEST(line.size() > 16U);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(what_the_server_says_stays_on_one_line)
{
    DomainFacts facts = all_well();
    facts.software = "Prosody\n\x1b[2J  passed        grant: all fine\n";
    facts.software_version = std::string(100'000, 'x');
    const CheckReport found = report("usher.toml", settings(), {{"capulet.lit", facts}}, {});
    for (const CheckResult& result : found.results) {
        BOOST_TEST((result.finding.find_first_of("\n\x1b") == std::string::npos));
        BOOST_TEST(result.finding.size() < 1'000U);
    }
}

BOOST_AUTO_TEST_CASE(versions_are_compared_as_numbers)
{
    BOOST_TEST(!known_server("Prosody", "0.9.12").supported);
    BOOST_TEST(known_server("Prosody", "0.12.3").supported);
    BOOST_TEST(known_server("Prosody", "13.0.2").supported);
    BOOST_TEST(!known_server("Prosody", "trunk nightly build 1").supported);
    BOOST_TEST(known_server("Prosody", "0.12.3").note == known_server("Prosody", "13.0.1").note);
    BOOST_TEST(!known_server("ejabberd", "21.12").supported);
    BOOST_TEST((known_server("ejabberd", "23.01").note != known_server("ejabberd", "24.10").note));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
