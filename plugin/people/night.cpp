#include "plugin/people/night.h"

#include <algorithm>
#include <ctime>

namespace usher
{

std::chrono::milliseconds until_night(std::chrono::system_clock::time_point now, double fraction)
{
    constexpr int kHour = 3;
    constexpr std::chrono::duration<double, std::milli> kSpread = std::chrono::hours(1);
    const std::time_t today = std::chrono::system_clock::to_time_t(now);
    std::tm local{};
    localtime_r(&today, &local);
    const auto at_hour = [&local](int days) {
        std::tm night = local;
        night.tm_mday += days;
        night.tm_hour = kHour;
        night.tm_min = 0;
        night.tm_sec = 0;
        night.tm_isdst = -1;  // as it is then
        return std::chrono::system_clock::from_time_t(std::mktime(&night));
    };
    const auto begin = at_hour(0) > now ? at_hour(0) : at_hour(1);
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(begin - now + kSpread * fraction);
    return std::max(wait, std::chrono::milliseconds(0));
}

}  // namespace usher
