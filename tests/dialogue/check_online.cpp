// `usherd --check --online` on a real server: what it says of each fault, that it is right when it says that
// all is well, and that nobody notices it.
#include <sys/socket.h>
#include <sys/un.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <sstream>

#include "servers.h"
#include "stage.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

constexpr int kFailed = 1;
constexpr int kCredentials = 4;
constexpr int kCertificate = 5;
constexpr int kUnknownHost = 6;

struct CheckStage {
    explicit CheckStage(Login wanted, bool connector = true, bool registration = false,
                        const std::vector<std::string>& certificate_names = {})
        : login(wanted)
    {
        ServerOptions options;
        options.connector = connector;
        options.registration = registration;
        options.entities = {entity_address(login)};
        options.certificate_names = certificate_names;
        server = make_server(options);
        connection.emplace(connection_to(*server));
    }

    [[nodiscard]] Usherd::Check check(const UsherdOptions& options = {}) const
    {
        Usherd::Check check = Usherd(*connection, options).check_online();
        BOOST_TEST_MESSAGE(check.report);
        return check;
    }

    Login login;
    std::unique_ptr<Server> server;
    std::optional<UsherdConnection> connection;
};

/// The first line about that subject in the paragraph of that domain (`connection` for the connection),
/// without its column of white space: `failed connector: none: requests are not seen`. Empty if there is
/// none.
std::string line(const Usherd::Check& check, const std::string& paragraph, const std::string& subject)
{
    std::istringstream lines(check.report);
    std::string present;
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(" ")) {
            present = line;
        } else if (present == paragraph && line.find("  " + subject + ": ") != std::string::npos) {
            const auto outcome_end = line.find("  ", 2);
            return line.substr(2, outcome_end - 2) + " " + line.substr(16);
        }
    }
    return {};
}

std::string domain_line(const Usherd::Check& check, const std::string& subject)
{
    return line(check, "capulet.lit", subject);
}

