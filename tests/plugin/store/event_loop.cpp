#include "event_loop.h"

#include <event2/event.h>

#include <stdexcept>

#include "deadline.h"
#include "integration/base/event_clock.h"

namespace usher::test
{

EventLoop::EventLoop() : base_(event_base_new()) {}

void EventLoop::Free::operator()(event_base* base) const
{
    event_base_free(base);
}

void EventLoop::run_until(const std::function<bool()>& happened)
{
    bool late = false;
    const auto timer = EventClock(base()).after(kPatience, [&late] { late = true; });
    while (!happened()) {
        if (late) {
            throw std::runtime_error("what was awaited has not happened");
        }
        event_base_loop(base(), EVLOOP_ONCE);
    }
}

void EventLoop::run_once()
{
    event_base_loop(base(), EVLOOP_NONBLOCK);
}

}  // namespace usher::test
