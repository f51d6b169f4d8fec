// Measures the latency of a single contact request, from the contact's `subscribe` to the `subscribed` they
// receive: through Usher, and approved by a small module inside the server. Both servers are otherwise idle.
//
// No request is asked twice.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "approver.h"
#include "benchmark.h"
#include "pairs.h"

namespace usher::test
{

namespace
{

// Prosody takes longer to store a roster with more contacts. The contact of a block asks all users of the
// case, so that roster grows to kUsers; the users' rosters grow by one per block, to kPairs + 1.
constexpr int kUsers = 50;
constexpr int kPairs = 10;  // unless the command line says otherwise

constexpr double kRate = 0.55;       // of the server's own
constexpr double kRemoteTime = 1.0;  // p50, milliseconds
constexpr double kLocalRatio = 1.5;  // p50, of the approval inside the server

struct Case {
    bool local;   ///< the contact is on the user's host; otherwise a component sends the request
    bool online;  ///< the user is online
};

constexpr Case kCases[] = {{true, true}, {true, false}, {false, true}, {false, false}};

std::string name(const Case& c)
{
    return std::string(c.local ? "local" : "remote") + (c.online ? "-online" : "-offline");
}

std::string user_of(const Case& c, int number)
{
    return name(c) + "-user-" + std::to_string(number) + "@" + kHost;
}

/// `block` 0 is for warming up.
std::string contact(const Case& c, int block)
{
    return name(c) + "-contact-" + std::to_string(block) + "@" + (c.local ? kHost : kElsewhere);
}

/// An approver and the clients that stay online.
class Stage
{
  public:
    Stage(Kind kind, std::optional<Login> login, int pairs) : approver_(options(kind, login, pairs))
    {
        for (const Case& c : kCases) {
            for (int number = 0; number < kUsers && c.online; ++number) {
                online_.emplace(user_of(c, number), client(user_of(c, number)));
            }
        }
    }

    /// Sends a request from the block's contact to every user of the case, one after the other.
    Block measure(const Case& c, int block)
    {
        const std::string from = contact(c, block);
        std::vector<std::string> requests;
        for (int number = 0; number < kUsers; ++number) {
            requests.push_back(subscribe(from, user_of(c, number)));
        }
        Block measured;
        if (c.local) {
            Asker asker = client(from);
            measured = Approver::ask_alone(asker, requests);
            check_roster(asker, "to", kUsers);
        } else {
            measured = Approver::ask_alone(approver_.elsewhere(), requests);
            approver_.elsewhere().forget_arrived();
        }
        for (auto& [address, asker] : online_) {
            asker.forget_arrived();
        }
        return measured;
    }

    /// Checks the measurement: every contact that asked must be subscribed.
    void check(int blocks)
    {
        for (auto& [address, asker] : online_) {
            check_roster(asker, "from", blocks);
        }
    }

  private:
    static Approver::Options options(Kind kind, std::optional<Login> login, int pairs)
    {
        std::vector<std::string> accounts;
        for (const Case& c : kCases) {
            for (int number = 0; number < kUsers; ++number) {
                accounts.push_back(user_of(c, number));
            }
            for (int block = 0; block <= pairs && c.local; ++block) {
                accounts.push_back(contact(c, block));
            }
        }
        return {.kind = kind, .usher = login, .accounts = accounts};
    }

    Asker client(const std::string& address)
    {
        return Asker::client(approver_.server().client_port(), address);
    }

    Approver approver_;
    std::map<std::string, Asker> online_;
};

Row row(Kind kind, Login login, const Case& c, const std::vector<Pair>& pairs)
{
    const auto p50 = [&](Side side) { return median(times(pairs, side)); };
    const auto figures = [&](Side side) {
        return fixed(p50(side), 2) + " ms, p99 " + fixed(percentile(times(pairs, side), 0.99), 2) + " ms, " +
               fixed(rate(pairs, side), 0) + "/s";
    };
    const double ratio = rate_ratio(pairs);
    const double slower = median_ratio(pairs, [](const Block& block) { return median(block.milliseconds); });
    const bool soon = c.local ? slower <= kLocalRatio : p50(&Pair::usher) < kRemoteTime;
    return {"lone request",
            server_name(kind) + ", Usher is " + (login == Login::account ? "an account" : "a component") +
                ", contact " + (c.local ? "local" : "remote") + ", user " + (c.online ? "online" : "offline"),
            "p50 " + figures(&Pair::in_server) + " in " + server_name(kind) + "; p50 " +
                figures(&Pair::usher) + " through Usher",
            ratio,
            fixed(kRate, 2) + " of the rate, p50 " +
                (c.local ? "at most " + fixed(kLocalRatio, 1) + " times"
                         : "below " + fixed(kRemoteTime, 0) + " ms"),
            ratio >= kRate && soon,
            "p50 is " + fixed(slower, 2) + " times the server's own"};
}

void measure(Kind kind, Login login, int pairs)
{
    std::cerr << name(kind) << ", " << login << "\n";
    Stage in_server(kind, std::nullopt, pairs);
    Stage usher(kind, login, pairs);

    std::map<std::string, std::vector<Pair>> measured;
    for (const Case& c : kCases) {
        (void)in_server.measure(c, 0);
        (void)usher.measure(c, 0);
        measured[name(c)] = alternate(
            pairs, [&](int block) { return in_server.measure(c, block); },
            [&](int block) { return usher.measure(c, block); });
    }
    in_server.check(pairs + 1);
    usher.check(pairs + 1);
    for (const Case& c : kCases) {
        std::cout << row(kind, login, c, measured[name(c)]) << std::flush;
    }
}

}  // namespace

}  // namespace usher::test

int main(int argc, char** argv)
{
    using namespace usher::test;
    const int pairs = blocks(argc, argv, kPairs);
    return run_benchmark([&] {
        for (const Kind kind : {Kind::prosody, Kind::ejabberd}) {
            for (const Login login : {Login::component, Login::account}) {
                measure(kind, login, pairs);
            }
        }
    });
}
