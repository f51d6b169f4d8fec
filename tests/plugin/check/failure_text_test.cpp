// The log message of a failed login: it says how to fix it, and text from the server cannot forge a log line.
#include "plugin/check/failure_text.h"

#include <boost/test/unit_test.hpp>

namespace usher
{

namespace
{

ConnectionSettings component()
{
    ConnectionSettings connection;
    connection.port = 5347;
    connection.component = "usher.capulet.lit";
    connection.secret_file = "/etc/usher/secret";
    return connection;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(failure_text)

BOOST_AUTO_TEST_CASE(text_from_the_server_stays_on_one_line)
{
    const Failure failure{Failure::Kind::lost,
                          "x\n2026-11-23 info: all fine\nMAINPID=1\r\x1b[2J\u0085\u2028"};
    const std::string line = to_string(failure, component());
    for (const char c : line) {
        BOOST_TEST((c >= ' ' && c <= '~'));
    }
    BOOST_TEST(line.find("MAINPID=1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(text_from_the_server_is_truncated)
{
    BOOST_TEST(to_string({Failure::Kind::lost, std::string(100'000, 'x')}, component()).size() < 400U);
}

BOOST_AUTO_TEST_CASE(a_refused_secret_names_component_and_file)
{
    const std::string line = to_string({Failure::Kind::credentials, {}}, component());
    BOOST_TEST(line.find("usher.capulet.lit") != std::string::npos);
    BOOST_TEST(line.find("/etc/usher/secret") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
