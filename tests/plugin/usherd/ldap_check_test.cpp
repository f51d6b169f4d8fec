// What `usherd --check --online` says of a directory that nothing uses.
#include "plugin/usherd/ldap_check.h"

#include <boost/test/unit_test.hpp>
#include <iostream>
#include <sstream>
#include <string>

namespace usher
{

namespace
{

std::string said_of(const Settings& settings)
{
    std::ostringstream said;
    std::streambuf* const before = std::cout.rdbuf(said.rdbuf());
    const bool fine = check_ldap(settings);
    std::cout.rdbuf(before);
    BOOST_TEST(fine);
    return said.str();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ldap_check)

BOOST_AUTO_TEST_CASE(that_nothing_uses_the_directory_is_said)
{
    Settings settings;
    settings.ldap.url = "ldaps://ldap.example.org";
    BOOST_TEST(
        said_of(settings) ==
        "The directory ldaps://ldap.example.org is not read: no group has `ldap`, and no search has names = "
        "\"ldap\"\n");
}

BOOST_AUTO_TEST_CASE(without_a_directory_there_is_nothing_to_say)
{
    BOOST_TEST(said_of(Settings()) == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
