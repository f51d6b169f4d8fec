// What is wrong with a [connection], and what is said of it.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "broken_files.h"
#include "settings_files.h"

namespace bdata = boost::unit_test::data;
using namespace usher;
using namespace usher::test;

BOOST_AUTO_TEST_SUITE(broken_connection)

const Broken kBrokenConnections[] = {
    {"host_is_a_number", "[connection]\nhost = 127\naccount = \"u@example.org\"\npassword_file = \"/p\"\n", 5,
     "connection.host", "127", "a host name or an IP address (in quotes)"},
    {"host_is_a_url",
     "[connection]\nhost = \"xmpp://example.org\"\naccount = \"u@example.org\"\npassword_file = \"/p\"\n", 5,
     "connection.host", "\"xmpp://example.org\"", "a host name or an IP address"},
    {"host_is_half_an_address",
     "[connection]\nhost = \"127.0.0.256\"\naccount = \"u@example.org\"\npassword_file = \"/p\"\n", 5,
     "connection.host", "\"127.0.0.256\"", "a host name or an IP address"},
    {"host_is_empty", "[connection]\nhost = \"\"\naccount = \"u@example.org\"\npassword_file = \"/p\"\n", 5,
     "connection.host", "\"\"", "a host name or an IP address"},
    {"port_is_text", "[connection]\nport = \"5222\"\naccount = \"u@example.org\"\npassword_file = \"/p\"\n",
     5, "connection.port", "\"5222\"", "a whole number from 1 to 65535 (without quotes)"},
    {"port_is_zero", "[connection]\nport = 0\naccount = \"u@example.org\"\npassword_file = \"/p\"\n", 5,
     "connection.port", "0", "a whole number from 1 to 65535"},
    {"port_is_too_high", "[connection]\nport = 65536\naccount = \"u@example.org\"\npassword_file = \"/p\"\n",
     5, "connection.port", "65536", "a whole number from 1 to 65535"},
    {"port_is_no_whole_number",
     "[connection]\nport = 5222.0\naccount = \"u@example.org\"\npassword_file = \"/p\"\n", 5,
     "connection.port", "5222.0", "a whole number from 1 to 65535"},
    {"account_is_a_domain", "[connection]\naccount = \"example.org\"\npassword_file = \"/p\"\n", 5,
     "connection.account", "\"example.org\"", "an address such as usher@example.org"},
    {"account_has_a_resource", "[connection]\naccount = \"u@example.org/x\"\npassword_file = \"/p\"\n", 5,
     "connection.account", "\"u@example.org/x\"", "an address such as usher@example.org"},
    {"account_has_a_port", "[connection]\naccount = \"u@example.org:5222\"\npassword_file = \"/p\"\n", 5,
     "connection.account", "\"u@example.org:5222\"", "an address such as usher@example.org"},
    {"account_without_password_file", "[connection]\naccount = \"u@example.org\"\n", 5,
     "connection.password_file", "nothing", "an absolute path, because account is given"},
    {"component_without_secret_file", "[connection]\ncomponent = \"usher.example.org\"\n", 5,
     "connection.secret_file", "nothing", "an absolute path, because component is given"},
    {"component_with_a_password_file",
     "[connection]\ncomponent = \"usher.example.org\"\nsecret_file = \"/s\"\npassword_file = \"/p\"\n", 7,
     "connection.password_file", "\"/p\"", "no such setting without account"},
    {"account_with_a_secret_file",
     "[connection]\naccount = \"u@example.org\"\npassword_file = \"/p\"\nsecret_file = \"/s\"\n", 7,
     "connection.secret_file", "\"/s\"", "no such setting without component"},
    {"password_file_is_relative", "[connection]\naccount = \"u@example.org\"\npassword_file = \"password\"\n",
     6, "connection.password_file", "\"password\"", "an absolute path"},
    {"neither_account_nor_component", "[connection]\nhost = \"127.0.0.1\"\n", 4, "connection",
     "neither account nor component", "one of them"},
    {"both_account_and_component",
     "[connection]\naccount = \"u@example.org\"\npassword_file = \"/p\"\ncomponent = \"usher.example.org\"\n",
     7, "connection.component", "both component and account", "one of them"},
    {"tls_is_unknown",
     "[connection]\naccount = \"u@example.org\"\npassword_file = \"/p\"\ntls = \"optional\"\n", 7,
     "connection.tls", "\"optional\"", "required, off"},
    {"tls_is_a_flag", "[connection]\naccount = \"u@example.org\"\npassword_file = \"/p\"\ntls = false\n", 7,
     "connection.tls", "false", "required, off (in quotes)"},
    {"tls_off_with_a_remote_address",
     "[connection]\nhost = \"192.0.2.1\"\naccount = \"u@example.org\"\npassword_file = \"/p\"\ntls = "
     "\"off\"\n",
     8, "connection.tls", "\"off\" with the host \"192.0.2.1\"",
     "required, or a loopback host (127.0.0.1, ::1, localhost)"},
    {"tls_off_with_a_remote_name",
     "[connection]\ntls = \"off\"\nhost = \"localhost.example.org\"\naccount = "
     "\"u@example.org\"\npassword_file = \"/p\"\n",
     5, "connection.tls", "\"off\" with the host \"localhost.example.org\"",
     "required, or a loopback host (127.0.0.1, ::1, localhost)"},
    {"tls_off_with_a_remote_ipv6_address",
     "[connection]\ntls = \"off\"\nhost = \"2001:db8::1\"\naccount = \"u@example.org\"\npassword_file = "
     "\"/p\"\n",
     5, "connection.tls", "\"off\" with the host \"2001:db8::1\"",
     "required, or a loopback host (127.0.0.1, ::1, localhost)"},
    {"tls_required_with_a_component",
     "[connection]\ncomponent = \"usher.example.org\"\nsecret_file = \"/s\"\ntls = \"required\"\n", 7,
     "connection.tls", "\"required\" with a component",
     "no such setting: components connect without TLS (XEP-0114)"},
    {"component_is_an_address", "[connection]\ncomponent = \"u@example.org\"\nsecret_file = \"/s\"\n", 5,
     "connection.component", "\"u@example.org\"", "a domain such as usher.example.org"},
    {"component_is_a_domain_of_an_organization",
     "[connection]\ncomponent = \"Example.ORG\"\nsecret_file = \"/s\"\n", 5, "connection.component",
     "\"Example.ORG\", a domain of the organization \"Example\"",
     "a domain of its own, such as usher.example.org"},
    {"unknown_key_nearly_right",
     "[connection]\naccount = \"u@example.org\"\npasword_file = \"/q\"\npassword_file = \"/p\"\n", 6,
     "connection.pasword_file", "an unknown key", "password_file (is that what was meant?)"},
    {"unknown_key_like_none",
     "[connection]\naccount = \"u@example.org\"\npassword_file = \"/p\"\nresource = \"x\"\n", 7,
     "connection.resource", "an unknown key",
     "host, port, account, password_file, tls, ca_file, component, secret_file, stock_reads_per_second"},
    {"no_stock_reads",
     "[connection]\naccount = \"u@example.org\"\npassword_file = \"/p\"\nstock_reads_per_second = 0\n", 7,
     "connection.stock_reads_per_second", "0", "a whole number from 1 to 1000"},
    {"connection_twice_as_a_list",
     "[[connection]]\naccount = \"u@example.org\"\npassword_file = \"/p\"\n[[connection]]\nport = 1\n", 4,
     "connection", "a list of tables", "the table [connection]"},
};

BOOST_DATA_TEST_CASE(in_connection, bdata::make(kBrokenConnections), broken)
{
    check_only_error(broken, kOrganization + broken.toml);
}

BOOST_AUTO_TEST_SUITE_END()
