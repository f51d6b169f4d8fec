// The clock of a libevent loop.
#pragma once

#include "integration/base/clock.h"

struct event_base;

namespace usher
{

/// `base` must outlive the clock and its timers.
class EventClock : public Clock
{
  public:
    explicit EventClock(event_base* base) : base_(base) {}

    [[nodiscard]] Time now() const override { return std::chrono::steady_clock::now(); }
    [[nodiscard]] std::unique_ptr<Timer> after(std::chrono::milliseconds delay,
                                               std::function<void()> action) override;

  private:
    event_base* base_;
};

}  // namespace usher
