// A length of time, and a point in time, as people write them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace usher
{

/// What `read_since` accepts, for messages.
inline constexpr std::string_view kSinceAccepted =
    "90s, 30m, 2h, 7d, 2w, or a date and time such as 2026-11-23, 2026-11-23T10:00, 2026-11-23T10:00:00Z";

/// `90s`, `30m`, `2h`, `7d` or `2w`: at most 100 years.
[[nodiscard]] std::optional<std::chrono::seconds> read_length(std::string_view text);
/// The same in whole days, if it is that, else in hours, minutes or seconds.
[[nodiscard]] std::string to_string(std::chrono::seconds length);

/// A length of time before `now`, or a point in time, which without an offset is in local time.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> read_since(
    std::string_view text, std::chrono::system_clock::time_point now);

}  // namespace usher
