// What is wrong with an [[organization]], its rules and its federation, and what is said of it.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "broken_files.h"
#include "plugin/settings/reader.h"
#include "settings_files.h"

namespace bdata = boost::unit_test::data;
using namespace usher;
using namespace usher::test;

BOOST_AUTO_TEST_SUITE(broken_organization)

const Broken kBrokenOrganizations[] = {
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
    {"contact_group_without_names", "contact_group = \"Colleagues\"\n", 7, "organization.contact_group",
     "\"Colleagues\"", "only with name_contacts = true"},
    {"contact_group_is_empty", "name_contacts = true\ncontact_group = \"\"\n", 8,
     "organization.contact_group", "\"\"", "a name of at most 256 bytes, one line of text"},
    {"contact_group_has_two_lines", "name_contacts = true\ncontact_group = \"a\\nb\"\n", 8,
     "organization.contact_group", "\"a\\nb\"", "a name of at most 256 bytes, one line of text"},
    {"contact_group_has_a_c1_control", "name_contacts = true\ncontact_group = \"a\\u0085b\"\n", 8,
     "organization.contact_group", "\"a\\u0085b\"", "a name of at most 256 bytes, one line of text"},
    {"administrator_is_no_address", "administrators = [\"admin\"]\n", 7, "organization.administrators",
     "\"admin\"", "an address such as admin@example.org"},
    {"administrator_of_a_subdomain", "administrators = [\n  \"a@example.org\",\n  \"b@x.example.org\",\n]\n",
     9, "organization.administrators", "\"b@x.example.org\"",
     "an address of the organization's domains: example.org"},
    {"administrators_are_no_list", "administrators = \"admin@example.org\"\n", 7,
     "organization.administrators", "\"admin@example.org\"",
     "a list of addresses such as [\"admin@example.org\"]"},
    {"revoking_is_unknown", "revoke_when_no_longer_approved = \"always\"\n", 7,
     "organization.revoke_when_no_longer_approved", "\"always\"", "never, report, apply"},
    {"revoking_is_a_flag", "revoke_when_no_longer_approved = true\n", 7,
     "organization.revoke_when_no_longer_approved", "true", "never, report, apply (in quotes)"},
    {"stock_answers_unknown", "stock = \"deny\"\n", 7, "organization.stock", "\"deny\"", "off, approve"},
    {"key_like_none_of_the_organization", "retry = 5\n", 7, "organization.retry", "an unknown key",
     "name, domains, users_may_choose, option, approve_contacts_users_asked_for, ask_back, name_contacts, "
     "contact_group, revoke_when_no_longer_approved, stock, administrators, group, rule, federation, people, archive"},
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
    {"domain_in_a_labels", "[[organization]]\nname = \"Other\"\ndomains = [\"xn--bcher-kva.example\"]\n", 9,
     "organization.domains", "\"xn--bcher-kva.example\"",
     "\"b\u00fccher.example\" (as the server writes it, without xn--)"},
    {"domain_in_a_labels_in_capitals",
     "[[organization]]\nname = \"Other\"\ndomains = [\"a.XN--Bcher-KVA.example\"]\n", 9,
     "organization.domains", "\"a.XN--Bcher-KVA.example\"",
     "\"a.b\u00fccher.example\" (as the server writes it, without xn--)"},
    {"domain_in_a_labels_of_nothing", "[[organization]]\nname = \"Other\"\ndomains = [\"xn--0.example\"]\n",
     9, "organization.domains", "\"xn--0.example\"", "a domain such as example.org, each exact, without *"},
    {"administrator_in_a_labels", "administrators = [\"admin@xn--bcher-kva.example\"]\n", 7,
     "organization.administrators", "\"admin@xn--bcher-kva.example\"",
     "\"admin@b\u00fccher.example\" (as the server writes it, without xn--)"},
    {"rule_for_a_domain_in_a_labels",
     "[[organization.rule]]\nfrom = [\"xn--bcher-kva.example\"]\nanswer = \"deny\"\n", 8,
     "organization.rule.from", "\"xn--bcher-kva.example\"",
     "\"b\u00fccher.example\" (as the server writes it, without xn--)"},
    {"rule_for_subdomains_in_a_labels",
     "[[organization.rule]]\nfrom = [\"*.xn--bcher-kva.example\"]\nanswer = \"deny\"\n", 8,
     "organization.rule.from", "\"*.xn--bcher-kva.example\"",
     "\"*.b\u00fccher.example\" (as the server writes it, without xn--)"},
    {"rule_for_an_address_in_a_labels",
     "[[organization.rule]]\nfrom = [\"eve@xn--bcher-kva.example\"]\nanswer = \"deny\"\n", 8,
     "organization.rule.from", "\"eve@xn--bcher-kva.example\"",
     "\"eve@b\u00fccher.example\" (as the server writes it, without xn--)"},
    {"federation_with_a_domain_in_a_labels",
     "[organization.federation]\nmode = \"listed\"\ndomains = [\"*.xn--bcher-kva.example\"]\n", 9,
     "organization.federation.domains", "\"*.xn--bcher-kva.example\"",
     "\"*.b\u00fccher.example\" (as the server writes it, without xn--)"},
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
};

