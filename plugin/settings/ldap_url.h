// Where a directory is: `ldaps://HOST[:PORT]` or `ldap://HOST[:PORT]`. Nothing else of RFC 4516 is of use here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace usher
{

struct LdapUrl {
    bool tls = false;  ///< from the first byte: ldaps
    std::string host;  ///< of an IPv6 address without brackets
    std::uint16_t port = 0;

    /// As libldap has it, complete.
    [[nodiscard]] std::string text() const;
};

/// Empty if it is something else. A slash at the end is accepted.
[[nodiscard]] std::optional<LdapUrl> parse_ldap_url(std::string_view text);

}  // namespace usher
