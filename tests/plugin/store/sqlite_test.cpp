// What is SQLite's own: its files, its write-ahead log, and the lock of whoever writes.
#include <sys/resource.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <filesystem>
#include <string>

#include "plugin/store/choices.h"
#include "plugin/store/database.h"
#include "plugin/store/journal.h"
#include "sqlite_file.h"
#include "store_now.h"
#include "temporary_directory.h"

namespace usher
{

namespace
{

const Address kJuliet = Address::prepare("juliet@capulet.lit").value();
const Address kRomeo = Address::prepare("romeo@montague.lit").value();

struct Store {
    usher::test::TemporaryDirectory directory;
    std::string path = (directory.path() / "usher.db").string();
    std::unique_ptr<Database> database = Database::open("sqlite3://" + path).value();
    test::ChoicesNow choices{*database};
    test::JournalNow journal{*database};

    [[nodiscard]] JournalEntry entry()
    {
        const auto now = std::chrono::system_clock::now();
        return {{.id = journal.next_id(now),
                 .at = now,
                 .source = Source::asked,
                 .organization = "Capulet",
                 .request = {kJuliet, kRomeo, std::nullopt},
                 .facts = {},
                 .decision = {Answer::approve, Reason::in_organization},
                 .generation = 1}};
    }
    [[nodiscard]] tl::expected<void, std::string> write(JournalEntry one)
    {
        return journal.record({&one, 1});
    }
};

/// As long as it lives, no file becomes larger than this one is.
class FullDisk
{
  public:
    explicit FullDisk(const std::string& file) : handler_(std::signal(SIGXFSZ, SIG_IGN))
    {
        BOOST_REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
        const rlimit full{std::filesystem::file_size(file), before_.rlim_max};
        BOOST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &full) == 0);
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;
    ~FullDisk()
    {
        BOOST_CHECK(::setrlimit(RLIMIT_FSIZE, &before_) == 0);
        std::signal(SIGXFSZ, handler_);
    }

  private:
    rlimit before_{};
    void (*handler_)(int);
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sqlite, Store)

BOOST_AUTO_TEST_CASE(a_choice_that_cannot_be_stored_changes_nothing)
{
    BOOST_REQUIRE(choices.set(kJuliet, Option::prompt).has_value());
    {
        test::SqliteFile other(path);
        other.run("BEGIN IMMEDIATE");
        const auto stored = choices.set(kJuliet, Option::all);
        BOOST_REQUIRE(!stored.has_value());
        BOOST_TEST(stored.error().find("locked") != std::string::npos, stored.error());
        BOOST_TEST((choices.of(kJuliet).value() == Option::prompt));  // meanwhile, too
        other.run("ROLLBACK");
    }
    BOOST_TEST((choices.of(kJuliet).value() == Option::prompt));
    BOOST_TEST(choices.count().value().at("capulet.lit") == 1U);
    BOOST_TEST(choices.set(kJuliet, Option::all).has_value());
}

BOOST_AUTO_TEST_CASE(a_store_that_another_holds_is_an_error_and_works_again_afterwards)
{
    const JournalEntry one = entry();
    test::SqliteFile other(path);
    other.run("BEGIN IMMEDIATE");
    BOOST_TEST(!write(one).has_value());
    other.run("ROLLBACK");
    BOOST_TEST(write(one).has_value());
    BOOST_TEST(other.number("SELECT COUNT(*) FROM journal") == 1);
}

/// SQLite's write-ahead log can be emptied only where nobody is still reading from it.
BOOST_AUTO_TEST_CASE(what_was_read_does_not_hold_up_a_checkpoint)
{
    BOOST_REQUIRE(choices.set(kJuliet, Option::prompt).has_value());
    BOOST_REQUIRE(choices.of(kJuliet).has_value());
    test::SqliteFile other(path);
    BOOST_REQUIRE(
        test::ChoicesNow(*Database::open("sqlite3://" + path).value()).set(kRomeo, Option::all).has_value());
    BOOST_TEST(other.text("PRAGMA wal_checkpoint(TRUNCATE)") == "0");  // whether it was kept from that
}

BOOST_AUTO_TEST_CASE(after_a_checkpoint_the_records_are_in_the_database_itself)
{
    const std::string copy = path + ".copy";
    const auto in_database = [&] {  // without the write-ahead log
        std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing);
        return test::SqliteFile(copy).number("SELECT COUNT(*) FROM journal");
    };
    BOOST_TEST(database->checkpoint());
    BOOST_REQUIRE(write(entry()).has_value());
    BOOST_TEST(in_database() == 0);
    BOOST_TEST(database->checkpoint());
    BOOST_TEST(in_database() == 1);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_that_fails_says_so)
{
    BOOST_REQUIRE(database->checkpoint());
    for (int i = 0; i < 100; ++i) {  // more than fits into the pages that are there
        BOOST_REQUIRE(write(entry()).has_value());
    }
    bool done = true;
    {
        const FullDisk full(path);
        done = database->checkpoint();
    }
    BOOST_TEST(!done);
    BOOST_TEST(database->last_write_error() != "");
    BOOST_TEST(test::writable_now(*database));
    BOOST_TEST(database->last_write_error() == "");
}

BOOST_AUTO_TEST_CASE(a_store_on_a_full_disk_is_not_writable)
{
    BOOST_REQUIRE(database->checkpoint());
    const auto count = [this] { return test::SqliteFile(path).number("SELECT COUNT(*) FROM journal"); };
    bool writable = true;
    std::string error;
    {
        const FullDisk full(path);
        // What fails closes the database, which may make room once more.
        while (write(entry()) || write(entry())) {
        }
        writable = test::writable_now(*database);
        error = database->last_write_error();
    }
    BOOST_TEST(!writable);
    BOOST_TEST(error != "");
    const auto before = count();
    BOOST_TEST(test::writable_now(*database));
    BOOST_TEST(database->last_write_error() == "");
    BOOST_REQUIRE(write(entry()).has_value());
    BOOST_TEST(count() == before + 1);
}

BOOST_AUTO_TEST_CASE(a_database_of_a_newer_version_is_refused)
{
    test::SqliteFile(path).run("INSERT INTO usher_schema (version) VALUES (1000)");
    const auto opened = Database::open("sqlite3://" + path);
    BOOST_REQUIRE(!opened.has_value());
    BOOST_TEST(opened.error().find("newer version of usherd (schema 1000") != std::string::npos,
               opened.error());
}

BOOST_AUTO_TEST_CASE(a_database_that_cannot_be_opened_is_an_error)
{
    BOOST_TEST(!Database::open("sqlite3:///nowhere/usher.db").has_value());
    BOOST_TEST(!Database::open("mysql://x").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