BOOST_DATA_TEST_CASE(in_organization, bdata::make(kBrokenOrganizations), broken)
{
    check_only_error(broken, kStart + broken.toml);
}

const Broken kBrokenPeople[] = {
    {"names_of_a_directory_that_is_not_there", "[organization.people]\nnames = \"ldap\"\n", 8,
     "organization.people.names", "\"ldap\" without [ldap]", "the section [ldap], with url and base"},
    {"names_from_somewhere", "[organization.people]\nnames = \"sql\"\n", 8, "organization.people.names",
     "\"sql\"", "vcard, ldap, file"},
    {"names_from_no_file", "[organization.people]\nnames = \"file\"\n", 8, "organization.people.file",
     "nothing", "an absolute path, because names is file"},
    {"file_without_names_from_it", "[organization.people]\nfile = \"/etc/usher/people.jsonl\"\n", 8,
     "organization.people.file", "\"/etc/usher/people.jsonl\"", "only with names = \"file\""},
    {"file_is_relative", "[organization.people]\nnames = \"file\"\nfile = \"people.jsonl\"\n", 9,
     "organization.people.file", "\"people.jsonl\"", "an absolute path"},
    {"people_are_no_table", "people = true\n", 7, "organization.people", "true",
     "the table [organization.people]"},
    {"listed_is_a_flag", "[organization.people]\nlisted = true\n", 8, "organization.people.listed", "true",
     "off, opt-out, opt-in (in quotes)"},
    {"listed_is_unknown", "[organization.people]\nlisted = \"all\"\n", 8, "organization.people.listed",
     "\"all\"", "off, opt-out, opt-in"},
    {"field_is_unknown", "[organization.people]\nfields = [\"nickname\", \"phone\"]\n", 8,
     "organization.people.fields", "\"phone\"", "one of full_name, given_name, family_name, nickname, email"},
    {"searcher_is_an_address", "[organization.people]\nsearchers = [\"a@example.com\"]\n", 8,
     "organization.people.searchers", "\"a@example.com\"",
     "a domain such as example.com, each exact, without *"},
    {"not_listed_is_a_domain", "[organization.people]\nnot_listed = [\"example.org\"]\n", 8,
     "organization.people.not_listed", "\"example.org\"",
     "an address such as postmaster@example.org, postmaster@* or bot-*@example.org"},
    {"not_listed_has_part_of_a_domain", "[organization.people]\nnot_listed = [\"a@*.example.org\"]\n", 8,
     "organization.people.not_listed", "\"a@*.example.org\"",
     "an address such as postmaster@example.org, postmaster@* or bot-*@example.org"},
    {"no_searches_a_minute", "[organization.people]\nsearches_per_minute = 0\n", 8,
     "organization.people.searches_per_minute", "0", "a whole number from 1 to 1000"},
    {"people_key_is_unknown", "[organization.people]\nliste = \"opt-in\"\n", 8, "organization.people.liste",
     "an unknown key", "listed (is that what was meant?)"},
};

BOOST_DATA_TEST_CASE(in_people, bdata::make(kBrokenPeople), broken)
{
    check_only_error(broken, kStart + broken.toml);
}

