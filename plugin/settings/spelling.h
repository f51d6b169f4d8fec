// Guesses which name was meant by one that is misspelt.
#pragma once

#include <string_view>
#include <vector>

namespace usher
{

/// The one of `names` that `written` is probably meant to be; empty if it is like none of them.
[[nodiscard]] std::string_view nearest(std::string_view written, const std::vector<std::string_view>& names);

}  // namespace usher
