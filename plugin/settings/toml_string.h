// Texts as TOML writes them.
#pragma once

#include <string>
#include <string_view>

namespace usher
{

/// `text` as a TOML string, with its quotes.
[[nodiscard]] std::string toml_string(std::string_view text);

}  // namespace usher
