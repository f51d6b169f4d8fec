// What is the URL of a directory, and what it says.
#include "plugin/settings/ldap_url.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <string>

namespace usher
{

namespace
{

namespace bdata = boost::unit_test::data;

struct UrlCase {
    std::string text;
    std::string complete;  // empty: none
};

std::ostream& operator<<(std::ostream& out, const UrlCase& c)
{
    return out << c.text;
}

const UrlCase kUrls[] = {
    {"ldaps://ldap.example.org", "ldaps://ldap.example.org:636"},
    {"ldap://ldap.example.org/", "ldap://ldap.example.org:389"},
    {"ldap://127.0.0.1:3890", "ldap://127.0.0.1:3890"},
    {"ldaps://[2001:db8::1]:6360", "ldaps://[2001:db8::1]:6360"},
    {"ldapi:///", ""},
    {"ldaps://", ""},
    {"ldaps://a b", ""},
    {"ldaps://a:0", ""},
    {"ldaps://a:", ""},
    {"ldaps://a:65536", ""},
    {"ldaps://a:63x", ""},
    {"ldaps://a/dc=example", ""},
    {"ldaps://[::1", ""},
    {"ldaps://[ldap.example.org]", ""},
    {"ldaps://::1", ""},
    {"ldaps://300.1.1.1", ""},
    {"ldaps://usher:secret@ldap.example.org", ""},
    {"ldaps://-.example..org", ""},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(ldap_url)

BOOST_DATA_TEST_CASE(a_url_is_host_and_port, bdata::make(kUrls), c)
{
    const auto url = parse_ldap_url(c.text);
    BOOST_TEST((url ? url->text() : "") == c.complete);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
