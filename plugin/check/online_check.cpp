#include "plugin/check/online_check.h"

#include <event2/event.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <memory>
#include <optional>

#include "integration/base/event_clock.h"
#include "integration/stream/strophe_channel.h"
#include "plugin/check/check.h"
#include "plugin/files/secret_file.h"
#include "plugin/files/unix_socket.h"

namespace usher
{

namespace
{

/// Whether a usherd with this control socket is running.
bool somebody_listens(const std::string& path)
{
    const auto address = unix_address(path);
    return address && probe_socket(*address).result == SocketProbe::Result::listening;
}

constexpr std::chrono::milliseconds kQuiet{2'000};
constexpr std::chrono::milliseconds kSecond{1'000};

/// Shows in a terminal, once a second, how long the check has been waiting.
void show_waiting(Clock& clock, std::unique_ptr<Timer>& timer, std::chrono::milliseconds time)
{
    std::cerr << "\rwaiting for the server, " << time.count() / 1'000 << " s" << std::flush;
    timer = clock.after(kSecond, [&clock, &timer, time] { show_waiting(clock, timer, time + kSecond); });
}

}  // namespace

ExitCode check_online(const std::string& path, Settings settings)
{
    const ConnectionSettings connection = settings.connection;
    const auto password = read_secret(credentials_file(connection));
    if (!password) {
        std::cerr << password.error() << '\n';
        return kSettings;
    }
    if (connection.component && somebody_listens(settings.control_socket)) {
        std::cout << to_string(report_running(path, settings));
        return kFailed;
    }
    std::signal(SIGPIPE, SIG_IGN);
    const std::unique_ptr<event_base, decltype(&event_base_free)> base(event_base_new(), &event_base_free);
    EventClock clock(base.get());
    StropheChannels channels(base.get());
    std::optional<CheckReport> result;
    Check check(path, std::move(settings), channels, clock, [&](CheckReport found) {
        result = std::move(found);
        event_base_loopbreak(base.get());
    });
    check.start(*password);
    std::unique_ptr<Timer> waiting;
    if (::isatty(STDERR_FILENO) != 0) {
        waiting = clock.after(kQuiet, [&clock, &waiting] { show_waiting(clock, waiting, kQuiet); });
    }
    event_base_dispatch(base.get());
    if (::isatty(STDERR_FILENO) != 0) {
        std::cerr << "\r\033[K" << std::flush;
    }
    if (!result) {
        std::cerr << "the event loop failed\n";
        return kFailed;
    }
    std::cout << to_string(*result);
    return result->all_answered() ? kStopped : static_cast<ExitCode>(result->exit_code);
}

}  // namespace usher
