// The daemon as its administrator runs it: reload, stop, a store that does not work, a server that is not
// there.
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <fstream>

#include "loopback.h"
#include "private_postgres.h"
#include "stage.h"
#include "temporary_directory.h"

namespace usher::test
{

namespace
{

const std::string kNurse = "nurse@capulet.lit";

UsherdOptions with_option(const std::string& option)
{
    UsherdOptions options;
    options.option = option;
    return options;
}

UsherdConnection to_port(std::uint16_t port)
{
    return {.port = port, .entity = entity_address(Login::component), .certificate_authority = {}};
}

/// Another process that holds the database, as a backup or a careless administrator would.
class StoreLock
{
  public:
    explicit StoreLock(const std::filesystem::path& store)
        : holder_(Child::Program{{"/usr/bin/python3", "-c",
                                  "import sqlite3, sys\n"
                                  "store = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
                                  "store.execute('BEGIN IMMEDIATE')\n"
                                  "print('locked', flush=True)\n"
                                  "sys.stdin.read()\n",
                                  store},
                                 {},
                                 store.string() + ".lock-log",
                                 true})
    {
        pollfd locked{holder_.output(), POLLIN, 0};
        BOOST_REQUIRE(::poll(&locked, 1, remaining_ms(within(kPatience))) == 1);
        BOOST_REQUIRE((locked.revents & POLLIN) != 0);
    }

