// A store moves to the other kind of database, and back.
#include "plugin/store/copy_store.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "event_loop.h"
#include "plugin/store/database.h"
#include "private_postgres.h"
#include "sqlite_file.h"
#include "temporary_directory.h"

namespace usher
{

namespace
{

using Table = std::vector<std::vector<std::string>>;

/// More than a page, and no whole number of statements.
constexpr int kManyRecords = 2'345;
/// Of all tables.
constexpr int kRows = kManyRecords + 27;

/// Rows in all tables, with a value in each of their columns.
const char* const kContent[] = {
    R"(INSERT INTO journal VALUES
        (-5, 1, 'subscribe', 'Öffentlich''s "one"', 'ro\meo@montague.lit', '😀@xn--bcher-kva.example', 'from', 1,
            2, 3, 4, 1, 'organization', 'approve', 'in_organization', 7, 1, 'admin@capulet.lit', 8,
            9, 'contact', 'refused', 'blocked', '{"contact":["Vorstände"]}', 'always_ask montague.lit'),
        (0, 1795000000, '', '', 'a/b@capulet.lit', 'capulet.lit', NULL, 0, 0, 0, 0, 0, NULL, 'leave', '', -1, 2,
            NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL),
        (9223372036854775807, -1, 'x', 'y', 'ß@capulet.lit', '$1@montague.lit', 'none', 0, 2147483647, 0, 0, 1, 'all',
            'deny', 'foreign_user', 2147483647, 9223372036854775807, '', 0, 0, '', 'sent', '', '{"user":["sales"]}', ''))",
    "INSERT INTO choice VALUES ('juliet@capulet.lit', 'all', 'capulet.lit', 5), ('Z', 'prompt', '', 0), ('ä', 'x', 'y', 1)",
    "INSERT INTO choice_count VALUES ('capulet.lit', 2)",
    R"(INSERT INTO saved_setting VALUES ('', 'One', 'option', '', 'all', 'admin@capulet.lit', 3),
        ('capulet.lit', 'One', 'option', 'capulet.lit a.example', 'prompt', 'admin@capulet.lit', 4),
        ('capulet.lit', 'Two', 'domains', 'capulet.lit', 'capulet.lit', 'admin@capulet.lit', 5))",
    "INSERT INTO policy VALUES (2, 10, -1, 20), (7, 11, 20, NULL)",
    "INSERT INTO policy_part VALUES (2, 0, 1), (2, 1, 4), (7, 0, 4)",
    "INSERT INTO policy_text VALUES (1, -9223372036854775808, 'option = \"all\"', 'ab12'), (4, NULL, '', NULL)",
    "INSERT INTO shared_secret VALUES (0, 'secret')",
    R"(INSERT INTO person VALUES ('capulet.lit', 'juliet@capulet.lit', 'Juliet "J" Capulet', 'Juliet', 'Capulet', 'Jüle',
        'juliet@post.capulet.lit'), ('montague.lit', 'a@montague.lit', '', '', '', '', ''))",
    "INSERT INTO people_list VALUES ('capulet.lit', 1795000000)",
    "INSERT INTO person_choice VALUES ('juliet@capulet.lit', 'capulet.lit', 1, 0, 5, 1), ('b', '', NULL, NULL, 0, 2)",
    "INSERT INTO person_choice_count VALUES (0, 2)",
    "INSERT INTO contact_exception VALUES ('juliet@capulet.lit', 'montague.lit', 'never_accept', 'capulet.lit', 5)",
    "INSERT INTO archive_default VALUES ('capulet.lit', 'juliet@capulet.lit', 'never', '', 1, 1795000000), ('b', 'a@b', '', 'roster', 0, -1)",
    "INSERT INTO revocation_wait VALUES ('Capulet', 1795000000, 0, '7 1795000001'), ('', 0, -1, '')",
    "INSERT INTO lost_records VALUES (0, 9223372036854775807)",
    "UPDATE settings_version SET version = 12",
};

