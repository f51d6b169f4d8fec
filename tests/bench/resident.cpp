// Measures memory, CPU time and wake-ups of the daemon: when idle, when a million users have chosen, and
// after a million requests.
#include <future>
#include <iostream>
#include <stdexcept>

#include "benchmark.h"
#include "deadline.h"
#include "played_server.h"
#include "process.h"
#include "row.h"
#include "stored_choices.h"
#include "usherd.h"

namespace usher::test
{

namespace
{

constexpr std::size_t kMany = 1'000'000;
constexpr Window kLoad{1, 64};

/// The daemon, and the server that it is logged in to.
struct Daemon {
    PlayedServer server;
    Usherd usherd{UsherdConnection{server.port(), kPlayedEntity, {}}, played_options()};

    void start()
    {
        usherd.start(kEnvironment);
        server.accept(true);
        usherd.wait_until_answering();
    }
};

std::string megabytes(double bytes)
{
    return fixed(bytes / 1e6, 1) + " MB";
}

Row row(const std::string& what, const std::string& figure, const std::string& target, bool reached)
{
    return {"resident", what, figure, std::nullopt, target, reached};
}

Row memory(const std::string& what, double bytes, double most)
{
    return row(what, megabytes(bytes), "at most " + fixed(most, 0) + " MB", bytes <= most * 1e6);
}

std::vector<Row> measure_idle(Daemon& daemon, std::chrono::seconds time)
{
    const pid_t process = daemon.usherd.id();
    const double time_before = cpu_time(process);
    const std::uint64_t waits_before = waits(process);
    daemon.server.keep(time);
    const double used = cpu_time(process) - time_before;
    const double per_second =
        static_cast<double>(waits(process) - waits_before) / static_cast<double>(time.count());
    const std::string how = "idle for " + std::to_string(time.count()) + " s: ";
    return {memory(how + "memory", resident(process), 15),
            row(how + "wake-ups per second", fixed(per_second, 2), "at most 2", per_second <= 2),
            row(how + "CPU time", fixed(used * 1000, 1) + " ms", "0.0 s", used < 0.05)};
}

std::vector<Row> measure_choices()
{
    constexpr double kMaxSeconds = 3;
    Daemon daemon;
    store_choices((daemon.usherd.directory() / "usher.db").string(), kMany, {kPlayedHost});
    const auto begun = Clock::now();
    daemon.usherd.start(kEnvironment);
    daemon.server.accept(true);
    static_cast<void>(daemon.server.put({1, 1}, 1));
    const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
    const std::string how = std::to_string(kMany) + " choices in the store: ";
    return {row(how + "from the start to the first answer", fixed(seconds, 2) + " s",
                "at most " + fixed(kMaxSeconds, 0) + " s", seconds <= kMaxSeconds),
            memory(how + "memory", resident(daemon.usherd.id()), 150)};
}

std::vector<Row> measure_growth()
{
    constexpr double kNothing = 1e6;            // bytes
    constexpr std::size_t kFirst = kMany / 10;  // everybody has asked by then
    Daemon daemon;
    daemon.start();
    static_cast<void>(daemon.server.put(kLoad, kFirst));
    const double before = resident(daemon.usherd.id());
    static_cast<void>(daemon.server.put(kLoad, kMany - kFirst));
    const double after = resident(daemon.usherd.id());
    return {row("memory after " + std::to_string(kFirst) + " and " + std::to_string(kMany) + " requests",
                megabytes(before) + ", " + megabytes(after),
                "no growth (at most " + megabytes(kNothing) + ")", after - before <= kNothing)};
}

void print(const std::vector<Row>& rows)
{
    for (const Row& one : rows) {
        std::cout << one;
    }
}

}  // namespace

}  // namespace usher::test

int main()
{
    using namespace usher::test;
    return run_benchmark([&] {
        Daemon idle;
        idle.start();
        // The idle daemon runs beside the others: it costs them nothing.
        auto sleeping =
            std::async(std::launch::async, [&] { return measure_idle(idle, std::chrono::seconds(60)); });
        print(measure_choices());
        print(measure_growth());
        print(sleeping.get());
    });
}
