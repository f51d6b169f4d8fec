// How the store has a point in time: in milliseconds since 1970.
#pragma once

#include <chrono>
#include <cstdint>

namespace usher
{

[[nodiscard]] inline std::int64_t since_1970(std::chrono::system_clock::time_point time)
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

[[nodiscard]] inline std::chrono::system_clock::time_point time_since_1970(std::int64_t milliseconds)
{
    return std::chrono::system_clock::time_point(std::chrono::milliseconds(milliseconds));
}

}  // namespace usher