const Broken kBrokenArchive[] = {
    {"default_is_unknown", "[organization.archive]\ndefault = \"off\"\n", 8, "organization.archive.default",
     "\"off\"", "server, always, roster, never"},
    {"default_is_a_flag", "[organization.archive]\ndefault = false\n", 8, "organization.archive.default",
     "false", "server, always, roster, never (in quotes)"},
    {"lock_is_text", "[organization.archive]\ndefault = \"never\"\nlock = \"true\"\n", 9,
     "organization.archive.lock", "\"true\"", "true, false (without quotes)"},
    {"lock_of_what_the_server_does", "[organization.archive]\nlock = true\n", 8, "organization.archive.lock",
     "true with default = \"server\"", "false, or another default: always, roster, never"},
    {"lock_of_what_the_server_is_said_to_do", "[organization.archive]\nlock = true\ndefault = \"server\"\n",
     8, "organization.archive.lock", "true with default = \"server\"",
     "false, or another default: always, roster, never"},
    {"archive_is_no_table", "archive = \"never\"\n", 7, "organization.archive", "\"never\"",
     "the table [organization.archive]"},
    {"archive_key_is_unknown", "[organization.archive]\nlocked = true\n", 8, "organization.archive.locked",
     "an unknown key", "lock (is that what was meant?)"},
    // One fault is said once: what the default is to be is not known.
    {"lock_of_an_unknown_default", "[organization.archive]\ndefault = \"nevr\"\nlock = true\n", 8,
     "organization.archive.default", "\"nevr\"", "server, always, roster, never"},
};

BOOST_DATA_TEST_CASE(in_archive, bdata::make(kBrokenArchive), broken)
{
    check_only_error(broken, kStart + broken.toml);
}

constexpr const char* kPattern = "* or *.example.org or example.org or eve@example.org or group:NAME";
constexpr const char* kPatterns =
    "a list of at least one of \"*\", \"*.example.org\", \"example.org\", \"eve@example.org\", "
    "\"group:NAME\"";

const Broken kBrokenRules[] = {
    {"rule_without_from", "[[organization.rule]]\nanswer = \"deny\"\n", 7, "organization.rule.from",
     "nothing", kPatterns},
    {"rule_without_answer", "[[organization.rule]]\nfrom = [\"*\"]\n", 7, "organization.rule.answer",
     "nothing", "approve, deny, leave"},
    {"rule_with_an_unknown_answer", "[[organization.rule]]\nfrom = [\"*\"]\nanswer = \"block\"\n", 9,
     "organization.rule.answer", "\"block\"", "approve, deny, leave"},
    {"rule_that_denies_for_a_while",
     "[[organization.rule]]\nfrom = [\"*\"]\nanswer = \"deny\"\nfor = \"90d\"\n", 10, "organization.rule.for",
     "\"90d\"", "only with answer = \"approve\""},
    {"rule_that_leaves_for_a_while",
     "[[organization.rule]]\nfor = \"2w\"\nfrom = [\"*\"]\nanswer = \"leave\"\n", 8, "organization.rule.for",
     "\"2w\"", "only with answer = \"approve\""},
    {"rule_for_as_long_as_the_journal",
     "[[organization.rule]]\nfrom = [\"*\"]\nanswer = \"approve\"\nfor = \"52w\"\n[store]\njournal_days = 364\n",
     10, "organization.rule.for", "\"52w\"",
     "less than [store] journal_days, which is 364, by a day at least"},
    {"rule_for_longer_than_the_journal_as_it_is_by_itself",
     "[[organization.rule]]\nfrom = [\"*\"]\nanswer = \"approve\"\nfor = \"365d\"\n", 10,
     "organization.rule.for", "\"365d\"", "less than [store] journal_days, which is 365, by a day at least"},
    {"rule_for_minutes", "[[organization.rule]]\nfrom = [\"*\"]\nanswer = \"approve\"\nfor = \"59m\"\n", 10,
     "organization.rule.for", "\"59m\"", "a length of time of an hour or more, such as 12h, 90d or 2w"},
    {"rule_for_centuries", "[[organization.rule]]\nfrom = [\"*\"]\nanswer = \"approve\"\nfor = \"5500w\"\n",
     10, "organization.rule.for", "\"5500w\"", "a length of time of an hour or more, such as 12h, 90d or 2w"},
    {"rule_for_a_number", "[[organization.rule]]\nfrom = [\"*\"]\nanswer = \"approve\"\nfor = 90\n", 10,
     "organization.rule.for", "90",
     "a length of time of an hour or more, such as 12h, 90d or 2w (in quotes)"},
    {"rule_from_nobody", "[[organization.rule]]\nfrom = []\nanswer = \"deny\"\n", 8, "organization.rule.from",
     "[]", kPatterns},
    {"rule_to_nobody", "[[organization.rule]]\nfrom = [\"*\"]\nto = []\nanswer = \"deny\"\n", 9,
     "organization.rule.to", "[]", kPatterns},
    {"rule_from_a_text", "[[organization.rule]]\nfrom = \"*\"\nanswer = \"deny\"\n", 8,
     "organization.rule.from", "\"*\"", kPatterns},
    {"pattern_with_a_star_in_the_middle",
     "[[organization.rule]]\nfrom = [\"*\", \"a.*.example\"]\nanswer = \"deny\"\n", 8,
     "organization.rule.from", "\"a.*.example\"", kPattern},
    {"pattern_with_a_star_for_a_local_part",
     "[[organization.rule]]\nfrom = [\"*@example.org\"]\nanswer = \"deny\"\n", 8, "organization.rule.from",
     "\"*@example.org\"", kPattern},
    {"pattern_with_a_resource",
     "[[organization.rule]]\nfrom = [\"*\"]\nto = [\"a@example.org/x\"]\nanswer = \"deny\"\n", 9,
     "organization.rule.to", "\"a@example.org/x\"", kPattern},
    {"pattern_with_a_space", "[[organization.rule]]\nfrom = [\"example.net \"]\nanswer = \"deny\"\n", 8,
     "organization.rule.from", "\"example.net \"", kPattern},
    {"unknown_key_in_a_rule", "[[organization.rule]]\nform = [\"*\"]\nfrom = [\"*\"]\nanswer = \"deny\"\n", 8,
     "organization.rule.form", "an unknown key", "from (is that what was meant?)"},
    {"rule_in_single_brackets", "[organization.rule]\nfrom = [\"*\"]\nanswer = \"deny\"\n", 7,
     "organization.rule", "a table", "[[organization.rule]]"},
};

