// What `usherd --check` says of a store on PostgreSQL.
#include "plugin/store/pg_trial.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "deadline.h"
#include "event_loop.h"
#include "plugin/store/database.h"
#include "plugin/store/schema.h"
#include "private_postgres.h"
#include "temporary_directory.h"

namespace usher
{

namespace
{

const std::string kUsable;

struct Store {
    Store()
    {
        server.execute("postgres", "DROP ROLE IF EXISTS guest");
        server.execute("postgres", "CREATE ROLE guest LOGIN");
    }
    ~Store() { server.execute(database, "DROP OWNED BY guest"); }

    /// What it says, `error: ` before what keeps usherd from using it.
    [[nodiscard]] std::string tried(const std::string& more_options = "") const
    {
        const auto outcome = try_postgres(server.options(database) + " " + more_options);
        return outcome ? *outcome : "error: " + outcome.error();
    }
    [[nodiscard]] bool says(const std::string& more_options, const std::string& part) const
    {
        const std::string said = tried(more_options);
        BOOST_TEST_INFO(said);
        return said.starts_with("error: ") && said.find(part) != std::string::npos;
    }
    void execute(const std::string& sql) const { server.execute(database, sql); }
    void make_tables() const { execute(schema_script(0)); }
    void grant_rights() const
    {
        execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO guest");
    }
    void forget_newest_migration() const
    {
        execute("DELETE FROM usher_schema WHERE version = " + std::to_string(schema_version()));
    }

