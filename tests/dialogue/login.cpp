// The daemon's login on a real server: STARTTLS with a certificate that must be right, what it says while it cannot
// log in, and that it does as soon as it can.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <fstream>
#include <regex>

#include "private_prosody.h"
#include "servers.h"
#include "stage.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

std::unique_ptr<Server> server_with(const std::vector<std::string>& certificate_names, bool connector = true)
{
    ServerOptions options;
    options.connector = connector;
    options.entities = {entity_address(Login::account), entity_address(Login::component)};
    options.certificate_names = certificate_names;
    return make_server(options);
}

bool contains(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

/// Says why it cannot log in, and goes on trying.
void expect_refusal(Usherd& usherd, const std::vector<std::string>& words)
{
    usherd.start();
    usherd.wait_for_log("next attempt in ");
    for (const std::string& word : words) {
        BOOST_TEST(contains(usherd.log_text(), word), word);
    }
    BOOST_TEST(usherd.stop() == 0);
}

void write_secret(const Usherd& usherd, const std::string& secret)
{
    const std::filesystem::path path = usherd.directory() / "secret";
    std::ofstream(path) << secret << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_read);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(login)

BOOST_AUTO_TEST_CASE(account_answers_over_verified_tls)
{
    const auto server = server_with({"capulet.lit"});
    UsherdOptions options;
    options.option = "all";
    Usherd usherd(connection_to(*server), options);
    usherd.start();
    usherd.wait_until_answering();
    server->add_account(kJuliet);
    server->add_account(kRomeo);
    WireClient romeo(server->client_port(), kRomeo);
    romeo.connect();
    romeo.appear();
    romeo.send(to(kJuliet, "subscribe"));
    romeo.expect(presence("subscribed", kJuliet));
    BOOST_TEST(usherd.stop() == 0);
}

// libstrophe chooses: SCRAM, and from 0.13 on bound to the TLS connection where the server offers that.
BOOST_AUTO_TEST_CASE(account_does_not_tell_the_server_its_password)
{
    const auto server = server_with({"capulet.lit"});
    Usherd usherd(connection_to(*server), {});
    usherd.start();
    usherd.wait_until_answering();
    BOOST_TEST(usherd.stop() == 0);
    server->stop();  // then its log is complete
    const std::string log = server->log_text();
    // Prosody logs what it receives, ejabberd what it has accepted.
    const std::regex mechanism(
        "Received\\S+ <auth [^>]*mechanism='([^']+)'|Accepted c2s (\\S+) authentication");
    std::smatch chosen;
    BOOST_TEST_REQUIRE(std::regex_search(log, chosen, mechanism));
    const std::string name = chosen[1].str() + chosen[2].str();
    BOOST_TEST_MESSAGE("the account logs in with " << name);
    BOOST_TEST(name.starts_with("SCRAM-"), name);
}

BOOST_AUTO_TEST_CASE(certificate_of_an_unknown_authority_is_refused)
{
    const auto server = server_with({"capulet.lit"});
    const auto another = server_with({"capulet.lit"});
    UsherdConnection connection = connection_to(*server);
    connection.certificate_authority = another->certificate_authority();
    Usherd usherd(connection, {});
    expect_refusal(usherd, {"certificate", "ca_file"});
}

BOOST_AUTO_TEST_CASE(certificate_for_another_name_is_refused)
{
    const auto server = server_with({"montague.lit"});
    Usherd usherd(connection_to(*server), {});
    expect_refusal(usherd, {"certificate", "capulet.lit"});
}

BOOST_AUTO_TEST_CASE(server_without_starttls_is_refused_where_tls_is_required)
{
    const auto server = server_with({});
    const auto another = server_with({"capulet.lit"});
    UsherdConnection connection = connection_to(*server);
    connection.certificate_authority = another->certificate_authority();
    Usherd usherd(connection, {});
    expect_refusal(usherd, {"STARTTLS"});
}

// RFC 6125 section 6.4.2: a certificate has A-labels, an address U-labels.
BOOST_AUTO_TEST_CASE(certificate_for_an_international_domain)
{
    for (const char* name : {"xn--bcher-kva.example", "xn--bcher-kva.test"}) {
        ServerOptions wanted;
        wanted.hosts = {"b\u00fccher.example", "montague.lit"};
        wanted.connector = true;
        wanted.entities = {"usher@b\u00fccher.example"};
        wanted.certificate_names = {name};
        const auto server = make_server(wanted);
        UsherdOptions options;
        options.domains = {"b\u00fccher.example"};
        Usherd usherd(connection_to(*server), options);
        if (std::string_view(name).ends_with(".example")) {
            usherd.start();
            usherd.wait_until_answering();
            BOOST_TEST(usherd.stop() == 0);
        } else {
            expect_refusal(usherd, {"certificate", "hostname mismatch"});
        }
    }
}

// The file is read again for each attempt; a reload makes one at once.
BOOST_DATA_TEST_CASE(wrong_secret_is_said_and_another_is_read, kLogins, login)
{
    const auto server = server_with({});
    UsherdConnection connection = connection_to(*server);
    if (login == Login::component) {
        connection.entity = entity_address(login);
        connection.port = server->component_port();
    }
    connection.secret = "therefore";
    Usherd usherd(connection, {});
    usherd.start();
    usherd.wait_for_log("secret");  // of its file's name at least
    usherd.wait_for_status("connecting: the server refuses the ");
    BOOST_TEST(!contains(usherd.log_text(), "therefore"));
    std::filesystem::remove(usherd.directory() / "secret");
    usherd.signal(SIGHUP);
    usherd.wait_for_status("connecting: no ");
    write_secret(usherd, kPassword);
    usherd.signal(SIGHUP);
    usherd.wait_until_answering();
    BOOST_TEST(usherd.stop() == 0);
}

BOOST_DATA_TEST_CASE(domain_that_the_server_does_not_serve_is_said, kLogins, login)
{
    const auto server = server_with({});
    UsherdConnection connection = connection_to(*server);
    connection.entity = "usher@verona.lit";
    if (login == Login::component) {
        connection.entity = "usher.verona.lit";
        connection.port = server->component_port();
    }
    Usherd usherd(connection, {});
    expect_refusal(usherd, {"verona.lit"});
}

// --- After a boot

BOOST_DATA_TEST_CASE(started_before_the_server, kLogins, login)
{
    const auto server = server_with({});
    server->stop();
    UsherdConnection connection = connection_to(*server);
    if (login == Login::component) {
        connection.entity = entity_address(login);
        connection.port = server->component_port();
    }
    Usherd usherd(connection, {});
    usherd.start();
    usherd.wait_for_status("connecting: cannot connect");
    server->start();
    usherd.wait_until_answering();
    BOOST_TEST(usherd.stop() == 0);
}

BOOST_AUTO_TEST_CASE(started_before_the_account_exists)
{
    const auto server = server_with({});
    UsherdConnection connection = connection_to(*server);
    connection.entity = "nurse@capulet.lit";
    Usherd usherd(connection, {});
    usherd.start();
    usherd.wait_for_status("connecting: the server refuses the password");
    server->add_account("nurse@capulet.lit");
    usherd.wait_for_log("logged in as nurse@capulet.lit");
    BOOST_TEST(usherd.stop() == 0);
}

BOOST_DATA_TEST_CASE(server_without_the_connector_is_said, kLogins, login)
{
    const auto server = server_with({}, false);
    UsherdConnection connection = connection_to(*server);
    if (login == Login::component) {
        connection.entity = entity_address(login);
        connection.port = server->component_port();
    }
    Usherd usherd(connection, {});
    usherd.start();
    usherd.wait_for_log("capulet.lit: the server has no connector");
    BOOST_TEST(usherd.stop() == 0);
}

BOOST_AUTO_TEST_CASE(account_without_the_grant_is_said)
{
    const auto server = server_with({});
    server->add_account("nurse@capulet.lit");
    UsherdConnection connection = connection_to(*server);
    connection.entity = "nurse@capulet.lit";
    Usherd usherd(connection, {});
    usherd.start();
    usherd.wait_for_log("grants nurse@capulet.lit no permission");
    BOOST_TEST(usherd.stop() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(login_on_prosody)

BOOST_DATA_TEST_CASE(started_while_the_server_does_not_know_the_host_yet, kLogins, login)
{
    const auto server = server_with({});
    auto& prosody = dynamic_cast<PrivateProsody&>(*server);
    UsherdConnection connection = connection_to(*server);
    if (login == Login::component) {
        connection.entity = entity_address(login);
        connection.port = server->component_port();
    }
    const std::string host = connection.entity.substr(connection.entity.find('@') + 1);
    prosody.order("host:deactivate('" + host + "')");
    Usherd usherd(connection, {});
    usherd.start();
    usherd.wait_for_status("connecting: 127.0.0.1 port " + std::to_string(connection.port) +
                           " does not serve ");
    prosody.order("host:activate('" + host + "')");
    usherd.wait_until_answering();
    BOOST_TEST(usherd.stop() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
