#include "plugin/settings/settings.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <random>
#include <sstream>

#include "named_file.h"
#include "plugin/settings/changes.h"
#include "plugin/settings/documents.h"
#include "plugin/settings/reader.h"
#include "plugin/settings/writer.h"

namespace bdata = boost::unit_test::data;
using namespace usher;

namespace
{

// Lines 1 to 3 of a file with an error in [connection].
const std::string kOrganization = R"([[organization]]
name = "Example"
domains = ["example.org"]
)";

// Lines 1 to 6 of a file with an error elsewhere; lines for the organisation may follow.
const std::string kStart = R"([connection]
account = "usher@example.org"
password_file = "/etc/usher/password"
[[organization]]
name = "Example"
domains = ["example.org"]
)";

struct Broken {
    const char* what;
    std::string toml;
    std::uint32_t line;
    const char* key;
    const char* found;
    const char* accepted;
};

std::ostream& operator<<(std::ostream& out, const Broken& broken)
{
    return out << broken.what;
}

void check_only_error(const Broken& broken, const std::string& toml)
{
    const auto settings = parse_settings(toml, "usher.toml");
    BOOST_REQUIRE(!settings);
    for (const SettingError& error : settings.error()) {
        BOOST_TEST_MESSAGE(to_string(error));
    }
    BOOST_REQUIRE(settings.error().size() == 1U);
    const SettingError& error = settings.error().front();
    BOOST_TEST(error.file == "usher.toml");
    BOOST_TEST(error.line == broken.line);
    BOOST_TEST(error.key == broken.key);
    BOOST_TEST(error.found == broken.found);
    BOOST_TEST(error.accepted == broken.accepted);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(settings)

BOOST_AUTO_TEST_SUITE(broken_files)

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

const Broken kBrokenElsewhere[] = {
    // organisations
    {"option_is_unknown", "option = \"everyone\"\n", 7, "organization.option", "\"everyone\"",
     "all, organization, prompt"},
    {"option_in_capitals", "option = \"All\"\n", 7, "organization.option", "\"All\"",
     "all, organization, prompt"},
    {"option_is_empty", "\noption = \"\"\n", 8, "organization.option", "\"\"", "all, organization, prompt"},
    {"option_is_a_list", "option = [\"all\"]\n", 7, "organization.option", "[\"all\"]",
     "all, organization, prompt"},
    {"flag_is_text", "users_may_choose = \"true\"\n", 7, "organization.users_may_choose", "\"true\"",
     "true, false (without quotes)"},
    {"flag_is_a_number", "ask_back = 1\n", 7, "organization.ask_back", "1", "true, false"},
    {"flag_is_a_date", "approve_contacts_users_asked_for = 1979-05-27\n", 7,
     "organization.approve_contacts_users_asked_for", "1979-05-27", "true, false"},
    {"administrator_is_no_address", "administrators = [\"admin\"]\n", 7, "organization.administrators",
     "\"admin\"", "an address such as admin@example.org"},
    {"administrator_of_a_subdomain", "administrators = [\n  \"a@example.org\",\n  \"b@x.example.org\",\n]\n",
     9, "organization.administrators", "\"b@x.example.org\"",
     "an address of the organization's domains: example.org"},
    {"administrators_are_no_list", "administrators = \"admin@example.org\"\n", 7,
     "organization.administrators", "\"admin@example.org\"",
     "a list of addresses such as [\"admin@example.org\"]"},
    {"stock_answers_unknown", "stock = \"deny\"\n", 7, "organization.stock", "\"deny\"", "off, approve"},
    {"key_like_none_of_the_organization", "retry = 5\n", 7, "organization.retry", "an unknown key",
     "name, domains, users_may_choose, option, approve_contacts_users_asked_for, ask_back, stock, "
     "administrators, rule, federation"},
    {"key_with_a_hyphen", "users-may-choose = true\n", 7, "organization.users-may-choose", "an unknown key",
     "users_may_choose (is that what was meant?)"},
    {"quoted_key", "\"ask back\" = true\n", 7, "organization.\"ask back\"", "an unknown key",
     "ask_back (is that what was meant?)"},
    {"name_is_missing", "[[organization]]\ndomains = [\"example.com\"]\n", 7, "organization.name", "nothing",
     "a name, one line of text"},
    {"name_is_empty", "[[organization]]\nname = \"\"\ndomains = [\"example.com\"]\n", 8, "organization.name",
     "\"\"", "a name, one line of text"},
    {"name_has_two_lines", "[[organization]]\nname = \"a\\nb\"\ndomains = [\"example.com\"]\n", 8,
     "organization.name", "\"a\\nb\"", "a name, one line of text"},
    {"name_twice", "[[organization]]\nname = \"Example\"\ndomains = [\"example.com\"]\n", 8,
     "organization.name", "\"Example\", as in line 5", "a name of its own for each organization"},
    {"domains_are_missing", "[[organization]]\nname = \"Other\"\n", 7, "organization.domains", "nothing",
     "a list of at least one domain, such as [\"example.org\", \"example.com\"]"},
    {"domains_are_empty", "[[organization]]\nname = \"Other\"\ndomains = []\n", 9, "organization.domains",
     "[]", "a list of at least one domain, such as [\"example.org\", \"example.com\"]"},
    {"domains_are_no_list", "[[organization]]\nname = \"Other\"\ndomains = \"example.com\"\n", 9,
     "organization.domains", "\"example.com\"",
     "a list of at least one domain, such as [\"example.org\", \"example.com\"]"},
    {"domain_is_a_wildcard", "[[organization]]\nname = \"Other\"\ndomains = [\"*.example.com\"]\n", 9,
     "organization.domains", "\"*.example.com\"", "a domain such as example.org, each exact, without *"},
    {"domain_is_everybody", "[[organization]]\nname = \"Other\"\ndomains = [\"*\"]\n", 9,
     "organization.domains", "\"*\"", "a domain such as example.org, each exact, without *"},
    {"domain_is_an_address", "[[organization]]\nname = \"Other\"\ndomains = [\"a@example.com\"]\n", 9,
     "organization.domains", "\"a@example.com\"", "a domain such as example.org, each exact, without *"},
    {"domain_is_two", "[[organization]]\nname = \"Other\"\ndomains = [\"example.com,example.net\"]\n", 9,
     "organization.domains", "\"example.com,example.net\"",
     "a domain such as example.org, each exact, without *"},
    {"domain_has_an_empty_label", "[[organization]]\nname = \"Other\"\ndomains = [\"example..com\"]\n", 9,
     "organization.domains", "\"example..com\"", "a domain such as example.org, each exact, without *"},
    {"domain_is_a_number", "[[organization]]\nname = \"Other\"\ndomains = [1]\n", 9, "organization.domains",
     "1", "a domain such as example.org, each exact, without * (in quotes)"},
    {"domain_twice", "[[organization]]\nname = \"Other\"\ndomains = [\"example.com\",\n\"EXAMPLE.com\"]\n",
     10, "organization.domains", "\"EXAMPLE.com\", as in line 9", "each domain once, in one organization"},
    {"domain_of_two_organizations", "[[organization]]\nname = \"Other\"\ndomains = [\"example.org\"]\n", 9,
     "organization.domains", "\"example.org\", as in line 6", "each domain once, in one organization"},
    {"organization_within_an_organization", "[organization.name2]\nx = 1\n", 7, "organization.name2",
     "an unknown key", "name (is that what was meant?)"},

    // rules
    {"rule_without_from", "[[organization.rule]]\nanswer = \"deny\"\n", 7, "organization.rule.from",
     "nothing", "a list of at least one of \"*\", \"*.example.org\", \"example.org\", \"eve@example.org\""},
    {"rule_without_answer", "[[organization.rule]]\nfrom = [\"*\"]\n", 7, "organization.rule.answer",
     "nothing", "approve, deny, leave"},
    {"rule_with_an_unknown_answer", "[[organization.rule]]\nfrom = [\"*\"]\nanswer = \"block\"\n", 9,
     "organization.rule.answer", "\"block\"", "approve, deny, leave"},
    {"rule_from_nobody", "[[organization.rule]]\nfrom = []\nanswer = \"deny\"\n", 8, "organization.rule.from",
     "[]", "a list of at least one of \"*\", \"*.example.org\", \"example.org\", \"eve@example.org\""},
    {"rule_to_nobody", "[[organization.rule]]\nfrom = [\"*\"]\nto = []\nanswer = \"deny\"\n", 9,
     "organization.rule.to", "[]",
     "a list of at least one of \"*\", \"*.example.org\", \"example.org\", \"eve@example.org\""},
    {"rule_from_a_text", "[[organization.rule]]\nfrom = \"*\"\nanswer = \"deny\"\n", 8,
     "organization.rule.from", "\"*\"",
     "a list of at least one of \"*\", \"*.example.org\", \"example.org\", \"eve@example.org\""},
    {"pattern_with_a_star_in_the_middle",
     "[[organization.rule]]\nfrom = [\"*\", \"a.*.example\"]\nanswer = \"deny\"\n", 8,
     "organization.rule.from", "\"a.*.example\"", "* or *.example.org or example.org or eve@example.org"},
    {"pattern_with_a_star_for_a_local_part",
     "[[organization.rule]]\nfrom = [\"*@example.org\"]\nanswer = \"deny\"\n", 8, "organization.rule.from",
     "\"*@example.org\"", "* or *.example.org or example.org or eve@example.org"},
    {"pattern_with_a_resource",
     "[[organization.rule]]\nfrom = [\"*\"]\nto = [\"a@example.org/x\"]\nanswer = \"deny\"\n", 9,
     "organization.rule.to", "\"a@example.org/x\"", "* or *.example.org or example.org or eve@example.org"},
    {"pattern_with_a_space", "[[organization.rule]]\nfrom = [\"example.net \"]\nanswer = \"deny\"\n", 8,
     "organization.rule.from", "\"example.net \"", "* or *.example.org or example.org or eve@example.org"},
    {"unknown_key_in_a_rule", "[[organization.rule]]\nform = [\"*\"]\nfrom = [\"*\"]\nanswer = \"deny\"\n", 8,
     "organization.rule.form", "an unknown key", "from (is that what was meant?)"},
    {"rule_in_single_brackets", "[organization.rule]\nfrom = [\"*\"]\nanswer = \"deny\"\n", 7,
     "organization.rule", "a table", "[[organization.rule]]"},

    // federation
    {"federation_mode_is_unknown", "[organization.federation]\nmode = \"shut\"\n", 8,
     "organization.federation.mode", "\"shut\"", "open, closed, listed"},
    {"federation_approves", "[organization.federation]\nmode = \"closed\"\nanswer = \"approve\"\n", 9,
     "organization.federation.answer", "\"approve\"", "leave, deny"},
    {"federation_lists_while_open", "[organization.federation]\ndomains = [\"example.net\"]\n", 8,
     "organization.federation.domains", "[\"example.net\"]", "[], or mode = \"listed\" (mode is \"open\")"},
    {"federation_lists_while_closed",
     "[organization.federation]\nmode = \"closed\"\ndomains = [\"example.net\"]\n", 9,
     "organization.federation.domains", "[\"example.net\"]", "[], or mode = \"listed\" (mode is \"closed\")"},
    {"federation_lists_nothing", "[organization.federation]\nmode = \"listed\"\ndomains = []\n", 9,
     "organization.federation.domains", "[]", "at least one domain, because mode is listed"},
    {"federation_has_no_list", "[organization.federation]\nmode = \"listed\"\n", 8,
     "organization.federation.domains", "nothing", "at least one domain, because mode is listed"},
    {"federation_lists_everybody", "[organization.federation]\nmode = \"listed\"\ndomains = [\"*\"]\n", 9,
     "organization.federation.domains", "\"*\"", "a domain such as example.net or *.example.net"},
    {"federation_lists_an_address",
     "[organization.federation]\nmode = \"listed\"\ndomains = [\"a@example.net\"]\n", 9,
     "organization.federation.domains", "\"a@example.net\"", "a domain such as example.net or *.example.net"},
    {"key_in_the_wrong_table", "[organization.federation]\nask_back = true\n", 8,
     "organization.federation.ask_back", "an unknown key",
     "mode, domains, answer (ask_back belongs in [[organization]])"},
    {"federation_in_double_brackets", "[[organization.federation]]\nmode = \"closed\"\n", 7,
     "organization.federation", "a list of tables", "the table [organization.federation]"},

    // the rest
    {"limit_is_negative", "[limits]\napprovals_per_contact_per_hour = -1\n", 8,
     "limits.approvals_per_contact_per_hour", "-1", "a whole number from 0 to 1000000 (0: no limit)"},
    {"limit_is_too_high", "[limits]\napprovals_per_domain_per_hour = 1_000_001\n", 8,
     "limits.approvals_per_domain_per_hour", "1_000_001", "a whole number from 0 to 1000000 (0: no limit)"},
    {"limit_is_beyond_64_bits", "[limits]\napprovals_per_user_per_hour = 99999999999999999999\n", 8,
     "limits.approvals_per_user_per_hour", "99999999999999999999",
     "a whole number from 0 to 1000000 (0: no limit)"},
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
     "a whole number from 0 to 36500 (0: for ever)"},
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

    // not TOML
    {"text_without_quotes", "option = all\n", 7, "", "option = all",
     "a value: \"text\" in quotes, a number, true, false or a [list]"},
    {"text_that_begins_like_a_flag", "option = total\n", 7, "", "option = total",
     "a value: \"text\" in quotes, a number, true, false or a [list]"},
    {"no_value", "option =\n", 7, "", "option =", "a value after ="},
    {"no_equals_sign", "option \"all\"\n", 7, "", "option \"all\"", "KEY = VALUE, [TABLE] or # COMMENT"},
    {"no_key", "= \"all\"\n", 7, "", "= \"all\"", "a key before ="},
    {"quote_not_closed", "option = \"all\nask_back = true\n", 7, "", "option = \"all",
     "\"text\" in quotes, closed in its line; \\ only as \\\\, \\\", \\n or \\uXXXX"},
    {"two_settings_in_a_line", "option = \"all\" ask_back = true\n", 7, "",
     "option = \"all\" ask_back = true", "nothing more in the line after the value"},
    {"secret_not_closed", "secret = \"s3cret\n", 7, "", "secret =...",
     "\"text\" in quotes, closed in its line; \\ only as \\\\, \\\", \\n or \\uXXXX"},
    {"bracket_not_closed", "[limits\n", 7, "", "[limits",
     "a key of letters, digits, _ and -; a [TABLE] closed in its line"},
    {"list_not_closed", "administrators = [\"a@example.org\"\nask_back = true\n", 8, "", "ask_back = true",
     "a comma between the values of a list, and ] after the last"},
    {"key_twice", "ask_back = true\nask_back = false\n", 8, "", "ask_back = false",
     "each key and [TABLE] once (first in line 7)"},
    {"table_twice", "[log]\n[store]\n[log]\n", 9, "", "[log]", "each key and [TABLE] once (first in line 7)"},
    {"table_inside_a_value", "[connection.account]\n", 7, "", "[connection.account]",
     "each key and [TABLE] once (first in line 2)"},
    {"latin_1", "# caf\xe9\n", 7, "", "the byte 0xE9", "UTF-8"},
    {"overlong_utf8", "# \xc0\xaf\n", 7, "", "the byte 0xC0", "UTF-8"},
    {"surrogate_in_utf8", "\n# \xed\xa0\x80\n", 8, "", "the byte 0xED", "UTF-8"},
    {"beyond_unicode", "# \xf4\x90\x80\x80\n", 7, "", "the byte 0xF4", "UTF-8"},
    {"truncated_utf8", "# \xe2\x82", 7, "", "the byte 0xE2", "UTF-8"},
    {"control_character", "# a\x1b[31mb\n", 7, "", "the control character U+001B", "text"},
    {"null_character", std::string("# \0\n", 4), 7, "", "the control character U+0000", "text"},
    {"carriage_return_alone", "# a\rb\n", 7, "", "the control character U+000D", "text"},
    {"lists_nested_without_end", "x = " + std::string(100'000, '['), 7, "",
     "lists or keys within each other, more than 64 deep", "a list, or a key of a table"},
    {"tables_nested_without_end", "x = " + std::string(100, '{'), 7, "",
     "lists or keys within each other, more than 64 deep", "a list, or a key of a table"},
};

BOOST_DATA_TEST_CASE(elsewhere, bdata::make(kBrokenElsewhere), broken)
{
    check_only_error(broken, kStart + broken.toml);
}

const Broken kBrokenWhole[] = {
    {"byte_order_mark", "\xef\xbb\xbf" + kStart, 1, "", "a byte order mark", "UTF-8 without one"},
    {"utf_16", "\xff\xfe[\x00" + kStart, 1, "", "the byte 0xFF", "UTF-8"},
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
     "connection, organization, limits, store, control, log (host belongs in [connection])"},
};

BOOST_DATA_TEST_CASE(as_a_whole, bdata::make(kBrokenWhole), broken)
{
    check_only_error(broken, broken.toml);
}

BOOST_AUTO_TEST_CASE(too_many_pairs_are_reported_at_the_rule_that_exceeds)
{
    std::string thousand;
    for (int i = 0; i < 1000; ++i) {
        thousand += "\"u" + std::to_string(i) + "@example.org\",";
    }
    const std::string rule =
        "[[organization.rule]]\nfrom = [" + thousand + "]\nto = [" + thousand + "]\nanswer = \"deny\"\n";
    BOOST_TEST(parse_settings(kStart + rule, "usher.toml").has_value());
    check_only_error({"", "", 11, "organization.rule", "1000001 pairs of from and to, up to this rule",
                      "at most 1000000 in an organization"},
                     kStart + rule + "[[organization.rule]]\nfrom = [\"*\"]\nanswer = \"deny\"\n" +
                         "[[organization.rule]]\nfrom = [\"*\"]\nanswer = \"deny\"\n");
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
usher.toml:8: organization.rule.from: found nothing; accepted: a list of at least one of "*", "*.example.org", "example.org", "eve@example.org"
usher.toml:9: organization.rule.to: found "*@*"; accepted: * or *.example.org or example.org or eve@example.org
usher.toml:10: connection: found neither account nor component; accepted: one of them
usher.toml:11: connection.tls: found "off" with the host "example.org"; accepted: required, or a loopback host (127.0.0.1, ::1, localhost)
usher.toml:12: connection.prot: found an unknown key; accepted: port (is that what was meant?)
)");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(valid_files)

namespace
{

Settings valid(const std::string& toml)
{
    auto settings = parse_settings(toml, "usher.toml");
    if (!settings) {
        for (const SettingError& error : settings.error()) {
            BOOST_ERROR(to_string(error));
        }
        throw std::runtime_error("not valid");
    }
    return *std::move(settings);
}

std::vector<std::string> texts(const std::vector<Address>& addresses)
{
    std::vector<std::string> all;
    for (const Address& address : addresses) {
        all.push_back(address.text());
    }
    return all;
}

void check_same(const ConnectionSettings& a, const ConnectionSettings& b)
{
    BOOST_TEST(a.host == b.host);
    BOOST_TEST(a.port == b.port);
    BOOST_TEST((a.account == b.account));
    BOOST_TEST(a.password_file == b.password_file);
    BOOST_TEST(a.tls_required == b.tls_required);
    BOOST_TEST(a.ca_file == b.ca_file);
    BOOST_TEST((a.component == b.component));
    BOOST_TEST(a.secret_file == b.secret_file);
}

void check_same(const OrganizationSettings& a, const OrganizationSettings& b)
{
    BOOST_TEST(a.name == b.name);
    BOOST_TEST(a.domains == b.domains);
    BOOST_TEST(a.users_may_choose == b.users_may_choose);
    BOOST_TEST(a.option == b.option);
    BOOST_TEST(a.approve_contacts_users_asked_for == b.approve_contacts_users_asked_for);
    BOOST_TEST(a.ask_back == b.ask_back);
    BOOST_TEST(a.stock == b.stock);
    BOOST_TEST(texts(a.administrators) == texts(b.administrators));
    BOOST_REQUIRE(a.rules.size() == b.rules.size());
    for (std::size_t i = 0; i < a.rules.size(); ++i) {
        BOOST_TEST((a.rules[i].from == b.rules[i].from));
        BOOST_TEST((a.rules[i].to == b.rules[i].to));
        BOOST_TEST(a.rules[i].answer == b.rules[i].answer);
        BOOST_TEST(a.rules[i].place == b.rules[i].place);
    }
    BOOST_TEST((a.federation.mode == b.federation.mode));
    BOOST_TEST((a.federation.domains.patterns() == b.federation.domains.patterns()));
    BOOST_TEST(a.federation.answer == b.federation.answer);
}

void check_same(const Settings& a, const Settings& b)
{
    check_same(a.connection, b.connection);
    BOOST_REQUIRE(a.organizations.size() == b.organizations.size());
    for (std::size_t i = 0; i < a.organizations.size(); ++i) {
        check_same(a.organizations[i], b.organizations[i]);
    }
    BOOST_TEST(a.limits.per_contact == b.limits.per_contact);
    BOOST_TEST(a.limits.per_domain == b.limits.per_domain);
    BOOST_TEST(a.limits.per_user == b.limits.per_user);
    BOOST_TEST(a.store.url == b.store.url);
    BOOST_TEST(a.store.journal_days == b.store.journal_days);
    BOOST_TEST(a.control_socket == b.control_socket);
    BOOST_TEST(a.log_level == b.log_level);
}

const std::string kComponent = R"([connection]
component = "usher.example.org"
secret_file = "/etc/usher/secret"
)";

const std::string kEverything = R"toml(
[connection]
host = "::1"
port = 15222
account = "Usher@Example.ORG"
password_file = "/etc/usher/pass \"word\" \\ é"
tls = "off"
ca_file = "/etc/ssl/ca.pem"
stock_reads_per_second = 1000
[[organization]]
name = 'The "Example" \ Organisation'
domains = ["example.org", "EXAMPLE.com", "Bücher.example"]
users_may_choose = false
option = "all"
approve_contacts_users_asked_for = false
ask_back = true
administrators = ["Admin@example.org", "chef@bücher.example"]
  [[organization.rule]]
  from = ["*.spam.example", "Eve@example.net"]
  to = ["*", "example.com"]
  answer = "deny"
  [[organization.rule]]
  from = ["*"]
  answer = "leave"
  [[organization.rule]]
  from = ["a1@averylongname.example", "a2@averylongname.example", "a3@averylongname.example", "a4@averylongname.example"]
  answer = "approve"
  [organization.federation]
  mode = "listed"
  domains = ["example.net", "*.example.net", "*.Partner.example"]
  answer = "deny"
[[organization]]
name = "Second"
domains = ["second.example"]
stock = "approve"
  [organization.federation]
  mode = "closed"
[limits]
approvals_per_contact_per_hour = 0
approvals_per_domain_per_hour = 1_000_000
approvals_per_user_per_hour = 1
[store]
url = "postgresql://host=/run/postgresql dbname=usher passfile=/etc/usher/pgpass"
journal_days = 0
[control]
socket = "/tmp/usher control.sock"
[log]
level = "trace"
)toml";

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_not_given_has_its_default)
{
    const Settings s = valid(kStart);
    BOOST_TEST(s.connection.host == "127.0.0.1");
    BOOST_TEST(s.connection.port == 5222);
    BOOST_TEST(s.connection.account->text() == "usher@example.org");
    BOOST_TEST(s.connection.password_file == "/etc/usher/password");
    BOOST_TEST(s.connection.tls_required);
    BOOST_TEST(s.connection.ca_file == "");
    BOOST_TEST(!s.connection.component);
    BOOST_REQUIRE(s.organizations.size() == 1U);
    const Organization& o = s.organizations.front();
    BOOST_TEST(o.name == "Example");
    BOOST_TEST(o.domains == std::vector<std::string>{"example.org"});
    BOOST_TEST(o.users_may_choose);
    BOOST_TEST(o.option == Option::organization);
    BOOST_TEST(o.approve_contacts_users_asked_for);
    BOOST_TEST(!o.ask_back);
    BOOST_TEST(o.administrators.empty());
    BOOST_TEST(o.rules.empty());
    BOOST_TEST((o.federation.mode == FederationMode::open));
    BOOST_TEST(o.federation.answer == Answer::leave);
    BOOST_TEST(s.limits.per_contact == 60U);
    BOOST_TEST(s.limits.per_domain == 1000U);
    BOOST_TEST(s.limits.per_user == 1000U);
    BOOST_TEST(s.store.url == "sqlite3:///var/lib/usher/usher.db");
    BOOST_TEST(s.store.journal_days == 365U);
    BOOST_TEST(s.control_socket == "/run/usher/control.sock");
    BOOST_TEST(s.log_level == "info");
}

