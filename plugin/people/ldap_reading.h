// One reading of the directory, made into what is searched and what groups have of it.
//
// Not here: how a directory is read (plugin/ldap), and when (ldap_refresh.h).
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "plugin/ldap/directory_reading.h"
#include "plugin/people/domain_people.h"
#include "plugin/settings/group_members.h"
#include "policy/people_search.h"

namespace usher
{

/// What is wanted of the directory.
struct LdapWanted {
    LdapSettings settings;
    std::vector<std::string> groups;  ///< what names them, sorted, each once
    /// The domains whose people are those of the directory, and what may be known of them.
    std::map<std::string, std::vector<PersonField>> domains;

    friend bool operator==(const LdapWanted&, const LdapWanted&) = default;
};

[[nodiscard]] LdapWanted wanted_of_directory(const LdapSettings& settings,
                                             const std::vector<OrganizationSettings>& organizations);

struct LdapReading {
    std::shared_ptr<const GroupMembers> members;
    std::map<std::string, DomainPeople> people;  ///< of each of the domains
    std::size_t people_read = 0;                 ///< of all domains
    std::vector<std::string> remarks;
};

/// A password that the directory has refused is not to be tried again and again: that locks the account.
struct LdapProblem {
    std::string text;                   ///< for people
    std::string refused_password = {};  ///< SHA-256 of the password if that was refused
};

using LdapOutcome = tl::expected<LdapReading, LdapProblem>;

/// The members are `before` if they are the same. Takes its time for many people: for a thread.
[[nodiscard]] LdapReading make_reading(DirectoryContents contents, const LdapWanted& wanted,
                                       const std::shared_ptr<const GroupMembers>& before);

/// Reads the password and the directory; see read_directory(). Where the password is still `refused` (LdapProblem), the
/// directory is not asked, and the problem has no text.
[[nodiscard]] LdapOutcome read_ldap(const LdapWanted& wanted,
                                    const std::shared_ptr<const GroupMembers>& before,
                                    const std::string& refused, int stop);

}  // namespace usher
