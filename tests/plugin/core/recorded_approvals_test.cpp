// Approvals of before a restart, and of other processes, count towards limits.
#include "plugin/core/recorded_approvals.h"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "doubles.h"
#include "held_database.h"
#include "plugin/store/journal.h"
#include "store_now.h"
#include "temporary_directory.h"

namespace usher
{

namespace
{

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::system_clock;

/// A store of SQLite that gives the number of some process, and may say that it is PostgreSQL: others write to it.
class Shared : public test::HeldDatabase
{
  public:
    Shared(const std::string& path, Dialect dialect, std::int64_t process)
        : HeldDatabase(Database::open("sqlite3://" + path).value()), dialect_(dialect)
    {
        numbers.process = process;
    }
    [[nodiscard]] Dialect dialect() const override { return dialect_; }
    [[nodiscard]] RecordNumbers record_numbers() const override { return numbers; }

    RecordNumbers numbers;

  private:
    const Dialect dialect_;
};

struct Counted {
    std::string contact;
    minutes ago{0};
    friend bool operator==(const Counted&, const Counted&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Counted& one)
    {
        return out << one.contact << " " << one.ago.count() << " minutes ago";
    }
};

struct Scene {
    test::TemporaryDirectory directory;
    test::FakeClock clock;
    const Clock::Time begun = clock.now();
    Shared store{path(), Dialect::postgresql, 0};
    Shared other_store{path(), Dialect::postgresql, 1};
    Journal journal{store};
    Journal other_journal{other_store};
    std::vector<Counted> counted;

    [[nodiscard]] std::string path() const { return (directory.path() / "usher.db").string(); }
    [[nodiscard]] system_clock::time_point wall_clock() const
    {
        return std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + hours(12) +
               std::chrono::duration_cast<system_clock::duration>(clock.now() - begun);
    }

    JournalRecord record(Journal& by, const std::string& contact, minutes ago = minutes(0),
                         const Decision& decision = {Answer::approve, Reason::all_contacts},
                         std::optional<Outcome> outcome = {})
    {
        const auto at = wall_clock() - ago;
        const std::int64_t id = by.next_id(at);
        std::vector<JournalEntry> entries{
            {{.id = id,
              .at = at,
              .organization = "Capulet",
              .request = {Address::prepare("juliet@capulet.lit").value(), Address::prepare(contact).value(),
                          std::nullopt},
              .facts = {},
              .decision = decision,
              .answered_by = decision.reason == Reason::by_hand ? "nurse" : ""}}};
        BOOST_REQUIRE(
            test::now<std::vector<JournalEntry>>([&](auto then) { by.record(entries, then); }).has_value());
        if (outcome) {
            const RecordedOutcome settled{id, *outcome, {}};
            BOOST_REQUIRE(test::now<void>([&](auto then) { by.settle({&settled, 1}, then); }).has_value());
        }
        return entries.front().record;
    }

    /// So many like the last one, one after the other.
    void record_alike(int count)
    {
        test::run_now(
            store,
            {{"INSERT INTO journal (id, at, source, organization, user_address, contact_address, item_ask, "
              "recent_from_contact, recent_from_domain, recent_to_user, recent_complete, answer, reason, "
              "rule, generation) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
              "$1) SELECT id + i, at, source, organization, user_address, contact_address, item_ask, "
              "recent_from_contact, recent_from_domain, recent_to_user, recent_complete, answer, reason, "
              "rule, generation FROM n, (SELECT * FROM journal ORDER BY id DESC LIMIT 1) AS last",
              {std::int64_t{count}}}})
            .value();
    }

