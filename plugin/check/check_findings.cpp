#include "plugin/check/check_findings.h"

#include "integration/xmpp/namespaces.h"
#include "plugin/check/failure_text.h"
#include "plugin/text/known_servers.h"
#include "plugin/text/server_recipes.h"
#include "plugin/text/terminal.h"
#include "plugin/text/timestamp.h"

namespace usher
{

namespace
{

using Outcome = CheckResult::Outcome;
using Answer = DomainFacts::Answer;

static_assert(kGrantedNamespace == ns::kRequests);
static_assert(kGrantedPeople == ns::kPeople);
static_assert(kGrantedApprovals == ns::kApprovals);
static_assert(kGrantedArchive == ns::kArchive);

std::string said(const Answer& answer)
{
    return answer.kind == Answer::Kind::error ? short_ascii(answer.condition) : "no answer";
}

/// The results about one domain, or about the connection.
class Paragraph
{
  public:
    Paragraph(CheckReport& report, std::string domain) : report_(report), domain_(std::move(domain)) {}

    void add(Outcome outcome, std::string subject, std::string finding, std::string fix = {})
    {
        report_.results.push_back({domain_, outcome, std::move(subject), std::move(finding), std::move(fix)});
    }
    void passed(std::string subject, std::string finding)
    {
        add(Outcome::passed, std::move(subject), std::move(finding));
    }

