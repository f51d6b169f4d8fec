// Writing XML: text that is sent as it stands.
#pragma once

#include <string>
#include <string_view>

namespace usher
{

/// Appends `name='value'` with a space before it. `value` must be valid UTF-8 without characters that XML 1.0
/// forbids: what came out of the parser or of address preparation is.
void append_attribute(std::string& xml, std::string_view name, std::string_view value);

/// Appends character data, escaped. The same holds for `text`.
void append_text(std::string& xml, std::string_view text);

/// `<query xmlns='…'/>`: how most protocols ask.
[[nodiscard]] std::string empty_query(std::string_view xmlns);

}  // namespace usher
