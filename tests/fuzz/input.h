// For every target: the input as text, and a way to report a broken promise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace usher::test
{

inline std::string text_of(const std::uint8_t* data, std::size_t size)
{
    return {reinterpret_cast<const char*>(data), size};
}

/// Crashes, so that libFuzzer keeps the input.
inline void require(bool promise, std::string_view what)
{
    if (!promise) {
        std::fprintf(stderr, "broken: %.*s\n", static_cast<int>(what.size()), what.data());
        std::abort();
    }
}

}  // namespace usher::test
