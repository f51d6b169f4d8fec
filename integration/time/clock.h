// Time, as the connection and the protocol see it: a seam, so that their tests bring a clock of their own.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace usher
{

/// Something that is to happen once. Destroying it cancels; that is allowed from inside the action too.
class Timer
{
  public:
    virtual ~Timer() = default;
};

class Clock
{
  public:
    using Time = std::chrono::steady_clock::time_point;

    virtual ~Clock() = default;
    [[nodiscard]] virtual Time now() const = 0;
    /// Calls `action` once, `delay` from now, from the event loop.
    [[nodiscard]] virtual std::unique_ptr<Timer> after(std::chrono::milliseconds delay,
                                                       std::function<void()> action) = 0;
};

}  // namespace usher
