#include "plugin/text/since.h"

#include <charconv>
#include <ctime>
#include <string>

#include "plugin/text/timestamp.h"

namespace usher
{

namespace
{

using std::chrono::system_clock;

std::optional<std::chrono::seconds> unit(char name)
{
    switch (name) {
        case 's':
            return std::chrono::seconds(1);
        case 'm':
            return std::chrono::minutes(1);
        case 'h':
            return std::chrono::hours(1);
        case 'd':
            return std::chrono::days(1);
        case 'w':
            return std::chrono::weeks(1);
        default:
            return std::nullopt;
    }
}

}  // namespace

std::optional<std::chrono::seconds> read_length(std::string_view length)
{
    std::uint32_t count = 0;
    const char* end = length.data() + length.size();
    const auto [last, error] = std::from_chars(length.data(), end, count);
    if (error != std::errc() || last + 1 != end || !unit(*last)) {
        return std::nullopt;
    }
    constexpr std::chrono::seconds kLongest = std::chrono::years(100);
    const auto read = *unit(*last) * static_cast<std::int64_t>(count);
    return read > kLongest ? std::nullopt : std::optional(read);
}

std::string to_string(std::chrono::seconds length)
{
    for (const char name : {'d', 'h', 'm'}) {
        if (length % *unit(name) == std::chrono::seconds(0)) {
            return std::to_string(length / *unit(name)) + name;
        }
    }
    return std::to_string(length.count()) + "s";
}

std::optional<system_clock::time_point> read_since(std::string_view text, system_clock::time_point now)
{
    if (const auto ago = read_length(text)) {
        return now - *ago;
    }
    if (const auto exact = read_timestamp(text)) {
        return exact;
    }
    // Missing parts at the end are zero; a time without an offset is in local time.
    constexpr std::string_view kMidnight = "0000-00-00T00:00:00";
    if (text.size() != 10 && text.size() != 16 && text.size() != 19) {
        return std::nullopt;
    }
    std::string whole(text);
    whole += kMidnight.substr(text.size());
    const auto as_if_utc = read_timestamp(whole + "Z");
    if (!as_if_utc) {
        return std::nullopt;
    }
    const std::time_t seconds = system_clock::to_time_t(*as_if_utc);
    std::tm local{};
    ::gmtime_r(&seconds, &local);
    local.tm_isdst = -1;
    const std::time_t utc = std::mktime(&local);
    return utc == -1 ? std::nullopt : std::optional(system_clock::from_time_t(utc));
}

}  // namespace usher
