// Input of the control socket: bytes that should be HTTP, a path, a body that should be JSON.
#include <event2/event.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "input.h"
#include "inside.h"
#include "plugin/control/control.h"
#include "temporary_directory.h"

using namespace usher;

namespace
{

struct Free {
    void operator()(event_base* base) const { event_base_free(base); }
};

/// Nothing here waits, so a few rounds of the loop are enough.
void run(event_base* base)
{
    for (int round = 0; round < 8; ++round) {
        event_base_loop(base, EVLOOP_NONBLOCK);
    }
}

std::string answer(event_base* base, const std::string& path, const std::string& bytes)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    test::require(::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
                  "the socket can be connected to");
    (void)!::write(client, bytes.data(), bytes.size());
    run(base);
    std::array<char, 65536> read{};
    const ssize_t size = ::recv(client, read.data(), read.size(), 0);
    ::close(client);
    run(base);
    return {read.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***)
{
    std::signal(SIGPIPE, SIG_IGN);
    spdlog::set_level(spdlog::level::off);
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const test::TemporaryDirectory directory;
    const std::string path = directory.path() / "control.sock";
    const std::unique_ptr<event_base, Free> base(event_base_new());
    test::Inside inside;
    const auto control = Control::listen(base.get(), path, inside.operations).value();
    const std::string answered = answer(base.get(), path, test::text_of(data, size));
    // In the version of the request: libevent accepts even HTTP/0.1.
    test::require(answered.empty() || answered.starts_with("HTTP/"), "an answer is HTTP");
    // The next client still gets an answer.
    test::require(answer(base.get(), path, "GET /v1/status HTTP/1.0\r\n\r\n").starts_with("HTTP/1.0 200"),
                  "the control interface still answers");
    return 0;
}
