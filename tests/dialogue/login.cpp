// The daemon's login on a real server: STARTTLS with a certificate that must be right, and what it says and
// exits with when it can never succeed.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "servers.h"
#include "stage.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

// As the man page lists them.
constexpr int kCredentials = 4;
constexpr int kCertificate = 5;
constexpr int kUnknownHost = 6;

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

BOOST_AUTO_TEST_CASE(certificate_of_an_unknown_authority_is_refused)
{
    const auto server = server_with({"capulet.lit"});
    const auto another = server_with({"capulet.lit"});
    UsherdConnection connection = connection_to(*server);
    connection.certificate_authority = another->certificate_authority();
    Usherd usherd(connection, {});
    BOOST_TEST(usherd.run_to_its_end() == kCertificate);
    BOOST_TEST(contains(usherd.log_text(), "certificate"));
    BOOST_TEST(contains(usherd.log_text(), "ca_file"));
}

BOOST_AUTO_TEST_CASE(certificate_for_another_name_is_refused)
{
    const auto server = server_with({"montague.lit"});
    Usherd usherd(connection_to(*server), {});
    BOOST_TEST(usherd.run_to_its_end() == kCertificate);
    BOOST_TEST(contains(usherd.log_text(), "certificate"));
    BOOST_TEST(contains(usherd.log_text(), "capulet.lit"));
}

BOOST_AUTO_TEST_CASE(server_without_starttls_is_refused_where_tls_is_required)
{
    const auto server = server_with({});
    const auto another = server_with({"capulet.lit"});
    UsherdConnection connection = connection_to(*server);
    connection.certificate_authority = another->certificate_authority();
    Usherd usherd(connection, {});
    BOOST_TEST(usherd.run_to_its_end() == kCertificate);
    BOOST_TEST(contains(usherd.log_text(), "STARTTLS"));
}

BOOST_DATA_TEST_CASE(wrong_secret_is_final, kLogins, login)
{
    const auto server = server_with({});
    UsherdConnection connection = connection_to(*server);
    if (login == Login::component) {
        connection.entity = entity_address(login);
        connection.port = server->component_port();
    }
    connection.secret = "therefore";
    Usherd usherd(connection, {});
    BOOST_TEST(usherd.run_to_its_end() == kCredentials);
    BOOST_TEST(contains(usherd.log_text(), "secret"));  // of its file's name at least
    BOOST_TEST(!contains(usherd.log_text(), "therefore"));
}

BOOST_DATA_TEST_CASE(domain_that_the_server_does_not_serve_is_final, kLogins, login)
{
    const auto server = server_with({});
    UsherdConnection connection = connection_to(*server);
    connection.entity = "usher@verona.lit";
    if (login == Login::component) {
        connection.entity = "usher.verona.lit";
        connection.port = server->component_port();
    }
    Usherd usherd(connection, {});
    const bool told = login == Login::account || server->manners().tells_unknown_components;
    BOOST_TEST(usherd.run_to_its_end() == (told ? kUnknownHost : kCredentials));
    BOOST_TEST(contains(usherd.log_text(), "verona.lit"));
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

}  // namespace usher::test
