#include "schedule.h"

#include <algorithm>

namespace usher::test
{

namespace
{

using std::chrono::milliseconds;

struct Kind {
    Fault fault;
    double weight;
    milliseconds shortest;
    milliseconds longest;
};

// What takes long to come back from comes less often.
constexpr Kind kKinds[] = {
    {Fault::daemon_killed, 22, milliseconds(0), milliseconds(500)},
    {Fault::daemon_stopped, 4, milliseconds(1'000), milliseconds(6'500)},
    {Fault::daemon_leaves, 4, milliseconds(0), milliseconds(500)},
    {Fault::server_restarted, 5, milliseconds(0), milliseconds(1'000)},
    {Fault::server_killed, 9, milliseconds(0), milliseconds(1'000)},
    {Fault::connection_cut, 18, milliseconds(100), milliseconds(500)},
    {Fault::half_open, 4, milliseconds(1'000), milliseconds(7'000)},
    {Fault::slowed, 8, milliseconds(1'000), milliseconds(7'000)},
    {Fault::disk_full, 12, milliseconds(300), milliseconds(2'000)},
    {Fault::store_locked, 12, milliseconds(100), milliseconds(2'000)},
    {Fault::clock_set, 8, milliseconds(100), milliseconds(500)},
    {Fault::postgres_killed, 20, milliseconds(0), milliseconds(1'000)},
    {Fault::postgres_restarted, 10, milliseconds(0), milliseconds(1'000)},
    {Fault::postgres_stopped, 14, milliseconds(100), milliseconds(3'000)},
    {Fault::postgres_silent, 10, milliseconds(300), milliseconds(3'000)},
    {Fault::postgres_read_only, 8, milliseconds(300), milliseconds(3'000)},
    {Fault::postgres_fails_over, 8, milliseconds(300), milliseconds(2'000)},
};
static_assert(std::size(kKinds) == kFaultKinds);

/// From this many faults on there is time for the daemon's that take long.
constexpr std::size_t kManyFaults = 100;
/// Longer than a server holds a request and an ask is in flight; shorter than a late reply counts.
constexpr milliseconds kLongStop{20'000};
/// Of the stops and half-open connections in a full schedule.
constexpr std::size_t kLongOnes = 2;

/// From this many on there is time for PostgreSQL's.
constexpr std::size_t kManyOfPostgres = 50;
struct LongFault {
    Fault fault;
    milliseconds lasts;
};
constexpr LongFault kLongOfPostgres[] = {
    {Fault::postgres_stopped, milliseconds(20'000)},
    {Fault::postgres_stopped, milliseconds(40'000)},
    {Fault::postgres_silent, milliseconds(20'000)},
    {Fault::store_locked, milliseconds(15'000)},
};

bool is_of_postgres(Fault fault)
{
    return fault >= Fault::postgres_killed;
}

template <typename Duration>
Duration between(std::mt19937_64& random, Duration shortest, Duration longest)
{
    return Duration(std::uniform_int_distribution<long>(shortest.count(), longest.count())(random));
}

PlannedFault planned(std::mt19937_64& random, const Kind& kind, std::size_t most_before)
{
    using std::chrono::microseconds;
    PlannedFault fault{};
    fault.fault = kind.fault;
    fault.requests_before = std::uniform_int_distribution<std::size_t>(0, most_before)(random);
    fault.after_them = between(random, microseconds(0), microseconds(30'000));
    fault.lasts = between(random, kind.shortest, kind.longest);
    fault.reset = random() % 2 == 0;
    // Forward beyond journal_days: nothing may be deleted for it.
    fault.clock = between(random, std::chrono::hours(-24 * 400), std::chrono::hours(24 * 3'650));
    return fault;
}

}  // namespace

std::string_view name(Fault fault)
{
    switch (fault) {
        case Fault::daemon_killed:
            return "daemon killed";
        case Fault::daemon_stopped:
            return "daemon stopped";
        case Fault::daemon_leaves:
            return "daemon leaves while requests are held";
        case Fault::server_restarted:
            return "server restarted";
        case Fault::server_killed:
            return "server killed";
        case Fault::connection_cut:
            return "connection cut";
        case Fault::half_open:
            return "connection half open";
        case Fault::slowed:
            return "connection slowed";
        case Fault::disk_full:
            return "disk full";
        case Fault::store_locked:
            return "store locked";
        case Fault::clock_set:
            return "clock set";
        case Fault::postgres_killed:
            return "PostgreSQL killed";
        case Fault::postgres_restarted:
            return "PostgreSQL restarted";
        case Fault::postgres_stopped:
            return "PostgreSQL stopped";
        case Fault::postgres_silent:
            return "PostgreSQL's network silent";
        case Fault::postgres_read_only:
            return "PostgreSQL read-only";
        case Fault::postgres_fails_over:
            return "PostgreSQL fails over";
    }
    return {};
}

std::vector<PlannedFault> schedule(std::mt19937_64& random, std::size_t faults, std::size_t most_before,
                                   StoreKind store, bool clock)
{
    std::vector<Kind> kinds(std::begin(kKinds), std::end(kKinds));
    if (!clock) {
        std::erase_if(kinds, [](const Kind& kind) { return kind.fault == Fault::clock_set; });
    }
    if (store == StoreKind::postgresql) {
        std::stable_partition(kinds.begin(), kinds.end(), [](const Kind& kind) {
            return is_of_postgres(kind.fault) || kind.fault == Fault::disk_full ||
                   kind.fault == Fault::store_locked;
        });
    } else {
        std::erase_if(kinds, [](const Kind& kind) { return is_of_postgres(kind.fault); });
    }
    std::vector<double> weights;
    for (const Kind& kind : kinds) {
        weights.push_back(kind.weight);
    }
    std::discrete_distribution<std::size_t> any(weights.begin(), weights.end());
    std::vector<PlannedFault> all;
    for (std::size_t i = 0; i < faults; ++i) {
        all.push_back(planned(random, kinds[i < kinds.size() ? i : any(random)], most_before));
    }
    std::shuffle(all.begin(), all.end(), random);
    if (faults >= kManyFaults) {
        std::size_t stops = 0;
        std::size_t half_open = 0;
        for (PlannedFault& fault : all) {
            if (fault.fault == Fault::daemon_stopped && stops++ < kLongOnes) {
                fault.lasts = kLongStop;
            } else if (fault.fault == Fault::half_open && half_open++ < kLongOnes) {
                fault.to_the_end = true;
            }
        }
    }
    if (store == StoreKind::postgresql && faults >= kManyOfPostgres) {
        for (const LongFault& wanted : kLongOfPostgres) {
            const auto place = std::find_if(all.begin(), all.end(), [&](const PlannedFault& planned) {
                return planned.fault == wanted.fault && planned.lasts < kLongStop / 2;
            });
            if (place != all.end()) {
                place->lasts = wanted.lasts;
            }
        }
    }
    return all;
}

std::string text(const PlannedFault& planned)
{
    std::string out(name(planned.fault));
    if (planned.fault == Fault::connection_cut) {
        out += planned.reset ? ", reset" : ", closed";
    } else if (planned.fault == Fault::clock_set) {
        out += " to " + std::to_string(planned.clock.count()) + " h from now";
    } else if (planned.to_the_end) {
        out += " until the daemon finds out";
    } else {
        out += " for " + std::to_string(planned.lasts.count()) + " ms";
    }
    return out + ", " + std::to_string(planned.after_them.count()) + " us after " +
           std::to_string(planned.requests_before) + " requests";
}

}  // namespace usher::test
