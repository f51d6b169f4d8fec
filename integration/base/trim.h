// Text without the space around it.
#pragma once

#include <string_view>

namespace usher
{

/// `text` without spaces, tabs and line ends around it. It is a part of `text`, and lives no longer.
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view kSpace = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

}  // namespace usher
