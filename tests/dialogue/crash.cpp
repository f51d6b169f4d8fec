// What a crash of the daemon leaves of what its users chose.
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <random>
#include <thread>

#include "servers.h"
#include "stage.h"
#include "usherctl.h"

namespace usher::test
{

namespace
{

constexpr int kCrashes = 200;

UsherdOptions users_may_choose()
{
    UsherdOptions options;
    options.users_may_choose = true;
    return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(crash)

BOOST_AUTO_TEST_CASE(confirmed_choice_survives_a_kill_at_any_moment_around_it)
{
    UsherStage stage(Login::component, users_may_choose());
    stage.person(kJuliet);  // or what was chosen would be a deleted account's
    const Usherctl usherctl(stage.usherd().directory() / "control.sock");
    const auto change = [&usherctl](const std::string& option) {
        return usherctl.run({"option", kJuliet, option}).status == 0;
    };

    const Clock::time_point before = Clock::now();
    BOOST_TEST_REQUIRE(change("organization"));
    const std::chrono::duration<double> duration = Clock::now() - before;
    std::string chosen = "organization";

    const auto seed = std::random_device()();
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937 random(seed);
    // How long a change takes depends on what else the machine does at that time: the moments follow it.
    std::chrono::duration<double> latest = duration * 1.5;
    std::uniform_real_distribution<double> part(0, 1);
    int confirmed = 0;
    int lost = 0;
    for (int i = 0; i < kCrashes; ++i) {
        const std::string wanted = chosen == "organization" ? "all" : "organization";
        bool done = false;
        std::thread client([&] { done = change(wanted); });
        std::this_thread::sleep_for(latest * part(random));  // the fault's own time
        stage.usherd().kill();
        client.join();
        stage.usherd().start();
        const std::string now = usherctl.json("GET", "/v1/option/{user}", {"option", kJuliet})["chosen"];
        BOOST_TEST((now == wanted || now == chosen), "seed " << seed << ", crash " << i << ": " << now);
        confirmed += done ? 1 : 0;
        latest *= done ? 0.95 : 1.05;
        lost += done && now != wanted ? 1 : 0;
        chosen = now;
    }
    BOOST_TEST(lost == 0, "seed " << seed);
    BOOST_TEST_MESSAGE(confirmed << " of " << kCrashes << " changes were confirmed before the kill");
    // Or the moments were not around the change, and this has shown nothing.
    BOOST_TEST(confirmed > 0);
    BOOST_TEST(confirmed < kCrashes);

    // It is in force, not only shown.
    if (chosen != "all") {
        BOOST_TEST(change("all"));
    }
    stage.usherd().kill();
    stage.usherd().start();
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    romeo.expect(presence("subscribed", kJuliet));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
