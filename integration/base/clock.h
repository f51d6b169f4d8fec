// Time for the connection and the protocol. An interface, so that their tests can use a clock of their own.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace usher
{

/// An action that is to run once. Destroying the timer cancels it, and is allowed inside the action too.
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
