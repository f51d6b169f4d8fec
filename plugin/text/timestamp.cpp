#include "plugin/text/timestamp.h"

#include <date/date.h>

#include <algorithm>
#include <sstream>

namespace usher
{

namespace
{

using std::chrono::milliseconds;
using std::chrono::system_clock;

/// RFC 3339 wants every digit; the library takes "1:2:3" as well. `0` stands for any digit.
bool has_shape(std::string_view text, std::string_view shape)
{
    return std::equal(text.begin(), text.end(), shape.begin(), shape.end(), [](char c, char expected) {
        return expected == '0' ? c >= '0' && c <= '9' : c == expected;
    });
}

}  // namespace

std::string timestamp(system_clock::time_point time)
{
    return date::format("%FT%TZ", date::floor<milliseconds>(time));
}

std::string utc_minutes(system_clock::time_point time)
{
    return date::format("%F %H:%M UTC", date::floor<std::chrono::minutes>(time));
}

std::string utc_seconds(system_clock::time_point time)
{
    return date::format("%F %T UTC", date::floor<std::chrono::seconds>(time));
}

#pragma GCC diagnostic push
#ifndef __clang__                                       // which does not know it
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // the library's, when no seconds are there
#endif
std::optional<system_clock::time_point> read_timestamp(std::string_view text)
{
    constexpr std::string_view kShape = "0000-00-00T00:00:00";
    constexpr std::size_t kBetween = 10;  // RFC 3339 section 5.6: `T` in either case, or a space
    constexpr std::size_t kSecond = 17;
    std::string time(text.substr(0, kShape.size()));
    if (time.size() > kBetween && (time[kBetween] == 't' || time[kBetween] == ' ')) {
        time[kBetween] = 'T';
    }
    if (!has_shape(time, kShape) || time < "1970") {
        return std::nullopt;
    }
    const bool leap = time.substr(kSecond) == "60";  // a second that no system clock has
    if (leap) {
        time.replace(kSecond, 2, "59");
    }
    text.remove_prefix(kShape.size());
    if (text.starts_with('.')) {
        const std::size_t end = std::min(text.find_first_not_of("0123456789", 1), text.size());
        if (end == 1) {
            return std::nullopt;
        }
        constexpr std::size_t kPointAndMilliseconds = 4;
        time += text.substr(0, std::min(end, kPointAndMilliseconds));
        text.remove_prefix(end);
    }
    const std::string offset(text == "Z" || text == "z" ? "+00:00" : text);
    const bool offset_fits = (has_shape(offset, "+00:00") || has_shape(offset, "-00:00")) &&
                             offset.substr(1, 2) < "24" && offset.substr(4) < "60";
    std::istringstream whole(time + offset);
    date::sys_time<milliseconds> read;
    whole >> date::parse("%FT%T%Ez", read);
    constexpr auto kLastTime = std::chrono::floor<milliseconds>(system_clock::time_point::max());
    if (!offset_fits || whole.fail() || read >= kLastTime - std::chrono::seconds(1)) {
        return std::nullopt;
    }
    return read + std::chrono::seconds(leap ? 1 : 0);
}
#pragma GCC diagnostic pop

}  // namespace usher
