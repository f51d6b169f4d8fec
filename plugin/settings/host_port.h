// `HOST`, `HOST:PORT`, `[2001:db8::1]:PORT`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace usher
{

struct HostPort {
    std::string host;                   ///< a name or an IP address; of an IPv6 address without brackets
    std::optional<std::uint16_t> port;  ///< from 1 on

    /// As it is written: `127.0.0.1:5281`, `[::1]`.
    [[nodiscard]] std::string text() const;
};

/// Empty if it is something else.
[[nodiscard]] std::optional<HostPort> parse_host_port(std::string_view text);

}  // namespace usher