BOOST_AUTO_TEST_CASE(component_has_its_own_default_port)
{
    const Settings s = valid(kComponent + kOrganization);
    BOOST_TEST(*s.connection.component == "usher.example.org");
    BOOST_TEST(s.connection.port == 5347);
    BOOST_TEST(!s.connection.account);
    BOOST_TEST(valid(kComponent + "port = 5222\n" + kOrganization).connection.port == 5222);
}

BOOST_AUTO_TEST_CASE(everything_given_is_read_and_addresses_are_prepared)
{
    const Settings s = valid(kEverything);
    BOOST_TEST(s.connection.host == "::1");
    BOOST_TEST(s.connection.port == 15222);
    BOOST_TEST(s.connection.account->text() == "usher@example.org");
    BOOST_TEST(s.connection.password_file == "/etc/usher/pass \"word\" \\ é");
    BOOST_TEST(!s.connection.tls_required);
    BOOST_TEST(s.connection.ca_file == "/etc/ssl/ca.pem");
    BOOST_TEST(s.connection.stock_reads_per_second == 1000U);
    BOOST_REQUIRE(s.organizations.size() == 2U);
    BOOST_TEST(!s.organizations[0].stock);
    BOOST_TEST(s.organizations[1].stock);
    const Organization& o = s.organizations[0];
    BOOST_TEST(o.name == "The \"Example\" \\ Organisation");
    BOOST_TEST(o.domains == (std::vector<std::string>{"example.org", "example.com", "bücher.example"}));
    BOOST_TEST(!o.users_may_choose);
    BOOST_TEST(o.option == Option::all);
    BOOST_TEST(!o.approve_contacts_users_asked_for);
    BOOST_TEST(o.ask_back);
    BOOST_TEST(texts(o.administrators) ==
               (std::vector<std::string>{"admin@example.org", "chef@bücher.example"}));
    BOOST_REQUIRE(o.rules.size() == 3U);
    using P = Pattern;
    BOOST_TEST((o.rules[0].from == std::vector<P>{{P::Kind::subdomains, "spam.example"},
                                                  {P::Kind::address, "eve@example.net"}}));
    BOOST_TEST((o.rules[0].to == std::vector<P>{{P::Kind::everybody, ""}, {P::Kind::domain, "example.com"}}));
    BOOST_TEST(o.rules[0].answer == Answer::deny);
    BOOST_TEST(o.rules[0].place == 1U);
    BOOST_TEST(s.lines.at("organization[0].rule[0]") == 18U);
    BOOST_TEST((o.rules[1].to == std::vector<P>{{P::Kind::everybody, ""}}));
    BOOST_TEST(o.rules[1].answer == Answer::leave);
    BOOST_TEST(o.rules[2].answer == Answer::approve);
    BOOST_TEST(o.rules[2].place == 3U);
    BOOST_TEST(s.lines.at("organization[0].rule[2]") == 25U);
    BOOST_TEST((o.federation.mode == FederationMode::listed));
    BOOST_TEST(o.federation.domains.contains("example.net"));
    BOOST_TEST(o.federation.domains.contains("a.b.example.net"));
    BOOST_TEST(!o.federation.domains.contains("partner.example"));
    BOOST_TEST(o.federation.domains.contains("a.partner.example"));
    BOOST_TEST(o.federation.answer == Answer::deny);
    BOOST_TEST(s.organizations[1].name == "Second");
    BOOST_TEST((s.organizations[1].federation.mode == FederationMode::closed));
    BOOST_TEST(s.limits.per_contact == 0U);
    BOOST_TEST(s.limits.per_domain == 1'000'000U);
    BOOST_TEST(s.limits.per_user == 1U);
    BOOST_TEST(s.store.url == "postgresql://host=/run/postgresql dbname=usher passfile=/etc/usher/pgpass");
    BOOST_TEST(s.store.journal_days == 0U);
    BOOST_TEST(s.control_socket == "/tmp/usher control.sock");
    BOOST_TEST(s.log_level == "trace");
}

