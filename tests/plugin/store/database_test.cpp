// A store that an older usherd has made.
#include "plugin/store/database.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <ostream>
#include <string>

#include "plugin/store/choices.h"
#include "plugin/store/journal_search.h"
#include "sqlite_file.h"
#include "store_now.h"
#include "temporary_directory.h"

namespace usher
{

namespace
{

/// As usherd made it up to schema 9, word by word.
const char* const kSchema9[] = {
    "CREATE TABLE usher_schema (version INTEGER NOT NULL)",
    R"(CREATE TABLE journal (
        id INTEGER PRIMARY KEY,
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
        generation BIGINT NOT NULL))",
    "ALTER TABLE journal ADD COLUMN answered_by VARCHAR(2047)",
    R"(CREATE TABLE choice (
        user_address VARCHAR(2047) PRIMARY KEY,
        option_name VARCHAR(16) NOT NULL))",
    R"(CREATE TABLE saved_setting (
        organization VARCHAR(255) NOT NULL,
        setting VARCHAR(64) NOT NULL,
        setting_value TEXT NOT NULL,
        saved_by VARCHAR(2047) NOT NULL,
        saved_at BIGINT NOT NULL,
        PRIMARY KEY (organization, setting)))",
    R"(CREATE TABLE policy (
        generation INTEGER PRIMARY KEY,
        since BIGINT NOT NULL,
        settings TEXT NOT NULL))",
    "INSERT INTO usher_schema (version) VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9)",
};

/// Of schema 9.
struct OldStore {
    OldStore()
    {
        for (const char* statement : kSchema9) {
            session.run(statement);
        }
    }
    [[nodiscard]] std::unique_ptr<Database> open() const
    {
        auto database = Database::open("sqlite3://" + path);
        BOOST_REQUIRE_MESSAGE(database.has_value(), (database ? "" : database.error()));
        return *std::move(database);
    }

    usher::test::TemporaryDirectory directory;
    std::string path = (directory.path() / "usher.db").string();
    test::SqliteFile session{path};  // as another process has it
};

tl::expected<bool, std::string> once(Database& database)
{
    JournalSearch search(database, {});
    return test::search_now(search);
}

