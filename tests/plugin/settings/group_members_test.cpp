// What a directory says of groups comes into the settings, and into the text of the policy as a digest.
#include "plugin/settings/group_members.h"

#include <boost/test/unit_test.hpp>

#include "ldap_section.h"
#include "plugin/settings/writer.h"
#include "plugin/text/lists.h"
#include "settings_files.h"

using namespace usher;
using namespace usher::test;

namespace
{

const std::string kGroups = kStart + R"toml(
[[organization.group]]
name = "sales"
ldap = "(department=Sales)"
members = ["partner.example"]
[[organization.group]]
name = "board"
ldap = "cn=board,dc=example,dc=org"
[[organization.group]]
name = "staff"
members = ["group:sales"]
)toml" + ldap_section();

Address address(const std::string& text)
{
    return Address::prepare(text).value();
}

std::shared_ptr<const GroupMembers> read_with(const LdapSettings& settings, const std::vector<Address>& sales)
{
    return std::make_shared<GroupMembers>(GroupMembers{settings, {{"(department=Sales)", sales}}});
}

const GroupList& groups(const Settings& settings)
{
    return settings.organizations.front().groups;
}

std::string policy_text(const Settings& settings)
{
    return joined(policy_to_toml(settings), "");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(group_members)

BOOST_AUTO_TEST_CASE(
    a_group_has_those_of_the_directory_besides_its_own_and_one_that_was_not_read_is_not_known)
{
    Settings settings = valid(kGroups);
    put_members(settings, read_with(settings.ldap, {address("amy@example.org")}));
    BOOST_TEST(groups(settings)[0].complete);
    BOOST_TEST(texts(groups(settings)[0].from_outside) == std::vector<std::string>{"amy@example.org"});
    BOOST_TEST(groups(settings)[0].members.size() == 1U);
    BOOST_TEST(!groups(settings)[1].complete);
    BOOST_TEST(groups(settings).index().is_complete("staff"));
    BOOST_TEST(groups(settings).index().groups_of(address("amy@example.org")) ==
               (std::vector<std::string_view>{"sales", "staff"}));
}

BOOST_AUTO_TEST_CASE(members_of_nobody_knows_whom_are_not_known)
{
    Settings settings = valid(kGroups);
    put_members(settings, read_with(settings.ldap, {address("amy@example.org")}));
    put_members(settings, nullptr);
    BOOST_TEST(!groups(settings)[0].complete);
    BOOST_TEST(groups(settings)[0].from_outside.empty());
    BOOST_TEST(!groups(settings).index().is_complete("staff"));
    BOOST_TEST(policy_text(settings) == policy_text(valid(kGroups)));
}

BOOST_AUTO_TEST_CASE(what_was_read_of_other_people_does_not_hold)
{
    const Settings file = valid(kGroups);
    const auto members = read_with(file.ldap, {address("amy@example.org")});
    const auto holds_with = [&](std::string LdapSettings::* setting, const std::string& value) {
        Settings settings = file;
        settings.ldap.*setting = value;
        put_members(settings, members);
        return groups(settings)[0].complete;
    };
    for (const auto setting :
         {&LdapSettings::url, &LdapSettings::base, &LdapSettings::filter, &LdapSettings::disabled_filter,
          &LdapSettings::address, &LdapSettings::domain}) {
        BOOST_TEST(!holds_with(setting, "another"));
    }
    for (const auto setting : {&LdapSettings::password_file, &LdapSettings::bind_dn, &LdapSettings::ca_file,
                               &LdapSettings::full_name}) {
        BOOST_TEST(holds_with(setting, "another"));
    }
}

BOOST_AUTO_TEST_CASE(other_members_are_another_text_which_names_none_of_them)
{
    Settings settings = valid(kGroups);
    make_ready(settings);
    put_members(settings, read_with(settings.ldap, {address("amy@example.org")}));
    const std::string with_amy = policy_text(settings);
    put_members(settings, read_with(settings.ldap, {address("bob@example.org")}));
    const std::string with_bob = policy_text(settings);
    put_members(settings, read_with(settings.ldap, {}));
    const std::string with_nobody = policy_text(settings);
    BOOST_TEST(with_amy != with_bob);
    BOOST_TEST(with_nobody != policy_text(valid(kGroups)));
    BOOST_TEST(with_amy.find("# group:sales: 1 members from the directory, SHA-256 ") != std::string::npos);
    BOOST_TEST(with_amy.find("amy@") == std::string::npos);
    BOOST_TEST(valid(kComponent + with_amy + ldap_section()).organizations.front().groups.size() == 3U);
}

BOOST_AUTO_TEST_SUITE_END()
