#include "link.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "loopback.h"

namespace usher::test
{

namespace
{

/// What waits in a direction before its sender has to wait.
constexpr std::size_t kBuffer = 16'384;
/// How often a limited connection may pass some bytes.
constexpr std::chrono::milliseconds kTick{50};

void reset(Descriptor& socket)
{
    const linger at_once{1, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    socket.reset();
}

/// What has arrived; false at the end.
bool read_into(const Descriptor& from, std::string& bytes, std::size_t most)
{
    std::array<char, kBuffer> read;
    const ssize_t count = ::recv(from.get(), read.data(), std::min(most, read.size()), MSG_DONTWAIT);
    if (count > 0) {
        bytes.append(read.data(), static_cast<std::size_t>(count));
    }
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

void write_from(std::string& bytes, const Descriptor& to, std::size_t most)
{
    const ssize_t count =
        ::send(to.get(), bytes.data(), std::min(most, bytes.size()), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count > 0) {
        bytes.erase(0, static_cast<std::size_t>(count));
    } else if (count < 0 && errno != EAGAIN && errno != EINTR) {
        bytes.clear();  // nobody is there to read it
    }
}

}  // namespace

Link::Link(std::uint16_t server_port)
    : server_port_(server_port), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
{
    std::tie(listener_, port_) = listen_on_loopback();
    thread_ = std::thread([this] { run(); });
}

Link::~Link()
{
    stopping_ = true;
    wake();
    thread_.join();
}

void Link::wake() const
{
    const std::uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof one);
}

void Link::cut(End how)
{
    const std::lock_guard lock(mutex_);
    for (Pair& pair : pairs_) {
        if (how == End::reset) {
            reset(pair.daemon);
            reset(pair.server);
        }
    }
    pairs_.clear();
    wake();
}

void Link::lose_packets()
{
    const std::lock_guard lock(mutex_);
    for (Pair& pair : pairs_) {
        pair.loses_packets = true;
    }
    wake();
}

void Link::deliver_packets()
{
    const std::lock_guard lock(mutex_);
    std::erase_if(pairs_, [](Pair& pair) {
        if (pair.loses_packets) {
            reset(pair.daemon);
            reset(pair.server);
        }
        return pair.loses_packets;
    });
    wake();
}

void Link::limit(std::optional<std::size_t> bytes_per_second)
{
    const std::lock_guard lock(mutex_);
    bytes_per_second_ = bytes_per_second;
    wake();
}

void Link::set_open(bool open)
{
    const std::lock_guard lock(mutex_);
    open_ = open;
    wake();
}

void Link::accept()
{
    Descriptor daemon(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (daemon.get() < 0) {
        return;
    }
    Descriptor server = connect_loopback(server_port_);
    if (server.get() < 0) {
        reset(daemon);
        return;
    }
    ++connections_;
    pairs_.push_back({std::move(daemon), std::move(server), {}, {}, false});
}

void Link::forward(Pair& pair, std::size_t allowance, bool readable_daemon, bool readable_server)
{
    if (pair.loses_packets) {
        // What a lost segment's sender sees is a window that fills; that nobody reads is what counts here.
        return;
    }
    if (readable_daemon && !read_into(pair.daemon, pair.to_server.bytes, kBuffer)) {
        pair.to_server.ended = true;
    }
    if (readable_server && !read_into(pair.server, pair.to_daemon.bytes, kBuffer)) {
        pair.to_daemon.ended = true;
    }
    write_from(pair.to_server.bytes, pair.server, allowance);
    write_from(pair.to_daemon.bytes, pair.daemon, allowance);
}

void Link::run()
{
    Clock::time_point next_tick = Clock::now();
    while (!stopping_) {
        std::vector<pollfd> events{{wake_.get(), POLLIN, 0}, {listener_.get(), 0, 0}};
        std::vector<Pair*> polled;
        bool limited = false;
        {
            const std::lock_guard lock(mutex_);
            limited = bytes_per_second_.has_value();
            events[1].events = open_ ? POLLIN : 0;
            for (Pair& pair : pairs_) {
                if (pair.loses_packets) {
                    continue;
                }
                const auto wanted = [&](const Direction& in, const Direction& out) {
                    return static_cast<short>((in.bytes.size() < kBuffer && !in.ended ? POLLIN : 0) |
                                              (!out.bytes.empty() && !limited ? POLLOUT : 0));
                };
                events.push_back({pair.daemon.get(), wanted(pair.to_server, pair.to_daemon), 0});
                events.push_back({pair.server.get(), wanted(pair.to_daemon, pair.to_server), 0});
                polled.push_back(&pair);
            }
        }
        ::poll(events.data(), events.size(), limited ? remaining_ms(next_tick) : -1);

        const std::lock_guard lock(mutex_);
        std::uint64_t woken = 0;
        if (::read(wake_.get(), &woken, sizeof woken) > 0) {
            continue;  // what was polled may have gone
        }
        std::size_t allowance = kBuffer;
        if (bytes_per_second_) {
            allowance = 0;
            if (Clock::now() >= next_tick) {
                allowance = *bytes_per_second_ * static_cast<std::size_t>(kTick.count()) / 1000;
                next_tick = Clock::now() + kTick;
            }
        }
        for (std::size_t i = 0; i < polled.size(); ++i) {
            forward(*polled[i], allowance, events[2 + 2 * i].revents != 0, events[3 + 2 * i].revents != 0);
        }
        std::erase_if(pairs_, [](const Pair& pair) {
            return (pair.to_server.ended && pair.to_server.bytes.empty()) ||
                   (pair.to_daemon.ended && pair.to_daemon.bytes.empty());
        });
        if ((events[1].revents & POLLIN) != 0) {
            accept();
        }
    }
}

}  // namespace usher::test
