// The sample that is packaged is the one that the table makes, and it is valid.
#include "plugin/settings/documents.h"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>

#include "plugin/settings/reader.h"
#include "settings_files.h"

using namespace usher;
using namespace usher::test;

BOOST_AUTO_TEST_SUITE(documents)

BOOST_AUTO_TEST_CASE(sample_is_the_packaged_file)
{
    std::ifstream file(USHER_SAMPLE);
    std::stringstream packaged;
    packaged << file.rdbuf();
    BOOST_TEST(packaged.str() == sample_settings());
}

BOOST_AUTO_TEST_CASE(minimal_settings_are_valid)
{
    BOOST_TEST(read_settings(USHER_MINIMAL).has_value());
}

/// The settings that the sample only mentions are valid, too, once their `#` is removed.
BOOST_AUTO_TEST_CASE(sample_is_valid_when_its_commented_settings_are_taken)
{
    const std::string sample = sample_settings();
    std::istringstream lines(sample);
    std::string taken;
    std::string as_component;
    bool in_connection = false;
    for (std::string line; std::getline(lines, line);) {
        const bool mentioned = line.size() > 1 && line[0] == '#' && line[1] != ' ';
        std::string setting = mentioned ? line.substr(1) : line;
        if (setting == "name_contacts = false") {
            setting = "name_contacts = true";  // contact_group needs it
        }
        if (setting == "answer = \"deny\"") {
            setting = "answer = \"approve\"";  // for needs it
        }
        if (setting == "names = \"vcard\"") {
            setting = "names = \"file\"";  // file needs it
        }
        in_connection = setting.starts_with('[') ? setting == "[connection]" : in_connection;
        const bool of_component = setting.starts_with("component =") || setting.starts_with("secret_file =");
        const bool of_account =
            in_connection && (setting.starts_with("account =") || setting.starts_with("password_file =") ||
                              setting.starts_with("tls ="));
        taken += (of_component ? line : setting) + "\n";
        as_component += of_account ? "" : setting + "\n";
    }
    const Settings s = valid(taken);
    BOOST_TEST(s.connection.ca_file == "/etc/ssl/certs/ca-certificates.crt");
    BOOST_REQUIRE(s.organizations.at(0).groups.size() == 1U);
    BOOST_TEST(s.organizations[0].groups[0].name == "sales");
    BOOST_TEST(s.ldap.url == "ldaps://ldap.example.org");
    BOOST_REQUIRE(s.organizations.at(0).rules.size() == 1U);
    BOOST_TEST((s.organizations[0].rules[0].approved_for == std::chrono::days(90)));
    BOOST_TEST(valid(as_component).connection.component.value_or("") == "usher.example.org");
}

BOOST_AUTO_TEST_SUITE_END()