const char* const kLoopbackHosts[] = {"127.0.0.1", "127.255.0.9", "::1", "0:0::1", "localhost", "LocalHost"};

BOOST_DATA_TEST_CASE(tls_may_be_off_on_loopback, bdata::make(kLoopbackHosts), host)
{
    const Settings s = valid("[connection]\ntls = \"off\"\nhost = \"" + std::string(host) +
                             "\"\naccount = \"u@example.org\"\npassword_file = \"/p\"\n" + kOrganization);
    BOOST_TEST(!s.connection.tls_required);
}

const std::string kFiles[] = {
    kStart,      kComponent + kOrganization, kComponent + "tls = \"off\"\n" + kOrganization,
    kEverything, sample_settings(),
};

BOOST_DATA_TEST_CASE(effective_settings_mean_the_same, bdata::make(kFiles), file)
{
    const Settings once = valid(file);
    const Settings twice = valid(to_toml(once));
    check_same(once, twice);
    BOOST_TEST(to_toml(once) == to_toml(twice));
}

BOOST_AUTO_TEST_CASE(effective_settings_show_every_default)
{
    BOOST_TEST(to_toml(valid(kStart)) == R"([connection]
host = "127.0.0.1"
port = 5222
account = "usher@example.org"
password_file = "/etc/usher/password"
tls = "required"
stock_reads_per_second = 10

[[organization]]
name = "Example"
domains = ["example.org"]
users_may_choose = true
option = "organization"
approve_contacts_users_asked_for = true
ask_back = false
stock = "off"
administrators = []

[organization.federation]
mode = "open"
domains = []
answer = "leave"

[limits]
approvals_per_contact_per_hour = 60
approvals_per_domain_per_hour = 1000
approvals_per_user_per_hour = 1000

[store]
url = "sqlite3:///var/lib/usher/usher.db"
journal_days = 365

[control]
socket = "/run/usher/control.sock"
metrics_port = 0

[log]
level = "info"
)");
}

