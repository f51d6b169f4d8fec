// Reads who of the people is in a group of a directory.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "plugin/ldap/entry_people.h"
#include "plugin/ldap/ldap_session.h"
#include "policy/address.h"

namespace usher
{

class GroupReading
{
  public:
    /// All must outlive the object.
    GroupReading(LdapSession& session, const LdapSettings& settings, const PeopleOfEntries& people)
        : session_(session), settings_(settings), people_(people)
    {
    }

    /// `group` is a filter, for those of the people who match it, or the name of an entry. Active Directory follows
    /// groups in groups itself; elsewhere the entry's members are read (`member`, `uniqueMember`, `memberUid`), and
    /// those of the groups among them. A member that is not there is passed over.
    ///
    /// Sorted. An entry that is no group, or that has no members although its class wants some, is an error: members
    /// that may not be read must not look like none.
    [[nodiscard]] tl::expected<std::vector<Address>, LdapFailure> read(const std::string& group);

    [[nodiscard]] static bool is_filter(const std::string& group) { return group.starts_with('('); }
    /// Whether the failure concerns this group and nothing else.
    [[nodiscard]] static bool is_of_one_group(const LdapFailure& failure);

  private:
    using Places = std::set<std::size_t>;  // in the people
    using Members = tl::expected<Places, LdapFailure>;

    [[nodiscard]] Members matching(const std::string& filter);
    [[nodiscard]] Members in_group(const std::string& dn);
    /// Adds who is in the group of this entry; the names of its other members, which may be groups, go to `more`.
    void add_members(const LdapEntry& entry, Places& places, std::vector<std::string>& more) const;
    [[nodiscard]] bool is_active_directory();

    LdapSession& session_;
    const LdapSettings& settings_;
    const PeopleOfEntries& people_;
    std::optional<bool> active_directory_;
};

}  // namespace usher
