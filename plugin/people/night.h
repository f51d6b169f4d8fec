// When work is done that nobody waits for.
#pragma once

#include <chrono>

namespace usher
{

/// From `now` to a time of the next night: between three and four o'clock where usherd runs, by `fraction` (0 to 1), so that
/// several processes do not all begin at once. The night that has begun is not the next one.
[[nodiscard]] std::chrono::milliseconds until_night(std::chrono::system_clock::time_point now,
                                                    double fraction);

}  // namespace usher
