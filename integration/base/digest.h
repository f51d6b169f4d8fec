// SHA-256, and with it: is this text ours?
#pragma once

#include <string>
#include <string_view>

namespace usher
{

/// SHA-256 as 64 hexadecimal digits.
[[nodiscard]] std::string sha256(std::string_view text);

/// HMAC-SHA-256 (RFC 2104) as 64 hexadecimal digits: only who knows the key can make it.
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view text);

/// Compares in a time that does not tell where the two differ, so that nobody can guess one digit after the other.
[[nodiscard]] bool equal_in_constant_time(std::string_view one, std::string_view other);

}  // namespace usher
