// Measures how many requests a second are approved under load: through Usher, and inside the server. Remote
// contacts ask users who are offline, over a component's connection, with 64 requests under way at a time.
#include <cstdlib>
#include <iostream>

#include "approver.h"
#include "benchmark.h"
#include "pairs.h"

namespace usher::test
{

namespace
{

constexpr int kPairs = 10;  // unless the command line says otherwise
constexpr int kUsers = 1000;
constexpr int kContacts = 2;  // that ask all users in a block: 1 to 2 s of work
constexpr int kWindow = 64;

struct Goal {
    Kind kind;
    double rate;  ///< target, as a fraction of the server's own
};

constexpr Goal kGoals[] = {{Kind::prosody_memory, 0.80},
                           {Kind::prosody, 0.95},
                           {Kind::ejabberd, 0.75},
                           {Kind::ejabberd_disc_copies, 0.90}};

/// `block` 0 is for warming up.
std::vector<std::string> requests(int block)
{
    std::vector<std::string> out;
    for (int contact = 1; contact <= kContacts; ++contact) {
        const std::string from =
            "contact-" + std::to_string(block) + "-" + std::to_string(contact) + "@" + kElsewhere;
        for (int number = 1; number <= kUsers; ++number) {
            out.push_back(subscribe(from, user(number)));
        }
    }
    return out;
}

Row measure(const Goal& goal, int pairs)
{
    std::cerr << name(goal.kind) << "\n";
    Approver in_server({.kind = goal.kind, .usher = std::nullopt, .users = kUsers});
    Approver usher({.kind = goal.kind, .usher = Login::component, .users = kUsers});
    const auto block_of = [](Approver& approver) {
        return [&approver](int block) { return approver.ask(requests(block), kWindow); };
    };
    (void)block_of(in_server)(0);
    (void)block_of(usher)(0);
    const std::vector<Pair> measured = alternate(pairs, block_of(in_server), block_of(usher));
    for (const int number : {1, kUsers / 2, kUsers}) {
        in_server.check_roster(user(number), (pairs + 1) * kContacts);
        usher.check_roster(user(number), (pairs + 1) * kContacts);
    }
    const double ratio = rate_ratio(measured);
    return {"throughput",
            name(goal.kind) + ", 64 under way, remote contacts, users offline",
            fixed(rate(measured, &Pair::in_server), 0) + "/s in " + server_name(goal.kind) + ", " +
                fixed(rate(measured, &Pair::usher), 0) + "/s through Usher",
            ratio,
            fixed(goal.rate, 2) + " of the rate",
            ratio >= goal.rate,
            "CPU time of a request: " + fixed(cpu(measured, &Pair::in_server, &Block::server_cpu), 2) +
                " ms; through Usher " + fixed(cpu(measured, &Pair::usher, &Block::server_cpu), 2) +
                " ms in " + server_name(goal.kind) + " and " +
                fixed(cpu(measured, &Pair::usher, &Block::usherd_cpu), 2) + " ms in usherd"};
}

}  // namespace

}  // namespace usher::test

int main(int argc, char** argv)
{
    using namespace usher::test;
    const int pairs = blocks(argc, argv, kPairs);
    return run_benchmark([&] {
        for (const Goal& goal : kGoals) {
            if (argc > 2 && name(goal.kind).find(argv[2]) == std::string::npos) {
                continue;
            }
            std::cout << measure(goal, pairs) << std::flush;
        }
    });
}
