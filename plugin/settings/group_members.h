// The members that groups have from a directory, and how they come into the settings.
//
// What the file says stays the one source: it names the members, a reading of the directory only says who they are. They are
// no part of a policy's text, which is kept for as long as the journal: that would be a list of an organisation's people for
// every day on which one of them came or went. The text has their number and a digest of them instead. So other members are
// another policy, with a generation of its own (policy_in_force.h); the same members at several processes are the same one;
// and whoever has the members of that day can show that they were these, and decide again.
//
// Not here: the reading (plugin/ldap), and when it takes place (plugin/people/ldap_refresh.h).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "plugin/settings/settings.h"

namespace usher
{

/// Who is in which groups, as a reading of the directory found it.
struct GroupMembers {
    LdapSettings read_with;
    std::map<std::string, std::vector<Address>> groups;  ///< by `Group::ldap`, sorted; absent: not known
};

/// Whether `members` hold where the settings say this of the directory. If not, they are of another directory, or of other
/// people there.
[[nodiscard]] bool hold_with(const GroupMembers& members, const LdapSettings& settings);

/// What groups are to have members of: `members`, or null where they do not hold.
[[nodiscard]] std::shared_ptr<const GroupMembers> usable_members(std::shared_ptr<const GroupMembers> members,
                                                                 const LdapSettings& settings);

/// Whether a group has members from the directory.
[[nodiscard]] bool has_groups_from_ldap(const Settings& settings);

/// Gives the groups their members of `usable_members`. Where those are not known the group is not complete. Takes its time for
/// many members; the index of the groups is made with it.
void put_members(Settings& settings, const std::shared_ptr<const GroupMembers>& members);

}  // namespace usher
