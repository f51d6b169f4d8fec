// One connection to PostgreSQL, and where it is made to.
#include "plugin/store/pg_connection.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "event_loop.h"
#include "loopback.h"
#include "plugin/store/pg_hosts.h"
#include "private_postgres.h"
#include "temporary_directory.h"

namespace usher
{

std::ostream& operator<<(std::ostream& out, const PgHost& host)
{
    return out << host.host << "/" << host.hostaddr << ":" << host.port;
}

namespace
{

struct Server {
    /// Connects, until it is connected or has failed.
    void connect(const std::string& options)
    {
        connected = false;
        lost.clear();
        connection.emplace(loop.base(), options, "tests",
                           PgConnection::Calls{.connected = [this] { connected = true; },
                                               .lost =
                                                   [this](const std::string& why) {
                                                       connected = false;
                                                       lost.push_back(why);
                                                   }});
        loop.run_until([this] { return connected || !lost.empty(); });
    }
    tl::expected<StepRows, std::string> execute(std::vector<Statement> statements)
    {
        std::optional<tl::expected<StepRows, std::string>> given;
        connection->send(statements, [&given](auto rows) { given = std::move(rows); });
        loop.run_until([&] { return given.has_value(); });
        return *std::move(given);
    }
    /// The one value that a statement gives, which is a text.
    std::string text(const std::string& sql)
    {
        const auto rows = execute({{sql}});
        BOOST_REQUIRE_MESSAGE(rows.has_value(), (rows ? "" : rows.error()));
        return std::get<std::string>(rows->at(0).rows.at(0).at(0));
    }
    std::string closed_port() { return std::to_string(closed.number()); }