BOOST_DATA_TEST_CASE(in_rule, bdata::make(kBrokenRules), broken)
{
    check_only_error(broken, kStart + broken.toml);
}

constexpr const char* kGroupInDirectory =
    "a filter such as (department=Sales), or a DN such as cn=sales,ou=groups,dc=example,dc=org";

/// `[[organization.group]]`, in three lines.
std::string group(const std::string& name, const std::string& members)
{
    return "[[organization.group]]\nname = \"" + name + "\"\nmembers = [" + members + "]\n";
}

const std::string kRule = "[[organization.rule]]\nanswer = \"deny\"\n";

const Broken kBrokenGroups[] = {
    {"group_without_a_name", "[[organization.group]]\nmembers = []\n", 7, "organization.group.name",
     "nothing", "a name of letters, digits, dots, - and _"},
    {"group_without_members", "[[organization.group]]\nname = \"sales\"\n", 7, "organization.group.members",
     "nothing",
     "a list of \"*\", \"*.example.org\", \"example.org\", \"eve@example.org\", \"group:NAME\", or ldap"},
    {"group_of_a_directory_that_is_not_there",
     "[[organization.group]]\nname = \"sales\"\nldap = \"(department=Sales)\"\n", 9,
     "organization.group.ldap", "\"(department=Sales)\" without [ldap]",
     "the section [ldap], with url and base"},
    {"group_of_a_filter_that_is_not_closed",
     "[[organization.group]]\nname = \"sales\"\nldap = \"(&(department=Sales)\"\n", 9,
     "organization.group.ldap", "\"(&(department=Sales)\"", kGroupInDirectory},
    {"group_of_a_bare_name", "[[organization.group]]\nname = \"sales\"\nldap = \"Sales\"\n", 9,
     "organization.group.ldap", "\"Sales\"", kGroupInDirectory},
    {"name_of_two_words", group("two words", ""), 8, "organization.group.name", "\"two words\"",
     "a name of letters, digits, dots, - and _"},
    {"name_of_two_groups", group("sales", "") + group("sales", ""), 11, "organization.group.name",
     "\"sales\", as in line 8", "a name of its own for each group of an organization"},
    {"member_with_a_resource", group("sales", "\"amy@example.org\", \"a@example.org/x\""), 9,
     "organization.group.members", "\"a@example.org/x\"", kPattern},
    {"member_with_a_wrong_name", group("sales", "\"group:two words\""), 9, "organization.group.members",
     "\"group:two words\"", kPattern},
    {"unknown_key_in_a_group", "[[organization.group]]\nnames = \"x\"\nname = \"sales\"\nmembers = []\n", 8,
     "organization.group.names", "an unknown key", "name (is that what was meant?)"},
    {"group_in_single_brackets", "[organization.group]\nname = \"sales\"\nmembers = []\n", 7,
     "organization.group", "a table", "[[organization.group]]"},
    {"unknown_group_in_a_rule", group("sales", "") + kRule + "from = [\n\"*\",\n\"group:sale\"]\n", 14,
     "organization.rule.from", "\"group:sale\"", "group:sales (is that what was meant?)"},
    {"name_in_another_case", group("sales", "") + kRule + "from = [\"*\"]\nto = [\"group:Sales\"]\n", 13,
     "organization.rule.to", "\"group:Sales\"", "group:sales (is that what was meant?)"},
    {"unknown_group_in_a_group", group("sales", "\"group:x\"") + group("board", ""), 9,
     "organization.group.members", "\"group:x\"", "group: and one of sales, board"},
    {"rule_without_groups", kRule + "from = [\"group:sales\"]\n", 9, "organization.rule.from",
     "\"group:sales\"", "group:NAME of an [[organization.group]] (there is none in this organization)"},
    {"group_of_another_organization",
     group("sales", "") + "[[organization]]\nname = \"Other\"\ndomains = [\"other.example\"]\n" + kRule +
         "from = [\"group:sales\"]\n",
     15, "organization.rule.from", "\"group:sales\"",
     "group:NAME of an [[organization.group]] (there is none in this organization)"},
    {"group_within_itself", group("sales", "\"group:sales\""), 9, "organization.group.members",
     "\"group:sales\", by which it is within itself (sales, sales)", "groups that are not within themselves"},
    {"groups_within_each_other",
     group("a", "\"group:b\"") + group("b", "\"*\", \"group:c\"") + group("c", "\"group:b\""), 15,
     "organization.group.members", "\"group:b\", by which it is within itself (b, c, b)",
     "groups that are not within themselves"},
};