/// Truncated or damaged files: the reader neither crashes nor contradicts itself.
BOOST_AUTO_TEST_CASE(damaged_files_are_refused_or_mean_what_they_say)
{
    std::mt19937 random(7);
    const std::string pieces = "[]{}\"'=.,#\n\\ *@a1";
    int refused = 0;
    for (int i = 0; i < 2000; ++i) {
        std::string toml = kEverything;
        const std::size_t place = random() % toml.size();
        switch (random() % 4) {
            case 0:
                toml.resize(place);
                break;
            case 1:
                toml.erase(place, 1 + random() % 40);
                break;
            case 2:
                toml.insert(place, 1, pieces[random() % pieces.size()]);
                break;
            default:
                toml[place] = static_cast<char>(random() % 256);
                break;
        }
        const auto settings = parse_settings(toml, "usher.toml");
        if (settings) {
            check_same(*settings, valid(to_toml(*settings)));
        } else {
            ++refused;
            BOOST_TEST(!settings.error().empty());
            for (const SettingError& error : settings.error()) {
                const auto lines = std::count(toml.begin(), toml.end(), '\n') + 1;
                BOOST_TEST(error.line <= static_cast<std::uint32_t>(lines));
                BOOST_TEST(!error.found.empty());
                BOOST_TEST(!error.accepted.empty());
            }
        }
    }
    BOOST_TEST(refused > 500);
    BOOST_TEST(refused < 2000);
}

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

