// Which faults come, when and for how long: all of it from one number.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace usher::test
{

enum class Fault {
    daemon_killed,     ///< kill -9
    daemon_stopped,    ///< SIGSTOP, then SIGCONT
    daemon_leaves,     ///< kill -9 while many requests wait for its answer
    server_restarted,  ///< stopped in good order, started again
    server_killed,     ///< kill -9
    connection_cut,
    half_open,  ///< packets are lost and nobody is told
    slowed,     ///< 1 kB/s
    disk_full,
    store_locked,  ///< by another process
    clock_set,     ///< forward or back
    // Of PostgreSQL alone.
    postgres_killed,      ///< kill -9
    postgres_restarted,   ///< stopped in good order, started again
    postgres_stopped,     ///< SIGSTOP, then SIGCONT
    postgres_silent,      ///< packets are lost and nobody is told
    postgres_read_only,   ///< its settings say so
    postgres_fails_over,  ///< kill -9, and a synchronous standby takes its place
};

inline constexpr std::size_t kFaultKinds = 17;

enum class StoreKind { sqlite, postgresql };

[[nodiscard]] std::string_view name(Fault fault);

/// One fault of the schedule. Requests come all the time; some come together right before it.
struct PlannedFault {
    Fault fault;
    std::size_t requests_before;
    std::chrono::microseconds after_them;  ///< so that it meets what they have set going
    std::chrono::milliseconds lasts;
    bool to_the_end;           ///< a half-open connection: until the daemon has found out by itself
    bool reset;                ///< a connection that is cut: not closed in order
    std::chrono::hours clock;  ///< what the wall clock is set to, counted from now; until it is set again
};

/// Every kind that the store can have comes, if there are so many; PostgreSQL's own come first to be chosen. Of many faults
/// some are long. `clock`: whether it can be set.
[[nodiscard]] std::vector<PlannedFault> schedule(std::mt19937_64& random, std::size_t faults,
                                                 std::size_t most_before, StoreKind store, bool clock);

[[nodiscard]] std::string text(const PlannedFault& planned);

}  // namespace usher::test
