// Lists as text.
#pragma once

#include <string>
#include <string_view>

namespace usher
{

/// The elements with `separator` between them: `a, b, c`. For any range of texts, so that
/// `names | std::views::transform(toml_string)` needs no list of its own.
template <typename Texts>
[[nodiscard]] std::string joined(const Texts& texts, std::string_view separator = ", ")
{
    std::string all;
    bool first = true;
    for (const auto& text : texts) {
        if (!first) {
            all += separator;
        }
        all += text;
        first = false;
    }
    return all;
}

}  // namespace usher
