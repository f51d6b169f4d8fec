// Search filters (RFC 4515) as text.
#pragma once

#include <string>
#include <string_view>

namespace usher
{

/// Who matches both.
[[nodiscard]] std::string both(std::string_view filter, std::string_view other);

/// A value as it stands in a filter: what has a meaning there is escaped (RFC 4515 section 3).
[[nodiscard]] std::string filter_value(std::string_view value);

/// Who is in that group of Active Directory, or in a group that is in it (LDAP_MATCHING_RULE_IN_CHAIN). It does not
/// find those whose primary group it is, which `memberOf` leaves out; `(primaryGroupID=513)` finds them.
[[nodiscard]] std::string in_chain_filter(std::string_view group_dn);

}  // namespace usher
