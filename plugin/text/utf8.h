// Reading UTF-8 character by character (RFC 3629), by ICU.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace usher
{

/// The character at `at`, and moves `at` behind it; negative for a byte that begins no valid sequence, and `at` behind
/// that byte. `at` must be less than the size.
[[nodiscard]] std::int32_t next_character(std::string_view text, std::size_t& at);

/// Whether the byte is none that a character begins with.
[[nodiscard]] constexpr bool is_continuation(char byte)
{
    return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80;
}

}  // namespace usher
