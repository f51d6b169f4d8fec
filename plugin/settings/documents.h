// The documents that are made from the table of settings.
#pragma once

#include <string>

namespace usher
{

/// The sample configuration: every setting with its meaning, range and default.
[[nodiscard]] std::string sample_settings();

/// The same for usher.toml(5), as mdoc(7).
[[nodiscard]] std::string settings_manual();

}  // namespace usher
