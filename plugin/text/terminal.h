// Text on its way to a terminal: nothing that a stranger chose may move the cursor or hide what stands there.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace usher
{

/// `text` as one line of visible characters. In place of control characters, of those that reverse or break
/// lines (Unicode's Cc, Zl, Zp and bidirectional controls) and of what is not UTF-8 stands U+FFFD.
[[nodiscard]] std::string printable(std::string_view text);

/// Columns side by side, as wide as what is in them; the last one without padding. Cells are made printable.
[[nodiscard]] std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t indent = 0);

/// `text` in lines of at most `width` characters, where its spaces allow it; those after the first indented.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);

}  // namespace usher
