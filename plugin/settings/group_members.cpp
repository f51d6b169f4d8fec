#include "plugin/settings/group_members.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "integration/base/digest.h"

namespace usher
{

namespace
{

bool is_from_ldap(const GroupList& groups)
{
    for (std::size_t i = 0; i < groups.size(); ++i) {
        if (!groups[i].ldap.empty()) {
            return true;
        }
    }
    return false;
}

/// `# group:sales: 2 members from the directory, SHA-256 ...`
std::string comment(const Group& group)
{
    std::string members;
    for (const Address& address : group.from_outside) {
        members += address.text() + "\n";
    }
    return "# group:" + group.name + ": " + std::to_string(group.from_outside.size()) +
           " members from the directory, SHA-256 " + sha256(members) + "\n";
}

/// One that was not read is not known, which is not the same as one without members.
void put(Group& group, const GroupMembers* members)
{
    group.from_outside.clear();
    group.complete = false;
    if (members != nullptr) {
        if (const auto found = members->groups.find(group.ldap); found != members->groups.end()) {
            group.from_outside = found->second;
            group.complete = true;
        }
    }
}

}  // namespace

bool hold_with(const GroupMembers& members, const LdapSettings& settings)
{
    const auto people = [](const LdapSettings& ldap) {
        return std::tie(ldap.url, ldap.base, ldap.filter, ldap.disabled_filter, ldap.address, ldap.domain);
    };
    return people(members.read_with) == people(settings);
}

std::shared_ptr<const GroupMembers> usable_members(std::shared_ptr<const GroupMembers> members,
                                                   const LdapSettings& settings)
{
    return members && hold_with(*members, settings) ? std::move(members) : nullptr;
}

bool has_groups_from_ldap(const Settings& settings)
{
    return std::any_of(
        settings.organizations.begin(), settings.organizations.end(),
        [](const OrganizationSettings& organization) { return is_from_ldap(organization.groups); });
}

void put_members(Settings& settings, const std::shared_ptr<const GroupMembers>& members)
{
    settings.group_members = usable_members(members, settings.ldap);
    for (OrganizationSettings& organization : settings.organizations) {
        if (!is_from_ldap(organization.groups)) {
            continue;
        }
        GroupList groups;
        organization.members_text.clear();
        for (std::size_t i = 0; i < organization.groups.size(); ++i) {
            Group group = organization.groups[i];
            if (!group.ldap.empty()) {
                put(group, settings.group_members.get());
                organization.members_text += group.complete ? comment(group) : std::string();
            }
            groups.push_back(std::move(group));
        }
        static_cast<void>(groups.index());
        organization.groups = std::move(groups);
    }
}

}  // namespace usher