  private:
    Child holder_;
};

/// What a statement returns, as Python writes it.
std::string sql(const std::filesystem::path& store, const std::string& statement)
{
    const TemporaryDirectory directory;
    const std::filesystem::path output = directory.path() / "rows";
    run({"/usr/bin/python3", "-c",
         "import sqlite3, sys\n"
         "store = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
         "print(store.execute(sys.argv[2]).fetchall())\n",
         store, statement},
        output);
    std::ifstream rows(output);
    return {std::istreambuf_iterator<char>(rows), {}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lifecycle)

BOOST_AUTO_TEST_CASE(broken_reload_keeps_the_old_settings_and_a_good_one_takes_effect)
{
    UsherStage stage(Login::component, with_option("prompt"));
    WireClient& nurse = stage.enter(kNurse);
    WireClient& juliet = stage.enter(kJuliet);

    stage.usherd().write_settings(with_option("everyone"));
    stage.usherd().signal(SIGHUP);
    stage.usherd().wait_for_log(
        "organization.option: found \"everyone\"; accepted: all, organization, prompt");
    stage.usherd().wait_for_log("the previous settings stay in force");
    nurse.send(to(kJuliet, "subscribe"));
    juliet.expect(presence("subscribe", kNurse));

    // What waits is looked at again under the new policy.
    stage.usherd().write_settings(with_option("organization"));
    stage.usherd().signal(SIGHUP);
    nurse.expect(presence("subscribed", kJuliet));
}

BOOST_AUTO_TEST_CASE(a_file_that_ends_the_parser_neither_ends_nor_starts_a_daemon)
{
    const ReservedPort nobody;
    UsherdOptions deadly;
    deadly.organization = "rule = []\n[organization.rule.spam]\nfrom = [\"*\"]\n";
    Usherd usherd(to_port(nobody.number()), {});
    usherd.start();
    usherd.write_settings(deadly);
    for (int i = 0; i < 2; ++i) {
        usherd.signal(SIGHUP);
        usherd.wait_for_log("the previous settings stay in force");
        usherd.wait_for_notification("READY=1");
    }
    usherd.write_settings({});
    usherd.signal(SIGHUP);
    usherd.wait_for_log("read again: settings generation");
    BOOST_TEST(usherd.stop() == 0);
    usherd.write_settings(deadly);
    BOOST_TEST(usherd.run_to_its_end() == 3);
}

BOOST_AUTO_TEST_CASE(what_is_asked_while_the_file_is_read_is_answered_by_another_reading)
{
    const ReservedPort nobody;
    Usherd usherd(to_port(nobody.number()), {});
    usherd.start();
    usherd.write_settings(with_option("everyone"));
    usherd.signal(SIGHUP);
    usherd.wait_for_notification("RELOADING=1");
    usherd.write_settings(with_option("prompt"));  // perhaps too late for the first
    usherd.signal(SIGHUP);
    usherd.wait_for_log("read again: settings generation");
    BOOST_TEST(usherd.stop() == 0);
}

BOOST_AUTO_TEST_CASE(reading_does_not_outlast_sigterm)
{
    const ReservedPort nobody;
    UsherdOptions large;
    for (int i = 0; i < 20'000; ++i) {
        large.organization += rule({"eve" + std::to_string(i) + "@evil.example"}, "deny");
    }
    Usherd usherd(to_port(nobody.number()), {});
    usherd.start();
    usherd.write_settings(large);
    usherd.signal(SIGHUP);
    usherd.wait_for_notification("RELOADING=1");
    BOOST_TEST(usherd.stop() == 0);
}

BOOST_AUTO_TEST_CASE(broken_file_starts_no_daemon)
{
    Usherd usherd(to_port(5347), with_option("everyone"));
    BOOST_TEST(usherd.run_to_its_end() == 3);
    BOOST_TEST(
        usherd.log_text().find("usher.toml:11: organization.option: found \"everyone\"") != std::string::npos,
        usherd.log_text());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_recorded_is_left_to_the_user_and_answered_when_it_can_be)
{
    UsherStage stage(Login::component, with_option("organization"));
    WireClient& nurse = stage.enter(kNurse);
    WireClient& juliet = stage.enter(kJuliet);
    {
        const StoreLock lock(stage.usherd().directory() / "usher.db");
        nurse.send(to(kJuliet, "subscribe"));
        juliet.expect(presence("subscribe", kNurse));
        stage.usherd().wait_for_log("decisions were not recorded");
    }
    nurse.expect(presence("subscribed", kJuliet));
}

BOOST_AUTO_TEST_CASE(a_start_under_a_clock_that_is_far_ahead_deletes_nothing)
{
    UsherStage stage(Login::component, with_option("organization"));
    stage.person(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    nurse.send(to(kJuliet, "subscribe"));
    nurse.expect(presence("subscribed", kJuliet));
    stage.usherd().stop();
    const std::filesystem::path store = stage.usherd().directory() / "usher.db";
    // To usherd it is the same: what is recorded becomes two years older. An id has its time above 22 bits.
    sql(store, "UPDATE journal SET id = id - ((730 * 86400000) << 22), at = at - 730 * 86400000");
    stage.usherd().start();
    stage.usherd().wait_until_answering();
    BOOST_TEST(sql(store, "SELECT COUNT(*) FROM journal") == "[(1,)]\n");
}

BOOST_AUTO_TEST_CASE(server_that_is_not_there_is_tried_again_until_sigterm)
{
    const ReservedPort nobody;
    Usherd usherd(to_port(nobody.number()), {});
    usherd.start();
    usherd.wait_for_log("cannot connect to 127.0.0.1 port " + std::to_string(nobody.number()));
    usherd.wait_for_log("next attempt in");
    BOOST_TEST(usherd.stop() == 0);
}

// Whoever starts usherd does not wait with it, and it can be stopped and reloaded meanwhile.
BOOST_AUTO_TEST_CASE(a_store_that_is_not_there_is_waited_for_by_a_daemon_that_has_started)
{
    PrivatePostgres postgres;
    UsherdOptions options;
    options.store_url = postgres.url(postgres.create_database());
    postgres.stop();
    const ReservedPort nobody;
    Usherd usherd(to_port(nobody.number()), options);
    usherd.start({"WATCHDOG_USEC=200000"});
    BOOST_TEST(usherd.newest_status().starts_with("waiting for the store, "), usherd.newest_status());
    for (int i = 0; i < 5; ++i) {
        usherd.wait_for_notification("WATCHDOG=1");
    }
    for (const int number : {SIGTERM, SIGINT}) {
        usherd.signal(number);
        BOOST_TEST(usherd.wait_for_end() == 0);
        usherd.start();
    }
    usherd.signal(SIGHUP);
    usherd.wait_for_notification("RELOADING=1");
    usherd.wait_for_notification("READY=1");
    postgres.start();
    usherd.wait_for_status("connecting: ");
    BOOST_TEST(usherd.stop() == 0);
}

// What is mended is used, without a restart: here it is the name of the database.
BOOST_AUTO_TEST_CASE(a_daemon_that_waits_for_its_store_reads_the_file_again)
{
    const std::string database = shared_postgres().create_database();
    UsherdOptions options;
    options.store_url = shared_postgres().url("no_such_database");
    const ReservedPort nobody;
    Usherd usherd(to_port(nobody.number()), options);
    usherd.start();
    BOOST_TEST(usherd.newest_status().find("\"no_such_database\" does not exist") != std::string::npos,
               usherd.newest_status());
    const std::filesystem::path file = usherd.directory() / "usher.toml";
    const auto replace = [&file](const std::string& part, const std::string& by) {
        std::ifstream in(file);
        std::string text{std::istreambuf_iterator<char>(in), {}};
        text.replace(text.find(part), part.size(), by);
        std::ofstream(file) << text;
    };
    replace("option = \"prompt\"", "option = \"everyone\"");
    usherd.signal(SIGHUP);
    usherd.wait_for_log("is not valid: the previous settings stay in force");
    usherd.wait_for_notification("READY=1");
    replace("option = \"everyone\"", "option = \"prompt\"");
    replace("no_such_database", database);
    usherd.signal(SIGHUP);
    usherd.wait_for_status("connecting: ");
    BOOST_TEST(usherd.stop() == 0);
}

BOOST_AUTO_TEST_CASE(a_store_of_a_newer_usherd_is_not_waited_for)
{
    const std::string database = shared_postgres().create_database();
    shared_postgres().execute(
        database,
        "CREATE TABLE usher_schema (version INTEGER NOT NULL); INSERT INTO usher_schema VALUES (1000)");
    UsherdOptions options;
    options.store_url = shared_postgres().url(database);
    const ReservedPort nobody;
    Usherd usherd(to_port(nobody.number()), options);
    BOOST_TEST(usherd.run_to_its_end() == 1);
    BOOST_TEST(usherd.log_text().find("the database is of a newer version of usherd") != std::string::npos,
               usherd.log_text());
}

BOOST_AUTO_TEST_CASE(started_as_root_it_becomes_somebody_else)
{
    BOOST_REQUIRE_MESSAGE(::geteuid() == 0, "this test has to be run as root");
    UsherStage stage(Login::component, with_option("all"));
    stage.usherd().stop();
    stage.usherd().run_as("nobody");
    stage.usherd().start();
    stage.usherd().wait_until_answering();
    std::ifstream status("/proc/" + std::to_string(stage.usherd().id()) + "/status");
    const std::string text{std::istreambuf_iterator<char>(status), {}};
    BOOST_TEST(text.find("\nUid:\t65534\t65534\t65534\t65534\n") != std::string::npos, text);
    BOOST_TEST(text.find("\nGid:\t65534\t65534\t65534\t65534\n") != std::string::npos, text);
    BOOST_TEST(text.find("\nGroups:\t65534 \n") != std::string::npos, text);
    BOOST_TEST(text.find("\nCapEff:\t0000000000000000\n") != std::string::npos, text);
#ifndef __SANITIZE_ADDRESS__
    struct stat owner{};
    BOOST_TEST(::stat(("/proc/" + std::to_string(stage.usherd().id()) + "/environ").c_str(), &owner) == 0);
    BOOST_TEST(owner.st_uid == 0U, "others of its user can look into its memory");
#endif
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    romeo.expect(presence("subscribed", kJuliet));
    BOOST_TEST(!juliet.has_received(presence("subscribe", kRomeo)));
    stage.usherd().write_settings(with_option("prompt"));
    stage.usherd().signal(SIGHUP);
    stage.usherd().wait_for_log("read again: settings generation");
    BOOST_TEST(stage.usherd().stop() == 0);

    stage.usherd().run_as("nobody-of-that-name");
    BOOST_TEST(stage.usherd().run_to_its_end() == 2);
    BOOST_TEST(stage.usherd().log_text().find("there is no user \"nobody-of-that-name\" to run as") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(service_manager_is_told_of_reloads_good_and_bad)
{
    const ReservedPort nobody;
    Usherd usherd(to_port(nobody.number()), {});
    usherd.start();
    for (const char* option : {"prompt", "everyone"}) {
        usherd.write_settings(with_option(option));
        usherd.signal(SIGHUP);
        usherd.wait_for_notification("RELOADING=1");
        usherd.wait_for_notification("READY=1");  // or "systemctl reload" would wait for ever
    }
    BOOST_TEST(usherd.stop() == 0);
}

BOOST_AUTO_TEST_CASE(service_manager_that_watches_hears_of_life_again_and_again)
{
    const ReservedPort nobody;
    Usherd usherd(to_port(nobody.number()), {});
    usherd.start({"WATCHDOG_USEC=200000"});
    for (int i = 0; i < 5; ++i) {
        usherd.wait_for_notification("WATCHDOG=1");
    }
    BOOST_TEST(usherd.stop() == 0);
}

BOOST_AUTO_TEST_CASE(server_that_accepts_and_says_nothing_does_not_outlast_sigterm)
{
    // The kernel completes connections to a listening socket from which nobody accepts.
    const ReservedPort port;
    const Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port.number());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    BOOST_REQUIRE(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    BOOST_REQUIRE(::listen(listener.get(), 1) == 0);
    Usherd usherd(to_port(port.number()), {});
    usherd.start();
    pollfd connected{listener.get(), POLLIN, 0};
    BOOST_REQUIRE(::poll(&connected, 1, remaining_ms(within(kPatience))) == 1);
    BOOST_TEST(usherd.stop() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
