#include "settings_files.h"

#include <boost/test/unit_test.hpp>
#include <stdexcept>

#include "plugin/settings/reader.h"

namespace usher::test
{

namespace
{

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
    BOOST_TEST(a.name_contacts == b.name_contacts);
    BOOST_TEST(a.contact_group == b.contact_group);
    BOOST_TEST((a.revoke_when_no_longer_approved == b.revoke_when_no_longer_approved));
    BOOST_TEST(a.stock == b.stock);
    BOOST_TEST(texts(a.administrators) == texts(b.administrators));
    BOOST_REQUIRE(a.groups.size() == b.groups.size());
    for (std::size_t i = 0; i < a.groups.size(); ++i) {
        BOOST_TEST(a.groups[i].name == b.groups[i].name);
        BOOST_TEST((a.groups[i].members == b.groups[i].members));
        BOOST_TEST(a.groups[i].ldap == b.groups[i].ldap);
        BOOST_TEST(a.groups[i].complete == b.groups[i].complete);
    }
    BOOST_REQUIRE(a.rules.size() == b.rules.size());
    for (std::size_t i = 0; i < a.rules.size(); ++i) {
        BOOST_TEST((a.rules[i].from == b.rules[i].from));
        BOOST_TEST((a.rules[i].to == b.rules[i].to));
        BOOST_TEST(a.rules[i].answer == b.rules[i].answer);
        BOOST_TEST(a.rules[i].place == b.rules[i].place);
        BOOST_TEST((a.rules[i].approved_for == b.rules[i].approved_for));
    }
    BOOST_TEST((a.federation.mode == b.federation.mode));
    BOOST_TEST((a.federation.domains.patterns() == b.federation.domains.patterns()));
    BOOST_TEST(a.federation.answer == b.federation.answer);
    BOOST_TEST((a.archive == b.archive));
    BOOST_TEST((a.people.listed == b.people.listed));
    BOOST_TEST((a.people.names == b.people.names));
    BOOST_TEST(a.people.availability == b.people.availability);
    BOOST_TEST((a.people.fields == b.people.fields));
    BOOST_TEST(a.people.searchers == b.people.searchers);
    BOOST_TEST((a.people.not_listed == b.people.not_listed));
    BOOST_TEST(a.people.searches_per_minute == b.people.searches_per_minute);
    BOOST_TEST(a.people.people_per_day == b.people.people_per_day);
}

void check_same(const LdapSettings& a, const LdapSettings& b)
{
    BOOST_TEST(a.url == b.url);
    BOOST_TEST(a.tls_required == b.tls_required);
    BOOST_TEST(a.ca_file == b.ca_file);
    BOOST_TEST(a.bind_dn == b.bind_dn);
    BOOST_TEST(a.password_file == b.password_file);
    BOOST_TEST(a.base == b.base);
    BOOST_TEST(a.filter == b.filter);
    BOOST_TEST(a.disabled_filter == b.disabled_filter);
    BOOST_TEST(a.address == b.address);
    BOOST_TEST(a.domain == b.domain);
    BOOST_TEST(a.full_name == b.full_name);
    BOOST_TEST(a.given_name == b.given_name);
    BOOST_TEST(a.family_name == b.family_name);
    BOOST_TEST(a.nickname == b.nickname);
    BOOST_TEST(a.email == b.email);
    BOOST_TEST(a.refresh_minutes == b.refresh_minutes);
}

}  // namespace

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
    check_same(a.ldap, b.ldap);
    BOOST_TEST(a.store.url == b.store.url);
    BOOST_TEST(a.store.journal_days == b.store.journal_days);
    BOOST_TEST(a.control_socket == b.control_socket);
    BOOST_TEST(a.log_level == b.log_level);
}

}  // namespace usher::test
