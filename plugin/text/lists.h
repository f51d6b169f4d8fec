// Lists as text.
#pragma once

#include <functional>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace usher
{

/// The elements of any range with `separator` between them: `a, b, c`. `text_of` makes a text of each.
template <typename Range, typename TextOf = std::identity>
[[nodiscard]] std::string joined(const Range& elements, std::string_view separator = ", ",
                                 TextOf text_of = {})
{
    std::string all;
    bool first = true;
    for (const auto& element : elements) {
        if (!first) {
            all += separator;
        }
        all += text_of(element);
        first = false;
    }
    return all;
}

/// What `joined(words, " ")` was made of.
[[nodiscard]] inline std::vector<std::string> words_in(const std::string& text)
{
    std::istringstream words(text);
    return {std::istream_iterator<std::string>(words), {}};
}

}  // namespace usher
