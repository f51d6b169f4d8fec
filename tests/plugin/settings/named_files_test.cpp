// What is wrong with files that the settings name.
#include "plugin/settings/named_files.h"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "named_file.h"

using namespace usher;

BOOST_AUTO_TEST_SUITE(named_files)

BOOST_AUTO_TEST_CASE(a_file_that_is_named_and_cannot_be_used_is_an_error_with_its_key)
{
    Settings settings;
    settings.connection.component = "usher.capulet.lit";
    settings.connection.secret_file = "/nowhere/secret";
    settings.connection.ca_file = "/etc/hostname";  // readable, and no certificate
    settings.ldap.password_file = "/nowhere/password";
    settings.ldap.ca_file = "/etc/hostname";
    const auto problems = check_files(settings);
    BOOST_REQUIRE(problems.size() == 4U);
    BOOST_TEST(problems[0].starts_with("connection.secret_file: "));
    BOOST_TEST(problems[1].starts_with("connection.ca_file: found no certificate in /etc/hostname"));
    BOOST_TEST(problems[2].starts_with("ldap.password_file: "));
    BOOST_TEST(problems[3].starts_with("ldap.ca_file: found no certificate in /etc/hostname"));
}

BOOST_AUTO_TEST_CASE(files_that_can_be_used_are_no_problem)
{
    const test::NamedFile secret;
    const test::NamedFile authorities;
    Settings settings;
    settings.connection.account = Address::prepare("usher@example.org");
    settings.connection.password_file = secret.file("secret\n");
    settings.connection.ca_file = authorities.file("-----BEGIN CERTIFICATE-----\n", 0644);
    BOOST_TEST(check_files(settings).empty());
    settings.connection.ca_file = authorities.directory.path().string();
    BOOST_TEST(check_files(settings).size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_fifo_without_a_writer_is_refused_at_once)
{
    const test::NamedFile secret;
    const std::string fifo = (secret.directory.path() / "fifo").string();
    BOOST_REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    Settings settings;
    settings.connection.account = Address::prepare("usher@example.org");
    settings.connection.password_file = secret.file("secret\n");
    settings.connection.ca_file = fifo;
    BOOST_TEST(check_files(settings).size() == 1U);
    settings.connection.password_file = fifo;
    BOOST_TEST(check_files(settings).size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
