// The store as its administrator handles it: the README's commands for backup and restore, and files that go away
// while usherd runs.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "stage.h"
#include "usherctl.h"

namespace usher::test
{

namespace
{

const std::string kNurse = "nurse@capulet.lit";

UsherdOptions approve_all()
{
    UsherdOptions options;
    options.users_may_choose = true;
    options.option = "all";
    return options;
}

struct StoreStage : UsherStage {
    StoreStage() : UsherStage(Login::component, approve_all()) {}

    [[nodiscard]] std::filesystem::path store() { return usherd().directory() / "usher.db"; }
    [[nodiscard]] Usherctl usherctl() { return Usherctl(usherd().directory() / "control.sock"); }
    /// A client of a new account that asks Juliet.
    WireClient& ask_as(const std::string& contact)
    {
        WireClient& client = enter(contact);
        client.send(to(kJuliet, "subscribe"));
        return client;
    }
};

std::string read(const std::filesystem::path& path)
{
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string metrics(const Usherd& usherd)
{
    const std::filesystem::path output = usherd.directory() / "metrics";
    run({"/usr/bin/curl", "--silent", "--unix-socket", usherd.directory() / "control.sock",
         "http://usher/metrics"},
        output);
    return read(output);
}

/// The commands of the README's section, for this daemon.
std::vector<std::string> commands(const std::filesystem::path& directory)
{
    const std::filesystem::path output = directory / "commands";
    run({USHER_README_COMMANDS, "Backup, restore, moving"}, output);
    std::istringstream lines(read(output));
    std::vector<std::string> commands;
    for (std::string line; std::getline(lines, line);) {
        // What is the machine's: the daemon's user and directory.
        line = std::regex_replace(line, std::regex("runuser -u usher -- "), "");
        line = std::regex_replace(line, std::regex("-o usher -g usher "), "");
        line = std::regex_replace(line, std::regex("/var/lib/usher"), directory.string());
        commands.push_back(line);
    }
    BOOST_TEST_REQUIRE(commands.size() > 2U);
    return commands;
}

void execute(Usherd& usherd, const std::string& command)
{
    BOOST_TEST_MESSAGE(command);
    if (command == "systemctl stop usher") {
        BOOST_TEST(usherd.stop() == 0);
    } else if (command == "systemctl start usher") {
        usherd.start();
        usherd.wait_until_answering();
    } else {
        run({"/bin/sh", "-ec", command}, usherd.directory() / "command-log");
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(backup)

BOOST_FIXTURE_TEST_CASE(the_readme_s_commands_back_up_a_running_daemon_and_restore_it, StoreStage)
{
    const std::vector<std::string> all = commands(usherd().directory());
    person(kJuliet);
    ask_as(kRomeo).expect(presence("subscribed", kJuliet));
    usherctl().done({"option", kJuliet, "prompt"});
    execute(usherd(), all[0]);
    usherctl().done({"option", kJuliet, "all"});
    ask_as(kNurse).expect(presence("subscribed", kJuliet));
    for (auto command = all.begin() + 1; command != all.end(); ++command) {
        execute(usherd(), *command);
    }
    BOOST_TEST(usherctl().done({"option", kJuliet}).find("(prompt)") != std::string::npos);
    const std::string journal = usherctl().done({"journal"});
    BOOST_TEST(journal.find(kRomeo) != std::string::npos, journal);
    BOOST_TEST(journal.find(kNurse) == std::string::npos, journal);
}

BOOST_FIXTURE_TEST_CASE(a_store_that_was_moved_approves_nothing_until_it_is_back, StoreStage)
{
    WireClient& juliet = enter(kJuliet);
    const std::filesystem::path away = usherd().directory() / "away.db";
    std::filesystem::rename(store(), away);
    usherd().wait_for_log("the store cannot be used");  // though nobody asks anything
    WireClient& romeo = ask_as(kRomeo);
    juliet.expect(presence("subscribe", kRomeo));
    BOOST_TEST(usherctl().done({"status"}).find("\nTHE STORE CANNOT BE WRITTEN") != std::string::npos);
    const std::string why = usherctl().json("GET", "/v1/status", {"status"})["store_error"];
    BOOST_TEST(why.find("usher.db was removed or moved") != std::string::npos, why);
    BOOST_TEST(metrics(usherd()).find("\nusher_store_failing 1\n") != std::string::npos);
    BOOST_TEST(usherctl().refused({"option", kJuliet, "prompt"}).find("removed or moved") !=
               std::string::npos);
    BOOST_TEST(!std::filesystem::exists(store()));
    BOOST_TEST(!romeo.has_received(presence("subscribed", kJuliet)));
    std::filesystem::rename(away, store());
    romeo.expect(presence("subscribed", kJuliet));
    BOOST_TEST(usherctl().json("GET", "/v1/status", {"status"})["store_error"] == "");
}

BOOST_FIXTURE_TEST_CASE(a_store_that_was_removed_is_made_anew_by_a_restart_only, StoreStage)
{
    WireClient& juliet = enter(kJuliet);
    for (const char* end : {"", "-wal", "-shm"}) {
        std::filesystem::remove(store().string() + end);
    }
    WireClient& romeo = ask_as(kRomeo);
    juliet.expect(presence("subscribe", kRomeo));
    BOOST_TEST(!std::filesystem::exists(store()));
    BOOST_TEST(usherd().stop() == 0);
    usherd().start();
    romeo.expect(presence("subscribed", kJuliet));
    BOOST_TEST(usherd().log_text().find("usher.db is made: the store is new, and empty") !=
               std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
