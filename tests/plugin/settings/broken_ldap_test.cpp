// What is wrong with [ldap], and what is said of it.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "broken_files.h"
#include "plugin/settings/syntax.h"
#include "settings_files.h"

namespace bdata = boost::unit_test::data;
using namespace usher;
using namespace usher::test;

BOOST_AUTO_TEST_SUITE(broken_ldap)

/// The section in three lines, from line 7.
std::string ldap(const std::string& url, const std::string& more = {})
{
    return "[ldap]\nurl = \"" + url + "\"\nbase = \"dc=example,dc=org\"\n" + more;
}

const std::string kServer = "ldaps://ldap.example.org";

const Broken kBrokenLdap[] = {
    {"url_is_missing", "[ldap]\nbase = \"dc=example,dc=org\"\n", 7, "ldap.url", "nothing", syntax::kLdapUrl},
    {"base_is_missing", "[ldap]\nurl = \"ldaps://ldap.example.org\"\n", 7, "ldap.base", "nothing",
     "a DN such as dc=example,dc=org"},
    {"host_without_a_scheme", ldap("ldap.example.org"), 8, "ldap.url", "\"ldap.example.org\"",
     syntax::kLdapUrl},
    {"url_with_a_base", ldap("ldap://ldap.example.org/dc=example"), 8, "ldap.url",
     "\"ldap://ldap.example.org/dc=example\"", syntax::kLdapUrl},
    {"url_with_a_password", ldap("ldap://usher:secret@ldap.example.org"), 8, "ldap.url", "\"ldap://usher:...",
     syntax::kLdapUrl},
    {"ipv6_without_brackets", ldap("ldap://::1"), 8, "ldap.url", "\"ldap://::1\"", syntax::kLdapUrl},
    {"port_that_is_too_high", ldap("ldap://ldap.example.org:65536"), 8, "ldap.url",
     "\"ldap://ldap.example.org:65536\"", syntax::kLdapUrl},
    {"tls_off_beyond_this_machine", ldap("ldap://ldap.example.org", "tls = \"off\"\n"), 10, "ldap.tls",
     "\"off\" with the host \"ldap.example.org\"",
     "required, or a loopback host (127.0.0.1, ::1, localhost)"},
    {"tls_off_with_ldaps", ldap("ldaps://localhost", "tls = \"off\"\n"), 10, "ldap.tls",
     "\"off\" with \"ldaps://localhost\"", "required, or a URL with ldap://"},
    {"dn_without_a_password", ldap(kServer, "bind_dn = \"cn=usher\"\n"), 10, "ldap.password_file", "nothing",
     "an absolute path, because bind_dn is given"},
    {"password_of_nobody", ldap(kServer, "password_file = \"/etc/usher/ldap\"\n"), 10, "ldap.bind_dn",
     "nothing", "the DN whose password it is, because password_file is given"},
    {"filter_without_parentheses", ldap(kServer, "filter = \"objectClass=person\"\n"), 10, "ldap.filter",
     "\"objectClass=person\"", "a filter such as (objectClass=person)"},
    {"filter_behind_another", ldap(kServer, "disabled_filter = \"(a=b)(c=d)\"\n"), 10, "ldap.disabled_filter",
     "\"(a=b)(c=d)\"", "a filter such as (objectClass=person)"},
    {"no_address", ldap(kServer, "address = \"\"\n"), 10, "ldap.address", "\"\"",
     "the name of an attribute such as mail"},
    {"two_attributes", ldap(kServer, "nickname = \"cn, sn\"\n"), 10, "ldap.nickname", "\"cn, sn\"",
     "the name of an attribute such as mail, or \"\" for none"},
    {"domain_of_nobody", ldap(kServer, "domain = \"example.com\"\n"), 10, "ldap.domain", "\"example.com\"",
     "a domain of an organization"},
    {"read_all_the_time", ldap(kServer, "refresh_minutes = 0\n"), 10, "ldap.refresh_minutes", "0",
     "a whole number from 1 to 10080"},
};

BOOST_DATA_TEST_CASE(in_ldap, bdata::make(kBrokenLdap), broken)
{
    check_only_error(broken, kStart + broken.toml);
}

BOOST_AUTO_TEST_CASE(what_can_be_said_of_a_directory)
{
    for (const char* url : {"ldaps://ldap.example.org", "ldap://ldap.example.org:389", "ldaps://192.0.2.1:1",
                            "ldap://[2001:db8::1]", "ldaps://[2001:db8::1]:10636"}) {
        BOOST_TEST(valid(kStart + ldap(url)).ldap.url == url);
    }
    BOOST_TEST(!valid(kStart + ldap("ldap://[::1]:389", "tls = \"off\"\n")).ldap.tls_required);
    BOOST_TEST(valid(kStart).ldap.url.empty());
}

BOOST_AUTO_TEST_SUITE_END()
