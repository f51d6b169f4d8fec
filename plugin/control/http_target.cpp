#include "plugin/control/http_target.h"

#include <optional>
#include <utility>

namespace usher
{

namespace
{

/// Strict: a malformed `%` is an error (RFC 3986 section 2.1), where evhttp_uridecode() would let it pass.
std::optional<std::string> percent_decoded(std::string_view text)
{
    static constexpr std::string_view kDigits = "0123456789abcdef";
    const auto digit = [](char c) {
        return kDigits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c | 0x20) : c);
    };
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        const std::size_t high = i + 2 < text.size() ? digit(text[i + 1]) : std::string_view::npos;
        const std::size_t low = i + 2 < text.size() ? digit(text[i + 2]) : std::string_view::npos;
        if (high == std::string_view::npos || low == std::string_view::npos) {
            return std::nullopt;
        }
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

/// Calls `visit` with what stands between the separators; stops when it returns false.
template <typename Visit>
bool each_part(std::string_view text, char separator, Visit visit)
{
    for (;;) {
        const std::size_t end = text.find(separator);
        if (!visit(text.substr(0, end))) {
            return false;
        }
        if (end == std::string_view::npos) {
            return true;
        }
        text.remove_prefix(end + 1);
    }
}

}  // namespace

bool read_target(std::string_view target, HttpRequest& request)
{
    const std::size_t mark = target.find('?');
    const std::string_view path = target.substr(0, mark);
    if (!path.starts_with('/')) {
        return false;
    }
    const bool path_read = each_part(path.substr(1), '/', [&](std::string_view segment) {
        auto decoded = percent_decoded(segment);
        request.path.push_back(decoded.value_or(std::string()));
        return decoded.has_value();
    });
    if (!path_read || mark == std::string_view::npos) {
        return path_read;
    }
    return each_part(target.substr(mark + 1), '&', [&](std::string_view pair) {
        const std::size_t equals = pair.find('=');
        auto key = percent_decoded(pair.substr(0, equals));
        auto value =
            percent_decoded(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
        // The same parameter twice could be read in two ways.
        return key && value && request.query.emplace(*std::move(key), *std::move(value)).second;
    });
}

}  // namespace usher
