// Values as TOML writes them.
#pragma once

#include <string>
#include <string_view>

#include "plugin/settings/kind.h"

namespace usher
{

/// `text` as a TOML string, with its quotes.
[[nodiscard]] std::string toml_string(std::string_view text);

/// A list of texts is in one line where it is short, else has one element a line. Empty for what is not set.
[[nodiscard]] std::string to_toml(const SettingValue& value);

}  // namespace usher
