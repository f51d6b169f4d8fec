// Makes a million decisions under many policies, and measures how long it takes to make them again, and how long the event loop
// is held meanwhile. None may differ under its own policy, and under another policy those that have to.
#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "benchmark.h"
#include "core_now.h"
#include "loop_delay.h"
#include "loopback.h"
#include "plugin/settings/reader.h"
#include "plugin/settings/writer.h"
#include "row.h"
#include "usherctl.h"
#include "usherd.h"

namespace usher::test
{

namespace
{

constexpr int kThousands = 1'000;  // of decisions, unless the command line says otherwise
constexpr int kGenerations = 20;
constexpr int kBatch = 64;
constexpr int kUsers = 5'000;
constexpr double kMostSeconds = 10;  // for a million
constexpr double kMostHeld = 50;     // milliseconds
/// From one decision to the next: a million are a month.
constexpr std::chrono::milliseconds kStep{2'592};

/// Goes on only as the decisions do.
class DecidingClock : public usher::Clock
{
  public:
    [[nodiscard]] Time now() const override { return now_; }
    [[nodiscard]] std::unique_ptr<Timer> after(std::chrono::milliseconds, std::function<void()>) override
    {
        return nullptr;
    }
    void go_on() { now_ += kStep * kBatch; }

  private:
    Time now_{std::chrono::hours(1'000)};
};

template <typename Value>
void check(const tl::expected<Value, std::string>& given)
{
    if (!given) {
        throw std::runtime_error(given.error());
    }
}

class Filling
{
  public:
    explicit Filling(const std::string& path) : database_(Database::open("sqlite3://" + path).value()) {}

    void fill(int count)
    {
        choose();
        for (int generation = 0; generation < kGenerations; ++generation) {
            put_in_force();
            for (int done = 0; done < count / kGenerations; done += kBatch) {
                decide(std::min(kBatch, count / kGenerations - done));
            }
        }
    }
    /// Decisions that were not left to the user.
    [[nodiscard]] std::uint64_t answered() const { return answered_; }

  private:
    std::size_t any(std::size_t most)
    {
        return std::uniform_int_distribution<std::size_t>(0, most - 1)(engine_);
    }
    static Address user(std::size_t number)
    {
        return Address::prepare("user" + std::to_string(number) + "@capulet.lit").value();
    }
    static std::string domain(std::size_t number) { return "partner" + std::to_string(number) + ".example"; }

    /// Every third user has an option, every fifth an exception.
    void choose()
    {
        constexpr std::array kOptions{Option::all, Option::organization, Option::prompt};
        for (std::size_t i = 0; i < kUsers; ++i) {
            if (i % 3 == 0) {
                check(choices_.set(user(i), kOptions[any(kOptions.size())]));
            }
            if (i % 5 == 0) {
                check(choices_.change(user(i), {{domain(any(10)), kHandlings[any(kHandlings.size())]}}));
            }
        }
    }
    void put_in_force()
    {
        const std::vector<std::string> options{"all", "organization", "prompt"};
        const std::vector<std::string> answers{"approve", "deny", "leave"};
        std::string rules;
        for (int i = 0; i < 5; ++i) {
            rules += "[[organization.rule]]\nfrom = [\"" + domain(any(10)) + "\"]\nanswer = \"" +
                     answers[any(3)] + "\"\n";
        }
        const auto read = parse_settings(
            "[connection]\ncomponent = \"usher.capulet.lit\"\nsecret_file = \"/secret\"\n[[organization]]\n"
            "name = \"Capulet\"\ndomains = [\"capulet.lit\"]\noption = \"" +
                options[any(3)] + "\"\nusers_may_choose = " + (any(3) == 0 ? "false" : "true") + "\n" + rules,
            "usher.toml");
        Settings settings = read.value();
        make_ready(settings);
        if (policy_) {
            check(policy_->set_file(settings));
        } else {
            policy_ = PolicyNow::make(settings, *database_, [this] { return wall_; }).value();
        }
        answerer_.set_policy(policy_->policy(), policy_->settings_version());
    }
    void decide(int count)
    {
        std::vector<SubscriptionRequest> requests;
        for (int i = 0; i < count; ++i) {
            const std::string contact = "contact" + std::to_string(++made_);
            requests.push_back(
                {user(any(kUsers)),
                 Address::prepare(contact + "@" + (any(2) == 0 ? "capulet.lit" : domain(any(10)))).value(),
                 std::nullopt});
        }
        const auto judged = answerer_.judge(requests, Source::asked);
        check(judged);
        for (const Judged& one : *judged) {
            answered_ += one.decision.answer == Answer::leave ? 0U : 1U;
        }
        clock_.go_on();
        wall_ += kStep * count;
    }

    std::mt19937 engine_{22};
    std::unique_ptr<Database> database_;
    DecidingClock clock_;
    std::chrono::system_clock::time_point wall_ = std::chrono::system_clock::now() - std::chrono::days(31);
    ChoicesNow choices_{*database_};
    JournalNow journal_{*database_};
    std::unique_ptr<PolicyNow> policy_;
    AnswererNow answerer_{nullptr, choices_.choices, journal_.journal, clock_, [this] { return wall_; }};
    std::uint64_t made_ = 0;
    std::uint64_t answered_ = 0;
};

/// `expected`: decisions that have to differ.
void measure(const std::string& what, const Usherd& usherd, const std::vector<std::string>& arguments,
             int count, std::uint64_t expected)
{
    const std::filesystem::path socket = usherd.directory() / "control.sock";
    LoopDelay delay(socket);
    const auto begun = Clock::now();
    std::vector<std::string> command{"--json", "replay"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const auto ran = Usherctl(socket).run(command);
    const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
    const double held = delay.longest();
    if (!ran.errors.empty()) {
        throw std::runtime_error(ran.errors);
    }
    const auto replay = nlohmann::json::parse(ran.output);
    std::uint64_t different = 0;
    for (const auto& one : replay["differences"]) {
        different += one["count"].get<std::uint64_t>();
    }
    if (replay["decided"] != count || replay["not_decided"] != 0 || different != expected) {
        throw std::runtime_error(what + ": " + std::to_string(different) + " of " + replay["decided"].dump() +
                                 " differ, and " + replay["not_decided"].dump() +
                                 " were not decided; expected: " + std::to_string(expected) + " of " +
                                 std::to_string(count));
    }
    const double most = kMostSeconds * count / 1e6;
    std::cout << Row{"replay",
                     what,
                     fixed(seconds, 1) + " s; " + std::to_string(different) + " differ",
                     std::nullopt,
                     "at most " + fixed(most, 0) + " s",
                     seconds <= most}
              << Row{"replay",
                     what + ": the loop is held",
                     "at most " + fixed(held, 0) + " ms",
                     std::nullopt,
                     "at most " + fixed(kMostHeld, 0) + " ms",
                     held <= kMostHeld}
              << std::flush;
}

}  // namespace

}  // namespace usher::test

int main(int argc, char** argv)
{
    using namespace usher::test;
    return run_benchmark([&] {
        const int count = blocks(argc, argv, kThousands) * 1'000;
        const ReservedPort nobody;
        Usherd usherd({nobody.number(), "usher.capulet.lit", {}}, {.option = "prompt"});
        std::uint64_t answered = 0;
        {
            Filling filling((usherd.directory() / "usher.db").string());
            filling.fill(count);
            answered = filling.answered();
        }
        usherd.start();
        const std::string decisions = std::to_string(count) + " decisions under " +
                                      std::to_string(kGenerations) + " policies, made again";
        measure(decisions + ", each under its own", usherd, {"--own-policy"}, count, 0);
        measure(decisions + " under one that leaves all to users", usherd, {}, count, answered);
    });
}
