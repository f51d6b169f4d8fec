// Reads people and groups from a directory (LDAP, RFC 4511): all of them, or nothing.
//
// Not here: when it is read, and what is made of it. Nothing is ever written to the directory.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "integration/people/person.h"
#include "plugin/ldap/ldap_limits.h"
#include "plugin/settings/settings.h"
#include "policy/address.h"

namespace usher
{

struct DirectoryContents {
    /// Sorted by address, each address once; without those who are disabled. Of a person with several addresses, one.
    std::vector<Person> people;
    /// Who is in each of the groups that were asked for, with all of their addresses, sorted. A group that the
    /// directory does not have, or does not show whole, is absent, which is not the same as one without members, and a
    /// remark says so.
    std::map<std::string, std::vector<Address>> groups;
    /// What the administrator should know, for the log: how many entries have no usable address, and the like.
    /// Printable.
    std::vector<std::string> remarks;
};

struct DirectoryFailure {
    /// For people: what was tried, what was said, and what to do about it. Never has the password.
    std::string text;
    bool login_refused = false;  ///< the directory does not take the name with this password
};

/// Reads the directory of `settings`, with `password` for its `bind_dn`. Each of `groups` is a filter (RFC 4515),
/// which begins with `(`, or the DN of a group; groups in groups are followed.
///
/// Blocks: half a second for 10,000 people nearby, ten minutes at most; for a thread of its own. Ends
/// early, with an error, once `stop` is readable. SIGPIPE must be ignored.
[[nodiscard]] tl::expected<DirectoryContents, DirectoryFailure> read_directory(
    const LdapSettings& settings, const std::vector<std::string>& groups, std::string_view password, int stop,
    const LdapLimits& limits = {});

}  // namespace usher