    test::PrivatePostgres& server = test::shared_postgres();
    std::string database = server.create_database();
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(pg_trial, Store)

BOOST_AUTO_TEST_CASE(what_cannot_be_connected_to_is_named)
{
    BOOST_TEST(says("host=/nowhere", "\"/nowhere/.s.PGSQL."));
    BOOST_TEST(says("dbname=none", "database \"none\" does not exist"));
    BOOST_TEST(says("user=nobody", "role \"nobody\" does not exist"));
    BOOST_TEST(says("no_such_key=1", "no_such_key"));
}

BOOST_AUTO_TEST_CASE(a_server_that_keeps_silent_is_not_waited_for)
{
    server.pause();
    const std::string said = tried();
    server.resume();
    BOOST_TEST(said == "error: " + server.directory() + ": the server does not answer");
}

BOOST_AUTO_TEST_CASE(tables_that_usherd_will_make_are_no_error_and_are_not_made)
{
    BOOST_TEST(tried() == "it has no tables of usherd yet: they are made when it starts");
    BOOST_TEST(server.execute(database, "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'").at(0) ==
               "0");
    make_tables();
    BOOST_TEST(tried() == kUsable);
    forget_newest_migration();
    BOOST_TEST(says("", "") == false);
    BOOST_TEST(tried().find("of an older version of usherd") != std::string::npos);
    execute("INSERT INTO usher_schema VALUES (1000)");
    BOOST_TEST(says("", "of a newer version of usherd (schema 1000"));
}

BOOST_AUTO_TEST_CASE(a_role_without_rights_is_told_which_are_missing)
{
    const std::string guest = "user=guest";
    BOOST_TEST(
        tried(guest) ==
        "error: the database has no tables of usherd, and the role guest may not make them in the schema "
        "public: GRANT CREATE ON SCHEMA, or have their owner make them: usherd --print-schema");
    make_tables();
    BOOST_TEST(
        tried(guest) ==
        "error: the role guest has not all rights to archive_default, choice, choice_count, contact_exception, journal, lost_records, people_list, person, "
        "person_choice, person_choice_count, policy, policy_part, policy_text, revocation_wait, saved_setting, settings_version, shared_secret, usher_schema: GRANT SELECT, INSERT, UPDATE, DELETE");
    grant_rights();
    BOOST_TEST(tried(guest) == kUsable);
    execute("REVOKE DELETE ON policy FROM guest");
    BOOST_TEST(tried(guest) ==
               "error: the role guest has not all rights to policy: GRANT SELECT, INSERT, UPDATE, DELETE");
    grant_rights();
    forget_newest_migration();
    BOOST_TEST(
        says(guest, "have their owner do it: usherd --print-schema " + std::to_string(schema_version() - 1)));
}

// What the check names is in the schema, and the other way round.
BOOST_AUTO_TEST_CASE(all_tables_are_known)
{
    make_tables();
    std::vector<std::string> known = stored_tables();
    known.emplace_back(kSchemaTable);
    std::sort(known.begin(), known.end());
    BOOST_TEST(server.execute(database,
                              "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY "
                              "tablename COLLATE \"C\"") == known,
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_script_makes_the_tables_for_a_role_that_may_create_nothing)
{
    make_tables();
    grant_rights();
    test::EventLoop loop;
    const auto store = Database::open(server.url(database) + " user=guest", loop.base());
    std::optional<std::string> error;
    (*store)->run({.kind = Transaction::Kind::write,
                   .statements = {{"INSERT INTO choice_count VALUES ('capulet.lit', 1)"}}},
                  [&error](const auto& given) { error = given ? "" : given.error(); });
    loop.run_until([&error] { return error.has_value(); });
    BOOST_TEST(*error == "");
}

BOOST_AUTO_TEST_CASE(a_script_that_is_not_needed_leaves_the_tables_alone)
{
    make_tables();
    BOOST_CHECK_THROW(make_tables(), std::runtime_error);
    BOOST_TEST(tried() == kUsable);
}

BOOST_AUTO_TEST_CASE(a_server_that_is_read_only_is_none_for_usherd)
{
    make_tables();
    execute("ALTER DATABASE " + database + " SET default_transaction_read_only = on");
    BOOST_TEST(says("", "the server is read-only"));
    server.execute("postgres", "ALTER DATABASE " + database + " RESET default_transaction_read_only");
}

BOOST_AUTO_TEST_CASE(an_encoding_that_has_not_all_characters_is_refused)
{
    server.execute("postgres", "DROP DATABASE IF EXISTS latin");
    server.execute("postgres", "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    BOOST_TEST(says("dbname=latin", "the database has the encoding LATIN1, and needs UTF8"));
}

BOOST_AUTO_TEST_CASE(why_there_is_no_password_is_told)
{
    const std::filesystem::path rules = server.directory() + "/data/pg_hba.conf";
    const std::string before = [&rules] {
        std::ifstream in(rules);
        return std::string(std::istreambuf_iterator<char>(in), {});
    }();
    std::ofstream(rules) << "local all guest scram-sha-256\n" << before;
    server.execute("postgres", "SELECT pg_reload_conf()");
    const auto deadline = test::within(test::kPatience);
    while (!says("user=guest", "")) {  // until the server has read it
        BOOST_REQUIRE(test::Clock::now() < deadline);
    }
    BOOST_TEST(says("user=guest", "no password supplied (the url names no passfile)"));
    const test::TemporaryDirectory directory;
    const std::string passfile = (directory.path() / "pgpass").string();
    const std::string options = "user=guest passfile=" + passfile;
    BOOST_TEST(says(options, "(" + passfile + ": No such file or directory)"));
    std::ofstream(passfile) << "other:*:*:*:secret\n";
    std::filesystem::permissions(passfile, std::filesystem::perms(0640));
    BOOST_TEST(says(
        options, "(" + passfile + " is ignored because others than its owner have rights to it: chmod 600)"));
    std::filesystem::permissions(passfile, std::filesystem::perms(0600));
    BOOST_TEST(says(options, "(" + passfile + " has no line for this host, port, database and role)"));
    std::ofstream(passfile) << "*:*:*:*:wrong\n";
    BOOST_TEST(says(options, "password authentication failed for user \"guest\""));
    std::ofstream(rules) << before;
    server.execute("postgres", "SELECT pg_reload_conf()");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