  private:
    CheckReport& report_;
    std::string domain_;
};

/// For a connector that is not heard now.
std::string last_reply(const DomainFacts& facts)
{
    return facts.last_round_trip ? "; the connector last replied at " + timestamp(*facts.last_round_trip)
                                 : "";
}

bool is_about_connection(Failure::Kind kind)
{
    return kind == Failure::Kind::lookup || kind == Failure::Kind::unreachable ||
           kind == Failure::Kind::timeout || kind == Failure::Kind::lost || kind == Failure::Kind::silent ||
           kind == Failure::Kind::detached;
}

bool is_about_tls(Failure::Kind kind)
{
    return kind == Failure::Kind::no_tls || kind == Failure::Kind::certificate;
}

void add_tls(Paragraph& paragraph, const ConnectionSettings& connection)
{
    if (connection.component) {
        if (is_loopback(connection.host)) {
            paragraph.passed("TLS", "none, as for every component; the server is on this machine");
        } else {
            paragraph.add(Outcome::warning, "TLS",
                          "none, as for every component: secret and requests can be read on the way to " +
                              connection.host,
                          "use an account, or a connection that is protected otherwise");
        }
    } else if (connection.tls_required) {
        paragraph.passed("TLS", "certificate valid for " + std::string(connection.account->domain()));
    } else {
        paragraph.passed("TLS", "off; the server is on this machine");
    }
}

/// The connection, up to `failure` if there is one.
void add_connection(CheckReport& report, const std::string& path, const ConnectionSettings& connection,
                    const std::optional<Failure>& failure)
{
    Paragraph paragraph(report, {});
    paragraph.passed("settings", path);
    const auto failed = [&](const std::string& subject) {
        FailureText explained = explain(*failure, connection);
        paragraph.add(Outcome::failed, subject, std::move(explained.what), std::move(explained.fix));
    };
    if (failure && is_about_connection(failure->kind)) {
        failed("connection");
        return;
    }
    paragraph.passed("connection", connection.host + " port " + std::to_string(connection.port));
    if (failure && is_about_tls(failure->kind)) {
        failed("TLS");
        return;
    }
    if (!failure) {
        add_tls(paragraph, connection);
        paragraph.passed("login", own_address(connection));
    } else if (failure->kind == Failure::Kind::conflict && connection.component) {
        paragraph.add(Outcome::not_possible, "login",
                      own_address(connection) + " is logged in already: usherd is running",
                      "`usherctl check` asks through the running usherd");
    } else {
        failed("login");
    }
}

/// Whether anybody can register: whoever does is a colleague to the policy.
void add_registration(Paragraph& paragraph, const Organization& organization, Registration registration,
                      const std::string& where, const ServerSteps& steps)
{
    const bool automatic = organization.option != Option::prompt || organization.users_may_choose;
    switch (registration) {
        case Registration::closed:
            paragraph.passed("registration", "closed");
            break;
        case Registration::invited:
            paragraph.passed("registration", "by invitation");
            break;
        case Registration::open:
            if (automatic) {
                paragraph.add(
                    Outcome::warning, "registration",
                    "open (XEP-0077), and requests from registered users are approved automatically: "
                    "whoever registers can watch everybody",
                    steps.closed_registration + "; or option = \"prompt\" and users_may_choose = false");
            } else {
                paragraph.passed("registration",
                                 "open (XEP-0077), but requests are not approved automatically");
            }
            break;
        case Registration::foreign:
        case Registration::unseen:
            paragraph.add(Outcome::not_possible, "registration",
                          "not seen: " + where + " accepts no clients of this domain",
                          automatic
                              ? "make sure that not everybody can register (XEP-0077): whoever does can "
                                "watch everybody"
                              : "");
            break;
    }
}

/// A domain without a connector where stock = "approve" is set. Returns whether requests are answered.
bool add_stock(Paragraph& paragraph, const DomainFacts& facts, const KnownServer& server,
               const ServerSteps& steps)
{
    paragraph.add(
        Outcome::warning, "connector",
        "none; stock = \"approve\" sees requests between users of this server only, and cannot deny",
        steps.connector);
    if (server.kind == ServerKind::ejabberd) {
        paragraph.add(Outcome::failed, "roster", "ejabberd does not let others change subscriptions",
                      "the connector is the only way here");
        return false;
    }
    if (!facts.granted || !facts.granted->enough_for_stock()) {
        paragraph.add(Outcome::failed, "roster", "stock = \"approve\" lacks permissions (XEP-0356)",
                      stock_step());
        return false;
    }
    paragraph.passed("roster", "permissions granted, for stock = \"approve\"");
    return true;
}

/// A domain that needs the connector. Returns whether requests are answered.
bool add_requests(Paragraph& paragraph, const DomainFacts& facts, const ServerSteps& steps)
{
    const std::string advertised =
        facts.granted && facts.granted->requests
            ? "advertised as urn:xmpp:privilege:" + std::to_string(facts.granted->version)
            : "";
    if (!facts.connector) {
        if (facts.other_connector.empty()) {
            paragraph.add(Outcome::failed, "connector", "none: requests are not seen" + last_reply(facts),
                          steps.connector);
        } else {
            paragraph.add(Outcome::failed, "connector",
                          "speaks " + short_ascii(facts.other_connector) + ", and this usherd " +
                              std::string(ns::kRequests),
                          "install usherd and connector of the same release");
        }
        if (!advertised.empty()) {
            paragraph.passed("grant", advertised);
        }
        return false;
    }
    paragraph.passed("connector", std::string(ns::kRequests));
    const std::string& condition = facts.pending.condition;
    if (condition == "forbidden" || condition == "not-allowed") {
        paragraph.add(Outcome::failed, "grant",
                      (advertised.empty() ? "" : advertised + ", but ") +
                          std::string("the connector accepts no answers from us") + last_reply(facts),
                      steps.grant);
        return false;
    }
    if (facts.pending && advertised.empty()) {
        paragraph.add(Outcome::warning, "grant",
                      "accepted, but not advertised (XEP-0356): usherd does not notice when the connector is "
                      "loaded again",
                      "restart usherd after reloading the connector");
    } else if (facts.pending) {
        paragraph.passed("grant", "accepted, " + advertised);
    } else if (!advertised.empty()) {
        paragraph.passed("grant", advertised);
    }
    if (!facts.pending) {
        paragraph.add(Outcome::failed, "pending list",
                      "cannot be read: " + said(facts.pending) + last_reply(facts),
                      "the server's log may say why");
        return false;
    }
    paragraph.passed("pending list",
                     facts.waiting ? "readable; " + std::to_string(*facts.waiting) + " waiting" : "readable");
    return true;
}

void add_roster_permission(Paragraph& paragraph, const DomainFacts& facts)
{
    if (facts.granted &&
        (facts.granted->roster_get || facts.granted->roster_set || facts.granted->user_presence)) {
        paragraph.add(Outcome::warning, "roster",
                      "permission for rosters or presence granted, but not needed",
                      "withdraw it: whoever gets hold of usherd's password has it too");
    } else {
        paragraph.passed("roster", "permission not granted, not needed");
    }
}

/// What search (`[organization.people]`) has of the server. Requests are answered all the same.
void add_people(Paragraph& paragraph, const PeopleSearch& people, const DomainFacts& facts,
                const ServerSteps& steps)
{
    const bool searched = people.listed != Listed::off;
    // With names from elsewhere the server is asked for availability only.
    const bool lists = people.names == NamesFrom::vcard;
    const bool granted = facts.granted && facts.granted->people;
    if (searched && (lists || people.availability)) {
        const std::string without = lists ? "nobody is found" : "nobody's availability is shown";
        if (!facts.people) {
            paragraph.add(Outcome::warning, "people", "the connector does not offer them: " + without,
                          "install the connector of usherd's release; then " + steps.people);
        } else if (!granted) {
            paragraph.add(Outcome::warning, "people", "permission not granted: " + without, steps.people);
        } else {
            paragraph.passed("people", "permission granted, for search");
        }
    } else if (granted) {
        const std::string source = people.names == NamesFrom::ldap ? "the directory" : "a file";
        paragraph.add(Outcome::warning, "people",
                      "permission granted, but not needed: " +
                          (searched ? "search has its people from " + source : "there is no search"),
                      "withdraw it: whoever gets hold of usherd's password has it too");
    }
}

bool has_approvals_that_end(const RuleList& rules)
{
    for (std::size_t i = 0; i < rules.size(); ++i) {
        if (rules[i].approved_for != std::chrono::seconds(0)) {
            return true;
        }
    }
    return false;
}

/// What revoking by itself (`for`, `revoke_when_no_longer_approved`) has of the server. Requests are answered all the same.
void add_approvals(Paragraph& paragraph, const Organization& organization, const DomainFacts& facts,
                   const ServerSteps& steps)
{
    const Revoking setting = organization.revoke_when_no_longer_approved;
    const bool revokes = setting == Revoking::apply || has_approvals_that_end(organization.rules);
    if (setting == Revoking::never && !revokes) {
        return;
    }
    const std::string without = revokes ? "no approvals are revoked automatically"
                                        : "approvals that policy would not give any more are not counted";
    if (!facts.approvals) {
        paragraph.add(Outcome::warning, "approvals", "the connector does not offer them: " + without,
                      "install the connector of usherd's release; then " + steps.approvals);
    } else if (!facts.granted || !facts.granted->approvals) {
        paragraph.add(Outcome::warning, "approvals", "permission to read them not granted: " + without,
                      steps.approvals);
    } else if (revokes && !facts.granted->revoking) {
        paragraph.add(Outcome::warning, "approvals",
                      "permission granted to read them, but not to revoke them: " + without, steps.approvals);
    } else {
        paragraph.passed("approvals", facts.granted->revoking ? "permission granted, to read and revoke them"
                                                              : "permission granted, to read them");
    }
}

/// What `[organization.archive]` has of the server. Requests are answered all the same.
void add_archive(Paragraph& paragraph, const DomainFacts& facts, const ServerSteps& steps)
{
    const std::string without = "no archiving preferences are set";
    if (!facts.archive) {
        paragraph.add(Outcome::warning, "archive", "the connector does not offer it: " + without,
                      "install the connector of usherd's release; then " + steps.archive);
    } else if (!facts.granted || !facts.granted->archive) {
        paragraph.add(Outcome::warning, "archive",
                      "permission to read and set preferences not granted: " + without, steps.archive);
    } else if (facts.archived) {
        paragraph.passed("archive", "permission granted, to set preferences; there is a message archive");
    } else if (facts.archived.condition == "feature-not-implemented") {
        paragraph.add(Outcome::warning, "archive", "the server has no message archive here: " + without,
                      steps.message_archive);
    } else {
        paragraph.add(Outcome::not_possible, "archive",
                      "permission granted; whether the server has a message archive is not known: " +
                          said(facts.archived),
                      "the server's log may say why");
    }
}

bool is_elsewhere(const Answer& features)
{
    return features.condition == "remote-server-not-found" || features.condition == "remote-server-timeout";
}

void add_domain(CheckReport& report, const Settings& settings, const OrganizationSettings& organization,
                const std::string& domain, const DomainFacts& facts, Registration registration)
{
    Paragraph paragraph(report, domain);
    const ConnectionSettings& connection = settings.connection;
    // Where a component connects is not where clients do: what answers there may be another server.
    const bool foreign = registration == Registration::foreign && !connection.component && !facts.connector;
    if (foreign || is_elsewhere(facts.features)) {
        paragraph.add(
            Outcome::warning, "domain",
            "not hosted by this server: its users' requests are not answered; they count as colleagues "
            "when they ask others",
            "if it is to be one, add it to the server's configuration");
        return;
    }
    if (!facts.features) {
        paragraph.add(Outcome::failed, "domain",
                      "does not answer (" + said(facts.features) + ")" + last_reply(facts),
                      "is it a domain of this server? Is service discovery (XEP-0030) enabled there?");
        report.silent.push_back(domain);
        return;
    }
    const std::string software = short_ascii(facts.software);
    const std::string version = short_ascii(facts.software_version);
    const KnownServer server = known_server(software, version);
    const ServerSteps steps =
        server_steps(server.kind, connection.component ? LoginKind::component : LoginKind::account,
                     own_address(connection), domain);
    if (!facts.version) {
        paragraph.add(
            Outcome::not_possible, "server",
            (software.empty() ? "does not say what it is" : software + ", does not say its version") +
                std::string(" (XEP-0092)"));
    } else {
        paragraph.add(server.supported ? Outcome::passed : Outcome::warning, "server",
                      software + " " + version + (server.note.empty() ? "" : ": " + server.note));
    }
    bool answered = false;
    if (organization.stock && !facts.connector && facts.other_connector.empty()) {
        answered = add_stock(paragraph, facts, server, steps);
    } else {
        answered = add_requests(paragraph, facts, steps);
        add_roster_permission(paragraph, facts);
        if (facts.connector) {
            add_people(paragraph, organization.people, facts, steps);
            add_approvals(paragraph, organization, facts, steps);
            if (organization.archive.preference) {
                add_archive(paragraph, facts, steps);
            }
        }
    }
    add_registration(paragraph, organization, registration,
                     connection.host + " port " + std::to_string(client_port(connection)), steps);
    (answered ? report.answering : report.silent).push_back(domain);
}

}  // namespace

std::uint16_t client_port(const ConnectionSettings& connection)
{
    constexpr std::uint16_t kUsual = 5222;
    return connection.component ? kUsual : connection.port;
}

CheckReport report(const std::string& path, const Settings& settings,
                   const std::map<std::string, DomainFacts, std::less<>>& facts,
                   const RegistrationProbe::Seen& seen)
{
    CheckReport report;
    add_connection(report, path, settings.connection, std::nullopt);
    for (const OrganizationSettings& organization : settings.organizations) {
        for (const std::string& domain : organization.domains) {
            const auto registration = seen.find(domain);
            if (const auto found = facts.find(domain); found != facts.end()) {
                add_domain(report, settings, organization, domain, found->second,
                           registration == seen.end() ? Registration::unseen : registration->second);
            }
        }
    }
    return report;
}

CheckReport report(const std::string& path, const Settings& settings, const Failure& failure)
{
    CheckReport report;
    add_connection(report, path, settings.connection, failure);
    report.exit_code = exit_code(failure);
    return report;
}

CheckReport report_running(const std::string& path, const Settings& settings)
{
    return report(path, settings, {Failure::Kind::conflict, {}});
}

}  // namespace usher