    /// Of a process that begins.
    RecordedApprovals approvals(Database& database)
    {
        return {database, clock, [this] { return wall_clock(); },
                [this](const SubscriptionRequest& request, Clock::Time at) {
                    counted.push_back({std::string(request.contact.text()),
                                       std::chrono::duration_cast<minutes>(clock.now() - at)});
                }};
    }
};

using All = std::vector<Counted>;

}  // namespace

BOOST_AUTO_TEST_SUITE(recorded_approvals)

BOOST_FIXTURE_TEST_CASE(those_of_the_last_hour_count_when_they_were_given, Scene)
{
    record(journal, "romeo@montague.lit", minutes(61));
    record(journal, "tybalt@capulet.lit", minutes(59));
    record(journal, "nurse@capulet.lit");
    const RecordedApprovals past = approvals(store);
    BOOST_TEST(counted == (All{{"tybalt@capulet.lit", minutes(59)}, {"nurse@capulet.lit", minutes(0)}}),
               boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(nothing_counts_that_a_limit_does_not_count, Scene)
{
    record(journal, "a@montague.lit", minutes(1), {Answer::approve, Reason::by_hand});
    record(journal, "b@montague.lit", minutes(1), {Answer::deny, Reason::rule});
    record(journal, "c@montague.lit", minutes(1), {Answer::approve, Reason::all_contacts}, Outcome::refused);
    record(journal, "d@montague.lit", minutes(1), {Answer::approve, Reason::all_contacts},
           Outcome::confirmed);
    const RecordedApprovals past = approvals(store);
    BOOST_TEST(counted == (All{{"d@montague.lit", minutes(1)}}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(each_repetition_counts, Scene)
{
    record(journal, "romeo@montague.lit", minutes(90));
    test::run_now(store, {{"UPDATE journal SET repeats = 2, last_at = at + 2400000"}})
        .value();  // 40 minutes later
    const RecordedApprovals past = approvals(store);
    BOOST_TEST(counted == All(3, {"romeo@montague.lit", minutes(50)}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(more_than_are_read_at_a_time_all_count, Scene)
{
    constexpr int kMany = 5'001;
    record(journal, "romeo@montague.lit", minutes(1));
    record_alike(kMany - 1);
    const RecordedApprovals past = approvals(store);
    clock.advance(std::chrono::milliseconds(0));
    BOOST_TEST(counted.size() == std::size_t{kMany});
}

BOOST_FIXTURE_TEST_CASE(those_of_other_processes_count_within_a_second_and_once, Scene)
{
    RecordedApprovals running = approvals(store);
    running.recorded_here(record(journal, "own@montague.lit"));
    record(other_journal, "other@montague.lit");
    BOOST_TEST(counted.empty());
    clock.advance(seconds(1));
    BOOST_TEST(counted == (All{{"other@montague.lit", minutes(0)}}), boost::test_tools::per_element());
    clock.advance(seconds(10));
    BOOST_TEST(counted.size() == 1U);
    record(other_journal, "next@montague.lit");
    clock.advance(seconds(1));
    BOOST_TEST(counted.size() == 2U);
}

/// Connections are lost, and then each has a number that another had.
BOOST_FIXTURE_TEST_CASE(who_has_recorded_what_does_not_depend_on_the_numbers, Scene)
{
    RecordedApprovals running = approvals(store);
    running.recorded_here(record(journal, "own@montague.lit"));
    const std::int64_t newest = record(other_journal, "other@montague.lit").id;
    store.numbers = {.process = 1, .newest = newest};
    other_store.numbers = {.process = 0, .newest = newest};
    running.recorded_here(record(journal, "own@montague.lit"));
    clock.advance(seconds(1));
    BOOST_TEST(counted == (All{{"other@montague.lit", minutes(0)}}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(those_that_are_given_while_the_past_is_read_count_once, Scene)
{
    for (const Dialect dialect : {Dialect::sqlite, Dialect::postgresql}) {
        Shared slow(path(), dialect, 2);
        slow.holds = true;
        RecordedApprovals beginning = approvals(slow);
        beginning.recorded_here(record(journal, "own@montague.lit"));
        slow.release_all();
        BOOST_TEST(counted.empty());
        test::run_now(store, {{"DELETE FROM journal"}}).value();
    }
}

/// Our own clock, or that of another process, was set back: each reading finds all of them.
BOOST_FIXTURE_TEST_CASE(those_ahead_of_the_clock_are_read_a_part_at_a_time, Scene)
{
    constexpr int kAtATime = 5'000;
    const RecordedApprovals running = approvals(store);
    record(other_journal, "ahead@montague.lit", -minutes(30));
    record_alike(kAtATime + 1);
    store.holds = true;
    clock.advance(seconds(1));
    store.release();
    BOOST_TEST(counted.size() == std::size_t{kAtATime});
    BOOST_TEST(store.held() == 0U);
    clock.advance(std::chrono::milliseconds(0));
    store.release();
    BOOST_TEST(counted.size() == std::size_t{kAtATime + 2});

    clock.advance(seconds(1));
    store.release();
    clock.advance(std::chrono::milliseconds(999));  // all of this part is known
    BOOST_TEST(store.held() == 0U);
    record(other_journal, "next@montague.lit", -minutes(30));
    clock.advance(std::chrono::milliseconds(1));
    store.release();
    BOOST_TEST(counted.size() == std::size_t{kAtATime + 3});
}

BOOST_FIXTURE_TEST_CASE(it_is_told_when_the_past_is_counted, Scene)
{
    record(journal, "romeo@montague.lit");
    store.holds = true;
    RecordedApprovals past = approvals(store);
    std::vector<std::size_t> told;
    past.when_past_is_counted([&] { told.push_back(counted.size()); });
    store.fail("gone");
    clock.advance(seconds(1));
    BOOST_TEST(told.empty());
    store.release();
    BOOST_TEST(told == (std::vector<std::size_t>{1}));
    clock.advance(seconds(1));
    store.release();
    past.when_past_is_counted([&] { told.push_back(counted.size()); });
    BOOST_TEST(told == (std::vector<std::size_t>{1, 1}));
}

BOOST_FIXTURE_TEST_CASE(a_store_that_fails_is_read_again, Scene)
{
    record(journal, "romeo@montague.lit");
    store.holds = true;
    const RecordedApprovals past = approvals(store);
    store.fail("gone");
    clock.advance(seconds(1));
    store.release();
    BOOST_TEST(counted.size() == 1U);
    clock.advance(seconds(1));
    store.fail("gone");  // while it reads those of others
    record(other_journal, "other@montague.lit");
    clock.advance(seconds(1));
    store.release();
    BOOST_TEST(counted.size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(those_of_an_outage_count_when_it_is_over, Scene)
{
    RecordedApprovals running = approvals(store);
    store.holds = true;
    clock.advance(seconds(1));
    record(other_journal, "other@montague.lit");
    clock.advance(seconds(10));
    store.fail("no answer within 10 s");
    clock.advance(minutes(30));
    store.fail("gone");
    record(other_journal, "next@montague.lit");
    store.holds = false;
    running.recorded_here(record(journal, "own@montague.lit"));
    clock.advance(seconds(1));
    BOOST_TEST(counted == (All{{"other@montague.lit", minutes(30)}, {"next@montague.lit", minutes(0)}}),
               boost::test_tools::per_element());
    clock.advance(minutes(5));
    BOOST_TEST(counted.size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
