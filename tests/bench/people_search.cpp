// Measures search for people (XEP-0055) from a client to Usher and back, among 10,000 people of whom 1,000 are online: how
// long it takes and what it costs, what contact requests beside it wait, and whether its time tells those who have blocked
// the searcher from those who are offline.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <future>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "approver.h"
#include "benchmark.h"
#include "deadline.h"
#include "pairs.h"

namespace usher::test
{

namespace
{

constexpr int kPeople = 10'000;
constexpr int kOnline = 1'000;  // user-1 and those after it
constexpr int kNames = 400;     // given names (bench_population), of as many people each as a search shows
constexpr std::size_t kRows = 25;
constexpr int kSearches = 1'000;  // one at a time
constexpr int kRequests = 100;    // in a block
constexpr int kPairs = 10;        // of blocks, unless the command line says otherwise
constexpr int kBlockers = 50;     // user-1 and those after it; each has blocked one of as many searchers
constexpr int kRounds = 16;       // in each every searcher looks for their blocker, and for somebody offline
constexpr double kMaxGuesses = 0.6;

int count(const std::string& text, std::string_view part)
{
    int found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) {
        ++found;
    }
    return found;
}

struct Found {
    double milliseconds = 0;
    std::string reply;
};

/// Searches as that client, and waits for the rows.
Found search(Asker& client, const std::string& words, std::size_t rows)
{
    const auto asked = Clock::now();
    client.send(
        "<iq type='set' id='search' to='" + entity_address(Login::component) +
        "'><query xmlns='jabber:iq:search'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>"
        "jabber:iq:search</value></field><field var='search'><value>" +
        words + "</value></field></x></query></iq>");
    Found found;
    found.reply = client.wait_for("</iq>");
    found.milliseconds = std::chrono::duration<double, std::milli>(Clock::now() - asked).count();
    if (count(found.reply, "<item>") != static_cast<int>(rows)) {
        throw std::runtime_error("not " + std::to_string(rows) + " people: " + found.reply);
    }
    return found;
}

/// The share of right guesses that one threshold between two kinds of times gives at best; a half tells nothing.
double best_guesses(std::vector<double> one, std::vector<double> other)
{
    std::sort(one.begin(), one.end());
    std::sort(other.begin(), other.end());
    const auto below = [](const std::vector<double>& times, double limit) {
        const auto end = std::upper_bound(times.begin(), times.end(), limit);
        return static_cast<double>(end - times.begin()) / static_cast<double>(times.size());
    };
    double most = 0;
    for (const std::vector<double>* times : {&one, &other}) {
        for (const double limit : *times) {
            most = std::max(most, std::abs(below(one, limit) - below(other, limit)));
        }
    }
    return 0.5 + most / 2;
}

class Stage
{
  public:
    explicit Stage(Kind kind)
        : kind_(kind), approver_({.kind = kind, .usher = Login::component, .users = kPeople, .people = true})
    {
        for (int number = 1; number <= kOnline; ++number) {
            online_.push_back(Asker::client(approver_.server().client_port(), user(number)));
        }
    }

    void print(int pairs)
    {
        const Block& reading = approver_.first_reading();
        std::cout << row("first reading of " + std::to_string(kPeople) + " people",
                         fixed(reading.seconds, 1) + " s", cpu_note(reading, "person"))
                  << searches() << beside_requests(pairs) << blocked_and_offline() << std::flush;
    }

  private:
    [[nodiscard]] Row row(const std::string& what, const std::string& figure, const std::string& note) const
    {
        return {"people search", server_name(kind_) + ", " + what, figure, {}, {}, {}, note};
    }

    [[nodiscard]] std::string cpu_note(const Block& block, const std::string& each) const
    {
        const auto milliseconds = [&block](double seconds) {
            return fixed(seconds / static_cast<double>(block.requests) * 1e3, 2) + " ms in ";
        };
        return "CPU time of a " + each + ": " + milliseconds(block.server_cpu) + server_name(kind_) +
               " and " + milliseconds(block.usherd_cpu) + "usherd";
    }

