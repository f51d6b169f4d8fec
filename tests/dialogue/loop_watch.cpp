#include "loop_watch.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "deadline.h"
#include "loopback.h"

namespace usher::test
{

using std::chrono::milliseconds;

namespace
{

bool ask(std::uint16_t port)
{
    const Descriptor socket = connect_loopback(port);
    // Or a loop that hangs would hang the test as well, which joins the thread.
    const timeval patience{std::chrono::duration_cast<std::chrono::seconds>(kPatience).count(), 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const std::string_view request = "GET /metrics HTTP/1.0\r\n\r\n";
    if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) {
        return false;
    }
    std::array<char, 65536> some;
    ssize_t size = 0;
    while ((size = ::recv(socket.get(), some.data(), some.size(), 0)) > 0) {
    }
    return size == 0;
}

}  // namespace

LoopWatch::LoopWatch(std::uint16_t port)
    : thread_([this, port](const std::stop_token& stop) { watch(port, stop); })
{
}

milliseconds LoopWatch::longest()
{
    std::unique_lock lock(mutex_);
    const int wanted = asked_ + 2;  // one that is under way counts as well
    if (!answered_.wait_until(lock, within(kPatience), [&] { return asked_ >= wanted; })) {
        throw std::runtime_error("the daemon's loop answered " + std::to_string(asked_ - wanted + 2) +
                                 " of 2 questions in " + std::to_string(kPatience.count() / 1000) + " s");
    }
    return std::exchange(longest_, milliseconds(0));
}

void LoopWatch::watch(std::uint16_t port, const std::stop_token& stop)
{
    while (!stop.stop_requested()) {
        const auto begun = Clock::now();
        if (!ask(port)) {
            return;  // the daemon is gone, or hangs: somebody else says so
        }
        {
            const std::lock_guard lock(mutex_);
            longest_ = std::max(longest_, std::chrono::duration_cast<milliseconds>(Clock::now() - begun));
            ++asked_;
        }
        answered_.notify_one();
        std::this_thread::sleep_for(milliseconds(5));  // what it asks is not to be a load
    }
}

}  // namespace usher::test
