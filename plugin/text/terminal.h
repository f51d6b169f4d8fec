// Text on its way to a terminal or a log: nothing that a stranger chose may move the cursor or hide what
// stands there.
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

/// Each line of `text` made printable, with `prefix` before it.
[[nodiscard]] std::string printable_lines(std::string_view text, std::string_view prefix);

/// The first 200 bytes of `text`, with spaces for whatever is not visible ASCII: for what a server says of
/// itself, which goes into logs and reports before it is known who answers there.
[[nodiscard]] std::string short_ascii(std::string_view text);

/// Columns side by side, as wide as what is in them; the last one without padding. Cells are made printable.
[[nodiscard]] std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t indent = 0);

/// `text` made printable, in lines of at most `width` characters where its spaces allow it. Those after the
/// first begin with `prefix`, which counts as no part of the width.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t width, std::string_view prefix);

/// The same, with as many spaces.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);

}  // namespace usher
