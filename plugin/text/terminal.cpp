#include "plugin/text/terminal.h"

#include <unicode/uchar.h>

#include <algorithm>

#include "plugin/text/utf8.h"

namespace usher
{

namespace
{

bool is_unfit(UChar32 c)
{
    constexpr UChar32 kByteOrderMark = 0xfeff;
    return c < 0 || (U_GET_GC_MASK(c) & (U_GC_CC_MASK | U_GC_ZL_MASK | U_GC_ZP_MASK)) != 0 ||
           u_hasBinaryProperty(c, UCHAR_BIDI_CONTROL) != 0 || c == kByteOrderMark;
}

/// As many columns as most terminals give it; East Asian wide characters are rare enough in addresses.
std::size_t width_of(std::string_view printable)
{
    return static_cast<std::size_t>(
        std::count_if(printable.begin(), printable.end(), [](char c) { return !is_continuation(c); }));
}

}  // namespace

std::string printable(std::string_view text)
{
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = at;
        const UChar32 c = next_character(text, at);
        out += is_unfit(c) ? "\ufffd" : text.substr(begin, at - begin);
    }
    return out;
}

std::string printable_lines(std::string_view text, std::string_view prefix)
{
    std::string out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        out += std::string(prefix) + printable(text.substr(0, end)) + "\n";
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

std::string short_ascii(std::string_view text)
{
    constexpr std::size_t kMax = 200;
    std::string out(text.substr(0, kMax));
    std::replace_if(out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, ' ');
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
            widths[i] = std::max(widths[i], width_of(printed[i]));
        }
    }
    std::string out;
    for (const auto& row : cells) {
        out += std::string(indent, ' ');
        for (std::size_t i = 0; i < row.size(); ++i) {
            out += row[i];
            if (i + 1 < row.size()) {
                out += std::string(widths[i] - width_of(row[i]) + 2, ' ');
            }
        }
        out += "\n";
    }
    return out;
}

std::string wrapped(std::string_view text, std::size_t width, std::string_view prefix)
{
    std::string out;
    std::size_t column = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        const std::string word = printable(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (column > 0 && column + 1 + width_of(word) > width) {
            out += '\n';
            out += prefix;
            column = 0;
        }
        out += (column > 0 ? " " : "") + word;
        column += (column > 0 ? 1 : 0) + width_of(word);
    }
    return out;
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent)
{
    return wrapped(text, width, std::string(indent, ' '));
}

}  // namespace usher
