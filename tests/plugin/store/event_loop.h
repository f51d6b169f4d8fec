// An event loop that a test runs until something has happened.
#pragma once

#include <functional>
#include <memory>

struct event_base;

namespace usher::test
{

class EventLoop
{
  public:
    EventLoop();

    [[nodiscard]] event_base* base() const { return base_.get(); }
    /// Runs it until `happened`. Throws std::runtime_error if that takes too long.
    void run_until(const std::function<bool()>& happened);
    /// Runs what is to be done now, and does not wait for more.
    void run_once();

  private:
    struct Free {
        void operator()(event_base* base) const;
    };
    std::unique_ptr<event_base, Free> base_;
};

}  // namespace usher::test
