// What is wrong with a file as a whole and with its smaller tables, and what is said of it.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "broken_files.h"
#include "plugin/settings/reader.h"
#include "settings_files.h"

namespace bdata = boost::unit_test::data;
using namespace usher;
using namespace usher::test;

BOOST_AUTO_TEST_SUITE(broken_file)

const Broken kBrokenTables[] = {
    {"limit_is_negative", "[limits]\napprovals_per_contact_per_hour = -1\n", 8,
     "limits.approvals_per_contact_per_hour", "-1", "a whole number from 0 to 1000000 (0: no limit)"},
    {"limit_is_too_high", "[limits]\napprovals_per_domain_per_hour = 1_000_001\n", 8,
     "limits.approvals_per_domain_per_hour", "1_000_001", "a whole number from 0 to 1000000 (0: no limit)"},
    {"limit_is_text", "[limits]\napprovals_per_user_per_hour = \"none\"\n", 8,
     "limits.approvals_per_user_per_hour", "\"none\"",
     "a whole number from 0 to 1000000 (0: no limit) (without quotes)"},
    {"store_of_another_kind", "[store]\nurl = \"mysql://host=localhost\"\n", 8, "store.url",
     "\"mysql://host=localhost\"",
     "sqlite3://FILE, or postgresql://KEY=VALUE ... without a password (use passfile=FILE)"},
    {"store_without_a_file", "[store]\nurl = \"sqlite3://\"\n", 8, "store.url", "\"sqlite3://\"",
     "sqlite3://FILE, or postgresql://KEY=VALUE ... without a password (use passfile=FILE)"},
    {"store_as_a_uri", "[store]\nurl = \"postgresql://db.example.org/usher\"\n", 8, "store.url",
     "\"postgresql://db.example.org/usher\"",
     "sqlite3://FILE, or postgresql://KEY=VALUE ... without a password (use passfile=FILE)"},
    {"store_with_a_password", "[store]\nurl = \"postgresql://host=h password = s3cret\"\n", 8, "store.url",
     "\"postgresql://host=h password =...",
     "sqlite3://FILE, or postgresql://KEY=VALUE ... without a password (use passfile=FILE)"},
    {"store_as_a_uri_with_a_password", "[store]\nurl = \"postgresql://usher:s3cret@db/usher\"\n", 8,
     "store.url", "\"postgresql://usher:...",
     "sqlite3://FILE, or postgresql://KEY=VALUE ... without a password (use passfile=FILE)"},
    {"journal_for_too_long", "[store]\njournal_days = 36501\n", 8, "store.journal_days", "36501",
     "a whole number from 0 to 36500 (0: forever)"},
    {"socket_is_relative", "[control]\nsocket = \"control.sock\"\n", 8, "control.socket", "\"control.sock\"",
     "an absolute path of at most 107 bytes"},
    {"socket_path_is_too_long", "[control]\nsocket = \"/" + std::string(107, 's') + "\"\n", 8,
     "control.socket", "\"/ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss...",
     "an absolute path of at most 107 bytes"},
    {"log_level_is_unknown", "[log]\nlevel = \"verbose\"\n", 8, "log.level", "\"verbose\"",
     "trace, debug, info, warning, error"},
    {"unknown_table", "[limit]\nx = 1\n", 7, "limit", "an unknown key", "limits (is that what was meant?)"},
    {"table_instead_of_a_value", "[log.level]\nx = 1\n", 7, "log.level", "a table",
     "trace, debug, info, warning, error"},
};

BOOST_DATA_TEST_CASE(in_a_smaller_table, bdata::make(kBrokenTables), broken)
{
    check_only_error(broken, kStart + broken.toml);
}

