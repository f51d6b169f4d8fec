#include "plugin/people/ldap_reading.h"

#include <set>
#include <utility>

#include "integration/base/digest.h"
#include "plugin/files/secret_file.h"
#include "plugin/people/person_fields.h"

namespace usher
{

LdapWanted wanted_of_directory(const LdapSettings& settings,
                               const std::vector<OrganizationSettings>& organizations)
{
    LdapWanted wanted{settings, {}, {}};
    std::set<std::string> groups;
    for (const OrganizationSettings& organization : organizations) {
        for (std::size_t i = 0; i < organization.groups.size(); ++i) {
            groups.insert(organization.groups[i].ldap);
        }
        if (organization.people.listed != Listed::off && organization.people.names == NamesFrom::ldap) {
            for (const std::string& domain : organization.domains) {
                wanted.domains.emplace(domain, organization.people.fields);
            }
        }
    }
    groups.erase("");
    wanted.groups.assign(groups.begin(), groups.end());
    return wanted;
}

LdapReading make_reading(DirectoryContents contents, const LdapWanted& wanted,
                         const std::shared_ptr<const GroupMembers>& before)
{
    LdapReading reading;
    for (const auto& [domain, fields] : wanted.domains) {
        reading.people[domain];
    }
    for (const Person& person : contents.people) {
        const auto fields = wanted.domains.find(std::string(person.address.domain()));
        if (fields != wanted.domains.end()) {
            reading.people[fields->first].put(with_fields(person, fields->second));
        }
    }
    reading.people_read = contents.people.size();
    reading.remarks = std::move(contents.remarks);
    const bool same = before && hold_with(*before, wanted.settings) && before->groups == contents.groups;
    reading.members =
        same
            ? before
            : std::make_shared<const GroupMembers>(GroupMembers{wanted.settings, std::move(contents.groups)});
    return reading;
}

LdapOutcome read_ldap(const LdapWanted& wanted, const std::shared_ptr<const GroupMembers>& before,
                      const std::string& refused, int stop)
{
    std::string password;
    if (!wanted.settings.password_file.empty()) {
        auto secret = read_secret(wanted.settings.password_file);
        if (!secret) {
            return tl::unexpected(LdapProblem{"ldap.password_file: " + secret.error()});
        }
        password = *std::move(secret);
    }
    const std::string digest = sha256(password);
    if (digest == refused) {
        return tl::unexpected(LdapProblem{{}, refused});
    }
    auto contents = read_directory(wanted.settings, wanted.groups, password, stop);
    if (!contents) {
        return tl::unexpected(LdapProblem{std::move(contents.error().text),
                                          contents.error().login_refused ? digest : std::string()});
    }
    return make_reading(*std::move(contents), wanted, before);
}

}  // namespace usher
