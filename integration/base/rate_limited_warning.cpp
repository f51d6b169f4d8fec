#include "integration/base/rate_limited_warning.h"

#include <spdlog/spdlog.h>

namespace usher
{

bool RateLimitedWarning::count(const std::string& detail)
{
    ++total_;
    ++unlogged_;
    const Clock::Time now = clock_.now();
    if (logged_ && now - *logged_ < std::chrono::minutes(1)) {
        return false;
    }
    spdlog::warn("{} {} ({} in all){}{}", unlogged_, what_, total_, detail.empty() ? "" : ": ", detail);
    logged_ = now;
    unlogged_ = 0;
    return true;
}

}  // namespace usher
