#include "delayed_link.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <list>
#include <string>
#include <utility>

#include "deadline.h"
#include "loopback.h"

namespace usher::test
{

namespace
{

/// What came from one side, until its time has come.
struct Delayed {
    Clock::time_point due;
    std::string bytes;
};

bool write_all(int to, const std::string& bytes)
{
    for (std::size_t sent = 0; sent < bytes.size();) {
        const auto count = ::send(to, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (count <= 0) {
            return false;
        }
        sent += static_cast<std::size_t>(count);
    }
    return true;
}

/// Carries both ways until one side has closed.
void carry(const Descriptor& one, const Descriptor& other, std::chrono::microseconds delay,
           const std::atomic<bool>& ended)
{
    ::prctl(PR_SET_TIMERSLACK, 1'000);  // of 1 µs; by default 50 µs
    const std::array<int, 2> sides{one.get(), other.get()};
    const int at_once = 1;
    for (const int side : sides) {
        ::setsockopt(side, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    }
    std::array<std::deque<Delayed>, 2> on_the_way;  // from that side
    while (!ended) {
        Clock::time_point next = Clock::now() + std::chrono::milliseconds(100);
        for (const auto& way : on_the_way) {
            next = way.empty() ? next : std::min(next, way.front().due);
        }
        std::array<pollfd, 2> polled{{{sides[0], POLLIN, 0}, {sides[1], POLLIN, 0}}};
        const auto left =
            std::max(std::chrono::nanoseconds(0), std::chrono::nanoseconds(next - Clock::now()));
        const timespec wait{static_cast<time_t>(left.count() / 1'000'000'000),
                            static_cast<long>(left.count() % 1'000'000'000)};
        ::ppoll(polled.data(), polled.size(), &wait, nullptr);
        for (std::size_t from = 0; from < 2; ++from) {
            if (polled.at(from).revents != 0) {
                std::array<char, 65'536> buffer;
                const auto count = ::recv(sides.at(from), buffer.data(), buffer.size(), 0);
                if (count <= 0) {
                    return;
                }
                on_the_way.at(from).push_back(
                    {Clock::now() + delay, std::string(buffer.data(), static_cast<std::size_t>(count))});
            }
            auto& way = on_the_way.at(from);
            for (; !way.empty() && way.front().due <= Clock::now(); way.pop_front()) {
                if (!write_all(sides.at(1 - from), way.front().bytes)) {
                    return;
                }
            }
        }
    }
}

}  // namespace

DelayedLink::DelayedLink(std::uint16_t to, std::chrono::microseconds delay) : to_(to), delay_(delay)
{
    std::tie(listening_, port_) = listen_on_loopback();
    accepting_ = std::thread([this] { accept_all(); });
}

DelayedLink::~DelayedLink()
{
    ended_ = true;
    ::shutdown(listening_.get(), SHUT_RDWR);
    accepting_.join();
}

void DelayedLink::accept_all()
{
    std::list<std::thread> carrying;
    while (!ended_) {
        Descriptor come(::accept(listening_.get(), nullptr, nullptr));
        if (come.get() < 0) {
            continue;
        }
        carrying.emplace_back([this, one = std::move(come)] {
            if (const Descriptor other = connect_loopback(to_); other.get() >= 0) {
                carry(one, other, delay_, ended_);
            }
        });
    }
    for (std::thread& one : carrying) {
        one.join();
    }
}

}  // namespace usher::test
