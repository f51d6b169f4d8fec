// Settings on their way from the process that has read the file to the one that uses them, as lines of JSON.
//
// Made from the table of settings, as the file's own reader and writer are. Both ends are the same program.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "plugin/settings/reader.h"

namespace usher
{

/// The settings with their lines, or the errors. The path is left out: both sides know it.
[[nodiscard]] std::string to_lines(const ReadSettings& read);

/// What `to_lines` wrote; nothing if it is cut off, or something else.
[[nodiscard]] std::optional<ReadSettings> read_lines(std::string_view lines, const std::string& path);

}  // namespace usher
