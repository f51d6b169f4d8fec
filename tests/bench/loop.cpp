// Measures how long the event loop, on which every request is answered, is held by what an administrator does: with a
// large settings file, many domains, many choices and a large journal.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <iostream>
#include <stdexcept>

#include "benchmark.h"
#include "loop_delay.h"
#include "loopback.h"
#include "plugin/store/database.h"
#include "row.h"
#include "store_now.h"
#include "stored_choices.h"
#include "usherctl.h"
#include "usherd.h"

namespace usher::test
{

namespace
{

constexpr int kDomains = 1'000;
constexpr std::size_t kChoices = 500;  // in each domain
constexpr int kRules = 196'000;
constexpr int kRecords = 300'000;
constexpr int kTimes = 5;      // each quick operation
constexpr double kMost = 250;  // milliseconds

std::vector<std::string> domains()
{
    std::vector<std::string> all;
    for (int i = 0; i < kDomains; ++i) {
        all.push_back("domain" + std::to_string(i) + ".example");
    }
    return all;
}

UsherdOptions large(const std::string& option)
{
    UsherdOptions options;
    options.domains = domains();
    options.users_may_choose = true;
    options.option = option;
    options.log_level = "info";
    for (int i = 0; i < kRules; ++i) {
        options.organization += "[[organization.rule]]\nfrom = [\"spammer" + std::to_string(i) + "@evil" +
                                std::to_string(i % 5'000) + ".example\"]\nanswer = \"deny\"\n";
    }
    return options;
}

void fill_journal(const std::string& path)
{
    const auto database = Database::open("sqlite3://" + path).value();
    test::JournalNow journal(*database);
    const auto now = std::chrono::system_clock::now();
    std::vector<JournalEntry> entries;
    for (int i = 0; i < kRecords; ++i) {
        const std::string number = std::to_string(i);
        SubscriptionRequest request{Address::prepare("user" + number + "@domain0.example").value(),
                                    Address::prepare("contact" + number + "@domain1.example").value(),
                                    std::nullopt};
        JournalEntry& entry = entries.emplace_back(JournalEntry{.record = {.id = journal.next_id(now),
                                                                           .at = now,
                                                                           .organization = "Capulet",
                                                                           .request = std::move(request),
                                                                           .facts = {},
                                                                           .decision = {}}});
        entry.record.decision.answer = Answer::approve;
        if (entries.size() == 10'000) {
            if (const auto recorded = journal.record(entries); !recorded) {
                throw std::runtime_error(recorded.error());
            }
            entries.clear();
        }
    }
}

class Measured
{
  public:
    Measured()
    {
        const std::string store = (usherd_.directory() / "usher.db").string();
        store_choices(store, kChoices, domains());
        fill_journal(store);
        usherd_.start();
        usherd_.write_settings(large("organization"));
    }

    void measure(const std::string& what, const std::vector<std::string>& command, int times = kTimes)
    {
        measure(
            what,
            [&] {
                const auto ran = usherctl_.run(command);
                if (ran.status != 0) {
                    throw std::runtime_error(what + ": " + ran.errors);
                }
            },
            times);
    }

    void measure_request(const std::string& what, const std::string& request, int times = kTimes)
    {
        measure(what, [&] { ask(socket_, request); }, times);
    }

    Usherd& usherd() { return usherd_; }

  private:
    void measure(const std::string& what, const std::function<void()>& action, int times)
    {
        std::vector<double> held;
        for (int i = 0; i < times; ++i) {
            LoopDelay delay(socket_);
            action();
            held.push_back(delay.longest());
        }
        const double longest = *std::max_element(held.begin(), held.end());
        std::cout << Row{"loop",
                         what,
                         fixed(median(held), 0) + " ms, at most " + fixed(longest, 0) + " ms",
                         std::nullopt,
                         "at most " + fixed(kMost, 0) + " ms",
                         longest <= kMost};
    }

    ReservedPort nobody_;
    Usherd usherd_{{nobody_.number(), "usher.capulet.lit", {}}, {}};
    const std::filesystem::path socket_ = usherd_.directory() / "control.sock";
    Usherctl usherctl_{socket_};
};

}  // namespace

}  // namespace usher::test

int main()
{
    using namespace usher::test;
    return run_benchmark([] {
        Measured daemon;
        daemon.measure_request("a settings file of 15 MB is read again", "POST /v1/reload", 1);
        daemon.usherd().write_settings(large("all"));
        daemon.measure_request("a settings file of 15 MB is read again in place of one", "POST /v1/reload",
                               1);
        daemon.measure("nothing, for comparison", {"option", "user1@domain0.example"});
        daemon.measure("status of 1000 domains with 500000 choices", {"status"});
        daemon.measure_request("/metrics of 1000 domains with 500000 choices", "GET /metrics");
        daemon.measure("an organization's settings", {"organization", "Capulet"});
        daemon.measure("an organization's settings are saved",
                       {"organization", "Capulet", "--option", "prompt"}, 1);
        daemon.measure("a journal of 300000 records, of which none fits",
                       {"journal", "--contact", "nobody@example.com", "--since", "1d"});
        daemon.measure("a journal of 300000 records, all", {"journal", "--since", "1d"}, 1);
    });
}