bool contains(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

const std::string kConnector = "passed connector: urn:xmpp:subscription-requests:0";

/// A control socket, as a running daemon has it.
Descriptor listen_at(const std::filesystem::path& path)
{
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    BOOST_REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    BOOST_REQUIRE(::listen(socket.get(), 1) == 0);
    return socket;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(check_online)

BOOST_DATA_TEST_CASE(everything_is_right, kLogins, login)
{
    const CheckStage stage(login, true, false, {"capulet.lit"});
    const auto check = stage.check();
    BOOST_TEST(check.status == 0);
    BOOST_TEST(line(check, "connection", "login") == "passed login: " + entity_address(login));
    BOOST_TEST(line(check, "connection", "TLS")
                   .starts_with(login == Login::account ? "passed TLS: certificate valid for capulet.lit"
                                                        : "passed TLS: none"));
    BOOST_TEST(domain_line(check, "server").starts_with("passed server: "));
    BOOST_TEST(domain_line(check, "connector") == kConnector);
    BOOST_TEST(domain_line(check, "grant") == "passed grant: accepted, advertised as urn:xmpp:privilege:2");
    BOOST_TEST(domain_line(check, "pending list") == "passed pending list: readable; 0 waiting");
    BOOST_TEST(domain_line(check, "roster").starts_with("passed"));
    if (login == Login::account) {
        BOOST_TEST(domain_line(check, "registration") == "passed registration: closed");
    }
    BOOST_TEST(!contains(check.report, "fix:"));
    BOOST_TEST(contains(check.report, "Requests can be answered on capulet.lit."));
}

BOOST_DATA_TEST_CASE(what_waits_is_counted_and_left_alone, kLogins, login)
{
    const CheckStage stage(login);
    stage.server->add_account(kJuliet);
    stage.server->add_account(kRomeo);
    WireClient romeo(stage.server->client_port(), kRomeo);
    romeo.connect();
    romeo.appear();
    romeo.send(to(kJuliet, "subscribe"));
    round_trip({&romeo});
    UsherdOptions options;
    options.option = "all";
    const auto check = stage.check(options);
    BOOST_TEST(check.status == 0);
    BOOST_TEST(domain_line(check, "pending list") == "passed pending list: readable; 1 waiting");
    WireClient juliet(stage.server->client_port(), kJuliet);
    juliet.connect();
    juliet.appear();
    juliet.expect(presence("subscribe", kRomeo));
}

BOOST_DATA_TEST_CASE(wrong_secret, kLogins, login)
{
    CheckStage stage(login);
    stage.connection->secret = "therefore";
    const auto check = stage.check();
    BOOST_TEST(check.status == kCredentials);
    BOOST_TEST(line(check, "connection", "connection").starts_with("passed"));
    BOOST_TEST(line(check, "connection", "login").starts_with("failed"));
    BOOST_TEST(contains(check.report, "fix: compare"));
    BOOST_TEST(!contains(check.report, "therefore"));
    BOOST_TEST(!contains(check.report, "\ncapulet.lit\n"));
}

BOOST_AUTO_TEST_CASE(no_tls)
{
    CheckStage stage(Login::account);
    const CheckStage another(Login::account, true, false, {"capulet.lit"});
    stage.connection->certificate_authority = another.server->certificate_authority();
    const auto check = stage.check();
    BOOST_TEST(check.status == kCertificate);
    BOOST_TEST(line(check, "connection", "TLS").starts_with("failed TLS: "));
    BOOST_TEST(contains(check.report, "STARTTLS"));
}

BOOST_AUTO_TEST_CASE(nobody_listens)
{
    CheckStage stage(Login::account);
    stage.server->stop();
    const auto check = stage.check();
    BOOST_TEST(check.status == kFailed);
    BOOST_TEST(line(check, "connection", "connection").starts_with("failed connection: cannot connect to"));
    BOOST_TEST(contains(check.report, "Requests cannot be answered."));
}

BOOST_DATA_TEST_CASE(login_elsewhere, kLogins, login)
{
    CheckStage stage(login);
    stage.connection->entity = login == Login::account ? "usher@verona.lit" : "usher.verona.lit";
    const auto check = stage.check();
    const bool told = login == Login::account || stage.server->manners().tells_unknown_components;
    BOOST_TEST(check.status == (told ? kUnknownHost : kCredentials));
    BOOST_TEST(line(check, "connection", "login").starts_with("failed"));
    BOOST_TEST(contains(check.report, "configured there?"));
}

BOOST_DATA_TEST_CASE(no_grant, kLogins, login)
{
    CheckStage stage(login);
    if (login == Login::account) {
        stage.connection->entity = "nurse@capulet.lit";
        stage.server->add_account("nurse@capulet.lit");
    } else {
        ServerOptions options;
        options.connector = true;
        options.components = {kGossip};
        stage.server = make_server(options);
        stage.connection->entity = kGossip;
        stage.connection->port = stage.server->component_port();
    }
    const auto check = stage.check();
    BOOST_TEST(check.status == kFailed);
    BOOST_TEST(domain_line(check, "connector") == kConnector);
    BOOST_TEST(domain_line(check, "grant").starts_with("failed"));
    BOOST_TEST(contains(check.report, "\"" + stage.connection->entity + "\""));  // in the fix
    BOOST_TEST(contains(check.report, "Requests cannot be answered on capulet.lit."));
}

BOOST_DATA_TEST_CASE(no_connector, kLogins, login)
{
    const CheckStage stage(login, false);
    const auto check = stage.check();
    BOOST_TEST(check.status == kFailed);
    BOOST_TEST(domain_line(check, "connector") == "failed connector: none: requests are not seen");
    BOOST_TEST(contains(check.report, "fix:"));
}

BOOST_AUTO_TEST_CASE(one_of_two_domains_has_no_connector)
{
    const CheckStage stage(Login::account);
    UsherdOptions options;
    options.domains = {"capulet.lit", "montague.lit"};
    const auto check = stage.check(options);
    BOOST_TEST(check.status == kFailed);
    BOOST_TEST(domain_line(check, "connector") == kConnector);
    BOOST_TEST(line(check, "montague.lit", "connector").starts_with("failed"));
    BOOST_TEST(
        contains(check.report,
                 "Requests can be answered on capulet.lit.\nRequests cannot be answered on montague.lit."));
}

// An account sees at the server's registration whose domain it is; a component does not, so it cannot tell
// that from a domain that is missing in the server's configuration.
BOOST_AUTO_TEST_CASE(domain_of_another_server)
{
    const CheckStage stage(Login::account);
    UsherdOptions options;
    options.domains = {"capulet.lit", "verona.lit"};
    const auto both = stage.check(options);
    BOOST_TEST(both.status == 0);
    BOOST_TEST(line(both, "verona.lit", "domain").starts_with("warning domain: not hosted by this server"));
    options.domains = {"verona.lit"};
    const auto alone = stage.check(options);
    BOOST_TEST(alone.status == kFailed);
    BOOST_TEST(contains(alone.report, "This server hosts none of the configured domains."));
}

BOOST_AUTO_TEST_CASE(domain_that_does_not_answer_a_component)
{
    const CheckStage stage(Login::component);
    UsherdOptions options;
    options.domains = {"capulet.lit", "verona.lit"};
    const auto check = stage.check(options);
    BOOST_TEST(domain_line(check, "connector") == kConnector);
    BOOST_TEST(contains(line(check, "verona.lit", "domain"), "domain: "));
    BOOST_TEST(!contains(check.report, "answered on capulet.lit, verona.lit"));
}

BOOST_DATA_TEST_CASE(anybody_may_register, bdata::make({"organization", "all", "prompt"}), option)
{
    for (const bool tls : {false, true}) {
        const CheckStage stage(Login::account, true, true,
                               tls ? std::vector<std::string>{"capulet.lit"} : std::vector<std::string>{});
        UsherdOptions options;
        options.option = option;
        const auto check = stage.check(options);
        BOOST_TEST(check.status == 0);
        BOOST_TEST(domain_line(check, "registration")
                       .starts_with(options.option == "prompt" ? "passed registration: open"
                                                               : "warning registration: open"));
    }
}

BOOST_DATA_TEST_CASE(what_revoking_and_archiving_preferences_need, kLogins, login)
{
    UsherdOptions wanting;
    wanting.organization =
        "revoke_when_no_longer_approved = \"apply\"\n[organization.archive]\ndefault = \"never\"\n";
    CheckStage stage(login);
    for (const bool there : {true, false}) {
        ServerOptions options;
        options.connector = true;
        options.entities = options.archive_entities = {entity_address(login)};
        (there ? options.approval_entities : options.approval_readers) = options.entities;
        options.archive = there;
        stage.server = make_server(options);
        stage.connection.emplace(connection_to(*stage.server));
        const auto check = stage.check(wanting);
        BOOST_TEST(check.status == 0);
        BOOST_TEST(domain_line(check, "approvals")
                       .starts_with(there
                                        ? "passed approvals: permission granted, to read and revoke them"
                                        : "warning approvals: permission granted to read them, but not to"));
        BOOST_TEST(domain_line(check, "archive")
                       .starts_with(there
                                        ? "passed archive: permission granted, to set preferences; there is a"
                                        : "warning archive: the server has no message archive here"));
    }
}

// --- nobody notices

BOOST_AUTO_TEST_CASE(a_running_daemon_goes_on)
{
    UsherdOptions options;
    options.option = "all";
    UsherStage stage(Login::account, options);
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& juliet = stage.enter(kJuliet);
    const auto check = stage.usherd().check_online();
    BOOST_TEST(check.status == 0);
    romeo.send(to(kJuliet, "subscribe"));
    romeo.expect(presence("subscribed", kJuliet));
    stage.settle();
    stage.round_trip();
    BOOST_TEST(count_received(juliet, presence("subscribe", kRomeo)) == 0);
    const std::string log = stage.usherd().log_text();
    const auto first = log.find("logged in as");
    BOOST_TEST(first != std::string::npos);
    BOOST_TEST(log.find("logged in as", first + 1) == std::string::npos);
    BOOST_TEST(stage.usherd().stop() == 0);
}

// Another stream would be refused as a conflict, or end the daemon's.
BOOST_AUTO_TEST_CASE(a_component_that_is_logged_in_is_let_be)
{
    ScriptedStage stage(Login::component);
    Usherd usherd(connection_to(stage.server()), {});
    const Descriptor control = listen_at(usherd.directory() / "control.sock");
    const auto check = usherd.check_online();
    BOOST_TEST(check.status == kFailed);
    BOOST_TEST(
        line(check, "connection", "login").starts_with("not possible login: usher.capulet.lit is logged in"));
    BOOST_TEST(contains(check.report, "usherctl check"));
    stage.round_trip();  // throws if the entity's stream has ended
    BOOST_TEST(stage.entity().stream().open());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
