#include "plugin/settings/toml_value.h"

#include <array>
#include <cstdio>
#include <vector>

#include "plugin/text/lists.h"

namespace usher
{

std::string toml_string(std::string_view text)
{
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < ' ' || byte == 0x7f) {
            std::array<char, 8> escape{};
            std::snprintf(escape.data(), escape.size(), "\\u%04X", static_cast<unsigned>(byte));
            out += escape.data();
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string to_toml(const SettingValue& value)
{
    if (value.is_null()) {
        return {};
    }
    if (value.is_string()) {
        return toml_string(value.get_ref<const std::string&>());
    }
    if (!value.is_array()) {
        return value.dump();  // true, false and whole numbers are the same in JSON
    }
    constexpr std::size_t kLongestLine = 80;
    const auto texts = value.get<std::vector<std::string>>();
    const std::string line = joined(texts, ", ", toml_string);
    return line.size() <= kLongestLine ? "[" + line + "]"
                                       : "[\n    " + joined(texts, ",\n    ", toml_string) + ",\n]";
}

}  // namespace usher
