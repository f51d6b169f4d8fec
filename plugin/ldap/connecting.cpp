#include "plugin/ldap/connecting.h"

#include <event2/event.h>
#include <event2/util.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "integration/stream/host_lookup.h"

namespace usher
{

namespace
{

constexpr int kConnectMs = 10'000;

struct FreeBase {
    void operator()(event_base* base) const { event_base_free(base); }
};
struct FreeStopEvent {
    void operator()(event* e) const { event_free(e); }
};

void give_up(evutil_socket_t /*stop*/, short /*what*/, void* lookup) noexcept
{
    if (static_cast<HostLookup*>(lookup)->running()) {
        static_cast<HostLookup*>(lookup)->cancel();
    }
}

/// As the XMPP server's name is looked up.
tl::expected<std::vector<std::string>, std::string> addresses_of(const std::string& host, int stop)
{
    const std::unique_ptr<event_base, FreeBase> base(event_base_new());
    if (!base) {
        return tl::unexpected(std::string("cannot look up ") + host + ": " + std::strerror(errno));
    }
    std::vector<std::string> found;
    std::string failed;
    HostLookup lookup(base.get(), host, [&](std::vector<std::string> addresses, const std::string& error) {
        found = std::move(addresses);
        failed = error;
        event_base_loopbreak(base.get());
    });
    lookup.start();
    if (lookup.running()) {
        const std::unique_ptr<event, FreeStopEvent> stopping(
            stop < 0 ? nullptr : event_new(base.get(), stop, EV_READ, &give_up, &lookup));
        if (stopping) {
            event_add(stopping.get(), nullptr);
        }
        event_base_dispatch(base.get());
    }
    if (found.empty()) {
        return tl::unexpected("no address found for " + host + (failed.empty() ? "" : " (" + failed + ")") +
                              ": is it spelled right, and does name look-up work here?");
    }
    return found;
}

/// Returns 0 or the number of what went wrong.
int connect_within(int socket, const sockaddr* address, socklen_t length, int stop)
{
    if (::connect(socket, address, length) == 0) {
        return 0;
    }
    if (errno != EINPROGRESS) {
        return errno;
    }
    std::array<pollfd, 2> awaited{{{socket, POLLOUT, 0}, {stop, POLLIN, 0}}};
    int ready = 0;
    do {
        ready = ::poll(awaited.data(), awaited.size(), kConnectMs);
    } while (ready < 0 && errno == EINTR);
    if (awaited[0].revents == 0) {
        return awaited[1].revents != 0 ? ECANCELED : ETIMEDOUT;
    }
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

}  // namespace

tl::expected<FileDescriptor, std::string> connect_tcp(const std::string& host, std::uint16_t port, int stop)
{
    const auto addresses = addresses_of(host, stop);
    if (!addresses) {
        return tl::unexpected(addresses.error());
    }
    int error = EADDRNOTAVAIL;
    for (const std::string& text : *addresses) {
        if (is_readable(stop)) {
            error = ECANCELED;
            break;
        }
        const bool v6 = text.find(':') != std::string::npos;
        const std::string with_port = (v6 ? "[" + text + "]" : text) + ":" + std::to_string(port);
        sockaddr_storage address{};
        int length = sizeof address;
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        if (evutil_parse_sockaddr_port(with_port.c_str(), any, &length) != 0) {
            continue;
        }
        FileDescriptor socket(::socket(any->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        error = socket ? connect_within(socket.get(), any, static_cast<socklen_t>(length), stop) : errno;
        if (error == 0) {
            const int on = 1;  // one question after the other, each of them small
            ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            return socket;
        }
    }
    return tl::unexpected("cannot connect to " + host + " port " + std::to_string(port) + " (" +
                          std::strerror(error) + "): is the directory running and listening there?");
}

ConnectionEnder::ConnectionEnder(int socket, int stop, std::chrono::milliseconds time)
    : socket_(::fcntl(socket, F_DUPFD_CLOEXEC, 0)), done_(::eventfd(0, EFD_CLOEXEC))
{
    if (!socket_ || !done_) {
        throw std::system_error(errno, std::generic_category(), "a connection to a directory");
    }
    thread_ = std::thread([this, stop, time] {
        std::array<pollfd, 2> awaited{{{done_.get(), POLLIN, 0}, {stop, POLLIN, 0}}};
        int ready = 0;
        do {
            ready = ::poll(awaited.data(), awaited.size(), static_cast<int>(time.count()));
        } while (ready < 0 && errno == EINTR);
        if (awaited[0].revents == 0) {
            ended_ = true;
            ::shutdown(socket_.get(), SHUT_RDWR);
        }
    });
}

ConnectionEnder::~ConnectionEnder()
{
    ::eventfd_write(done_.get(), 1);
    thread_.join();
}

}  // namespace usher
