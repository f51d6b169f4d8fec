#include "plugin/text/terminal.h"

#include <algorithm>
#include <cstdint>

namespace usher
{

namespace
{

constexpr char32_t kNone = 0xffffffff;

/// Takes a character off the front; `kNone` for a byte that begins none.
char32_t take_character(std::string_view& text)
{
    const auto byte = [&text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned first = byte(0);
    const std::size_t length = first < 0x80    ? 1
                               : first >= 0xf0 ? 4
                               : first >= 0xe0 ? 3
                               : first >= 0xc0 ? 2
                                               : 0;
    constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (length == 0 || length > text.size() || first >= 0xf8) {
        text.remove_prefix(1);
        return kNone;
    }
    char32_t character = length == 1 ? first : first & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0U) != 0x80) {
            text.remove_prefix(1);
            return kNone;
        }
        character = character << 6 | (byte(i) & 0x3fU);
    }
    const bool surrogate = character >= 0xd800 && character <= 0xdfff;
    if (character < kLeast[length] || character > 0x10ffff || surrogate) {
        text.remove_prefix(1);
        return kNone;
    }
    text.remove_prefix(length);
    return character;
}

bool unfit(char32_t c)
{
    const auto within = [c](char32_t first, char32_t last) { return c >= first && c <= last; };
    return c < ' ' || within(0x7f, 0x9f) || c == 0x61c || within(0x200e, 0x200f) || within(0x2028, 0x202e) ||
           within(0x2066, 0x2069) || c == 0xfeff || c == kNone;
}

/// As many columns as most terminals give it; East Asian wide characters are rare enough in addresses.
std::size_t width(std::string_view printable)
{
    return static_cast<std::size_t>(std::count_if(printable.begin(), printable.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80;
    }));
}

}  // namespace

std::string printable(std::string_view text)
{
    std::string out;
    while (!text.empty()) {
        const std::string_view before = text;
        if (unfit(take_character(text))) {
            out += "\ufffd";
        } else {
            out += before.substr(0, before.size() - text.size());
        }
    }
    return out;
}

std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t indent)
{
    std::vector<std::vector<std::string>> cells;
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        auto& printed = cells.emplace_back();
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) {
            printed.push_back(printable(row[i]));
            widths[i] = std::max(widths[i], width(printed[i]));
        }
    }
    std::string out;
    for (const auto& row : cells) {
        out += std::string(indent, ' ');
        for (std::size_t i = 0; i < row.size(); ++i) {
            out += row[i];
            if (i + 1 < row.size()) {
                out += std::string(widths[i] - width(row[i]) + 2, ' ');
            }
        }
        out += "\n";
    }
    return out;
}

std::string wrapped(std::string_view text, std::size_t width_of_line, std::size_t indent)
{
    std::string out;
    std::size_t column = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        const std::string word = printable(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (column > 0 && column + 1 + width(word) > width_of_line) {
            out += "\n" + std::string(indent, ' ');
            column = 0;
        }
        out += (column > 0 ? " " : "") + word;
        column += (column > 0 ? 1 : 0) + width(word);
    }
    return out;
}

}  // namespace usher