const Broken kBrokenWhole[] = {
    {"no_connection", kOrganization, 0, "connection", "nothing", "[connection] with account or component"},
    {"no_organization", "[connection]\naccount = \"u@example.org\"\npassword_file = \"/p\"\n", 0,
     "organization", "nothing", "at least one [[organization]] with name and domains"},
    {"organization_in_single_brackets",
     "[connection]\naccount = \"u@example.org\"\npassword_file = \"/p\"\n[organization]\nname = \"x\"\n", 4,
     "organization", "a table", "[[organization]]"},
    {"empty_list_of_organizations",
     "organization = []\n[connection]\naccount = \"u@example.org\"\npassword_file = \"/p\"\n", 1,
     "organization", "nothing", "at least one [[organization]] with name and domains"},
    {"key_before_the_first_table", "host = \"127.0.0.1\"\n" + kStart, 1, "host", "an unknown key",
     "connection, organization, limits, ldap, store, control, web, log (host belongs in [connection])"},
};

BOOST_DATA_TEST_CASE(as_a_whole, bdata::make(kBrokenWhole), broken)
{
    check_only_error(broken, broken.toml);
}

// toml11 3 takes it for a number, 4 for no TOML.
BOOST_AUTO_TEST_CASE(a_number_beyond_64_bits_is_an_error_in_its_line)
{
    const auto settings = parse_settings(
        kStart + "[limits]\napprovals_per_user_per_hour = 99999999999999999999\n", "usher.toml");
    BOOST_REQUIRE(!settings);
    BOOST_REQUIRE(settings.error().size() == 1U);
    const SettingError& error = settings.error().front();
    BOOST_TEST(error.line == 8U);
    BOOST_TEST(error.found.ends_with("99999999999999999999"));
    BOOST_TEST(error.accepted.find(" number from ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(all_errors_are_reported_in_the_order_of_their_lines)
{
    const auto settings = parse_settings(R"([log]
level = "loud"
[[organization]]
domains = ["example.org", "*.example.org",
  "example.org"]
option = "everyone"
administrators = ["a@example.com", "a@example.org"]
  [[organization.rule]]
  to = ["*@*"]
[connection]
tls = "off"
prot = 5222
host = "example.org"
)",
                                         "usher.toml");
    BOOST_REQUIRE(!settings);
    std::string all;
    for (const SettingError& error : settings.error()) {
        all += to_string(error) + "\n";
    }
    BOOST_TEST(all ==
               R"(usher.toml:2: log.level: found "loud"; accepted: trace, debug, info, warning, error
usher.toml:3: organization.name: found nothing; accepted: a name, one line of text
usher.toml:4: organization.domains: found "*.example.org"; accepted: a domain such as example.org, each exact, without *
usher.toml:5: organization.domains: found "example.org", as in line 4; accepted: each domain once, in one organization
usher.toml:6: organization.option: found "everyone"; accepted: all, organization, prompt
usher.toml:8: organization.rule.answer: found nothing; accepted: approve, deny, leave
usher.toml:8: organization.rule.from: found nothing; accepted: a list of at least one of "*", "*.example.org", "example.org", "eve@example.org", "group:NAME"
usher.toml:9: organization.rule.to: found "*@*"; accepted: * or *.example.org or example.org or eve@example.org or group:NAME
usher.toml:10: connection: found neither account nor component; accepted: one of them
usher.toml:11: connection.tls: found "off" with the host "example.org"; accepted: required, or a loopback host (127.0.0.1, ::1, localhost)
usher.toml:12: connection.prot: found an unknown key; accepted: port (is that what was meant?)
)");
}

BOOST_AUTO_TEST_CASE(a_file_full_of_errors_shows_the_first_hundred)
{
    std::string file = kStart;
    for (int i = 0; i < 1'000; ++i) {
        file += "[limits" + std::to_string(i) + "]\n";
    }
    const auto read = parse_settings(file, "usher.toml");
    BOOST_REQUIRE(!read.has_value());
    BOOST_TEST(read.error().size() == 100U);
}

BOOST_AUTO_TEST_SUITE_END()
