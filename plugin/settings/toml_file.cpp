#include "plugin/settings/toml_file.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <sstream>
#include <utility>

#include "integration/base/trim.h"
#include "plugin/text/utf8.h"

namespace usher
{

namespace
{

constexpr std::size_t kMaxDepth = 64;  // lists, tables and dots of keys; the parser recurses

struct Flaw {
    std::size_t offset;
    std::string found;
    std::string accepted;
};

std::string hexadecimal(const char* format, unsigned char byte)
{
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), format, static_cast<unsigned>(byte));
    return text.data();
}

std::optional<Flaw> not_plain_text(std::string_view toml)
{
    if (toml.starts_with("\xef\xbb\xbf")) {
        return Flaw{0, "a byte order mark", "UTF-8 without one"};
    }
    for (std::size_t i = 0; i < toml.size();) {
        const auto byte = static_cast<unsigned char>(toml[i]);
        std::size_t next = i;
        if (next_character(toml, next) < 0) {
            return Flaw{i, hexadecimal("the byte 0x%02X", byte), "UTF-8"};
        }
        const bool line_break = byte == '\n' || (byte == '\r' && toml.substr(i + 1).starts_with('\n'));
        if ((byte < ' ' && byte != '\t' && !line_break) || byte == 0x7f) {
            return Flaw{i, hexadecimal("the control character U+%04X", byte), "text"};
        }
        i = next;
    }
    return std::nullopt;
}

/// The end of the TOML string that starts at `start`, or of the line if it is not closed.
std::size_t end_of_string(std::string_view toml, std::size_t start)
{
    const char quote = toml[start];
    const bool long_form = toml.substr(start).starts_with(std::string(3, quote));
    const std::string close(long_form ? 3 : 1, quote);
    for (std::size_t i = start + close.size(); i < toml.size(); ++i) {
        if (toml[i] == '\\' && quote == '"') {
            ++i;
        } else if (toml.substr(i).starts_with(close)) {
            return i + close.size() - 1;
        } else if (toml[i] == '\n' && !long_form) {
            return i - 1;
        }
    }
    return toml.size();
}

/// The parser and its values recurse; nothing in a settings file goes deeper than a few steps.
std::optional<Flaw> too_deep(std::string_view toml)
{
    std::size_t open = 0;
    std::size_t dots = 0;  // in this line
    for (std::size_t i = 0; i < toml.size(); ++i) {
        switch (toml[i]) {
            case '#':
                i = std::min(toml.find('\n', i), toml.size()) - 1;
                break;
            case '"':
            case '\'':
                i = end_of_string(toml, i);
                break;
            case '[':
            case '{':
                ++open;
                break;
            case ']':
            case '}':
                open -= open > 0 ? 1 : 0;
                break;
            case '.':
                ++dots;
                break;
            case '\n':
                dots = 0;
                break;
            default:
                break;
        }
        if (open > kMaxDepth || dots > kMaxDepth) {
            return Flaw{i,
                        "lists or keys within each other, more than " + std::to_string(kMaxDepth) + " deep",
                        "a list, or a key of a table"};
        }
    }
    return std::nullopt;
}

/// What the parser's messages mean to somebody who does not know the parser.
std::string accepted_syntax(std::string_view message)
{
    struct Meaning {
        std::string_view fragment;
        std::string_view accepted;
    };
    constexpr Meaning kMeanings[] = {
        {"unknown value appeared", "a value: \"text\" in quotes, a number, true, false or a [list]"},
        {"parse_boolean", "a value: \"text\" in quotes, a number, true, false or a [list]"},
        {"missing value after", "a value after ="},
        {"not a valid string",
         "\"text\" in quotes, closed in its line; \\ only as \\\\, \\\", \\n or \\uXXXX"},
        {"not a valid multiline", "text closed by the three quotes that opened it"},
        {"missing key-value separator", "KEY = VALUE, [TABLE] or # COMMENT"},
        {"invalid format for key", "a key of letters, digits, _ and -"},
        {"an invalid key appeared", "a key of letters, digits, _ and -; a [TABLE] closed in its line"},
        {"empty key is not allowed", "a key before ="},
        {"newline required after", "nothing more in the line of a [TABLE]"},
        {"invalid line format", "nothing more in the line after the value"},
        {"missing array separator", "a comma between the values of a list, and ] after the last"},
        {"array did not closed", "] after the last value of a list"},
        {"invalid format appeared in an array",
         "\"texts\" in quotes, separated by commas, and ] after the last"},
        {"array of table", "[TABLE] or [[TABLE]], the same each time"},
    };
    for (const Meaning& meaning : kMeanings) {
        if (message.find(meaning.fragment) != std::string_view::npos) {
            return std::string(meaning.accepted);
        }
    }
    std::string first_line(message.substr(0, message.find('\n')));
    constexpr std::string_view kPrefix = "[error] ";
    if (first_line.starts_with(kPrefix)) {
        first_line.erase(0, kPrefix.size());
    }
    return "TOML (" + first_line + ")";
}

