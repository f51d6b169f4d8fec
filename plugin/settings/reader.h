// Reads the settings file: each value as the table has it, then what settings mean together.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "plugin/settings/setting_error.h"
#include "plugin/settings/settings.h"

namespace usher
{

using ReadSettings = tl::expected<Settings, std::vector<SettingError>>;

/// Reads and checks the file. All errors are reported, not only the first, in the order of their lines.
[[nodiscard]] ReadSettings read_settings(const std::string& path);
/// The same from text; `path` is what errors name.
[[nodiscard]] ReadSettings parse_settings(std::string_view toml, const std::string& path);
/// The same of the text of a policy (writer.h): nothing but organisations and limits.
[[nodiscard]] ReadSettings parse_policy(std::string_view toml, const std::string& path);

}  // namespace usher
