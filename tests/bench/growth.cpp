// Measures how rate and latency change with the number of users and of usherd instances (with one store): through Usher, and
// inside the server for comparison. Remote contacts ask users who are offline, spread over all accounts.
// Takes some minutes, because a hundred thousand accounts and rosters have to be made first.
#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "approver.h"
#include "benchmark.h"
#include "pairs.h"
#include "private_postgres.h"

namespace usher::test
{

namespace
{

constexpr int kPairs = 6;        // unless the command line says otherwise
constexpr int kContacts = 10;    // that each user already has
constexpr int kRequests = 2000;  // in a block with kWindow under way at a time
constexpr int kLone = 200;       // in a block of one at a time
constexpr int kWindow = 64;
constexpr int kUsers[] = {1'000, 10'000, 100'000};
constexpr int kInstances[] = {1, 2, 4};
constexpr int kHosts =
    4;  // that the requests for several instances are spread over: each has one ask under way
constexpr double kKept = 0.95;  // smaller differences are noise

/// So many requests to users spread over all accounts; no contact asks a user twice.
std::vector<std::string> requests(const std::string& block, int count, int users, int hosts)
{
    const std::vector<std::string> all_hosts = test::hosts(hosts);
    constexpr int kStride = 7919;  // has no divisor in common with the numbers of users
    std::vector<std::string> out;
    for (int i = 0; i < count; ++i) {
        const std::string from = "contact-" + block + "-" + std::to_string(i / users) + "@" + kElsewhere;
        out.push_back(subscribe(from, user(static_cast<int>(std::int64_t{i} * kStride % users) + 1,
                                           all_hosts[static_cast<std::size_t>(i % hosts)])));
    }
    return out;
}

struct Measured {
    std::vector<Pair> loaded;
    std::vector<Pair> lone;
    double seconds_to_ready = 0;
};

Measured measure(const Approver::Options& options, int pairs)
{
    std::cerr << name(options.kind) << ", " << options.users << " users, " << options.instances
              << " instances\n";
    Approver::Options alone = options;
    alone.usher = std::nullopt;
    Approver in_server(alone);
    Approver usher(options);
    const auto loaded = [&](Approver& approver) {
        return [&](int block) {
            return approver.ask(
                requests("loaded-" + std::to_string(block), kRequests, options.users, options.hosts),
                kWindow);
        };
    };
    const auto lone = [&](Approver& approver) {
        return [&](int block) {
            return Approver::ask_alone(approver.elsewhere(), requests("lone-" + std::to_string(block), kLone,
                                                                      options.users, options.hosts));
        };
    };
    (void)loaded(in_server)(0);
    (void)loaded(usher)(0);
    return {alternate(pairs, loaded(in_server), loaded(usher)),
            alternate(pairs, lone(in_server), lone(usher)), usher.seconds_to_ready()};
}

Row row(Kind kind, const std::string& size, const Measured& measured, const std::string& note)
{
    const auto figures = [&](Side side) {
        return fixed(rate(measured.loaded, side), 0) + "/s, alone p50 " +
               fixed(median(times(measured.lone, side)), 2) + " ms";
    };
    return {"growth",
            name(kind) + ", " + size,
            figures(&Pair::in_server) + " in " + server_name(kind) + "; " + figures(&Pair::usher) +
                " through Usher",
            rate_ratio(measured.loaded),
            {},
            {},
            note};
}

/// The share of its rate that each side keeps from the smallest to the largest size.
Row kept(Kind kind, const std::string& growth, const Measured& first, const Measured& last)
{
    const auto share = [&](Side side) { return rate(last.loaded, side) / rate(first.loaded, side); };
    const double ratio = rate_ratio(last.loaded) / rate_ratio(first.loaded);
    return {"growth",
            name(kind) + ", " + growth,
            server_name(kind) + " keeps " + fixed(share(&Pair::in_server), 2) + " of its rate, Usher keeps " +
                fixed(share(&Pair::usher), 2),
            ratio,
            fixed(kKept, 2) + " of the server's own growth",
            ratio >= kKept,
            {}};
}

void measure_users(Kind kind, int pairs)
{
    std::vector<Measured> measured;
    for (const int users : kUsers) {
        measured.push_back(
            measure({.kind = kind, .usher = Login::component, .users = users, .contacts = kContacts}, pairs));
        std::cout << row(kind, std::to_string(users) + " users", measured.back(),
                         "usherd ready, with all rosters read, after " +
                             fixed(measured.back().seconds_to_ready, 1) + " s")
                  << std::flush;
    }
    std::cout << kept(kind, "users grow from 1,000 to 100,000", measured.front(), measured.back())
              << std::flush;
}

void measure_instances(int pairs)
{
    PrivatePostgres postgres({.waits_for_disk = true});
    std::vector<Measured> measured;
    for (const int instances : kInstances) {
        measured.push_back(measure({.kind = Kind::ejabberd,
                                    .usher = Login::component,
                                    .instances = instances,
                                    .hosts = kHosts,
                                    .users = kUsers[0],
                                    .contacts = kContacts,
                                    .store_url = postgres.url(postgres.create_database())},
                                   pairs));
        std::cout << row(Kind::ejabberd,
                         std::to_string(instances) + " of Usher on one component domain, one store",
                         measured.back(), {})
                  << std::flush;
    }
    std::cout << kept(Kind::ejabberd, "instances grow from 1 to 4", measured.front(), measured.back())
              << std::flush;
}

}  // namespace

}  // namespace usher::test

int main(int argc, char** argv)
{
    using namespace usher::test;
    const int pairs = blocks(argc, argv, kPairs);
    const std::string part = argc > 2 ? argv[2] : "";  // prosody, ejabberd, instances; none: all
    const auto wanted = [&part](const char* name) { return part.empty() || part == name; };
    return run_benchmark([&] {
        if (wanted("prosody")) {
            measure_users(Kind::prosody, pairs);
        }
        if (wanted("ejabberd")) {
            measure_users(Kind::ejabberd, pairs);
        }
        if (wanted("instances")) {
            measure_instances(pairs);
        }
    });
}
