// The store on PostgreSQL: transactions, and what happens when the server does not do what it should.
#include "plugin/store/postgres_database.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "event_loop.h"
#include "integration/base/event_clock.h"
#include "plugin/store/choices.h"
#include "plugin/store/journal.h"
#include "plugin/store/person_choices.h"
#include "plugin/store/pg_connection.h"
#include "plugin/store/saved_settings.h"
#include "plugin/store/schema.h"
#include "private_postgres.h"
#include "temporary_directory.h"

namespace usher
{

namespace
{

using Kind = Transaction::Kind;
using Queue = Transaction::Queue;
using Result = tl::expected<StepRows, std::string>;

/// `7`, `"text"`, `NULL`.
std::string shown(const StoredValue& value)
{
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
        return std::to_string(*number);
    }
    const auto* text = std::get_if<std::string>(&value);
    return text != nullptr ? '"' + *text + '"' : "NULL";
}

const Statement kCount{"SELECT COUNT(*) FROM choice"};

Statement set_choice(const std::string& user, const std::string& option = "all")
{
    return {"INSERT INTO choice (user_address, option_name) VALUES ($1, $2)", {user, option}};
}

JournalRecord record_of(std::int64_t id)
{
    const Address juliet = Address::prepare("juliet@capulet.lit").value();
    return {.id = id,
            .at = {},
            .organization = "Capulet",
            .request = {juliet, juliet, std::nullopt},
            .facts = {},
            .decision = {}};
}

/// A database of its own, empty at first.
struct Store {
    [[nodiscard]] std::unique_ptr<Database> open(Database::Access access = Database::Access::write,
                                                 const std::string& more_options = "")
    {
        return PostgresDatabase::open(server.options(name) + " " + more_options, loop.base(), access).value();
    }
    Result run(Database& database, Transaction transaction)
    {
        std::optional<Result> given;
        database.run(std::move(transaction), [&given](Result result) { given = std::move(result); });
        BOOST_TEST(!given.has_value());  // it comes later, whatever it is
        loop.run_until([&given] { return given.has_value(); });
        return *std::move(given);
    }
    /// What it gave; fails the test if it is an error.
    StepRows rows(Database& database, Transaction transaction)
    {
        Result result = run(database, std::move(transaction));
        BOOST_REQUIRE_MESSAGE(result.has_value(), (result ? "" : result.error()));
        return *std::move(result);
    }
    std::string value(Database& database, Statement statement, Queue queue = Queue::other)
    {
        return shown(
            rows(database, {.queue = queue, .statements = {std::move(statement)}}).at(0).rows.at(0).at(0));
    }
    /// Its error; "" if there is none.
    std::string error(Database& database, Transaction transaction)
    {
        const Result result = run(database, std::move(transaction));
        return result ? "" : result.error();
    }
    /// The error of what is called back; "" if it is none.
    template <typename Ask>
    std::string error_of(const Ask& ask)
    {
        std::optional<std::string> error;
        ask([&error](const auto& given) { error = given ? "" : given.error(); });
        loop.run_until([&error] { return error.has_value(); });
        return *error;
    }
    bool writable(Database& database)
    {
        std::optional<bool> given;
        database.writable([&given](bool writable) { given = writable; });
        loop.run_until([&given] { return given.has_value(); });
        return *given;
    }
    /// Another process, in a transaction that has executed this; it ends with the connection.
    std::unique_ptr<PgConnection> hold(const std::string& sql)
    {
        const auto held = std::make_shared<bool>(false);
        const auto self = std::make_shared<PgConnection*>(nullptr);
        auto other = std::make_unique<PgConnection>(
            loop.base(), server.options(name), "tests",
            PgConnection::Calls{.connected =
                                    [=] {
                                        (*self)->send({{"BEGIN"}, {sql}},
                                                      [held](const auto& rows) { *held = rows.has_value(); });
                                    },
                                .lost = [](const std::string&) {}});
        *self = other.get();
        loop.run_until([held] { return *held; });
        return other;
    }
    /// Until both queues have a connection.
    void wait_for(Database& database)
    {
        loop.run_until([&] {
            return run(database, {.queue = Queue::requests, .statements = {kCount}}).has_value() &&
                   run(database, {.queue = Queue::other, .statements = {kCount}}).has_value();
        });
    }
    [[nodiscard]] std::unique_ptr<Database> open_and_wait()
    {
        auto database = open();
        wait_for(*database);
        return database;
    }
    void make_schema() { const auto made = open_and_wait(); }
    /// Until a question to the server gives that.
    void wait_until(const std::string& sql, const std::string& wanted) const
    {
        const auto deadline = test::within(test::kPatience);
        while (server.execute(name, sql).at(0) != wanted) {
            if (test::Clock::now() > deadline) {
                throw std::runtime_error(sql + " does not become " + wanted);
            }
        }
    }

