#include "loop_probe.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "child.h"
#include "deadline.h"

namespace usher::test
{

namespace
{

using std::chrono::microseconds;

constexpr std::chrono::milliseconds kInterval{10};
/// A daemon that takes longer is stopped, or has a fault that others report.
constexpr timeval kMost{60, 0};

constexpr std::string_view kQuestion =
    "GET /v1/nothing HTTP/1.1\r\nHost: usherd\r\nConnection: close\r\n\r\n";

}  // namespace

LoopProbe::LoopProbe(std::filesystem::path socket) : socket_(std::move(socket)), thread_([this] { run(); }) {}

LoopProbe::~LoopProbe()
{
    stopping_ = true;
    thread_.join();
}

LoopProbe::Longest LoopProbe::take()
{
    return {microseconds(hold_.exchange(0)), microseconds(own_delay_.exchange(0))};
}

void LoopProbe::set_on(bool on)
{
    if (on == (phase_ % 2 == 1)) {
        ++phase_;
    }
}

/// Whether there was an answer.
bool LoopProbe::ask() const
{
    const Descriptor client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_.string().copy(address.sun_path, sizeof address.sun_path - 1);
    ::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &kMost, sizeof kMost);
    if (::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::send(client.get(), kQuestion.data(), kQuestion.size(), MSG_NOSIGNAL) < 0) {
        return false;
    }
    std::array<char, 4096> answer;
    return ::recv(client.get(), answer.data(), answer.size(), 0) > 0;
}

void LoopProbe::run()
{
    const auto since = [](Clock::time_point begun) {
        return std::chrono::duration_cast<microseconds>(Clock::now() - begun).count();
    };
    while (!stopping_) {
        const Clock::time_point due = within(kInterval);
        std::this_thread::sleep_until(due);
        own_delay_ = std::max<microseconds::rep>(own_delay_, since(due));
        const unsigned phase = phase_;
        const Clock::time_point begun = Clock::now();
        if (ask() && phase % 2 == 0 && phase == phase_) {
            hold_ = std::max<microseconds::rep>(hold_, since(begun));
        }
    }
}

}  // namespace usher::test
