// What the daemon may do on its machine, and what can be learnt there of secrets and of what strangers write.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "stage.h"
#include "usherctl.h"

namespace usher::test
{

namespace
{

const std::string kNurse = "nurse@capulet.lit";

std::string content(const std::filesystem::path& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string process(const Usherd& usherd, const std::string& what)
{
    return content("/proc/" + std::to_string(usherd.id()) + "/" + what);
}

/// A shell script that takes everything away from what it becomes: the file system but for one folder, all
/// capabilities, and becoming root by set-user-ID programs. As the unit does it.
const std::string kConfine = R"(
set -e
mount --bind "$0" "$0"
findmnt --noheadings --list --output TARGET | while read -r place; do
    [ "$place" = "$0" ] || mount -o remount,bind,ro "$place"
done
for place in /tmp /var/tmp /dev/shm /run /etc; do
    if touch "$place/probe-of-usher-tests" 2>/dev/null; then
        echo "$place can be written to" >&2
        exit 1
    fi
done
exec setpriv --reuid nobody --regid nogroup --clear-groups --inh-caps -all --bounding-set -all --no-new-privs "$@"
)";

}  // namespace

BOOST_AUTO_TEST_SUITE(least_privilege)

// Fails where root may not mount, as in some containers.
BOOST_AUTO_TEST_CASE(needs_no_capability_and_writes_to_its_own_folder_only)
{
    UsherStage stage(Login::component, {.option = "all"});
    Usherd& usherd = stage.usherd();
    usherd.stop();
    std::filesystem::remove(usherd.directory() / "usher.db");
    usherd.run_as("nobody");
    usherd.run_under({"/usr/bin/unshare", "--mount", "/bin/sh", "-c", kConfine, usherd.directory()});
    usherd.start();
    usherd.wait_until_answering();
    const std::string status = process(usherd, "status");
    for (const char* line :
         {"\nCapInh:\t0000000000000000\n", "\nCapPrm:\t0000000000000000\n", "\nCapEff:\t0000000000000000\n",
          "\nCapBnd:\t0000000000000000\n", "\nCapAmb:\t0000000000000000\n", "\nNoNewPrivs:\t1\n"}) {
        BOOST_TEST(status.find(line) != std::string::npos, status);
    }

    stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    romeo.expect(presence("subscribed", kJuliet));
    usherd.signal(SIGHUP);
    usherd.wait_for_log("read again: settings generation");
    const Usherctl usherctl(usherd.directory() / "control.sock");
    BOOST_TEST(usherctl.done({"journal"}).find(kRomeo) != std::string::npos);

    for (const char* file : {"usher.db", "usher.db-wal", "usher.db-shm"}) {
        struct stat state{};
        BOOST_REQUIRE(::stat((usherd.directory() / file).c_str(), &state) == 0);
        BOOST_TEST((state.st_mode & 07777U) == 0600U, file << " is for others too");
    }
    BOOST_TEST(usherd.stop() == 0);
}

BOOST_DATA_TEST_CASE(secrets_and_what_strangers_write_are_found_nowhere, kLogins, login)
{
    UsherdOptions options{.option = "organization"};
    UsherStage stage(login, options);
    Usherd& usherd = stage.usherd();
    const std::string text = "thou-art-no-romeo";
    const auto subscribe = [&text](WireClient& contact) {
        contact.send("<presence type='subscribe' to='" + kJuliet + "'><status>" + text +
                     "</status><nick xmlns='http://jabber.org/protocol/nick'>" + text + "</nick></presence>");
    };
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    WireClient& romeo = stage.enter(kRomeo);
    subscribe(nurse);
    nurse.expect(presence("subscribed", kJuliet));
    subscribe(romeo);
    juliet.expect(presence("subscribe", kRomeo));

    // It waits, with the text: listed, explained and read again.
    const Usherctl usherctl(usherd.directory() / "control.sock");
    std::string said;
    for (const std::vector<std::string>& command : {std::vector<std::string>{"status"},
                                                    {"check"},
                                                    {"waiting"},
                                                    {"explain", kJuliet, kRomeo},
                                                    {"review"},
                                                    {"journal"},
                                                    {"reload"}}) {
        said += usherctl.done(command);
    }
    BOOST_TEST(said.find(kRomeo) != std::string::npos);
    said += process(usherd, "cmdline") + process(usherd, "environ") + usherd.check_online().report;
    BOOST_TEST(said.find(text) == std::string::npos, said);
    BOOST_TEST(said.find(kPassword) == std::string::npos, said);

    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(usherd.directory())) {
        if (entry.is_regular_file() && entry.path().filename() != "secret") {
            const std::string bytes = content(entry.path());
            names.push_back(entry.path().filename());
            BOOST_TEST(bytes.find(text) == std::string::npos, names.back());
            BOOST_TEST(bytes.find(kPassword) == std::string::npos, names.back());
        }
    }
    for (const char* name : {"usher.db", "usherd.log", "usher.toml"}) {
        BOOST_TEST(std::count(names.begin(), names.end(), name) == 1, name);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
