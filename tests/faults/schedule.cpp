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
};
static_assert(std::size(kKinds) == kFaultKinds);

/// Longer than a server holds a request and an ask is in flight; shorter than a late reply counts.
constexpr milliseconds kLongStop{20'000};
/// Of the stops and half-open connections in a full schedule.
constexpr std::size_t kLongOnes = 2;

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
    }
    return {};
}

std::vector<PlannedFault> schedule(std::mt19937_64& random, std::size_t faults, std::size_t most_before,
                                   bool long_ones, bool clock)
{
    std::vector<Kind> kinds(std::begin(kKinds), std::end(kKinds));
    if (!clock) {
        std::erase_if(kinds, [](const Kind& kind) { return kind.fault == Fault::clock_set; });
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
    if (long_ones) {
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