BOOST_DATA_TEST_CASE(in_group, bdata::make(kBrokenGroups), broken)
{
    check_only_error(broken, kStart + broken.toml);
}

/// Deeper than a stack, and wider than what a message can say.
BOOST_AUTO_TEST_CASE(groups_may_be_within_each_other_as_deep_as_there_are_groups)
{
    constexpr int kDepth = 5'000;
    std::string groups;
    for (int i = 0; i < kDepth; ++i) {
        groups += group("g" + std::to_string(i), "\"group:g" + std::to_string(i + 1) + "\"");
    }
    BOOST_TEST(parse_settings(kStart + groups + group("g5000", ""), "usher.toml").has_value());
    check_only_error({"", "", 15'009, "organization.group.members",
                      "\"group:g0\", by which it is within itself (..., g4994, g4995, g4996, g4997, g4998, "
                      "g4999, g5000, g0)",
                      "groups that are not within themselves"},
                     kStart + groups + group("g5000", "\"group:g0\""));
}

const Broken kBrokenFederation[] = {
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
    {"federation_lists_a_group",
     "[organization.federation]\nmode = \"listed\"\ndomains = [\"group:sales\"]\n", 9,
     "organization.federation.domains", "\"group:sales\"", "a domain such as example.net or *.example.net"},
    {"federation_lists_an_address",
     "[organization.federation]\nmode = \"listed\"\ndomains = [\"a@example.net\"]\n", 9,
     "organization.federation.domains", "\"a@example.net\"", "a domain such as example.net or *.example.net"},
    {"key_in_the_wrong_table", "[organization.federation]\nask_back = true\n", 8,
     "organization.federation.ask_back", "an unknown key",
     "mode, domains, answer (ask_back belongs in [[organization]])"},
    {"federation_in_double_brackets", "[[organization.federation]]\nmode = \"closed\"\n", 7,
     "organization.federation", "a list of tables", "the table [organization.federation]"},
};

BOOST_DATA_TEST_CASE(in_federation, bdata::make(kBrokenFederation), broken)
{
    check_only_error(broken, kStart + broken.toml);
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

BOOST_AUTO_TEST_SUITE_END()
