#include "integration/base/event_clock.h"

#include <event2/event.h>

#include <new>

namespace usher
{

namespace
{

class EventTimer : public Timer
{
  public:
    EventTimer(event_base* base, std::chrono::milliseconds delay, std::function<void()> action)
        : action_(std::move(action)), event_(evtimer_new(base, &EventTimer::fired, this))
    {
        if (event_ == nullptr) {
            throw std::bad_alloc();
        }
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(delay);
        const timeval time{static_cast<time_t>(seconds.count()),
                           static_cast<suseconds_t>(std::chrono::microseconds(delay - seconds).count())};
        evtimer_add(event_, &time);
    }
    ~EventTimer() override { event_free(event_); }
    EventTimer(const EventTimer&) = delete;
    EventTimer& operator=(const EventTimer&) = delete;

  private:
    static void fired(evutil_socket_t, short, void* self) noexcept
    {
        // The action may destroy this timer, so it is moved out first.
        const auto action = std::move(static_cast<EventTimer*>(self)->action_);
        action();
    }

    std::function<void()> action_;
    event* event_;
};

}  // namespace

std::unique_ptr<Timer> EventClock::after(std::chrono::milliseconds delay, std::function<void()> action)
{
    return std::make_unique<EventTimer>(base_, delay, std::move(action));
}

}  // namespace usher
