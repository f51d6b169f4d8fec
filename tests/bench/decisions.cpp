// What a decision costs as the policy grows, and what reading users' choices costs as more have chosen.
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "benchmark.h"
#include "policy/decide.h"
#include "row.h"
#include "store_now.h"
#include "stored_choices.h"
#include "temporary_directory.h"

namespace usher
{

namespace
{

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begun)
{
    return std::chrono::duration<double>(Clock::now() - begun).count();
}

const std::string kDomain = "corp.example";

Address user(std::size_t i)
{
    return Address::prepare(test::chooser(i, kDomain)).value();
}

constexpr std::size_t kUsers = 1'000;

std::string contact(std::size_t i)
{
    return "amy@d" + std::to_string(i) + ".example";
}

/// Nanoseconds for each of many decisions on random requests.
double decision(const Policy& policy)
{
    constexpr std::size_t kRequests = 20'000;
    constexpr int kRounds = 20;
    std::mt19937 random(1);
    std::vector<SubscriptionRequest> requests;
    for (std::size_t i = 0; i < kRequests; ++i) {
        requests.push_back(
            {user(random() % kUsers), Address::prepare(contact(random() % kUsers)).value(), std::nullopt});
    }
    std::size_t approved = 0;
    double best = 1e9;
    for (int round = 0; round < kRounds; ++round) {
        const auto begun = Clock::now();
        for (const SubscriptionRequest& request : requests) {
            approved += decide(policy, request, {}).answer == Answer::approve ? 1 : 0;
        }
        best = std::min(best, seconds_since(begun) / kRequests * 1e9);
    }
    return approved <= kRequests * kRounds
               ? best
               : 0;  // uses the count, so that the compiler cannot remove the decisions
}

Organization organization(std::size_t domains)
{
    Organization made;
    made.name = "Corp";
    made.domains = {"corp.example"};
    for (std::size_t i = 1; i < domains; ++i) {
        made.domains.push_back("own" + std::to_string(i) + ".example");
    }
    return made;
}

double with_rules(std::size_t count)
{
    Organization many = organization(1);
    for (std::size_t i = 0; i < count; ++i) {
        many.rules.push_back(
            {{Pattern::read("eve" + std::to_string(i) + "@d" + std::to_string(i % 1000) + ".example")
                  .value()},
             {Pattern::read("*").value()},
             Answer::deny,
             static_cast<std::uint32_t>(i + 1)});
    }
    return decision(Policy({many}, {}));
}

double with_domains(std::size_t count)
{
    return decision(Policy({organization(count)}, {}));
}

Rule within(const std::string& group, std::uint32_t place)
{
    const Pattern pattern = Pattern::read("group:" + group).value();
    return {{pattern}, {pattern}, Answer::approve, place};
}

/// Each who asks or is asked is in one of the groups, for each of which there is a rule.
double with_groups(std::size_t count)
{
    std::vector<Group> groups(count);
    for (std::size_t i = 0; i < kUsers; ++i) {
        auto& members = groups[i % count].members;
        members.push_back(Pattern::read(contact(i)).value());
        members.push_back(Pattern::read(user(i).text()).value());
    }
    Organization many = organization(1);
    for (std::size_t i = 0; i < count; ++i) {
        groups[i].name = "group" + std::to_string(i);
        many.rules.push_back(within(groups[i].name, static_cast<std::uint32_t>(i + 1)));
        many.groups.push_back(std::move(groups[i]));
    }
    return decision(Policy({many}, {}));
}

/// One group, within another: those who ask or are asked, and so many others.
Organization organization_with_members(std::size_t others)
{
    Group inner{.name = "inner", .members = {}};
    for (std::size_t i = 0; i < kUsers; ++i) {
        inner.members.push_back(Pattern::read(contact(i)).value());
        inner.members.push_back(Pattern::read(user(i).text()).value());
    }
    for (std::size_t i = 0; i < others; ++i) {
        inner.members.push_back(Pattern::read("first.last" + std::to_string(i) + "@corp.example").value());
    }
    Organization made = organization(1);
    made.groups.push_back(std::move(inner));
    made.groups.push_back({.name = "outer", .members = {Pattern::read("group:inner").value()}});
    made.rules.push_back(within("outer", 1));
    return made;
}

double with_members(std::size_t count)
{
    return decision(Policy({organization_with_members(count)}, {}));
}

double bytes_in_use()
{
    const auto memory = mallinfo2();
    return static_cast<double>(memory.uordblks + memory.hblkhd);
}

/// Megabytes that a policy takes with so many members of a group.
double memory_of_members(std::size_t count)
{
    const double before = bytes_in_use();
    const Policy policy({organization_with_members(count)}, {});
    return (bytes_in_use() - before) / 1e6;
}

/// Each size is measured in a process of its own, so that memory is laid out as in a daemon.
double in_child(double (*measure)(std::size_t), std::size_t size)
{
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) {
        throw std::runtime_error("no pipe");
    }
    const pid_t child = fork();
    if (child == 0) {
        const double figure = measure(size);
        _exit(write(ends[1], &figure, sizeof figure) == sizeof figure ? 0 : 1);
    }
    int status = 0;
    double figure = 0;
    if (waitpid(child, &status, 0) != child || status != 0 ||
        read(ends[0], &figure, sizeof figure) != sizeof figure) {
        throw std::runtime_error("a measurement failed");
    }
    close(ends[0]);
    close(ends[1]);
    return figure;
}