/// The first line that a message of the parser quotes (` 12 | text`): where something was defined before.
std::string first_quoted_line(std::string_view message)
{
    for (std::size_t line = message.find('\n'); line != std::string_view::npos;
         line = message.find('\n', line + 1)) {
        const std::size_t digits = message.find_first_not_of(' ', line + 1);
        const std::size_t end = message.find_first_not_of("0123456789", digits);
        if (digits != end && end != std::string_view::npos && message.substr(end).starts_with(" |")) {
            return std::string(message.substr(digits, end - digits));
        }
    }
    return "above";
}

std::vector<std::size_t> line_starts(std::string_view toml)
{
    std::vector<std::size_t> starts{0};
    for (std::size_t i = 0; i < toml.size(); ++i) {
        if (toml[i] == '\n') {
            starts.push_back(i + 1);
        }
    }
    return starts;
}

std::uint32_t line_at(const std::vector<std::size_t>& starts, std::size_t offset)
{
    const auto next = std::upper_bound(starts.begin(), starts.end(), offset);
    return static_cast<std::uint32_t>(next - starts.begin());
}

/// Where a password begins that somebody has written into the settings, against their rules: what is wrong
/// with a file goes to the log. The end if there is none.
std::size_t secret_in(std::string_view text)
{
    std::size_t begin = text.size();
    for (const std::string_view key : {"password", "secret"}) {
        for (std::size_t at = text.find(key); at < text.size(); at = text.find(key, at + 1)) {
            const std::size_t sign = text.find_first_not_of(" \t\"'", at + key.size());
            if (sign != std::string_view::npos && text[sign] == '=') {
                begin = std::min(begin, sign + 1);
            }
        }
    }
    // scheme://user:password@host
    if (const std::size_t user = text.find("://"); user != std::string_view::npos) {
        const std::size_t host = text.find('@', user);
        const std::size_t colon = text.find(':', user + 3);
        if (host != std::string_view::npos && colon < host) {
            begin = std::min(begin, colon + 1);
        }
    }
    return begin;
}

/// Where the parser found a value. toml11 counts the line breaks from the file's start for every location it
/// is asked for, which takes minutes for a large file of rules; so only the place is taken from it.
const toml::detail::region* region_of(const toml::value& value)
{
    return dynamic_cast<const toml::detail::region*>(toml::detail::get_region(value));
}

}  // namespace

tl::expected<TomlFile, SettingError> TomlFile::parse(std::string_view toml, const std::string& path)
{
    std::vector<std::size_t> starts = line_starts(toml);
    const auto refused = [&path](std::uint32_t line, const std::string& found, const std::string& accepted) {
        return tl::unexpected(SettingError{path, line, "", found, accepted});
    };
    for (const auto& flaw : {not_plain_text(toml), too_deep(toml)}) {
        if (flaw) {
            return refused(line_at(starts, flaw->offset), flaw->found, flaw->accepted);
        }
    }
    try {
        std::istringstream stream{std::string(toml)};
        toml::value root = toml::parse(stream, path);
        return TomlFile(std::move(root), std::move(starts));
    } catch (const toml::exception& error) {
        const std::string_view message = error.what();
        const std::string line = shortened(trimmed(error.location().line_str()));
        std::string accepted = accepted_syntax(message);
        if (message.find("already exists") != std::string_view::npos) {
            accepted = "each key and [TABLE] once (first in line " + first_quoted_line(message) + ")";
        }
        // the parser adds a line break at the end, and may find fault with what would follow it
        const std::uint32_t last = line_at(starts, toml.size());
        return refused(std::min(error.location().line(), last), line.empty() ? "nothing" : line, accepted);
    } catch (const std::exception& error) {
        return refused(0, "something that cannot be read", std::string("TOML (") + error.what() + ")");
    }
}

std::uint32_t TomlFile::line_of(const toml::value& value) const
{
    const auto* region = region_of(value);
    return region == nullptr
               ? 0
               : line_at(line_starts_, static_cast<std::size_t>(region->first() - region->begin()));
}

SettingValue TomlFile::plain(const toml::value& value)
{
    if (value.is_boolean()) {
        return value.as_boolean(std::nothrow);
    }
    if (value.is_integer()) {
        return value.as_integer(std::nothrow);
    }
    if (value.is_string()) {
        return value.as_string(std::nothrow).str;
    }
    if (value.is_table()) {
        return SettingValue::object();
    }
    if (!value.is_array()) {
        return nullptr;
    }
    SettingValue list = SettingValue::array();
    for (const toml::value& element : value.as_array(std::nothrow)) {
        list.push_back(plain(element));
    }
    return list;
}

std::string TomlFile::found_in(const toml::value& value)
{
    if (value.is_table()) {
        return "a table";
    }
    if (value.is_array() && value.size() > 0 && value.as_array(std::nothrow).front().is_table()) {
        return "a list of tables";
    }
    const auto* region = region_of(value);
    return region == nullptr ? "something else" : shortened(region->str());
}

std::string shortened(std::string_view text)
{
    constexpr std::size_t kLongest = 80;
    std::size_t cut = std::min({text.find('\n'), text.size(), kLongest, secret_in(text)});
    if (cut == text.size()) {
        return std::string(text);
    }
    while (cut > 0 && is_continuation(text[cut])) {
        --cut;  // not within a character
    }
    return std::string(trimmed(text.substr(0, cut))) + "...";
}

}  // namespace usher
