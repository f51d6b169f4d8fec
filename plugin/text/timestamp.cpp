#include "plugin/text/timestamp.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace usher
{

namespace
{

using std::chrono::milliseconds;
using std::chrono::system_clock;

/// Takes a number of that many digits, within bounds, off the front.
std::optional<int> number(std::string_view& text, std::size_t digits, int least, int most)
{
    int value = 0;
    if (text.size() < digits) {
        return std::nullopt;
    }
    for (const char c : text.substr(0, digits)) {
        if (c < '0' || c > '9') {
            return std::nullopt;
        }
        value = value * 10 + (c - '0');
    }
    text.remove_prefix(digits);
    return value < least || value > most ? std::nullopt : std::optional(value);
}

bool skip(std::string_view& text, std::string_view any_of)
{
    if (text.empty() || any_of.find(text.front()) == std::string_view::npos) {
        return false;
    }
    text.remove_prefix(1);
    return true;
}

std::optional<milliseconds> fraction(std::string_view& text)
{
    if (!skip(text, ".")) {
        return milliseconds(0);
    }
    int value = 0;
    int scale = 100;
    bool any = false;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        value += (text.front() - '0') * scale;
        scale /= 10;
        any = true;
        text.remove_prefix(1);
    }
    return any ? std::optional(milliseconds(value)) : std::nullopt;
}

std::optional<std::chrono::minutes> offset(std::string_view& text)
{
    if (skip(text, "Zz")) {
        return std::chrono::minutes(0);
    }
    const int sign = !text.empty() && text.front() == '-' ? -1 : 1;
    if (!skip(text, "+-")) {
        return std::nullopt;
    }
    const auto hours = number(text, 2, 0, 23);
    const bool colon = skip(text, ":");
    const auto minutes = number(text, 2, 0, 59);
    if (!hours || !colon || !minutes) {
        return std::nullopt;
    }
    return std::chrono::minutes(sign * (*hours * 60 + *minutes));
}

}  // namespace

std::string timestamp(system_clock::time_point time)
{
    const auto since_1970 = std::chrono::floor<milliseconds>(time.time_since_epoch());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_1970);
    const std::time_t whole = seconds.count();
    std::tm utc{};
    ::gmtime_r(&whole, &utc);
    std::array<char, 80> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900,
                  utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                  static_cast<int>((since_1970 - seconds).count()));
    return text.data();
}

std::optional<system_clock::time_point> read_timestamp(std::string_view text)
{
    const auto year = number(text, 4, 1970, 9999);
    const bool first_dash = skip(text, "-");
    const auto month = number(text, 2, 1, 12);
    const bool second_dash = skip(text, "-");
    const auto day = number(text, 2, 1, 31);
    const bool between = skip(text, "Tt ");
    const auto hour = number(text, 2, 0, 23);
    const bool first_colon = skip(text, ":");
    const auto minute = number(text, 2, 0, 59);
    const bool second_colon = skip(text, ":");
    const auto second = number(text, 2, 0, 60);
    if (!year || !first_dash || !month || !second_dash || !day || !between || !hour || !first_colon ||
        !minute || !second_colon || !second) {
        return std::nullopt;
    }
    const auto part = fraction(text);
    const auto ahead = offset(text);
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!part || !ahead || !text.empty() || !date.ok()) {
        return std::nullopt;
    }
    return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
           std::chrono::seconds(*second) + *part - *ahead;
}

}  // namespace usher