void measure(const std::string& of, double (*figure)(std::size_t), const std::vector<std::size_t>& sizes)
{
    constexpr double kMaxNanoseconds = 500;
    constexpr double kFlat = 1.5;
    std::string text;
    std::vector<double> figures;
    for (const std::size_t size : sizes) {
        figures.push_back(in_child(figure, size));
        text +=
            (text.empty() ? "" : ", ") + std::to_string(size) + ": " + test::fixed(figures.back(), 0) + " ns";
    }
    const double most = *std::max_element(figures.begin(), figures.end());
    const double ratio = figures.back() / figures.front();
    std::cout << test::Row{"decisions",
                           "a decision with so many " + of,
                           text,
                           ratio,
                           "at most 500 ns, and at most 1.5 × from the smallest to the largest",
                           most <= kMaxNanoseconds && ratio <= kFlat};
}

void measure_memory()
{
    constexpr std::size_t kMembers = 100'000;
    constexpr double kMaxMegabytes = 50;
    const double taken = in_child(memory_of_members, kMembers);
    std::cout << test::Row{"decisions",
                           "memory of a policy with 100000 members of a group",
                           test::fixed(taken, 1) + " MB",
                           std::nullopt,
                           "at most 50 MB",
                           taken <= kMaxMegabytes,
                           {}};
}

/// A store with choices, as the daemon has it open.
struct Store {
    Store(std::size_t users, const std::vector<std::string>& domains)
    {
        test::store_choices(path, users, domains);
        database = Database::open("sqlite3://" + path).value();
    }

    const test::TemporaryDirectory directory;
    const std::string path = (directory.path() / "usher.db").string();
    std::unique_ptr<Database> database;
};

/// The median of the time in microseconds that `call` takes.
template <typename Call>
double microseconds(int rounds, Call call)
{
    std::vector<double> each;
    for (int round = 0; round < rounds; ++round) {
        const auto begun = Clock::now();
        call();
        each.push_back(seconds_since(begun) * 1e6);
    }
    return test::median(std::move(each));
}

/// What reading the choices of random users costs for each request, in asks of these sizes.
void measure_choices(const std::vector<std::size_t>& sizes, const std::vector<std::size_t>& counts)
{
    constexpr int kRounds = 500;
    constexpr double kMaxAlone = 25;
    constexpr double kMaxInBatch = 5;
    std::map<std::size_t, std::vector<double>> figures;
    std::map<std::size_t, std::string> texts;
    for (const std::size_t count : counts) {
        const Store store(count, {kDomain});
        test::ChoicesNow choices(*store.database);
        for (const std::size_t size : sizes) {
            std::mt19937 random(1);
            std::vector<std::vector<SubscriptionRequest>> asks(kRounds);
            for (auto& ask : asks) {
                for (std::size_t i = 0; i < size; ++i) {
                    const Address chooser = user(random() % count);
                    ask.push_back({chooser, chooser, std::nullopt});
                }
            }
            auto ask = asks.begin();
            const double each =
                microseconds(kRounds,
                             [&] {
                                 if (choices.of(*ask++).value().size() != size) {
                                     throw std::logic_error("not every request has its choice");
                                 }
                             }) /
                static_cast<double>(size);
            figures[size].push_back(each);
            texts[size] += (texts[size].empty() ? "" : ", ") + std::to_string(count) + ": " +
                           test::fixed(each, 2) + " µs";
        }
    }
    for (const std::size_t size : sizes) {
        const double most = size == 1 ? kMaxAlone : kMaxInBatch;
        const std::string how = size == 1 ? "alone" : "in an ask of " + std::to_string(size);
        std::cout << test::Row{"decisions",
                               "the choice of a request's user, " + how + ", of so many in the store",
                               texts[size],
                               figures[size].back() / figures[size].front(),
                               "at most " + test::fixed(most, 0) + " µs",
                               *std::max_element(figures[size].begin(), figures[size].end()) <= most,
                               {}};
    }
}

void measure_count()
{
    constexpr std::size_t kDomains = 1'000;
    constexpr double kMaxMilliseconds = 2;
    std::vector<std::string> domains;
    for (std::size_t i = 0; i < kDomains; ++i) {
        domains.push_back("d" + std::to_string(i) + ".example");
    }
    const Store store(kUsers, domains);
    test::ChoicesNow choices(*store.database);
    const double taken = microseconds(20,
                                      [&] {
                                          if (choices.count().value().size() != kDomains) {
                                              throw std::logic_error("not every domain has its number");
                                          }
                                      }) /
                         1000;
    std::cout << test::Row{"decisions",
                           "how many have chosen in each of 1000 domains, of 1000000",
                           test::fixed(taken, 2) + " ms",
                           std::nullopt,
                           "at most 2 ms",
                           taken <= kMaxMilliseconds,
                           {}};
}

}  // namespace

}  // namespace usher

int main()
{
    return usher::test::run_benchmark([&] {
        usher::measure("rules", usher::with_rules, {1, 1'000, 100'000});
        usher::measure("domains", usher::with_domains, {1, 1'000, 100'000});
        usher::measure("groups", usher::with_groups, {1, 1'000});
        usher::measure("members of a group", usher::with_members, {10, 100'000});
        usher::measure_memory();
        usher::measure_choices({1, 64, 100}, {1, 1'000, 100'000, 1'000'000});
        usher::measure_count();
    });
}
