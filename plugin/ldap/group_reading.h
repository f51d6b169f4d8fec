// Reads who of the people is in a group of a directory.
#pragma once

#include <cstddef>
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

struct GroupOfDirectory {
    std::vector<Address> members;  ///< sorted, each once
    std::size_t unseen = 0;        ///< members that are not there, or may not be seen
};

class GroupReading
{
  public:
    /// All must outlive the object.
    GroupReading(LdapSession& session, const LdapSettings& settings, const PeopleOfEntries& people,
                 const LdapLimits& limits)
        : session_(session), settings_(settings), people_(people), limits_(limits)
    {
    }

    /// `group` is a filter, for those of the people who match it, or the name of an entry. Active Directory follows
    /// groups in groups itself; elsewhere the entry's members are read (`member`, `uniqueMember`, `memberUid`), and
    /// those of the groups among them.
    ///
    /// An entry that is no group, or that has no members although its class wants some, is an error: members that may
    /// not be read must not look like none. So is a member that cannot be seen and might be a group, because nobody
    /// knows who is in that one; it stays an error until the administrator shows it, or takes out what was deleted.
    /// Only a member named by `uid` is taken for a deleted person and counted, because no usual class of groups has
    /// that attribute.
    [[nodiscard]] tl::expected<GroupOfDirectory, LdapFailure> read(const std::string& group);

    [[nodiscard]] static bool is_filter(const std::string& group) { return group.starts_with('('); }
    /// Whether the failure concerns this group and nothing else: the directory has said so itself.
    [[nodiscard]] static bool is_of_one_group(const LdapFailure& failure);

  private:
    using Places = std::set<std::size_t>;  // in the addresses of the people
    struct Found {
        Places places;
        std::size_t unseen = 0;
    };
    using Members = tl::expected<Found, LdapFailure>;

    [[nodiscard]] Members matching(const std::string& filter);
    [[nodiscard]] Members in_group(const std::string& dn);
    [[nodiscard]] Members in_active_directory_group(const std::string& dn);
    /// Adds who is in the group of this entry; the names of its other members, which may be groups, go to `more`.
    void add_members(const LdapEntry& entry, Places& places, std::vector<std::string>& more) const;
    [[nodiscard]] bool is_active_directory();

    LdapSession& session_;
    const LdapSettings& settings_;
    const PeopleOfEntries& people_;
    const LdapLimits& limits_;
    std::optional<bool> active_directory_;
};

}  // namespace usher
