// What nobody can guess who does not read our stream.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace usher
{

/// 128 random bits as text, for the ids of our IQs: whoever knew one could answer it (PROTOCOL.md E20).
[[nodiscard]] inline std::string random_token()
{
    std::random_device device;  // the kernel's
    std::string text;
    for (int i = 0; i < 4; ++i) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        for (std::uint32_t bits = device(), digit = 0; digit < 8; ++digit, bits >>= 4U) {
            text.push_back(kDigits[bits & 0xfU]);
        }
    }
    return text;
}

}  // namespace usher
