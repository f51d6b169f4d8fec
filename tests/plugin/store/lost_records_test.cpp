// Whether it is noticed that records are missing that were there. On both databases.
#include "plugin/store/lost_records.h"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "plugin/store/journal.h"
#include "private_store.h"
#include "store_now.h"
#include "temporary_directory.h"

namespace usher
{

namespace
{

using namespace std::chrono_literals;

constexpr std::chrono::system_clock::time_point kMorning{1'795'428'000s};

struct Scene {
    Scene() { begin(); }
    /// usherd is started again.
    void begin()
    {
        lost.reset();
        database.reset();
        database = store->open();
        lost = std::make_unique<LostRecords>(*database, file);
    }
    [[nodiscard]] bool look()
    {
        return test::now<void>([this](auto then) { lost->look(then); }).has_value();
    }
    /// Waits, also on PostgreSQL, until it has been done.
    void remember()
    {
        lost->remember();
        BOOST_REQUIRE(look());
    }
    void end()
    {
        lost->end();
        BOOST_REQUIRE(look());
    }
    std::int64_t record(std::chrono::minutes at)
    {
        test::JournalNow journal(*database);
        JournalEntry entry{.record = {.id = journal.next_id(kMorning + at),
                                      .at = kMorning + at,
                                      .organization = "Capulet",
                                      .request = {Party::as_written("juliet@capulet.lit"),
                                                  Party::as_written("nurse@capulet.lit"), std::nullopt},
                                      .facts = {},
                                      .decision = {Answer::approve, Reason::in_organization},
                                      .generation = 1}};
        BOOST_REQUIRE(journal.record({&entry, 1}).has_value());
        return entry.record.id;
    }
    /// The store becomes an older one of its own.
    void restore_as_before(std::int64_t id)
    {
        store->run("DELETE FROM journal WHERE id >= " + std::to_string(id));
    }
    /// The newest record from before the last loss.
    std::optional<std::int64_t> before_loss()
    {
        const auto rows = store->rows("SELECT newest FROM lost_records");
        return rows.empty() ? std::nullopt : std::optional<std::int64_t>(std::stoll(rows.at(0).at(0)));
    }

    std::unique_ptr<test::PrivateStore> store = test::PrivateStore::make();
    std::unique_ptr<Database> database;
    test::TemporaryDirectory folder;
    std::string file = folder.path() / "newest-record";
    std::unique_ptr<LostRecords> lost;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(lost_records, Scene)

BOOST_AUTO_TEST_CASE(after_a_restore_all_that_was_there_is_from_before)
{
    const std::int64_t kept = record(0min);
    const std::int64_t gone = record(10min);
    end();
    restore_as_before(gone);
    begin();
    BOOST_TEST(!before_loss().has_value());
    BOOST_REQUIRE(look());
    BOOST_TEST((before_loss() == kept));
    record(20min);
    end();
    begin();
    BOOST_REQUIRE(look());
    BOOST_TEST((before_loss() == kept));  // nothing more is lost
}

BOOST_AUTO_TEST_CASE(the_latest_loss_counts)
{
    record(0min);
    for (int i = 1; i < 3; ++i) {
        const std::int64_t kept = record(i * 20min);
        const std::int64_t gone = record(i * 20min + 10min);
        end();
        restore_as_before(gone);
        begin();
        BOOST_REQUIRE(look());
        BOOST_TEST((before_loss() == kept));
    }
}

BOOST_AUTO_TEST_CASE(a_loss_while_it_lives_is_noticed_whoever_records_first_afterwards)
{
    const std::int64_t kept = record(0min);
    const std::int64_t gone = record(10min);  // perhaps of another process
    BOOST_REQUIRE(look());
    restore_as_before(gone);
    record(20min);
    BOOST_REQUIRE(look());
    BOOST_TEST((before_loss() == kept));
}

BOOST_AUTO_TEST_CASE(nothing_is_lost_by_a_restart_nor_when_records_expire)
{
    record(0min);
    end();
    const std::int64_t later = record(10min);  // of which the file does not know
    begin();
    BOOST_REQUIRE(look());
    BOOST_TEST(!before_loss().has_value());
    end();
    store->run("DELETE FROM journal WHERE id <= " + std::to_string(later));
    begin();
    BOOST_REQUIRE(look());
    record(20min);
    BOOST_REQUIRE(look());
    BOOST_TEST(!before_loss().has_value());
}

BOOST_AUTO_TEST_CASE(what_a_power_cut_may_take_back_is_not_remembered)
{
    record(0min);
    BOOST_REQUIRE(look());
    const std::int64_t last = record(10min);
    remember();
    restore_as_before(last);
    begin();
    BOOST_REQUIRE(look());
    BOOST_TEST(!before_loss().has_value());
    const std::int64_t kept = record(20min);
    const std::int64_t gone = record(30min);
    remember();
    remember();
    restore_as_before(gone);
    begin();
    BOOST_REQUIRE(look());
    BOOST_TEST((before_loss() == kept));
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_read_says_nothing)
{
    record(0min);
    std::ofstream(file) << "yesterday\n";
    begin();
    BOOST_REQUIRE(look());
    BOOST_TEST(!before_loss().has_value());
    file = folder.path() / "missing" / "newest-record";
    begin();
    record(10min);
    end();
    begin();
    BOOST_REQUIRE(look());
    BOOST_TEST(!before_loss().has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
