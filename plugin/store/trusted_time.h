// The time of day, as far as it can be relied on for what cannot be undone.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "integration/base/clock.h"

namespace usher
{

/// A clock may be wrong when the machine has just started, and may be set wrong later. So it is checked now
/// and then. A time ahead of what is expected since the last check is trusted only when the next check, a
/// whole trial later, finds it still ahead; a time that is behind is trusted at once.
class TrustedTime
{
  public:
    /// From one check to the next.
    static constexpr std::chrono::hours kTrial{12};

    /// The time to rely on, when the clocks are at `wall` and `steady`. Nothing the first time.
    [[nodiscard]] std::optional<std::chrono::system_clock::time_point> check(
        std::chrono::system_clock::time_point wall, Clock::Time steady)
    {
        std::optional<std::chrono::system_clock::time_point> trusted;
        if (before_) {
            trusted = std::min(wall, before_->wall + (steady - before_->steady));
        }
        before_ = {wall, steady};
        return trusted;
    }

  private:
    struct Check {
        std::chrono::system_clock::time_point wall;
        Clock::Time steady;
    };
    std::optional<Check> before_;
};

}  // namespace usher