    /// A search that shows many people. All who are online take turns, for Usher limits what one may do.
    double search_many()
    {
        const int turn = turn_++;
        // Not those who block or are blocked.
        constexpr int kFirst = 2 * kBlockers;
        Asker& client = online_[static_cast<std::size_t>(kFirst + turn % (kOnline - kFirst))];
        const std::string number = std::to_string(1'000 + turn % kNames).substr(1);
        return search(client, "given" + number, kRows).milliseconds;
    }

    Row searches()
    {
        (void)search_many();
        Block measured;
        approver_.begin(measured);
        for (int i = 0; i < kSearches; ++i) {
            measured.milliseconds.push_back(search_many());
        }
        approver_.end(measured, kSearches);
        return row("a search that shows 25 people", "p50 " + p50_p99(measured.milliseconds),
                   cpu_note(measured, "search"));
    }

    static std::string p50_p99(const std::vector<double>& times)
    {
        return fixed(percentile(times, 0.5), 2) + " ms, p99 " + fixed(percentile(times, 0.99), 2) + " ms";
    }

    /// Contact requests to users who are offline, one at a time.
    Block requests(const std::string& block)
    {
        std::vector<std::string> all;
        for (int i = 0; i < kRequests; ++i) {
            all.push_back(subscribe("contact-" + block + "@" + kElsewhere, user(kOnline + 1 + i)));
        }
        return Approver::ask_alone(approver_.elsewhere(), all);
    }

    /// The same while others search, one after the other.
    Block requests_beside_searches(const std::string& block)
    {
        std::atomic<bool> ended = false;
        auto searching = std::async(std::launch::async, [&] {
            while (!ended) {
                (void)search_many();
                ++searches_beside_;
            }
        });
        Block measured;
        try {
            measured = requests(block);
        } catch (...) {
            ended = true;
            throw;
        }
        ended = true;
        searching.get();
        return measured;
    }

    Row beside_requests(int pairs)
    {
        (void)requests("first");
        const std::vector<Pair> measured = alternate(
            pairs, [this](int block) { return requests("alone-" + std::to_string(block)); },
            [this](int block) { return requests_beside_searches("beside-" + std::to_string(block)); });
        double seconds = 0;
        for (const Pair& pair : measured) {
            seconds += pair.usher.seconds;
        }
        Row one = row(
            "a contact request, remote, user offline",
            "p50 " + p50_p99(times(measured, &Pair::in_server)) + "; beside searches p50 " +
                p50_p99(times(measured, &Pair::usher)),
            fixed(static_cast<double>(searches_beside_) / seconds, 0) + " searches/s, one after the other");
        one.ratio = median_ratio(measured, [](const Block& block) { return median(block.milliseconds); });
        return one;
    }

    /// One person found each time, in an order that nobody can foresee.
    Row blocked_and_offline()
    {
        for (int i = 0; i < kBlockers; ++i) {
            Asker& blocker = online_[static_cast<std::size_t>(i)];
            blocker.send("<iq type='set' id='block'><block xmlns='urn:xmpp:blocking'><item jid='" +
                         user(kBlockers + i + 1) + "'/></block></iq>");
            blocker.wait_for("id='block'");
        }
        std::vector<double> blocked;
        std::vector<double> offline;
        std::string words;
        std::mt19937 random(1);
        for (int round = 0; round < kRounds; ++round) {
            for (int i = 0; i < kBlockers; ++i) {
                Asker& searcher = online_[static_cast<std::size_t>(kBlockers + i)];
                const bool blocked_first = random() % 2 == 0;
                for (const bool is_blocked : {blocked_first, !blocked_first}) {
                    const Found found = search(searcher, user(is_blocked ? i + 1 : kPeople / 2 + i), 1);
                    if (found.reply.find("not available") == std::string::npos) {
                        throw std::runtime_error("somebody is available: " + found.reply);
                    }
                    (is_blocked ? blocked : offline).push_back(found.milliseconds);
                }
            }
        }
        const double guesses = best_guesses(blocked, offline);
        const auto spread = [](const std::vector<double>& times) {
            return "p10 " + fixed(percentile(times, 0.1), 2) + " ms, p50 " +
                   fixed(percentile(times, 0.5), 2) + " ms, p90 " + fixed(percentile(times, 0.9), 2) + " ms";
        };
        Row one = row("a search that shows one person",
                      "blocked " + spread(blocked) + "; offline " + spread(offline),
                      "told apart by their time: " + fixed(guesses * 100, 1) + " % right guesses at best");
        one.target = "at most " + fixed(kMaxGuesses * 100, 0) + " % right";
        one.reached = guesses <= kMaxGuesses;
        return one;
    }

    Kind kind_;
    Approver approver_;
    std::vector<Asker> online_;
    std::atomic<int> turn_ = 0;
    std::atomic<int> searches_beside_ = 0;
};

/// A socket for everybody who is online; what is started later inherits it.
void raise_limit_of_files()
{
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &files) != 0) {
        throw std::runtime_error("the limit of open files cannot be raised");
    }
}

}  // namespace

}  // namespace usher::test

int main(int argc, char** argv)
{
    using namespace usher::test;
    const int pairs = blocks(argc, argv, kPairs);
    return run_benchmark([&] {
        raise_limit_of_files();
        for (const Kind kind : {Kind::prosody, Kind::ejabberd}) {
            if (argc > 2 && server_name(kind) != argv[2]) {
                continue;
            }
            std::cerr << name(kind) << "\n";
            Stage(kind).print(pairs);
        }
    });
}
