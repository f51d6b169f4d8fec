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
#include "plugin/ldap/member_uids.h"
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
        : session_(session),
          settings_(settings),
          people_(people),
          limits_(limits),
          uids_(session, people, limits)
    {
    }

    /// `group` is a filter, for those of the people who match it, or the name of an entry. Active Directory follows
    /// groups in groups itself; elsewhere the entry's members are read (`member`, `uniqueMember`, `memberUid`), and
    /// those of the groups among them.
    ///
    /// An entry that is no group is an error. So is one whose members may not be read, which must not look like one without
    /// members; and a member that may be there and is not seen, because it could be somebody, or a group. It stays an error
    /// until the administrator shows it, or takes out what was deleted. A member named by `uid` of which the directory
    /// says that it is not there is counted and no error, because people who are deleted stay in groups, and no usual class
    /// of groups has that attribute.
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
    /// Members that are none of the people.
    struct Others {
        std::vector<std::string> names;  // which may be those of groups
        std::set<std::string> uids;
    };
    using Members = tl::expected<Found, LdapFailure>;

    [[nodiscard]] Members matching(const std::string& filter);
    [[nodiscard]] Members in_group(const std::string& dn);
    [[nodiscard]] Members in_active_directory_group(const std::string& dn);
    void add_members(const LdapEntry& entry, Places& places, Others& others) const;
    /// Whether the entry of a group without members that are seen has none.
    [[nodiscard]] tl::expected<void, LdapFailure> check_empty(const std::string& dn);
    /// Counts as `unseen` who is nobody; gives how many may be somebody.
    [[nodiscard]] tl::expected<std::size_t, LdapFailure> look_for(const std::string& dn,
                                                                  const std::set<std::string>& uids,
                                                                  std::size_t& unseen);
    [[nodiscard]] bool is_active_directory();

    LdapSession& session_;
    const LdapSettings& settings_;
    const PeopleOfEntries& people_;
    const LdapLimits& limits_;
    MemberUids uids_;
    std::optional<bool> active_directory_;
};

}  // namespace usher
