#include "plugin/settings/toml_file.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
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

/// The last character of a string or comment that starts at `start`; nothing if none does.
std::optional<std::size_t> end_of_string_or_comment(std::string_view toml, std::size_t start)
{
    switch (toml[start]) {
        case '#':
            return std::min(toml.find('\n', start), toml.size()) - 1;
        case '"':
        case '\'':
            return end_of_string(toml, start);
        default:
            return std::nullopt;
    }
}

/// The parser and its values recurse; nothing in a settings file goes deeper than a few steps.
std::optional<Flaw> too_deep(std::string_view toml)
{
    std::size_t open = 0;
    std::size_t dots = 0;  // in this line
    for (std::size_t i = 0; i < toml.size(); ++i) {
        if (const auto end = end_of_string_or_comment(toml, i)) {
            i = *end;
            continue;
        }
        switch (toml[i]) {
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

/// Where in the file something is written.
struct Place {
    std::size_t offset;
    std::size_t length;
};

/// What the parser finds fault with.
struct SyntaxError {
    std::size_t line;
    std::string message;         // the parser's
    std::size_t first_line = 0;  // where a name that is there twice is there first
};

/// What one of the parser's messages means to somebody who does not know the parser.
struct Meaning {
    std::string_view fragment;
    std::string_view accepted;
};

constexpr std::string_view kOnce = "each key and [TABLE] once";
constexpr std::string_view kAKey = "a key of letters, digits, _ and - before =";
constexpr std::string_view kAHeader = "a key of letters, digits, _ and -; a [TABLE] closed in its line";
constexpr std::string_view kAPair = "KEY = VALUE, [TABLE] or # COMMENT";
constexpr std::string_view kAValue = "a value: \"text\" in quotes, a number, true, false or a [list]";
constexpr std::string_view kAValueAfter = "a value after =";
constexpr std::string_view kAString =
    "\"text\" in quotes, closed in its line; \\ only as \\\\, \\\", \\n or \\uXXXX";
constexpr std::string_view kALongString = "text closed by the three quotes that opened it";
constexpr std::string_view kAComma = "a comma between the values of a list, and ] after the last";
constexpr std::string_view kAListEnd = "] after the last value of a list";
constexpr std::string_view kAnInlineTable = "{ KEY = VALUE, KEY = VALUE }, in one line";
constexpr std::string_view kNothingAfterHeader = "nothing more in the line of a [TABLE]";
constexpr std::string_view kNothingAfterValue = "nothing more in the line after the value";

#if defined(TOML11_VERSION_MAJOR) && TOML11_VERSION_MAJOR >= 4

constexpr std::string_view kNoValue = "no value";
constexpr Meaning kMeanings[] = {
    {"toml::insert_value", kOnce},
    {kNoValue, kAValueAfter},
    {"too large integer", "a number from -2^63 to 2^63 - 1"},
    {"parse_simple_key", kAKey},
    {"table key", kAHeader},
    {"invalid key value separator", kAPair},
    {"parse_ml_", kALongString},
    {"parse_basic_string", kAString},
    {"parse_literal_string", kAString},
    {"parse_escape_sequence", kAString},
    {"parse_utf8_codepoint", kAString},
    {"parse_array: missing", kAListEnd},
    {"parse_array", kAComma},
    {"parse_inline_table", kAnInlineTable},
    {"parse_file: newline", kNothingAfterHeader},
    {"parse_table: newline", kNothingAfterValue},
    {"bad ", kAValue},
    {"parse_", kAValue},
};

std::optional<std::size_t> offset_of(const toml::source_location& location,
                                     const std::vector<std::size_t>& line_starts)
{
    const std::size_t line = location.first_line_number();
    if (!location.is_ok() || line == 0 || line > line_starts.size() || location.first_column_number() == 0) {
        return std::nullopt;
    }
    return line_starts[line - 1] + location.first_column_number() - 1;
}

std::optional<Place> place_of(const toml::value& value, const std::vector<std::size_t>& line_starts)
{
    const toml::source_location location = value.location();
    const auto offset = offset_of(location, line_starts);
    return offset ? std::optional(Place{*offset, location.length()}) : std::nullopt;
}

const std::string& string_of(const toml::value& value)
{
    return value.as_string(std::nothrow);
}

SyntaxError syntax_error(const toml::exception& exception, std::string_view toml,
                         const std::vector<std::size_t>& line_starts)
{
    const auto* const all = dynamic_cast<const toml::syntax_error*>(&exception);
    if (all == nullptr || all->errors().empty() || all->errors().front().locations().empty()) {
        return {0, exception.what()};
    }
    const toml::error_info& error = all->errors().front();
    const toml::source_location& at = error.locations().front().first;
    SyntaxError found{at.first_line_number(), error.title(),
                      error.locations().back().first.first_line_number()};
    const std::string_view rest =
        toml.substr(std::min(toml.size(), offset_of(at, line_starts).value_or(toml.size())));
    const std::string_view left = trimmed(rest.substr(0, rest.find_first_of("#\n")));
    if (found.message.find("unknown value") != std::string::npos && left.empty()) {
        found.message = kNoValue;
    }
    return found;
}

#else

constexpr Meaning kMeanings[] = {
    {"already exists", kOnce},
    {"unknown value appeared", kAValue},
    {"parse_boolean", kAValue},
    {"missing value after", kAValueAfter},
    {"not a valid string", kAString},
    {"not a valid multiline", kALongString},
    {"missing key-value separator", kAPair},
    {"invalid format for key", kAKey},
    {"an invalid key appeared", kAHeader},
    {"empty key is not allowed", kAKey},
    {"newline required after", kNothingAfterHeader},
    {"invalid line format", kNothingAfterValue},
    {"missing array separator", kAComma},
    {"array did not closed", kAListEnd},
    {"invalid format appeared in an array", kAComma},
    {"array of table", "[TABLE] or [[TABLE]], the same each time"},
    {"parse_literal_string", kAString},
    {"read_utf8_codepoint", kAString},
    {"parse_inline_table", kAnInlineTable},
    {"bad format", kAValue},
    {"_integer", kAValue},
    {"_date", kAValue},
};

/// toml11 3 counts the line breaks from the file's start for every location it is asked for, which takes minutes for a
/// large file of rules; so only the place is taken from it.
std::optional<Place> place_of(const toml::value& value, const std::vector<std::size_t>& /*line_starts*/)
{
    const auto* const region = dynamic_cast<const toml::detail::region*>(toml::detail::get_region(value));
    if (region == nullptr) {
        return std::nullopt;
    }
    return Place{static_cast<std::size_t>(region->first() - region->begin()),
                 static_cast<std::size_t>(region->last() - region->first())};
}

const std::string& string_of(const toml::value& value)
{
    return value.as_string(std::nothrow).str;
}

/// The first line that a message quotes (` 12 | text`): where something was defined before.
std::size_t first_quoted_line(std::string_view message)
{
    for (std::size_t line = message.find('\n'); line != std::string_view::npos;
         line = message.find('\n', line + 1)) {
        const std::size_t digits = message.find_first_not_of(' ', line + 1);
        const std::size_t end = message.find_first_not_of("0123456789", digits);
        if (digits != end && end != std::string_view::npos && message.substr(end).starts_with(" |")) {
            return std::strtoul(message.data() + digits, nullptr, 10);
        }
    }
    return 0;
}

SyntaxError syntax_error(const toml::exception& exception, std::string_view /*toml*/,
                         const std::vector<std::size_t>& /*line_starts*/)
{
    const std::string message = exception.what();
    return {exception.location().line(), message, first_quoted_line(message)};
}

#endif

std::string accepted_instead_of(const SyntaxError& error)
{
    for (const Meaning& meaning : kMeanings) {
        if (error.message.find(meaning.fragment) != std::string::npos) {
            std::string accepted(meaning.accepted);
            if (meaning.accepted == kOnce) {
                accepted += " (first in line " + std::to_string(error.first_line) + ")";
            }
            return accepted;
        }
    }
    std::string first_line = error.message.substr(0, error.message.find('\n'));
    constexpr std::string_view kPrefix = "[error] ";
    if (first_line.starts_with(kPrefix)) {
        first_line.erase(0, kPrefix.size());
    }
    return "TOML (" + first_line + ")";
}

/// What a line belongs to: where that begins, and whether the line begins within a string.
struct Statement {
    std::size_t begin = 0;
    bool in_string = false;
};

Statement statement_of(std::string_view toml, std::size_t line_start)
{
    Statement statement;
    std::size_t open = 0;
    for (std::size_t i = 0; i < line_start; ++i) {
        if (const auto end = end_of_string_or_comment(toml, i)) {
            i = *end;
            statement.in_string = i >= line_start;
            continue;
        }
        switch (toml[i]) {
            case '[':
            case '{':
                ++open;
                break;
            case ']':
            case '}':
                open -= open > 0 ? 1 : 0;
                break;
            case '\n':
                statement.begin = open == 0 ? i + 1 : statement.begin;
                break;
            default:
                break;
        }
    }
    return statement;
}

/// For the log: the line that a fault is in, without what may be a secret. What is found wrong with a string of several
/// lines is said of the first, where it is to be mended.
SettingError in_words(SyntaxError error, std::string_view toml, const std::vector<std::size_t>& line_starts)
{
    // the parser adds a line break at the end, and may find fault with what would follow it
    error.line = std::clamp<std::size_t>(error.line, 1, line_at(line_starts, toml.size()));
    std::size_t start = line_starts[error.line - 1];
    const Statement statement = statement_of(toml, start);
    if (statement.in_string) {
        start = statement.begin;
        error.line = line_at(line_starts, start);
    }
    const std::string_view rest = toml.substr(statement.begin);
    const std::string_view text = rest.substr(0, rest.find('\n', start - statement.begin));
    std::string found = "a line after password = or secret =";
    if (secret_in(text) >= start - statement.begin) {
        const std::string_view line = trimmed(text.substr(start - statement.begin));
        found = line.empty() ? "nothing" : shortened(line);
    }
    return {"", static_cast<std::uint32_t>(error.line), "", found, accepted_instead_of(error)};
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
        toml::value root = toml::parse(stream, "");  // toml11 4 stores the name with every value
        return TomlFile(std::string(toml), std::move(root), std::move(starts));
    } catch (const toml::exception& exception) {
        const SettingError error = in_words(syntax_error(exception, toml, starts), toml, starts);
        return refused(error.line, error.found, error.accepted);
    } catch (const std::exception& error) {
        return refused(0, "something that cannot be read", std::string("TOML (") + error.what() + ")");
    }
}

std::uint32_t TomlFile::line_of(const toml::value& value) const
{
    const auto place = place_of(value, line_starts_);
    return place ? line_at(line_starts_, place->offset) : 0;
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
        return text_of(value);
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

const std::string& TomlFile::text_of(const toml::value& value)
{
    return string_of(value);
}

std::string TomlFile::found_in(const toml::value& value) const
{
    if (value.is_table()) {
        return "a table";
    }
    if (value.is_array() && value.size() > 0 && value.as_array(std::nothrow).front().is_table()) {
        return "a list of tables";
    }
    const auto place = place_of(value, line_starts_);
    return place ? shortened(
                       std::string_view(text_).substr(std::min(place->offset, text_.size()), place->length))
                 : "something else";
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