    test::PrivatePostgres& server = test::shared_postgres();
    std::string name = server.create_database();
    test::EventLoop loop;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(postgres, Store)

// ---- transactions

struct ValueCase {
    const char* name;
    Statement statement;
    const char* value;
};
std::ostream& operator<<(std::ostream& out, const ValueCase& one)
{
    return out << one.name;
}
const ValueCase kValueCases[] = {
    {"null", {"SELECT NULL"}, "NULL"},
    {"null_given", {"SELECT CAST($1 AS BIGINT)", {std::monostate()}}, "NULL"},
    {"smallint", {"SELECT CAST(-3 AS SMALLINT)"}, "-3"},
    {"integer", {"SELECT 2147483647"}, "2147483647"},
    {"bigint", {"SELECT CAST($1 AS BIGINT)", {INT64_MIN}}, "-9223372036854775808"},
    {"count", {"SELECT COUNT(*) FROM usher_schema WHERE version < 0"}, "0"},
    {"sum_of_bigint", {"SELECT SUM(id) FROM (VALUES (5000000000), (1)) AS one (id)"}, "5000000001"},
    {"condition", {"SELECT 1 = 1"}, "1"},
    {"condition_not_met", {"SELECT 1 = 2"}, "0"},
    {"text", {"SELECT CAST($1 AS TEXT)", {"r\u00f6meo's \"\\ $1"}}, "\"r\u00f6meo's \"\\ $1\""},
    {"text_of_digits", {"SELECT CAST($1 AS TEXT)", {"0012"}}, "\"0012\""},
    {"empty_text", {"SELECT CAST($1 AS TEXT)", {""}}, "\"\""},
    {"fraction", {"SELECT 0.5"}, "\"0.5\""},
};
BOOST_DATA_TEST_CASE(values_are_numbers_texts_or_null, boost::unit_test::data::make(kValueCases), one)
{
    const auto database = open();
    BOOST_TEST(value(*database, one.statement) == one.value);
}

BOOST_AUTO_TEST_CASE(a_text_that_the_server_cannot_have_is_an_error)
{
    const auto database = open();
    const auto insert = [&](std::string user) {
        return error(*database, {.kind = Kind::write, .statements = {set_choice(user)}});
    };
    BOOST_TEST(insert(std::string("juliet\0@capulet.lit", 19)) ==
               "PostgreSQL: invalid byte sequence for encoding \"UTF8\": 0x00");
    BOOST_TEST(insert("\xff@capulet.lit") == "PostgreSQL: invalid byte sequence for encoding \"UTF8\": 0xff");
    BOOST_TEST(insert("juliet@capulet.lit") == "");
}

BOOST_AUTO_TEST_CASE(how_many_rows_a_statement_changed_is_told)
{
    const auto database = open();
    const StepRows given = rows(
        *database, {.kind = Kind::write,
                    .statements = {{"INSERT INTO choice_count (domain, users) VALUES ('a', 1), ('b', 2)"},
                                   {"UPDATE choice_count SET users = users + 1 WHERE domain = $1", {"a"}},
                                   {"SELECT users FROM choice_count ORDER BY domain"},
                                   {"DELETE FROM choice_count RETURNING domain"}}});
    BOOST_REQUIRE(given.size() == 4U);
    BOOST_TEST(given[0].changed == 2);
    BOOST_TEST(given[1].changed == 1);
    BOOST_TEST(given[2].changed == 0);
    BOOST_TEST(shown(given[2].rows.at(0).at(0)) == "2");
    BOOST_TEST(given[3].changed == 2);
    BOOST_TEST(given[3].rows.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_step_is_done_as_a_whole_or_not_at_all)
{
    const auto database = open();
    BOOST_TEST(
        error(*database, {.kind = Kind::write,
                          .statements = {set_choice("juliet@capulet.lit"), set_choice("nurse@capulet.lit"),
                                         set_choice("juliet@capulet.lit")}}) ==
        "PostgreSQL: duplicate key value violates unique constraint \"choice_pkey1\"");
    BOOST_TEST(database->last_write_error() ==
               "PostgreSQL: duplicate key value violates unique constraint \"choice_pkey1\"");
    BOOST_TEST(value(*database, kCount) == "0");
    BOOST_TEST(database->in_place());
    BOOST_TEST(error(*database, {.kind = Kind::write, .statements = {set_choice("juliet@capulet.lit")}}) ==
               "");
    BOOST_TEST(database->last_write_error() == "");
}

BOOST_AUTO_TEST_CASE(a_step_can_depend_on_what_the_one_before_gave)
{
    const auto database = open();
    int steps = 0;
    const StepRows given =
        rows(*database, {.kind = Kind::write,
                         .statements = {set_choice("juliet@capulet.lit"), kCount},
                         .next = [&steps](const StepRows& before) -> std::vector<Statement> {
                             if (++steps == 3) {
                                 return {};
                             }
                             const auto count = std::get<std::int64_t>(before.back().rows.at(0).at(0));
                             return {set_choice(std::to_string(count)), kCount};
                         }});
    BOOST_TEST(steps == 3);
    BOOST_REQUIRE(given.size() == 2U);
    BOOST_TEST(shown(given[1].rows.at(0).at(0)) == "3");
    BOOST_TEST(server.execute(name, "SELECT COUNT(*) FROM choice").at(0) == "3");
}

BOOST_AUTO_TEST_CASE(an_exception_in_a_step_undoes_all)
{
    const auto database = open();
    BOOST_TEST(error(*database, {.kind = Kind::write,
                                 .statements = {set_choice("juliet@capulet.lit")},
                                 .next = [](const StepRows&) -> std::vector<Statement> {
                                     throw std::runtime_error("no such option");
                                 }}) == "no such option");
    BOOST_TEST(value(*database, kCount) == "0");
}

BOOST_AUTO_TEST_CASE(an_error_in_a_later_step_undoes_all)
{
    const auto database = open();
    BOOST_TEST(error(*database, {.kind = Kind::write,
                                 .statements = {set_choice("juliet@capulet.lit")},
                                 .next = [](const StepRows&) {
                                     return std::vector<Statement>{{"SELECT nothing FROM nowhere"}};
                                 }}) == "PostgreSQL: relation \"nowhere\" does not exist");
    BOOST_TEST(value(*database, kCount) == "0");
}

BOOST_AUTO_TEST_CASE(a_read_in_steps_sees_one_state_and_changes_nothing)
{
    const auto database = open();
    wait_for(*database);
    const auto add = [this](const StepRows&) {
        server.execute(name,
                       "INSERT INTO choice (user_address, option_name) VALUES ('nurse@capulet.lit', 'all')");
    };
    bool second = false;
    const StepRows given = rows(*database, {.statements = {kCount}, .next = [&](const StepRows& before) {
                                                if (std::exchange(second, true)) {
                                                    return std::vector<Statement>{};
                                                }
                                                add(before);
                                                return std::vector<Statement>{kCount};
                                            }});
    BOOST_TEST(shown(given.at(0).rows.at(0).at(0)) == "0");
    BOOST_TEST(error(*database, {.statements = {kCount}, .next = [](const StepRows&) {
                                     return std::vector<Statement>{set_choice("juliet@capulet.lit")};
                                 }}) == "PostgreSQL: cannot execute INSERT in a read-only transaction");
}

// Those of one step are sent behind each other; what fails in between is nothing to the others.
BOOST_AUTO_TEST_CASE(transactions_of_a_queue_are_done_in_order)
{
    const auto database = open();
    std::vector<std::string> order;
    const auto note = [&order](const std::string& what) {
        return [&order, what](const Result& result) { order.push_back(what + (result ? "" : " failed")); };
    };
    const auto write = [&](const std::string& what, Statement statement) {
        database->run({.kind = Kind::write, .statements = {std::move(statement)}}, note(what));
    };
    write("one", set_choice("a"));
    write("two", set_choice("a"));
    database->run({.kind = Kind::write,
                   .statements = {kCount},
                   .next =
                       [&, first = true](const StepRows& before) mutable {
                           BOOST_TEST(before.at(0).rows.size() + before.at(0).changed == 1U);
                           return std::exchange(first, false) ? std::vector<Statement>{set_choice("b")}
                                                              : std::vector<Statement>{};
                       }},
                  note("three"));
    write("four", set_choice("b"));
    database->run({.kind = Kind::write,
                   .statements = {kCount},
                   .next = [](const StepRows&) -> std::vector<Statement> { throw std::runtime_error("no"); }},
                  note("five"));
    write("six", set_choice("c"));
    write("seven", {"SELECT nothing FROM nowhere"});
    write("eight", set_choice("d"));
    loop.run_until([&order] { return order.size() == 8U; });
    const std::vector<std::string> wanted{"one",         "two failed", "three",        "four failed",
                                          "five failed", "six",        "seven failed", "eight"};
    BOOST_TEST(order == wanted, boost::test_tools::per_element());
    BOOST_TEST(server.execute(name, "SELECT string_agg(user_address, '') FROM choice").at(0) == "abcd");
}

BOOST_AUTO_TEST_CASE(a_transaction_can_be_given_from_within_another)
{
    const auto database = open();
    std::vector<std::string> order;
    database->run(
        {.statements = {kCount},
         .next =
             [&](const StepRows&) {
                 database->run({.statements = {kCount}}, [&](const Result&) { order.emplace_back("inner"); });
                 return std::vector<Statement>{};
             }},
        [&](const Result&) {
            order.emplace_back("outer");
            database->run({.statements = {kCount}}, [&](const Result&) { order.emplace_back("last"); });
        });
    loop.run_until([&order] { return order.size() == 3U; });
    const std::vector<std::string> wanted{"outer", "inner", "last"};
    BOOST_TEST(order == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(requests_do_not_wait_for_what_takes_long)
{
    const auto database = open_and_wait();
    bool slow = false;
    database->run({.statements = {{"SELECT pg_sleep(5)"}}}, [&slow](const Result&) { slow = true; });
    BOOST_TEST(value(*database, kCount, Queue::requests) == "0");
    BOOST_TEST(!slow);
}

BOOST_AUTO_TEST_CASE(a_durable_transaction_waits_for_the_disk_whatever_the_server_says)
{
    const Statement setting{"SELECT current_setting('synchronous_commit')"};
    const auto given = [&](Database& database, Kind kind) {
        return shown(rows(database, {.kind = kind, .statements = {setting}}).at(0).rows.at(0).at(0));
    };
    const auto in_steps = [&](Database& database) {
        const auto none = [](const StepRows&) { return std::vector<Statement>{}; };
        const StepRows all = rows(database, {.kind = Kind::durable, .statements = {setting}, .next = none});
        return shown(all.at(0).rows.at(0).at(0));
    };
    server.execute("postgres", "ALTER DATABASE " + name + " SET synchronous_commit = off");
    const auto database = open();
    BOOST_TEST(given(*database, Kind::write) == "\"off\"");
    BOOST_TEST(given(*database, Kind::durable) == "\"on\"");
    BOOST_TEST(in_steps(*database) == "\"on\"");
    BOOST_TEST(given(*database, Kind::write) == "\"off\"");
    server.execute("postgres", "ALTER DATABASE " + name + " SET synchronous_commit = remote_apply");
    BOOST_TEST(given(*open(), Kind::durable) == "\"remote_apply\"");
}

BOOST_AUTO_TEST_CASE(what_is_not_over_when_the_store_is_closed_is_forgotten)
{
    auto database = open_and_wait();
    bool called = false;
    database->run({.statements = {{"SELECT pg_sleep(1)"}}}, [&](const Result&) { called = true; });
    loop.run_once();
    database.reset();

    // Nor are calls made that were due at the same time.
    database = open(Database::Access::write, "port=1");
    loop.run_until([&] { return !database->in_place(); });
    database->run({.statements = {kCount}}, [&](const Result&) { database.reset(); });
    database->run({.statements = {kCount}}, [&](const Result&) { called = true; });
    loop.run_until([&] { return database == nullptr; });
    loop.run_once();
    BOOST_TEST(!called);
}

// ---- the schema

BOOST_AUTO_TEST_CASE(several_that_start_at_once_make_the_schema_once)
{
    std::vector<std::unique_ptr<Database>> all;
    std::vector<std::string> errors;
    int over = 0;
    for (int i = 0; i < 4; ++i) {
        all.push_back(open());
        all.back()->run({.statements = {kCount}}, [&](const Result& result) {
            ++over;
            if (!result) {
                errors.push_back(result.error());
            }
        });
    }
    loop.run_until([&over] { return over == 4; });
    BOOST_TEST(errors.empty(), (errors.empty() ? "" : errors.front()));
    BOOST_TEST(server.execute(name, "SELECT COUNT(*) = MAX(version) FROM usher_schema").at(0) == "t");
}

BOOST_AUTO_TEST_CASE(a_role_that_may_create_nothing_can_use_a_store_that_is_complete)
{
    server.execute("postgres", "DROP ROLE IF EXISTS plain");
    server.execute("postgres", "CREATE ROLE plain LOGIN");
    const auto as_plain = [this] { return open(Database::Access::write, "user=plain"); };
    BOOST_TEST(error(*as_plain(), {.statements = {kCount}}) ==
               "PostgreSQL: permission denied for schema public");

    make_schema();
    const std::string before = server.execute(name, "SELECT MAX(oid) FROM pg_class").at(0);
    server.execute(name, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO plain");
    const auto database = as_plain();
    BOOST_TEST(error(*database, {.kind = Kind::write,
                                 .queue = Queue::requests,
                                 .statements = {set_choice("juliet@capulet.lit")}}) == "");
    bool writable = false;
    bool told = false;
    database->run({.kind = Kind::write, .statements = {{"UPDATE usher_schema SET version = version"}}},
                  [&](const Result& result) {
                      told = true;
                      writable = result.has_value();
                  });
    loop.run_until([&told] { return told; });
    BOOST_TEST(writable);
    BOOST_TEST(server.execute(name, "SELECT MAX(oid) FROM pg_class").at(0) == before);
    server.execute(name, "DROP OWNED BY plain");
}

BOOST_AUTO_TEST_CASE(a_store_of_a_newer_usherd_is_not_touched)
{
    make_schema();
    server.execute(name, "INSERT INTO usher_schema VALUES (1000)");
    for (const auto access : {Database::Access::write, Database::Access::read}) {
        const auto database = open(access);
        const std::string why = "the database is of a newer version of usherd (schema 1000, this one's is " +
                                std::to_string(schema_version()) + ")";
        BOOST_TEST(error(*database, {.statements = {kCount}}) == why);
        BOOST_TEST(!database->in_place());
        BOOST_TEST(database->last_write_error() == why);
        BOOST_TEST(database->unfit());
    }
}

// In others one stranger's address would fail all that is recorded with it, or be no text.
BOOST_DATA_TEST_CASE(a_database_of_another_encoding_is_not_used,
                     boost::unit_test::data::make({"LATIN1", "SQL_ASCII"}), encoding)
{
    name = server.create_database(std::string("ENCODING '") + encoding + "' LOCALE 'C'");
    const auto database = open();
    BOOST_TEST(error(*database, {.statements = {kCount}}) ==
               std::string("the encoding of the database is ") + encoding +
                   "; it has to be UTF8: createdb --encoding=UTF8 --template=template0");
    BOOST_TEST(database->unfit());
    BOOST_TEST(server.execute(name, "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'").at(0) ==
               "0");
}

BOOST_AUTO_TEST_CASE(who_only_reads_makes_nothing)
{
    const auto read_error = [this] { return error(*open(Database::Access::read), {.statements = {kCount}}); };
    BOOST_TEST(read_error() == "the database has no tables of usherd");
    BOOST_TEST(server.execute(name, "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'").at(0) ==
               "0");
    make_schema();
    BOOST_TEST(read_error() == "");
    server.execute(name, "DELETE FROM usher_schema WHERE version = " + std::to_string(schema_version()));
    BOOST_TEST(read_error().find("of an older version of usherd") != std::string::npos);
}

/// As usherd made it up to schema 9.
const char* const kSchema9 = R"(
    CREATE TABLE usher_schema (version INTEGER NOT NULL);
    CREATE TABLE journal (
        id BIGINT PRIMARY KEY,
        at BIGINT NOT NULL,
        source VARCHAR(16) NOT NULL,
        organization VARCHAR(255) NOT NULL,
        user_address VARCHAR(2047) NOT NULL,
        contact_address VARCHAR(2047) NOT NULL,
        item_subscription VARCHAR(8),
        item_ask INTEGER NOT NULL,
        recent_from_contact INTEGER NOT NULL,
        recent_from_domain INTEGER NOT NULL,
        recent_to_user INTEGER NOT NULL,
        recent_complete INTEGER NOT NULL,
        chosen_option VARCHAR(16),
        answer VARCHAR(8) NOT NULL,
        reason VARCHAR(64) NOT NULL,
        rule INTEGER NOT NULL,
        generation BIGINT NOT NULL);
    ALTER TABLE journal ADD COLUMN answered_by VARCHAR(2047);
    CREATE TABLE choice (
        user_address VARCHAR(2047) PRIMARY KEY,
        option_name VARCHAR(16) NOT NULL);
    CREATE TABLE saved_setting (
        organization VARCHAR(255) NOT NULL,
        setting VARCHAR(64) NOT NULL,
        setting_value TEXT NOT NULL,
        saved_by VARCHAR(2047) NOT NULL,
        saved_at BIGINT NOT NULL,
        PRIMARY KEY (organization, setting));
    CREATE TABLE policy (
        generation BIGINT PRIMARY KEY,
        since BIGINT NOT NULL,
        settings TEXT NOT NULL);
    INSERT INTO usher_schema (version) VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9);
    INSERT INTO choice VALUES ('b@capulet.lit', 'prompt'), ('B@capulet.lit', 'all'), ('a@capulet.lit', 'all');
    INSERT INTO journal VALUES (9, 1795000000000, 'asked', 'Capulet', 'juliet@capulet.lit', 'nurse@capulet.lit', NULL,
        0, 1, 2, 3, 1, NULL, 'approve', 'in organization', 0, 2, NULL);
    INSERT INTO policy VALUES (1, 5, 'a'), (2, 6, 'b'), (3, 7, 'a');
)";

BOOST_AUTO_TEST_CASE(an_older_store_is_brought_to_the_form_of_a_new_one)
{
    server.execute(name, kSchema9);
    const auto database = open();
    const StepRows given =
        rows(*database, {.statements = {{"SELECT user_address FROM choice ORDER BY user_address"},
                                        {"SELECT reason FROM journal"},
                                        {"SELECT SUM(users) FROM choice_count"}}});
    BOOST_REQUIRE(given.at(0).rows.size() == 3U);
    BOOST_TEST(shown(given[0].rows[0].at(0)) == "\"B@capulet.lit\"");  // byte by byte
    BOOST_TEST(shown(given.at(1).rows.at(0).at(0)) == "\"in_organization\"");
    BOOST_TEST(shown(given.at(2).rows.at(0).at(0)) == "3");

    const std::string columns =
        "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || COALESCE(collation_name, '') "
        "FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1";
    const std::vector<std::string> migrated = server.execute(name, columns);
    name = server.create_database();
    make_schema();
    BOOST_TEST(migrated == server.execute(name, columns), boost::test_tools::per_element());
}

// ---- the server

BOOST_AUTO_TEST_CASE(a_server_that_stands_still_holds_nobody)
{
    const auto database = open_and_wait();
    server.pause();
    int ticks = 0;
    std::unique_ptr<Timer> timer;
    EventClock clock(loop.base());
    const std::function<void()> tick = [&] {
        ++ticks;
        timer = clock.after(std::chrono::milliseconds(10), tick);
    };
    tick();
    BOOST_TEST(error(*database, {.kind = Kind::write,
                                 .queue = Queue::requests,
                                 .statements = {set_choice("juliet@capulet.lit")}}) ==
               "PostgreSQL has not answered within 400 ms");
    BOOST_TEST(ticks > 3);
    BOOST_TEST(!database->in_place());
    BOOST_TEST(database->last_write_error() == "PostgreSQL has not answered within 400 ms");
    // It is known now. The loop goes on all the same, while the next connection is tried.
    const int before = ticks;
    BOOST_TEST(error(*database, {.queue = Queue::requests, .statements = {kCount}}) != "");
    BOOST_TEST(ticks <= before + 1);
    loop.run_until([&] { return ticks > before + 50; });
    server.resume();
    wait_for(*database);
    BOOST_TEST(database->in_place());
}

// Also if the server does not even take what it is sent.
BOOST_AUTO_TEST_CASE(all_that_is_under_way_fails_with_a_connection_that_is_dropped)
{
    const auto database = open_and_wait();
    server.pause();
    const Statement large{"SELECT LENGTH(CAST($1 AS TEXT))", {std::string(1'000'000, 'x')}};
    int failed = 0;
    for (int i = 0; i < 20; ++i) {
        database->run({.queue = Queue::requests, .statements = {large}},
                      [&failed](const Result& result) { failed += result ? 0 : 1; });
    }
    loop.run_until([&failed] { return failed == 20; });
    server.resume();
}

BOOST_AUTO_TEST_CASE(a_server_that_dies_and_comes_back_is_used_again)
{
    const auto database = open_and_wait();
    BOOST_TEST(error(*database, {.kind = Kind::write, .statements = {set_choice("juliet@capulet.lit")}}) ==
               "");
    std::optional<Result> under_way;
    database->run({.statements = {{"SELECT pg_sleep(60)"}}},
                  [&](Result result) { under_way = std::move(result); });
    loop.run_once();
    server.kill();
    loop.run_until([&] { return under_way.has_value(); });
    BOOST_TEST(!under_way->has_value());
    loop.run_until([&] { return !database->in_place(); });
    BOOST_TEST(database->last_write_error().find("Connection refused") != std::string::npos,
               database->last_write_error());
    BOOST_TEST(error(*database, {.queue = Queue::requests, .statements = {kCount}}) ==
               database->last_write_error());
    server.start();
    wait_for(*database);
    BOOST_TEST(value(*database, kCount) == "1");
    BOOST_TEST(database->in_place());
}

// Nobody is told no because of a restart that is over before their time is.
BOOST_AUTO_TEST_CASE(what_is_given_after_a_connection_is_lost_waits_for_the_next)
{
    const auto database = open_and_wait();
    server.execute(
        name, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'usherd'");
    wait_until("SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'usherd'", "0");
    // Given before it has found out, it is lost with the connection.
    const std::string why = error(*database, {.statements = {kCount}});
    BOOST_TEST((why.empty() || why == "server closed the connection unexpectedly"), why);
    BOOST_TEST(value(*database, kCount) == "0");
}

BOOST_AUTO_TEST_CASE(a_server_that_is_started_later_is_found)
{
    server.stop();
    const auto database = open();
    BOOST_TEST(database->in_place());  // nobody knows
    const std::string why = error(*database, {.statements = {kCount}});
    BOOST_TEST(why.find("No such file or directory") != std::string::npos, why);
    BOOST_TEST(!database->in_place());
    server.start();
    wait_for(*database);
}

BOOST_AUTO_TEST_CASE(a_server_that_is_read_only_is_read)
{
    make_schema();
    server.execute("postgres", "ALTER DATABASE " + name + " SET default_transaction_read_only = on");
    const auto database = open();
    BOOST_TEST(error(*database, {.kind = Kind::write, .statements = {set_choice("juliet@capulet.lit")}}) ==
               "PostgreSQL: cannot execute INSERT in a read-only transaction");
    BOOST_TEST(database->last_write_error() ==
               "PostgreSQL: cannot execute INSERT in a read-only transaction");
    BOOST_TEST(value(*database, kCount) == "0");
}

// It is told from a server that is not there, and the server gives up too: otherwise each attempt would leave it a process
// that waits.
BOOST_AUTO_TEST_CASE(a_locked_table_is_an_error_and_leaves_nothing_that_waits)
{
    const auto database = open_and_wait();
    auto other = hold("LOCK TABLE choice");
    BOOST_TEST(error(*database, {.kind = Kind::write,
                                 .queue = Queue::requests,
                                 .statements = {set_choice("juliet@capulet.lit")}}) ==
               "PostgreSQL: canceling statement due to lock timeout");
    BOOST_TEST(database->in_place());
    wait_until(
        "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = '" + name + "'",
        "0");
    other.reset();
    wait_for(*database);
    BOOST_TEST(value(*database, kCount) == "0");
}

// They are read for a search, and for the name that an approval gives: as soon given up as what requests wait for, and not
// behind what has ten seconds.
BOOST_AUTO_TEST_CASE(locked_choices_of_people_are_given_up_before_a_change_that_waits)
{
    const auto database = open_and_wait();
    StoredPersonChoices choices(*database);
    auto other = hold("LOCK TABLE person_choice");
    std::optional<bool> set;
    choices.set(Address::prepare("juliet@capulet.lit").value(), {false, std::nullopt},
                [&set](const auto& stored) { set = stored.has_value(); });
    BOOST_TEST(error_of([&choices](const auto& then) { choices.since(0, 100, then); }) ==
               "PostgreSQL: canceling statement due to lock timeout");
    BOOST_TEST(!set.has_value());
    other.reset();
    loop.run_until([&set] { return set.has_value(); });
    BOOST_TEST(*set);
    wait_for(*database);
    BOOST_TEST(error_of([&choices](const auto& then) { choices.since(0, 100, then); }) == "");
}

// Requests wait for what another process has saved; not for its other changes.
BOOST_AUTO_TEST_CASE(settings_are_followed_while_another_process_changes_something)
{
    const auto database = open_and_wait();
    SavedSettings settings(*database);
    const auto decide = [](const StoredSettings&) { return SavedSettings::Outcome{{}, {"policy"}}; };
    const auto now = std::chrono::system_clock::now();
    std::optional<std::uint64_t> saved;
    settings.change(decide, 0, now, [&](const auto& numbered) { saved = numbered.value().generation; });
    loop.run_until([&saved] { return saved.has_value(); });

    auto other = hold("UPDATE settings_version SET version = version");
    std::optional<std::uint64_t> followed;
    settings.follow(decide, 0, now,
                    [&](const auto& numbered) { followed = numbered.value_or(NumberedPolicy()).generation; });
    loop.run_until([&followed] { return followed.has_value(); });
    BOOST_TEST(*followed == *saved);
    Choices choices(*database);
    std::optional<bool> chosen;
    choices.set(Address::prepare("juliet@capulet.lit").value(), Option::all,
                [&chosen](const auto& stored) { chosen = stored.has_value(); });
    loop.run_until([&chosen] { return chosen.has_value(); });
    BOOST_TEST(*chosen);
}

// Whoever waits for a standby does not notice that its client has gone: otherwise each attempt would leave one, until no
// more can connect.
BOOST_AUTO_TEST_CASE(commits_that_wait_for_a_standby_do_not_pile_up)
{
    const auto database = open_and_wait();
    const auto set_standby = [this](const std::string& what) {
        server.execute("postgres", "ALTER SYSTEM " + what);
        server.execute("postgres", "SELECT pg_reload_conf()");
    };
    set_standby("SET synchronous_standby_names = 'nobody'");
    wait_until("SHOW synchronous_standby_names", "nobody");
    server.execute("postgres", "CHECKPOINT");  // it is then known to all
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(error(*database, {.kind = Kind::write,
                                     .queue = Queue::requests,
                                     .statements = {set_choice(std::to_string(i))}}) ==
                   "PostgreSQL has not answered within 400 ms");
        wait_for(*database);
    }
    wait_until(
        "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = '" + name + "'",
        "0");
    set_standby("RESET synchronous_standby_names");
    wait_until("SHOW synchronous_standby_names", "");
    server.execute("postgres", "CHECKPOINT");
}

// One that another statement can be executed on is not writable for that.
BOOST_AUTO_TEST_CASE(a_store_whose_journal_is_locked_is_not_writable)
{
    const auto database = open_and_wait();
    auto other = hold("LOCK TABLE journal IN EXCLUSIVE MODE");
    BOOST_TEST(!writable(*database));
    other.reset();
    wait_for(*database);
    BOOST_TEST(writable(*database));
    BOOST_TEST(value(*database, {"SELECT COUNT(*) FROM journal"}) == "0");
}

BOOST_AUTO_TEST_CASE(no_two_processes_have_the_same_number)
{
    auto first = open_and_wait();
    const auto second = open_and_wait();
    BOOST_TEST(first->record_numbers().process == 0);
    BOOST_TEST(second->record_numbers().process == 1);
    BOOST_TEST(second->record_numbers().newest == 0);

    server.execute(
        name, R"(INSERT INTO journal (id, at, source, organization, user_address, contact_address, item_ask,
        recent_from_contact, recent_from_domain, recent_to_user, recent_complete, answer, reason, rule, generation)
        VALUES (77, 0, '', '', '', '', 0, 0, 0, 0, 0, '', '', 0, 0))");
    first.reset();
    wait_until(
        "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND database = "
        "(SELECT oid FROM pg_database WHERE datname = '" +
            name + "')",
        "1");
    const auto third = open_and_wait();
    BOOST_TEST(third->record_numbers().process == 0);
    BOOST_TEST(third->record_numbers().newest == 77);
    const auto reader = open(Database::Access::read);
    wait_for(*reader);
    wait_until(
        "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND database = "
        "(SELECT oid FROM pg_database WHERE datname = '" +
            name + "')",
        "2");
}

// The number that an id has may be, or have been, another process's by then.
BOOST_AUTO_TEST_CASE(an_id_is_not_used_if_it_may_be_another_processes)
{
    const auto first = open_and_wait();
    const auto second = open_and_wait();
    const std::int64_t process = second->record_numbers().process;
    Journal of_first(*first);
    Journal of_second(*second);
    const auto next_id = [](Journal& journal) { return journal.next_id(std::chrono::system_clock::now()); };
    const auto record = [this](Journal& journal, std::int64_t id) {
        return error_of([&](const auto& then) { journal.record({{record_of(id)}}, then); });
    };
    const std::string why = "the connection to PostgreSQL was lost since the decision";
    const std::int64_t before = next_id(of_second);
    const std::int64_t also_before = next_id(of_second);
    const auto lose_connection = [&] {
        server.execute(
            name, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = " +
                      std::to_string(process));
        loop.run_until([&] { return second->record_numbers().process != process; });
    };
    lose_connection();
    BOOST_TEST(record(of_second, next_id(of_second)) == why);
    wait_for(*second);
    BOOST_TEST(record(of_second, before) == "");  // nobody has recorded anything since
    lose_connection();
    wait_for(*second);
    BOOST_TEST(record(of_second, also_before) == "");
    const std::int64_t late = next_id(of_second);
    BOOST_TEST(
        record(of_first, of_first.next_id(std::chrono::system_clock::now() + std::chrono::seconds(1))) == "");
    lose_connection();
    wait_for(*second);
    BOOST_TEST(record(of_second, late) == why);
    BOOST_TEST(record(of_second, next_id(of_second)) == "");
}

// What comes from elsewhere fails nothing that is written beside it.
BOOST_AUTO_TEST_CASE(a_text_that_the_server_cannot_have_is_recorded_without_what_it_cannot_have)
{
    const auto database = open_and_wait();
    Journal journal(*database);
    JournalRecord by_hand = record_of(journal.next_id(std::chrono::system_clock::now()));
    by_hand.answered_by = std::string("r\u00f6\xf6meo\0!", 9);
    BOOST_TEST(error_of([&](const auto& then) { journal.record({{by_hand}}, then); }) == "");
    const RecordedOutcome refused{by_hand.id, Outcome::refused, std::string(63, 'x') + "\u00f6"};
    BOOST_TEST(error_of([&](const auto& then) { journal.settle({&refused, 1}, then); }) == "");
    BOOST_TEST(server.execute(name, "SELECT answered_by FROM journal").at(0) == "r\u00f6\ufffdmeo\ufffd!");
    BOOST_TEST(server.execute(name, "SELECT refusal FROM journal").at(0) == std::string(63, 'x'));
}

BOOST_AUTO_TEST_CASE(notices_do_not_go_to_standard_error)
{
    const auto database = open();
    const test::TemporaryDirectory directory;
    const std::string file = (directory.path() / "stderr").string();
    const test::Descriptor was(::dup(STDERR_FILENO));
    const test::Descriptor now(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    ::dup2(now.get(), STDERR_FILENO);
    const std::string failed = error(
        *database, {.kind = Kind::write, .statements = {{"DO $$ BEGIN RAISE WARNING 'look here'; END $$"}}});
    ::dup2(was.get(), STDERR_FILENO);
    BOOST_TEST(failed == "");
    std::ifstream in(file);
    BOOST_TEST(std::string(std::istreambuf_iterator<char>(in), {}) == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
