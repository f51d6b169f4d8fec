// What a decision costs as the policy grows, and what users' choices cost in memory and at the start.
//
// Each size is measured in a process of its own, so that memory is its own.
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <random>

#include "plugin/choices.h"
#include "policy/decide.h"
#include "temporary_directory.h"

namespace
{

using namespace usher;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begun)
{
    return std::chrono::duration<double>(Clock::now() - begun).count();
}

double resident_bytes()
{
    std::ifstream statm("/proc/self/statm");
    double size = 0;
    double resident = 0;
    statm >> size >> resident;
    return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

Address user(std::size_t i)
{
    return Address::prepare("user.name" + std::to_string(i) + "@corp.example").value();
}

/// Nanoseconds for each of many decisions on random requests of `users` users.
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
    return approved <= kRequests * kRounds ? best : 0;  // the count keeps the decisions from being left out
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

void measure_policy(std::size_t size)
{
    Organization many_rules = organization(1);
    for (std::size_t i = 0; i < size; ++i) {
        many_rules.rules.push_back(
            {{Pattern::read("eve" + std::to_string(i) + "@d" + std::to_string(i % 1000) + ".example")
                  .value()},
             {Pattern::read("*").value()},
             Answer::deny,
             static_cast<std::uint32_t>(i + 1)});
    }
    const double rules = decision(Policy({many_rules}, {}), 1000, nullptr);
    const double domains = decision(Policy({organization(size)}, {}), 1000, nullptr);
    std::printf("| %zu rules | %.0f ns |\n| %zu domains | %.0f ns |\n", size, rules, size, domains);
}

void fill(const std::string& path, std::size_t count)
{
    static_cast<void>(Database::open("sqlite3://" + path).value());
    soci::session session(soci::sqlite3, path);
    soci::transaction transaction(session);
    std::string address;
    std::string option;
    soci::statement insert =
        (session.prepare << "INSERT INTO choice (user_address, option_name) VALUES (:u, :o)",
         soci::use(address), soci::use(option));
    for (std::size_t i = 0; i < count; ++i) {
        address = user(i).text();
        option = name(kOptions[i % kOptions.size()]);
        insert.execute(true);
    }
    transaction.commit();
}

void measure_choices(const std::string& path, std::size_t count)
{
    const auto database = Database::open("sqlite3://" + path).value();
    const double before = resident_bytes();
    const auto begun = Clock::now();
    const Choices choices = Choices::load(*database).value();
    const double loaded = seconds_since(begun);
    const double bytes = resident_bytes() - before;
    const double each = decision(Policy({organization(1)}, {}), count, &choices);
    std::printf("| %zu choices | %.0f ns | %.2f s | %.0f MB | %.0f |\n", choices.size(), each, loaded,
                bytes / 1e6, bytes / static_cast<double>(count));
}

template <typename Work>
void in_child(Work work)
{
    std::fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        work();
        std::fflush(stdout);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0) {
        throw std::runtime_error("a measurement failed");
    }
}

}  // namespace

int main()
{
    std::printf("| policy | a decision |\n|---|---|\n");
    for (const std::size_t size : {1, 100, 10'000, 100'000}) {
        in_child([size] { measure_policy(size); });
    }
    std::printf(
        "\n| users' choices | a decision with its look-up | loaded in | memory | bytes per user "
        "|\n|---|---|---|---|---|\n");
    const usher::test::TemporaryDirectory directory;
    for (const std::size_t count : {1, 1'000, 100'000, 1'000'000}) {
        const std::string path = (directory.path() / (std::to_string(count) + ".db")).string();
        in_child([&] { fill(path, count); });
        in_child([&] { measure_choices(path, count); });
    }
}