/// The settings that are commented out in the sample are valid, too, without their `#`.
BOOST_AUTO_TEST_CASE(sample_is_valid_when_its_commented_settings_are_taken)
{
    const std::string sample = sample_settings();
    std::istringstream lines(sample);
    std::string taken;
    std::string as_component;
    for (std::string line; std::getline(lines, line);) {
        const bool mentioned = line.size() > 1 && line[0] == '#' && line[1] != ' ';
        const std::string setting = mentioned ? line.substr(1) : line;
        const bool of_component = setting.starts_with("component =") || setting.starts_with("secret_file =");
        const bool of_account = setting.starts_with("account =") || setting.starts_with("password_file =") ||
                                setting.starts_with("tls =");
        taken += (of_component ? line : setting) + "\n";
        as_component += of_account ? "" : setting + "\n";
    }
    const Settings s = valid(taken);
    BOOST_TEST(s.connection.ca_file == "/etc/ssl/certs/ca-certificates.crt");
    BOOST_REQUIRE(s.organizations.at(0).rules.size() == 1U);
    BOOST_TEST(s.organizations[0].rules[0].answer == Answer::deny);
    BOOST_TEST(valid(as_component).connection.component.value_or("") == "usher.example.org");
}

BOOST_AUTO_TEST_CASE(what_a_reload_cannot_change_is_named)
{
    const Settings running = valid(kStart);
    BOOST_TEST(need_restart(running, running).empty());
    Settings wanted = running;
    wanted.organizations.front().option = Option::prompt;
    wanted.organizations.front().stock = true;
    wanted.connection.stock_reads_per_second = 5;
    wanted.limits.per_user = 5;
    wanted.store.journal_days = 7;
    wanted.log_level = "debug";
    BOOST_TEST(need_restart(running, wanted).empty());
    wanted.connection.host = "localhost";
    wanted.connection.password_file = "/q";
    wanted.store.url = "sqlite3:///tmp/other.db";
    wanted.control_socket = "/tmp/s";
    BOOST_TEST(need_restart(running, wanted) ==
               (std::vector<std::string>{"connection.host", "connection.password_file", "store.url",
                                         "control.socket"}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(files)

namespace
{

using Directory = test::NamedFile;

std::string only_error(const std::string& path)
{
    const auto settings = read_settings(path);
    BOOST_REQUIRE(!settings);
    BOOST_REQUIRE(settings.error().size() == 1U);
    return to_string(settings.error().front());
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(file_is_read, Directory)
{
    const auto settings = read_settings(file(kStart));
    BOOST_REQUIRE(settings.has_value());
    BOOST_TEST(settings->organizations.front().name == "Example");
}

BOOST_FIXTURE_TEST_CASE(error_names_file_line_key_found_and_accepted, Directory)
{
    const std::string name = file(kStart + "option = \"everyone\"\n");
    BOOST_TEST(only_error(name) ==
               name + ":7: organization.option: found \"everyone\"; accepted: all, organization, prompt");
}

BOOST_FIXTURE_TEST_CASE(missing_file, Directory)
{
    const std::string name = (path / "none").string();
    BOOST_TEST(only_error(name) == name +
                                       ": found nothing to read: No such file or directory; accepted: a "
                                       "readable file of at most 16 MiB");
}

BOOST_FIXTURE_TEST_CASE(directory_instead_of_a_file, Directory)
{
    BOOST_TEST(only_error(path.string()) ==
               path.string() + ": found a directory; accepted: a readable file of at most 16 MiB");
}

BOOST_FIXTURE_TEST_CASE(fifo_instead_of_a_file_does_not_block, Directory)
{
    const std::string name = (path / "fifo").string();
    BOOST_REQUIRE(mkfifo(name.c_str(), 0600) == 0);
    BOOST_TEST(only_error(name) ==
               name + ": found something that is not a file; accepted: a readable file of at most 16 MiB");
}

BOOST_FIXTURE_TEST_CASE(unreadable_file, Directory, *boost::unit_test::precondition([](auto) {
                            return boost::test_tools::assertion_result(geteuid() != 0);  // root reads all
                        }))
{
    const std::string name = file(kStart, 0);
    BOOST_TEST(only_error(name) == name +
                                       ": found nothing to read: Permission denied; accepted: a readable "
                                       "file of at most 16 MiB");
}

BOOST_FIXTURE_TEST_CASE(size_limit_is_16_mebibytes, Directory)
{
    const std::string name = file("");
    BOOST_REQUIRE(truncate(name.c_str(), 16 * 1024 * 1024 + 1) == 0);
    BOOST_TEST(only_error(name) ==
               name + ": found a file of more than 16 MiB; accepted: a readable file of at most 16 MiB");
    BOOST_REQUIRE(truncate(name.c_str(), 16 * 1024 * 1024) == 0);
    BOOST_TEST(only_error(name) == name + ":1: found the control character U+0000; accepted: text");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()
