#include "plugin/usherd/worker.h"

#include <event2/event.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace usher
{

namespace
{

FileDescriptor signal()
{
    FileDescriptor made(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!made) {
        throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    return made;
}

void raise(const FileDescriptor& signal)
{
    // Fails only if the counter is full, which one raise at a time does not bring about.
    static_cast<void>(::eventfd_write(signal.get(), 1));
}

}  // namespace

void Worker::FreeEvent::operator()(event* e) const
{
    event_free(e);
}

Worker::Worker(event_base* base)
    : stop_(signal()),
      done_signal_(signal()),
      on_done_(event_new(
          base, done_signal_.get(), EV_READ | EV_PERSIST,
          [](evutil_socket_t, short, void* self) noexcept { static_cast<Worker*>(self)->deliver(); }, this))
{
    event_add(on_done_.get(), nullptr);
}

Worker::~Worker()
{
    raise(stop_);
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void Worker::run(std::function<void()> work, std::function<void()> then)
{
    {
        const std::lock_guard lock(mutex_);
        waiting_.push_back({std::move(work), std::move(then)});
    }
    if (thread_.joinable()) {
        changed_.notify_one();
    } else {
        thread_ = std::thread(&Worker::work, this);
    }
}

void Worker::work()
{
    for (;;) {
        Task task;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
            if (stopping_) {
                return;
            }
            task = std::move(waiting_.front());
            waiting_.pop_front();
        }
        task.work();
        task.work = nullptr;
        {
            const std::lock_guard lock(mutex_);
            done_.push_back(std::move(task.then));
        }
        raise(done_signal_);
    }
}

void Worker::deliver()
{
    eventfd_t count = 0;
    static_cast<void>(::eventfd_read(done_signal_.get(), &count));
    std::deque<std::function<void()>> done;
    {
        const std::lock_guard lock(mutex_);
        done.swap(done_);
    }
    for (const std::function<void()>& then : done) {
        then();
    }
}

}  // namespace usher
