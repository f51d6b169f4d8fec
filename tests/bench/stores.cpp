// Measures what PostgreSQL costs as the store, beside SQLite: requests a second end to end, with 64 under way, and the time of
// a lone one. Two servers run side by side, both with Usher. PostgreSQL waits for its disk at each commit, as it does by
// default; SQLite does not, as usherd has it.
#include <chrono>
#include <iostream>
#include <optional>

#include "approver.h"
#include "benchmark.h"
#include "delayed_link.h"
#include "pairs.h"
#include "private_postgres.h"

namespace usher::test
{

namespace
{

constexpr int kPairs = 10;  // unless the command line says otherwise
constexpr int kUsers = 1000;
constexpr int kContacts = 2;
constexpr int kLone = 300;
constexpr int kWindow = 64;
constexpr double kRate = 0.95;
/// There and back: as far away as another machine of the same room.
constexpr std::chrono::microseconds kOneWay{250};

std::vector<std::string> requests(const std::string& name, int contacts, int users)
{
    std::vector<std::string> out;
    for (int contact = 1; contact <= contacts; ++contact) {
        for (int number = 1; number <= users; ++number) {
            out.push_back(subscribe(name + "-" + std::to_string(contact) + "@" + kElsewhere, user(number)));
        }
    }
    return out;
}

struct Measured {
    std::vector<Pair> loaded;
    std::vector<Pair> lone;
};

/// In each pair `in_server` is SQLite and `usher` is PostgreSQL.
Measured measure(Kind kind, const std::string& url, int pairs)
{
    Approver::Options options{.kind = kind, .usher = Login::component, .users = kUsers};
    Approver sqlite(options);
    options.store_url = url;
    Approver postgresql(options);
    const auto loaded = [](Approver& approver) {
        return [&approver](int block) {
            return approver.ask(requests("loaded-" + std::to_string(block), kContacts, kUsers), kWindow);
        };
    };
    const auto lone = [](Approver& approver) {
        return [&approver](int block) {
            return Approver::ask_alone(approver.elsewhere(),
                                       requests("lone-" + std::to_string(block), 1, kLone));
        };
    };
    (void)loaded(sqlite)(0);
    (void)loaded(postgresql)(0);
    return {alternate(pairs, loaded(sqlite), loaded(postgresql)),
            alternate(pairs, lone(sqlite), lone(postgresql))};
}

Row row(Kind kind, const std::string& where, const Measured& measured)
{
    const auto figures = [&](Side side) {
        return fixed(rate(measured.loaded, side), 0) + "/s, alone p50 " +
               fixed(percentile(times(measured.lone, side), 0.5), 2) + " ms, p99 " +
               fixed(percentile(times(measured.lone, side), 0.99), 2) + " ms";
    };
    const double ratio = rate_ratio(measured.loaded);
    return {"stores",
            name(kind) + ", 64 under way, PostgreSQL " + where,
            figures(&Pair::in_server) + " with SQLite; " + figures(&Pair::usher) + " with PostgreSQL",
            ratio,
            fixed(kRate, 2) + " of the rate with SQLite",
            ratio >= kRate,
            "CPU time of a request in usherd: " +
                fixed(cpu(measured.loaded, &Pair::in_server, &Block::usherd_cpu), 3) + " ms, " +
                fixed(cpu(measured.loaded, &Pair::usher, &Block::usherd_cpu), 3) + " ms"};
}

}  // namespace

}  // namespace usher::test

int main(int argc, char** argv)
{
    using namespace usher::test;
    const int pairs = blocks(argc, argv, kPairs);
    return run_benchmark([&] {
        PrivatePostgres server({.waits_for_disk = true});
        const DelayedLink link(server.port(), kOneWay);
        for (const Kind kind :
             {Kind::prosody, Kind::prosody_memory, Kind::ejabberd, Kind::ejabberd_disc_copies}) {
            if (argc > 2 && name(kind).find(argv[2]) == std::string::npos) {
                continue;
            }
            std::cout << row(kind, "by its socket",
                             measure(kind, server.url(server.create_database()), pairs))
                      << std::flush;
            const std::string far = "postgresql://host=127.0.0.1 port=" + std::to_string(link.port()) +
                                    " user=postgres dbname=" + server.create_database();
            std::cout << row(kind, "0.5 ms away", measure(kind, far, pairs)) << std::flush;
        }
    });
}
