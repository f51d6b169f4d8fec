// Work that takes too long for the event loop: done on a thread of its own, one piece after the other.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "integration/base/file_descriptor.h"

struct event;
struct event_base;

namespace usher
{

class Worker
{
  public:
    /// `base` must outlive the worker.
    explicit Worker(event_base* base);
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    /// Waits for the piece of work under way; its `then` and what has not begun are dropped.
    ~Worker();

    /// Runs `work` on the thread, then `then` from the event loop. `work` may use what nobody else does, and log,
    /// and is destroyed on the thread: what is expensive to destroy can be left in it.
    void run(std::function<void()> work, std::function<void()> then);

    /// Readable from the moment the worker is to end, for work that waits.
    [[nodiscard]] int stop_descriptor() const { return stop_.get(); }

  private:
    struct Task {
        std::function<void()> work;
        std::function<void()> then;
    };
    struct FreeEvent {
        void operator()(event* e) const;
    };

    void work();
    void deliver();

    FileDescriptor stop_;
    FileDescriptor done_signal_;
    std::unique_ptr<event, FreeEvent> on_done_;
    std::mutex mutex_;  // for what follows
    std::condition_variable changed_;
    std::deque<Task> waiting_;
    std::deque<std::function<void()>> done_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace usher
