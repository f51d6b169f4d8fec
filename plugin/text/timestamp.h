// Points in time as people and programs exchange them (RFC 3339).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace usher
{

/// `2026-11-23T10:00:00.123Z`: always UTC, always milliseconds, so that texts sort as times do.
[[nodiscard]] std::string timestamp(std::chrono::system_clock::time_point time);

/// Reads that, with or without fractions of a second, and with another offset than `Z`. Nothing for a time
/// that the clock cannot hold: before 1970 or after 2262-04-11.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> read_timestamp(std::string_view text);

/// `2026-11-23 10:00 UTC`, for people.
[[nodiscard]] std::string utc_minutes(std::chrono::system_clock::time_point time);
/// `2026-11-23 10:00:59 UTC`
[[nodiscard]] std::string utc_seconds(std::chrono::system_clock::time_point time);

}  // namespace usher
