// What there is to say of the directory (LDAP).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace usher
{

struct LdapStatus {
    std::string url;
    std::size_t people = 0;                          ///< as of the last good reading
    std::size_t groups = 0;                          ///< of which it is known who is in them
    std::vector<std::string> groups_not_known = {};  ///< the others, by filter or DN
    /// When it was last read; nothing: not yet.
    std::optional<std::chrono::system_clock::time_point> read = {};
    std::string problem = {};    ///< why it could not be read the last time; empty if it could
    std::uint64_t readings = 0;  ///< good ones, since the start
    std::uint64_t failures = 0;
};

}  // namespace usher