Address address(std::string_view text)
{
    return Address::prepare(text).value();
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(database, OldStore)

BOOST_AUTO_TEST_CASE(choices_of_an_older_store_are_kept_and_counted)
{
    session.run(
        "INSERT INTO choice (user_address, option_name) VALUES "
        "('juliet@capulet.lit', 'prompt'), ('tybalt@capulet.lit', 'all'), "
        "('capulet.lit@montague.lit', 'organization'), ('r\u00f6meo@m\u00f6ntague.lit', 'prompt')");
    const auto database = open();
    test::ChoicesNow choices(*database);
    BOOST_TEST((choices.of(address("juliet@capulet.lit")).value() == Option::prompt));
    BOOST_TEST((choices.of(address("tybalt@capulet.lit")).value() == Option::all));
    BOOST_TEST((choices.of(address("capulet.lit@montague.lit")).value() == Option::organization));
    BOOST_TEST((choices.of(address("r\u00f6meo@m\u00f6ntague.lit")).value() == Option::prompt));
    BOOST_TEST(!choices.of(address("nurse@capulet.lit")).value().has_value());
    const auto counts = choices.count().value();
    BOOST_TEST(counts.size() == 3U);
    BOOST_TEST(counts.at("capulet.lit") == 2U);
    BOOST_TEST(counts.at("montague.lit") == 1U);
    BOOST_TEST(counts.at("m\u00f6ntague.lit") == 1U);

    BOOST_REQUIRE(choices.set(address("juliet@capulet.lit"), std::nullopt).has_value());
    BOOST_TEST(choices.count().value().at("capulet.lit") == 1U);
}

// E35: an old choice is not of another owner until an account is created after the store has its time.
BOOST_AUTO_TEST_CASE(choices_of_an_older_store_count_as_made_when_it_was_migrated)
{
    session.run(
        "INSERT INTO choice (user_address, option_name) VALUES ('juliet@capulet.lit', 'prompt'), "
        "('romeo@montague.lit', 'all')");
    const auto before = std::chrono::system_clock::now() - std::chrono::milliseconds(1);
    const auto database = open();
    const auto kept = test::ChoicesNow(*database).of_domain("capulet.lit", "", 10).value();
    BOOST_REQUIRE(kept.size() == 1U);
    BOOST_TEST(kept[0].account == "juliet@capulet.lit");
    BOOST_TEST((kept[0].since >= before && kept[0].since <= std::chrono::system_clock::now()));
}

/// What an administrator may do to the files of a store that is in use.
struct FileFault {
    const char* name;
    void (*happen)(const std::string& path);
    bool database_stays = false;
};

void move_away(const std::string& path)
{
    std::filesystem::rename(path, path + ".away");
}

void remove_all(const std::string& path)
{
    for (const char* end : {"", "-wal", "-shm"}) {
        std::filesystem::remove(path + end);
    }
}

const FileFault kFileFaults[] = {
    {"removed", [](const std::string& path) { std::filesystem::remove(path); }},
    {"all_removed", remove_all},
    {"moved", move_away},
    {"replaced",
     [](const std::string& path) {
         move_away(path);
         std::filesystem::copy(path + ".away", path);
     }},
    {"log_removed", [](const std::string& path) { std::filesystem::remove(path + "-wal"); }, true},
    {"index_removed", [](const std::string& path) { std::filesystem::remove(path + "-shm"); }, true},
    {"log_replaced",
     [](const std::string& path) {
         move_away(path + "-wal");
         std::filesystem::copy(path + "-wal.away", path + "-wal");
     },
     true},
};
std::ostream& operator<<(std::ostream& out, const FileFault& fault)
{
    return out << fault.name;
}

// Into a file that nobody can open nothing is recorded, and no other file is made in its place, whatever fails
// meanwhile.
BOOST_DATA_TEST_CASE(a_store_whose_files_are_gone_is_not_written, boost::unit_test::data::make(kFileFaults),
                     fault)
{
    const Address juliet = address("juliet@capulet.lit");
    const auto database = open();
    test::ChoicesNow choices(*database);
    BOOST_REQUIRE(choices.set(juliet, Option::all).has_value());
    BOOST_TEST(database->in_place());
    session.close();
    fault.happen(path);
    const bool was_there = std::filesystem::exists(path);
    BOOST_TEST(!database->in_place());
    BOOST_TEST(!test::writable_now(*database));
    BOOST_TEST(database->last_write_error().find(path) == 0U, database->last_write_error());
    BOOST_TEST(!choices.set(juliet, Option::prompt).has_value());
    const auto failed = test::run_now(*database, {{"SELECT nothing FROM nowhere"}}, Transaction::Kind::read);
    BOOST_TEST(!failed.has_value());
    // The session is closed then. That leaves all in the database, if that is in its place.
    BOOST_TEST(choices.set(address("nurse@capulet.lit"), Option::prompt).has_value() == fault.database_stays);
    if (fault.database_stays) {
        BOOST_TEST((choices.of(juliet).value() == Option::all));
    }
    BOOST_TEST(std::filesystem::exists(path) == was_there);
}

BOOST_AUTO_TEST_CASE(a_store_that_is_back_in_its_place_is_used_again)
{
    const Address juliet = address("juliet@capulet.lit");
    const auto database = open();
    test::ChoicesNow choices(*database);
    BOOST_REQUIRE(choices.set(juliet, Option::all).has_value());
    session.close();
    move_away(path);
    BOOST_TEST(!choices.set(juliet, Option::prompt).has_value());
    std::filesystem::rename(path + ".away", path);
    BOOST_TEST(test::writable_now(*database));
    BOOST_TEST(database->last_write_error() == "");
    BOOST_REQUIRE(choices.set(juliet, Option::prompt).has_value());
    const auto elsewhere = open();
    BOOST_TEST((test::ChoicesNow(*elsewhere).of(juliet).value() == Option::prompt));
}

// A session that failed is opened again, whether or not a statement keeps the old one.
BOOST_AUTO_TEST_CASE(a_session_that_failed_is_not_a_file_that_is_gone)
{
    const auto database = open();
    session.close();
    test::ChoicesNow choices(*database);
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(!test::run_now(*database, {{"UPDATE nowhere SET nothing = 1"}}).has_value());
        BOOST_TEST(test::writable_now(*database));
        BOOST_REQUIRE(choices.set(address("juliet@capulet.lit"), Option::all).has_value());
        BOOST_TEST(choices.of(address("juliet@capulet.lit")).has_value());
    }
}

BOOST_AUTO_TEST_CASE(a_store_that_a_newer_usherd_has_brought_to_its_form_is_not_used_again)
{
    const auto database = open();
    test::ChoicesNow choices(*database);
    session.run("INSERT INTO usher_schema (version) VALUES (999)");
    BOOST_TEST(!test::run_now(*database, {{"UPDATE nowhere SET nothing = 1"}}).has_value());  // closes it
    for (int i = 0; i < 3; ++i) {
        const auto set = choices.set(address("juliet@capulet.lit"), Option::all);
        BOOST_REQUIRE(!set.has_value());
        BOOST_TEST(set.error().find("newer version of usherd (schema 999") != std::string::npos, set.error());
        BOOST_TEST(!choices.of(address("juliet@capulet.lit")).has_value());
    }
    BOOST_TEST(session.number("SELECT COUNT(*) FROM choice") == 0);
}

/// A reason as it was stored up to schema 9, and what it is now.
struct OldReason {
    const char* text;
    Reason reason;
};