struct Stores {
    Stores()
    {
        make(file("source.db"));
        test::SqliteFile source(file("source.db"));
        for (const char* statement : kContent) {
            source.run(statement);
        }
        source.run(
            "WITH RECURSIVE many (id) AS (SELECT 10 UNION ALL SELECT id + 1 FROM many LIMIT " +
            std::to_string(kManyRecords - 3) +
            ") INSERT INTO journal SELECT id, id, 's', 'o', 'u' || id, 'c', NULL, 0, 0, 0, 0, 0, NULL, 'a', "
            "'r', 0, 1, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL FROM many");
    }

    [[nodiscard]] std::string file(const std::string& name) const
    {
        return (directory.path() / name).string();
    }
    [[nodiscard]] std::string sqlite(const std::string& name) const { return "sqlite3://" + file(name); }
    static void make(const std::string& path)
    {
        const auto made = Database::open("sqlite3://" + path);
        BOOST_REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error()));
    }
    /// What was copied; or the error, without the name of the store.
    static std::string copy(
        const std::string& from, const std::string& to, const CopyProgress& progress = [](auto, auto) {})
    {
        const auto copied = copy_store(from, to, progress);
        if (copied) {
            return std::to_string(*copied);
        }
        const std::string& url = copied.error().starts_with(from + ": ") ? from : to;
        return copied.error().substr(url.size() + 2);
    }
    [[nodiscard]] std::string records_on_server() const
    {
        return server.execute(database, "SELECT COUNT(*) FROM journal").at(0);
    }

    test::TemporaryDirectory directory;
    test::PrivatePostgres& server = test::shared_postgres();
    std::string database = server.create_database();
    std::string postgres = server.url(database);
};

