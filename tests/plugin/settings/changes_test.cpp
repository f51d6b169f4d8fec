// Which changes need a restart.
#include "plugin/settings/changes.h"

#include <boost/test/unit_test.hpp>

#include "settings_files.h"

using namespace usher;
using namespace usher::test;

BOOST_AUTO_TEST_SUITE(changes)

BOOST_AUTO_TEST_CASE(what_a_reload_cannot_change_is_named)
{
    const Settings running = valid(kStart);
    BOOST_TEST(need_restart(running, running).empty());
    Settings wanted = running;
    wanted.organizations.front().option = Option::prompt;
    wanted.organizations.front().stock = true;
    wanted.connection.stock_reads_per_second = 5;
    wanted.limits.per_user = 5;
    wanted.store.journal_days = 7;
    wanted.log_level = "debug";
    wanted.ldap.url = "ldaps://ldap.example.org";
    BOOST_TEST(need_restart(running, wanted).empty());
    wanted.connection.host = "localhost";
    wanted.connection.password_file = "/q";
    wanted.store.url = "sqlite3:///tmp/other.db";
    wanted.control_socket = "/tmp/s";
    BOOST_TEST(need_restart(running, wanted) ==
               (std::vector<std::string>{"connection.host", "connection.password_file", "store.url",
                                         "control.socket"}));
}

BOOST_AUTO_TEST_SUITE_END()
