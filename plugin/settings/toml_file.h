// A TOML file: its values, the line of each, and what is wrong with it in words for whoever wrote it.
//
// What differs between toml11 3 and 4 is here and nowhere else. Not here: which keys and values there may be
// (settings_table.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>
#include <toml.hpp>

#include "plugin/settings/kind.h"
#include "plugin/settings/setting_error.h"

namespace usher
{

class TomlFile
{
  public:
    /// What cannot be parsed is an error without a key. Refused, too, is what the parser would let pass or
    /// not survive: a byte order mark, invalid UTF-8, control characters, nesting without end.
    [[nodiscard]] static tl::expected<TomlFile, SettingError> parse(std::string_view toml,
                                                                    const std::string& path);

    [[nodiscard]] const toml::value& root() const { return root_; }
    /// The line of a value, or of the header of a table.
    [[nodiscard]] std::uint32_t line_of(const toml::value& value) const;
    /// The value as it is written, shortened; `a table` where it is one.
    [[nodiscard]] std::string found_in(const toml::value& value) const;
    /// The value, without its tables.
    [[nodiscard]] static SettingValue plain(const toml::value& value);
    /// What a value that is a string says.
    [[nodiscard]] static const std::string& text_of(const toml::value& value);

  private:
    TomlFile(std::string text, toml::value root, std::vector<std::size_t> line_starts)
        : text_(std::move(text)), root_(std::move(root)), line_starts_(std::move(line_starts))
    {
    }

    std::string text_;
    toml::value root_;
    std::vector<std::size_t> line_starts_;
};

/// One line, and not a long one; it goes to logs and terminals, so what follows `password=` is left out.
[[nodiscard]] std::string shortened(std::string_view text);

}  // namespace usher