    test::PrivatePostgres& server = test::shared_postgres();
    test::ReservedPort closed;  // nobody listens there
    test::EventLoop loop;
    bool connected = false;
    std::vector<std::string> lost;
    std::optional<PgConnection> connection;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(pg_connection, Server)

struct HostCase {
    const char* options;
    std::vector<PgHost> hosts;
};
std::ostream& operator<<(std::ostream& out, const HostCase& one)
{
    return out << one.options;
}
const HostCase kHostCases[] = {
    {"dbname=usher", {{"", "", ""}}},
    {"host=db1,db2", {{"db1", "", "5432"}, {"db2", "", "5432"}}},
    {"host=/run/postgresql,db2 port=1,2", {{"/run/postgresql", "", "1"}, {"db2", "", "2"}}},
    {"host=db1,db2 hostaddr=192.0.2.1,192.0.2.2 port=7",
     {{"db1", "192.0.2.1", "7"}, {"db2", "192.0.2.2", "7"}}},
    {"hostaddr=192.0.2.1", {{"", "192.0.2.1", "5432"}}},
    // What libpq is to complain of, or to fill in.
    {"host=db1,db2 port=1,2,3", {{"", "", ""}}},
    {"host=db1,,db2", {{"", "", ""}}},
    {"host=db1 hoost=db2", {{"", "", ""}}},
};
BOOST_DATA_TEST_CASE(hosts_are_those_of_the_options, boost::unit_test::data::make(kHostCases), one)
{
    const std::vector<PgHost> hosts = pg_hosts(one.options);
    BOOST_TEST(hosts == one.hosts, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(hosts_of_a_service_file_are_found)
{
    const test::TemporaryDirectory directory;
    const std::string file = (directory.path() / "services").string();
    std::ofstream(file) << "[usher]\nhost=db1,db2\nport=7\n";
    ::setenv("PGSERVICEFILE", file.c_str(), 1);
    const std::vector<PgHost> hosts = pg_hosts("service=usher");
    ::unsetenv("PGSERVICEFILE");
    const std::vector<PgHost> wanted{{"db1", "", "7"}, {"db2", "", "7"}};
    BOOST_TEST(hosts == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_name_is_looked_up)
{
    connect("host=localhost port=" + std::to_string(server.port()) + " user=postgres dbname=postgres");
    BOOST_TEST(connected, (lost.empty() ? "" : lost.front()));
}

BOOST_AUTO_TEST_CASE(why_no_host_could_be_connected_to_is_told_in_one_line)
{
    connect("host=127.0.0.1,/nowhere port=" + closed_port() + " user=postgres dbname=postgres");
    BOOST_TEST(!connected);
    BOOST_REQUIRE(lost.size() == 1U);
    BOOST_TEST(lost[0].find("port " + closed_port() + " failed: Connection refused") != std::string::npos,
               lost[0]);
    BOOST_TEST(
        lost[0].find("\"/nowhere/.s.PGSQL." + closed_port() + "\" failed: No such file") != std::string::npos,
        lost[0]);
    BOOST_TEST(lost[0].find('\n') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_name_that_is_none_is_an_error_and_the_next_host_is_tried)
{
    connect("host=nowhere.invalid,127.0.0.1 port=" + std::to_string(server.port()) +
            " user=postgres dbname=postgres");
    BOOST_TEST(connected, (lost.empty() ? "" : lost.front()));
}

BOOST_AUTO_TEST_CASE(the_host_after_one_that_is_silent_is_tried)
{
    const auto [socket, silent] = test::listen_on_loopback();
    connect("host=127.0.0.1,127.0.0.1 port=" + std::to_string(silent) + "," + std::to_string(server.port()) +
            " user=postgres dbname=postgres");
    BOOST_TEST(connected, (lost.empty() ? "" : lost.front()));
}

BOOST_AUTO_TEST_CASE(options_that_are_wrong_are_an_error)
{
    connect("hoost=127.0.0.1");
    BOOST_REQUIRE(lost.size() == 1U);
    BOOST_TEST(lost[0] == "invalid connection option \"hoost\"");
}

BOOST_AUTO_TEST_CASE(a_server_that_writes_is_found_and_found_again)
{
    test::PrivatePostgres second;
    const auto writes = [](const test::PrivatePostgres& one, bool yes) {
        one.execute("template1", std::string("ALTER DATABASE postgres SET default_transaction_read_only = ") +
                                     (yes ? "off" : "on"));
    };
    writes(server, false);
    connect("host=127.0.0.1,127.0.0.1 port=" + std::to_string(server.port()) + "," +
            std::to_string(second.port()) + " user=postgres dbname=postgres target_session_attrs=read-write");
    BOOST_REQUIRE_MESSAGE(connected, (lost.empty() ? "" : lost.front()));
    BOOST_TEST(text("SHOW port") == std::to_string(second.port()));

    writes(second, false);
    writes(server, true);
    BOOST_REQUIRE(execute({{"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"}}).has_value());
    BOOST_TEST(!execute({{"CREATE TABLE any_table ()"}}).has_value());
    loop.run_until([this] { return !connected; });
    loop.run_until([this] { return connected; });
    BOOST_TEST(text("SHOW port") == std::to_string(server.port()));
}

BOOST_AUTO_TEST_CASE(an_error_is_one_line_without_values)
{
    connect(server.options("postgres"));
    BOOST_REQUIRE(execute({{"CREATE TEMPORARY TABLE secret (id TEXT PRIMARY KEY)"}}).has_value());
    const auto given = execute({{"INSERT INTO secret VALUES ('juliet'), ('juliet')"}});
    BOOST_REQUIRE(!given.has_value());
    BOOST_TEST(given.error() == "PostgreSQL: duplicate key value violates unique constraint \"secret_pkey\"");
}

BOOST_AUTO_TEST_CASE(a_statement_that_could_not_be_prepared_is_prepared_when_it_can_be)
{
    connect(server.options("postgres"));
    const Statement insert{"INSERT INTO later VALUES ($1)", {std::int64_t{1}}};
    BOOST_TEST(execute({insert}).error() == "PostgreSQL: relation \"later\" does not exist");
    BOOST_REQUIRE(execute({{"CREATE TEMPORARY TABLE later (id BIGINT)"}}).has_value());
    const auto inserted = execute({insert});
    BOOST_REQUIRE_MESSAGE(inserted.has_value(), (inserted ? "" : inserted.error()));
    BOOST_TEST(inserted->at(0).changed == 1);
}

// A step that is sent behind it uses what the failed one has had prepared.
BOOST_AUTO_TEST_CASE(what_a_failed_step_had_prepared_can_be_used_by_the_next)
{
    connect(server.options("postgres"));
    const Statement wanted{"SELECT CAST($1 AS BIGINT)", {std::int64_t{7}}};
    std::vector<std::string> order;
    connection->send({{"SELECT nothing FROM nowhere"}, wanted},
                     [&order](const auto& rows) { order.emplace_back(rows ? "rows" : rows.error()); });
    connection->send({wanted},
                     [&order](const auto& rows) { order.emplace_back(rows ? "rows" : rows.error()); });
    loop.run_until([&order] { return order.size() == 2; });
    BOOST_TEST(order[0] == "PostgreSQL: relation \"nowhere\" does not exist");
    BOOST_TEST(order[1] == "rows");
}

BOOST_AUTO_TEST_CASE(more_statements_than_are_prepared_are_executed)
{
    connect(server.options("postgres"));
    for (int i = 0; i < 400; ++i) {
        const auto rows = execute({{"SELECT " + std::to_string(i)}});
        BOOST_REQUIRE_MESSAGE(rows.has_value(), (rows ? "" : rows.error()));
        BOOST_REQUIRE(std::get<std::int64_t>(rows->at(0).rows.at(0).at(0)) == i);
    }
    const auto prepared = execute({{"SELECT COUNT(*) FROM pg_prepared_statements"}});
    BOOST_TEST(std::get<std::int64_t>(prepared->at(0).rows.at(0).at(0)) == 300);
}

// More than the buffers of two sockets: neither side may wait for the other to read. TLS has buffers of its own.
BOOST_DATA_TEST_CASE(much_that_is_sent_at_once_comes_back,
                     boost::unit_test::data::make({"disable", "require"}), tls)
{
    server.use_tls();
    connect(server.tcp_options("postgres") + " sslmode=" + tls);
    BOOST_TEST(text("SELECT CAST(ssl AS TEXT) FROM pg_stat_ssl WHERE pid = pg_backend_pid()") ==
               (std::string(tls) == "require" ? "true" : "false"));
    const std::string large(1'000'000, 'x');
    int back = 0;
    for (int i = 0; i < 50; ++i) {
        connection->send({{"SELECT CAST($1 AS TEXT)", {large}}}, [&](const auto& rows) {
            BOOST_TEST((rows && std::get<std::string>(rows->at(0).rows.at(0).at(0)) == large));
            ++back;
        });
    }
    loop.run_until([&back] { return back == 50; });
}

BOOST_AUTO_TEST_CASE(a_large_value_is_sent_to_its_end)
{
    connect(server.options("postgres"));
    const auto rows = execute({{"SELECT LENGTH(CAST($1 AS TEXT))", {std::string(20'000'000, 'x')}}});
    BOOST_REQUIRE_MESSAGE(rows.has_value(), (rows ? "" : rows.error()));
    BOOST_TEST(std::get<std::int64_t>(rows->at(0).rows.at(0).at(0)) == 20'000'000);
}

BOOST_AUTO_TEST_CASE(a_connection_that_the_server_ends_is_made_again)
{
    connect(server.options("postgres"));
    const std::string first = text("SELECT CAST(pg_backend_pid() AS TEXT)");
    server.execute("postgres", "SELECT pg_terminate_backend(" + first + ")");
    loop.run_until([this] { return !lost.empty(); });
    BOOST_TEST(lost.front().find("server closed the connection unexpectedly") != std::string::npos,
               lost.front());
    loop.run_until([this] { return connected; });
    BOOST_TEST(text("SELECT CAST(pg_backend_pid() AS TEXT)") != first);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