const OldReason kOldReasons[] = {
    {"not a user of any organization", Reason::foreign_user},
    {"own address", Reason::own_address},
    {"rule", Reason::rule},
    {"federation closed", Reason::federation_closed},
    {"federation: domain not listed", Reason::federation_not_listed},
    {"user asked for this contact", Reason::asked_for},
    {"limit for this contact", Reason::contact_limit},
    {"limit for the contact's domain", Reason::domain_limit},
    {"limit for this user", Reason::user_limit},
    {"limits: counter full", Reason::limits_unknown},
    {"all contacts", Reason::all_contacts},
    {"in organization", Reason::in_organization},
    {"outside organization", Reason::outside_organization},
    {"prompt", Reason::prompt},
    {"by hand", Reason::by_hand},
};

BOOST_AUTO_TEST_CASE(records_of_an_older_store_have_their_reasons_by_name)
{
    for (std::size_t i = 0; i < std::size(kOldReasons); ++i) {
        std::string reason = kOldReasons[i].text;
        if (const auto quote = reason.find('\''); quote != std::string::npos) {
            reason.insert(quote, 1, '\'');
        }
        session.run(
            "INSERT INTO journal VALUES (" + std::to_string(i + 1) +
            ", 1795000000000, 'waiting', 'Capulet', 'juliet@capulet.lit', 'nurse@capulet.lit', 'to', 1, 1, "
            "2, 3, 1, 'prompt', 'deny', '" +
            reason + "', 7, 4, 'admin@capulet.lit')");
    }
    const auto database = open();
    JournalSearch search(*database, {.after = 0});
    BOOST_TEST(test::search_now(search).value());
    const auto records = search.take_found();
    BOOST_REQUIRE(records.size() == std::size(kOldReasons));
    for (std::size_t i = 0; i < records.size(); ++i) {
        BOOST_TEST(records[i].decision.reason == kOldReasons[i].reason);
        BOOST_TEST(records[i].id == static_cast<std::int64_t>(i) + 1);
        BOOST_TEST(records[i].decision.answer == Answer::deny);
        BOOST_TEST(records[i].decision.rule == 7U);
        BOOST_TEST(records[i].answered_by == "admin@capulet.lit");
    }
    BOOST_TEST(session.text("SELECT reason FROM journal WHERE id = 12") == "in_organization");
}

BOOST_AUTO_TEST_CASE(policies_of_an_older_store_keep_their_texts_each_of_them_once)
{
    session.run(
        "INSERT INTO policy (generation, since, settings) VALUES (1, 5, 'a'), (2, 6, 'b'), (3, 7, 'a')");
    session.run(
        "INSERT INTO journal VALUES (9, 1795000000000, 'asked', 'Capulet', 'juliet@capulet.lit', "
        "'nurse@capulet.lit', NULL, 0, 1, 2, 3, 1, NULL, 'approve', 'rule', 0, 2, NULL)");
    const auto database = open();
    std::string found;
    for (const auto& row : session.rows("SELECT generation, since, settings, last_record "
                                        "FROM policy JOIN policy_part USING (generation) JOIN policy_text "
                                        "ON policy_text.id = text ORDER BY generation")) {
        found += row[0] + " " + row[1] + " " + row[2] + (row[3] == "NULL" ? ", in force; " : "; ");
    }
    BOOST_TEST(found == "1 5 a; 2 6 b; 3 7 a, in force; ");
    BOOST_TEST(session.number("SELECT COUNT(*) FROM policy_text") == 2);
}

BOOST_AUTO_TEST_CASE(a_record_of_an_older_store_is_one_decision_without_an_outcome)
{
    session.run(
        "INSERT INTO journal VALUES (1, 1795000000000, 'asked', 'Capulet', 'juliet@capulet.lit', "
        "'nurse@capulet.lit', NULL, 0, 1, 2, 3, 1, NULL, 'approve', 'rule', 0, 4, NULL)");
    const auto database = open();
    JournalSearch search(*database, {});
    BOOST_REQUIRE(test::search_now(search).value());
    const JournalRecord record = search.take_found().at(0);
    BOOST_TEST(record.repeats == 0U);
    BOOST_TEST(!record.last_at.has_value());
    BOOST_TEST(!record.outcome.has_value());
    BOOST_TEST((record.covers == Covers::request));
}

BOOST_AUTO_TEST_CASE(a_reason_that_was_none_before_is_none_after)
{
    session.run(
        "INSERT INTO journal VALUES (1, 1795000000000, 'asked', 'Capulet', 'juliet@capulet.lit', "
        "'nurse@capulet.lit', NULL, 0, 1, 2, 3, 1, NULL, 'approve', 'because', 0, 4, NULL)");
    const auto database = open();
    const auto read = once(*database);
    BOOST_REQUIRE(!read.has_value());
    BOOST_TEST(read.error() == "journal record 1 has an unknown reason");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