std::vector<std::string> tables(test::SqliteFile& file)
{
    return file.column("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
}

Table sorted_rows(test::SqliteFile& file, const std::string& table)
{
    Table rows = file.rows("SELECT * FROM " + table);
    std::sort(rows.begin(), rows.end());
    return rows;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(store_copy, Stores)

BOOST_AUTO_TEST_CASE(a_copy_to_postgresql_and_back_has_every_row_and_every_column_of_every_table)
{
    BOOST_TEST(copy(sqlite("source.db"), postgres) == std::to_string(kRows));
    BOOST_TEST(records_on_server() == std::to_string(kManyRecords));
    BOOST_TEST(copy(postgres, sqlite("back.db")) == std::to_string(kRows));
    test::SqliteFile source(file("source.db"));
    test::SqliteFile back(file("back.db"));
    const std::vector<std::string> all = tables(source);
    BOOST_TEST(all == tables(back), boost::test_tools::per_element());
    for (const std::string& table : all) {
        BOOST_TEST(bool(sorted_rows(source, table) == sorted_rows(back, table)), table);
        // So that none is forgotten here that a later version has.
        for (const std::string& column :
             source.column("SELECT name FROM pragma_table_info('" + table + "')")) {
            BOOST_TEST(source.number("SELECT COUNT(" + column + ") FROM " + table) > 0,
                       table << "." << column << " has no value in this test");
        }
    }
}

BOOST_AUTO_TEST_CASE(how_far_it_is_is_told)
{
    std::vector<std::int64_t> rows;
    BOOST_TEST(copy(sqlite("source.db"), postgres, [&rows](std::int64_t done, std::int64_t of) {
                   rows.push_back(done);
                   BOOST_TEST(of == kRows);
               }) == std::to_string(kRows));
    BOOST_TEST(rows.front() == 0);
    BOOST_TEST(rows.at(1) == 1'000);
    BOOST_TEST(rows.back() == kRows);
}

BOOST_AUTO_TEST_CASE(a_target_that_has_rows_is_refused)
{
    Stores::make(file("target.db"));
    test::SqliteFile(file("target.db")).run("INSERT INTO choice_count VALUES ('a', 1), ('b', 2)");
    BOOST_TEST(copy(sqlite("source.db"), sqlite("target.db")) == "it is not empty: 2 rows in choice_count");
    BOOST_TEST(copy(sqlite("source.db"), postgres) == std::to_string(kRows));
    BOOST_TEST(copy(sqlite("source.db"), postgres) ==
               "it is not empty: " + std::to_string(kManyRecords) + " rows in journal");
    BOOST_TEST(copy(postgres, postgres) == "it is the same store");
}

BOOST_AUTO_TEST_CASE(a_source_that_somebody_uses_is_refused)
{
    {
        const auto usherd = Database::open(sqlite("source.db"));
        BOOST_TEST(copy(sqlite("source.db"), postgres) ==
                   "another process has it open; if that is usherd, stop it first");
    }
    BOOST_TEST(copy(sqlite("source.db"), postgres) == std::to_string(kRows));

    test::EventLoop loop;
    auto usherd = Database::open(postgres, loop.base());
    bool connected = false;
    (*usherd)->run({.queue = Transaction::Queue::requests, .statements = {{"SELECT 1"}}},
                   [&connected](const auto& given) { connected = given.has_value(); });
    loop.run_until([&connected] { return connected; });
    BOOST_TEST(copy(postgres, sqlite("back.db")) == "usherd uses it (processes: 1); stop it first");
    usherd->reset();
    // The server notices a little later that it has gone.
    while (server.execute(database, "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory'").at(0) !=
           "0") {
    }
    BOOST_TEST(copy(postgres, sqlite("back.db")) == std::to_string(kRows));
}

// usherd cannot be started meanwhile: what it would write would be missing in the copy.
BOOST_AUTO_TEST_CASE(nobody_can_use_the_source_meanwhile)
{
    std::optional<std::string> error;
    BOOST_TEST(copy(sqlite("source.db"), postgres, [&](auto, auto) {
                   if (!error) {
                       const auto usherd = Database::open(sqlite("source.db"));
                       error = usherd ? "" : usherd.error();
                   }
               }) == std::to_string(kRows));
    BOOST_TEST(error.value() == "database is locked");

    error.reset();
    BOOST_TEST(copy(postgres, sqlite("back.db"), [&](auto, auto) {
                   if (error) {
                       return;
                   }
                   test::EventLoop loop;
                   const auto usherd = Database::open(postgres, loop.base());
                   (*usherd)->run({.queue = Transaction::Queue::requests, .statements = {{"SELECT 1"}}},
                                  [&error](const auto& given) { error = given ? "" : given.error(); });
                   loop.run_until([&error] { return error.has_value(); });
               }) == std::to_string(kRows));
    BOOST_TEST(error.value() == "1024 processes use this store");
}

/// Thrown where the process would end.
struct Interrupted : std::runtime_error {
    Interrupted() : std::runtime_error("interrupted") {}
};

BOOST_AUTO_TEST_CASE(an_interrupted_copy_leaves_the_target_empty_and_can_be_begun_again)
{
    const auto interrupt = [](std::int64_t rows, std::int64_t) {
        if (rows >= 2'000) {
            throw Interrupted();
        }
    };
    for (const std::string& target : {postgres, sqlite("target.db")}) {
        BOOST_TEST_CONTEXT(target)
        {
            BOOST_TEST(copy(sqlite("source.db"), target, interrupt) == "interrupted");
            BOOST_TEST(copy(sqlite("source.db"), target) == std::to_string(kRows));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_server_that_is_lost_on_the_way_has_nothing)
{
    BOOST_TEST(copy(sqlite("source.db"), postgres, [this](std::int64_t rows, std::int64_t) {
                   if (rows == 2'000) {
                       server.kill();
                       server.start();
                   }
               }).find("server closed the connection") != std::string::npos);
    BOOST_TEST(records_on_server() == "0");
    BOOST_TEST(copy(sqlite("source.db"), postgres) == std::to_string(kRows));
}

BOOST_AUTO_TEST_CASE(rows_that_somebody_else_writes_meanwhile_fail_the_copy)
{
    bool written = false;
    BOOST_TEST(copy(sqlite("source.db"), postgres, [&](auto, auto) {
                   if (!std::exchange(written, true)) {
                       server.execute(database, "INSERT INTO choice_count VALUES ('a', 1)");
                   }
               }) == "it has other rows than the source had: somebody has changed one of the two");
    BOOST_TEST(records_on_server() == "0");
}

BOOST_AUTO_TEST_CASE(a_store_that_is_not_there_is_not_made)
{
    BOOST_TEST(copy(sqlite("none.db"), postgres) == "unable to open database file");
    BOOST_TEST(copy(postgres, sqlite("target.db")) == "the database has no tables of usherd");
    BOOST_TEST(!std::filesystem::exists(file("none.db")));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
