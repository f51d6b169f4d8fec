// Measures how the cost of a decision grows with the policy, and with the number of users who have chosen.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>
#include <random>
#include <stdexcept>

#include "benchmark.h"
#include "plugin/store/choices.h"
#include "policy/decide.h"
#include "row.h"
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

/// Nanoseconds per decision, over many random requests to `users` users.
double decision(const Policy& policy, std::size_t users, const Choices* choices)
{
    constexpr std::size_t kRequests = 20'000;
    constexpr int kRounds = 20;
    std::mt19937 random(1);
    std::vector<SubscriptionRequest> requests;
    for (std::size_t i = 0; i < kRequests; ++i) {
        requests.push_back({user(random() % users),
                            Address::prepare("amy@d" + std::to_string(random() % 1000) + ".example").value(),
                            std::nullopt});
    }
    std::size_t approved = 0;
    double best = 1e9;
    for (int round = 0; round < kRounds; ++round) {
        const auto begun = Clock::now();
        for (const SubscriptionRequest& request : requests) {
            const Facts facts{{}, choices != nullptr ? choices->of(request.user) : std::nullopt};
            approved += decide(policy, request, facts).answer == Answer::approve ? 1 : 0;
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
    return decision(Policy({many}, {}), 1000, nullptr);
}

double with_domains(std::size_t count)
{
    return decision(Policy({organization(count)}, {}), 1000, nullptr);
}

double with_choices(std::size_t count)
{
    const test::TemporaryDirectory directory;
    const std::string path = (directory.path() / "usher.db").string();
    test::store_choices(path, count, kDomain);
    const auto database = Database::open("sqlite3://" + path).value();
    const Choices choices = Choices::load(*database).value();
    return decision(Policy({organization(1)}, {}), count, &choices);
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

}  // namespace

}  // namespace usher

int main()
{
    return usher::test::run_benchmark([&] {
        usher::measure("rules", usher::with_rules, {1, 1'000, 100'000});
        usher::measure("domains", usher::with_domains, {1, 1'000, 100'000});
        usher::measure("users' choices", usher::with_choices, {1, 1'000, 100'000, 1'000'000});
    });
}
