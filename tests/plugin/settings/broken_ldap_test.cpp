// What is wrong with [ldap], and what is said of it.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "broken_files.h"
#include "ldap_section.h"
#include "plugin/settings/syntax.h"
#include "settings_files.h"

namespace bdata = boost::unit_test::data;
using namespace usher;
using namespace usher::test;

BOOST_AUTO_TEST_SUITE(broken_ldap)

/// The section is in lines 7 to 9.
std::string more(const std::string& line)
{
    return ldap_section() + line + "\n";
}

const Broken kBrokenLdap[] = {
    {"url_is_missing", "[ldap]\nbase = \"dc=example,dc=org\"\n", 7, "ldap.url", "nothing", syntax::kLdapUrl},
    {"base_is_missing", "[ldap]\nurl = \"ldaps://ldap.example.org\"\n", 7, "ldap.base", "nothing",
     "a DN such as dc=example,dc=org"},
    {"host_without_a_scheme", ldap_section("ldap.example.org"), 8, "ldap.url", "\"ldap.example.org\"",
     syntax::kLdapUrl},
    {"url_with_a_base", ldap_section("ldap://ldap.example.org/dc=example"), 8, "ldap.url",
     "\"ldap://ldap.example.org/dc=example\"", syntax::kLdapUrl},
    {"url_with_a_password", ldap_section("ldap://usher:secret@ldap.example.org"), 8, "ldap.url",
     "\"ldap://usher:...", syntax::kLdapUrl},
    {"ipv6_without_brackets", ldap_section("ldap://::1"), 8, "ldap.url", "\"ldap://::1\"", syntax::kLdapUrl},
    {"port_that_is_too_high", ldap_section("ldap://ldap.example.org:65536"), 8, "ldap.url",
     "\"ldap://ldap.example.org:65536\"", syntax::kLdapUrl},
    {"tls_off_beyond_this_machine", ldap_section("ldap://ldap.example.org") + "tls = \"off\"\n", 10,
     "ldap.tls", "\"off\" with the host \"ldap.example.org\"",
     "required, or a loopback host (127.0.0.1, ::1, localhost)"},
    {"tls_off_with_ldaps", ldap_section("ldaps://localhost") + "tls = \"off\"\n", 10, "ldap.tls",
     "\"off\" with \"ldaps://localhost\"", "required, or a URL with ldap://"},
    {"dn_without_a_password", more("bind_dn = \"cn=usher\""), 10, "ldap.password_file", "nothing",
     "an absolute path, because bind_dn is given"},
    {"password_of_nobody", more("password_file = \"/etc/usher/ldap\""), 10, "ldap.bind_dn", "nothing",
     "the DN whose password it is, because password_file is given"},
    {"filter_without_parentheses", more("filter = \"objectClass=person\""), 10, "ldap.filter",
     "\"objectClass=person\"", "a filter such as (objectClass=person)"},
    {"filter_behind_another", more("disabled_filter = \"(a=b)(c=d)\""), 10, "ldap.disabled_filter",
     "\"(a=b)(c=d)\"", "a filter such as (objectClass=person)"},
    {"no_address", more("address = \"\""), 10, "ldap.address", "\"\"",
     "the name of an attribute such as mail"},
    {"two_attributes", more("nickname = \"cn, sn\""), 10, "ldap.nickname", "\"cn, sn\"",
     "the name of an attribute such as mail, or \"\" for none"},
    {"domain_of_nobody", more("domain = \"example.com\""), 10, "ldap.domain", "\"example.com\"",
     "a domain of an organization"},
    {"read_all_the_time", more("refresh_minutes = 0"), 10, "ldap.refresh_minutes", "0",
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
        BOOST_TEST(valid(kStart + ldap_section(url)).ldap.url == url);
    }
    BOOST_TEST(!valid(kStart + ldap_section("ldap://[::1]:389") + "tls = \"off\"\n").ldap.tls_required);
    BOOST_TEST(valid(kStart).ldap.url.empty());
}

BOOST_AUTO_TEST_SUITE_END()
