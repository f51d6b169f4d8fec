// The time of day, as far as it can be relied on for what cannot be undone.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "integration/time/clock.h"

namespace usher
{

/// A clock may be wrong when the machine has just started, and may be set wrong later. So it is looked at
/// now and then, and not believed to be ahead of where it was at the look before: one that is ahead has to
/// stay so over a whole trial, one that is behind is believed at once.
class TrustedTime
{
  public:
    /// From one look to the next.
    static constexpr std::chrono::hours kTrial{12};

    /// `wall` and `steady` say when this is. Nothing the first time.
    [[nodiscard]] std::optional<std::chrono::system_clock::time_point> look(
        std::chrono::system_clock::time_point wall, Clock::Time steady)
    {
        std::optional<std::chrono::system_clock::time_point> settled;
        if (before_) {
            settled = std::min(wall, before_->wall + (steady - before_->steady));
        }
        before_ = {wall, steady};
        return settled;
    }

  private:
    struct Look {
        std::chrono::system_clock::time_point wall;
        Clock::Time steady;
    };
    std::optional<Look> before_;
};

}  // namespace usher
