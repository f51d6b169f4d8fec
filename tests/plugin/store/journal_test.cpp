// The journal: batches are all or nothing, other processes can read it, and ids only grow. On both databases.
#include "plugin/store/journal.h"
#include "plugin/store/journal_expiry.h"
#include "plugin/store/journal_search.h"

#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "doubles.h"
#include "private_store.h"
#include "store_now.h"

namespace usher
{

namespace
{

using std::chrono::milliseconds;
using std::chrono::system_clock;

const system_clock::time_point kNow = system_clock::time_point(milliseconds(1'795'000'000'000));  // in 2026

struct Store {
    std::unique_ptr<test::PrivateStore> store = test::PrivateStore::make();

    [[nodiscard]] std::unique_ptr<Database> open() const { return store->open(); }
    /// As another process sees it.
    [[nodiscard]] long long count() const { return store->number("SELECT COUNT(*) FROM journal"); }
};

tl::expected<void, std::string> write(test::JournalNow& journal, std::vector<JournalRecord> records)
{
    std::vector<JournalEntry> entries;
    for (JournalRecord& record : records) {
        entries.push_back({std::move(record)});
    }
    return journal.record(entries);
}

/// Writes many, in batches that are no longer than those of requests.
void fill(test::JournalNow& journal, std::span<const JournalRecord> records)
{
    constexpr std::size_t kBatch = 100;
    for (; !records.empty(); records = records.subspan(std::min(kBatch, records.size()))) {
        const auto batch = records.first(std::min(kBatch, records.size()));
        const auto written = write(journal, {batch.begin(), batch.end()});
        BOOST_REQUIRE_MESSAGE(written.has_value(), (written ? "" : written.error()));
    }
}

Address address(std::string_view text)
{
    return Address::prepare(text).value();
}

JournalRecord record(std::int64_t id)
{
    return {.id = id,
            .at = kNow,
            .source = Source::asked,
            .organization = "Capulet",
            .request = {address("juliet@capulet.lit"), address("nurse@capulet.lit"), std::nullopt},
            .facts = {},
            .decision = {Answer::approve, Reason::in_organization},
            .generation = 1};
}

tl::expected<bool, std::string> once(Database& database)
{
    JournalSearch search(database, {});
    return test::search_now(search);
}

/// What a search finds, and how many portions it took.
struct Found {
    std::vector<JournalRecord> records;
    std::size_t portions = 0;
};

Found search(Database& database, const JournalFilter& filter)
{
    Found found;
    JournalSearch search(database, filter);
    for (bool over = false; !over; ++found.portions) {
        const auto went = test::search_now(search);
        BOOST_REQUIRE_MESSAGE(went.has_value(), (went ? "" : went.error()));
        over = *went;
    }
    found.records = search.take_found();
    return found;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(journal, Store)

BOOST_AUTO_TEST_CASE(a_record_holds_everything_the_decision_depended_on)
{
    const auto database = open();
    test::JournalNow journal(*database);
    JournalRecord one = record(journal.next_id(kNow));
    one.source = Source::waiting;
    one.request.item = RosterItem{Subscription::to, true};
    one.facts.recent = {1, 2, 3, false};
    one.facts.chosen = Option::prompt;
    one.decision = {Answer::deny, Reason::federation_not_listed, 7};
    one.generation = 4;
    BOOST_REQUIRE(write(journal, {one}).has_value());

    const std::vector<std::string> columns{"1795000000000",
                                           "waiting",
                                           "Capulet",
                                           "juliet@capulet.lit",
                                           "nurse@capulet.lit",
                                           "to",
                                           "1",
                                           "1",
                                           "2",
                                           "3",
                                           "0",
                                           "prompt",
                                           "deny",
                                           "federation_not_listed",
                                           "7",
                                           "4"};
    BOOST_TEST(
        store->rows("SELECT at, source, organization, user_address, contact_address, item_subscription, "
                    "item_ask, recent_from_contact, recent_from_domain, recent_to_user, recent_complete, "
                    "chosen_option, answer, reason, rule, generation FROM journal")
                .at(0) == columns,
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_record_has_returned_from_others_can_read)
{
    const auto database = open();
    test::JournalNow journal(*database);
    const std::vector<JournalRecord> batch{record(journal.next_id(kNow)), record(journal.next_id(kNow)),
                                           record(journal.next_id(kNow))};
    BOOST_REQUIRE(write(journal, batch).has_value());
    BOOST_TEST(count() == 3);
}

BOOST_AUTO_TEST_CASE(a_batch_of_which_one_fails_writes_none_and_the_next_succeeds)
{
    const auto database = open();
    test::JournalNow journal(*database);
    const JournalRecord first = record(journal.next_id(kNow));
    BOOST_REQUIRE(write(journal, {first}).has_value());
    const std::vector<JournalRecord> batch{record(journal.next_id(kNow)), first};  // the second id is taken
    BOOST_TEST(!write(journal, batch).has_value());
    BOOST_TEST(count() == 1);
    const JournalRecord next = record(journal.next_id(kNow));
    BOOST_TEST(write(journal, {next}).has_value());
    BOOST_TEST(count() == 2);
}

BOOST_AUTO_TEST_CASE(a_repetition_is_counted_in_its_record_and_forgets_the_outcome)
{
    const auto database = open();
    test::JournalNow journal(*database);
    const JournalRecord first = record(journal.next_id(kNow));
    BOOST_REQUIRE(write(journal, {first}).has_value());
    const RecordedOutcome refused{first.id, Outcome::refused, "item-not-found"};
    BOOST_REQUIRE(journal.settle({&refused, 1}).has_value());
    JournalRecord read = search(*database, {.id = first.id}).records.at(0);
    BOOST_TEST((read.outcome == Outcome::refused));
    BOOST_TEST(read.refusal == "item-not-found");
    BOOST_TEST(!read.last_at.has_value());

    std::vector<JournalEntry> entries{{first, true}, {record(journal.next_id(kNow))}, {first, true}};
    entries[2].record.at += std::chrono::minutes(5);
    BOOST_REQUIRE(journal.record(entries).has_value());
    BOOST_TEST(count() == 2);
    read = search(*database, {.id = first.id}).records.at(0);
    BOOST_TEST(read.repeats == 2U);
    BOOST_TEST((read.at == kNow));
    BOOST_TEST((read.last_at == kNow + std::chrono::minutes(5)));
    BOOST_TEST(!read.outcome.has_value());
    BOOST_TEST(read.refusal == "");
}

BOOST_AUTO_TEST_CASE(under_a_condition_that_is_not_true_nothing_is_written)
{
    const auto database = open();
    test::JournalNow journal(*database);
    test::ChoicesNow choices(*database);
    const JournalRecord first = record(journal.next_id(kNow));
    BOOST_REQUIRE(write(journal, {first}).has_value());
    std::vector<SubscriptionRequest> requests;
    for (const char* user : {"juliet@capulet.lit", "nurse@capulet.lit", "tybalt@capulet.lit"}) {
        requests.push_back({address(user), address("romeo@montague.lit"), std::nullopt});
    }
    const auto written = [&](std::int64_t settings_version) {
        JournalEntry of_another{first, true};
        of_another.record.request.user = address("tybalt@capulet.lit");
        const auto outcome = test::now<std::vector<JournalEntry>>([&](auto then) {
            journal.journal.record({{record(journal.next_id(kNow))}, {first, true}, of_another}, then,
                                   Choices::none_of(requests, settings_version));
        });
        return outcome.value().size();
    };
    BOOST_TEST(written(0) == 3U);
    BOOST_TEST(count() == 3);
    BOOST_TEST(written(1) == 0U);
    BOOST_REQUIRE(choices.set(address("tybalt@capulet.lit"), Option::all).has_value());
    BOOST_TEST(written(0) == 0U);
    BOOST_TEST(count() == 3);
    BOOST_TEST(search(*database, {.id = first.id}).records.at(0).repeats == 1U);
    BOOST_REQUIRE(choices.set(address("tybalt@capulet.lit"), std::nullopt).has_value());
    BOOST_TEST(written(0) == 3U);
    BOOST_TEST(count() == 5);
    BOOST_TEST(choices.change(address("tybalt@capulet.lit"), {{"verona.lit", Handling::always_ask}}).value());
    BOOST_TEST(written(0) == 3U);  // it is for others
    BOOST_TEST(count() == 7);
    BOOST_TEST(
        choices.change(address("tybalt@capulet.lit"), {{"montague.lit", Handling::always_ask}}).value());
    BOOST_TEST(written(0) == 0U);
    BOOST_TEST(count() == 7);
}

/// Whoever sends requests could make two of them look the same to what keeps only hashes.
BOOST_AUTO_TEST_CASE(a_repetition_of_another_request_is_a_record_of_its_own)
{
    const auto database = open();
    test::JournalNow journal(*database);
    const JournalRecord first = record(journal.next_id(kNow));
    BOOST_REQUIRE(write(journal, {first}).has_value());
    for (const bool user : {true, false}) {
        JournalEntry other{first, true};
        (user ? other.record.request.user : other.record.request.contact) = address("eve@evil.lit");
        BOOST_REQUIRE(journal.record({&other, 1}).has_value());
        BOOST_TEST(!other.repeat);
        BOOST_TEST(other.record.id != first.id);
        BOOST_TEST(search(*database, {.id = other.record.id}).records.size() == 1U);
    }
    BOOST_TEST(count() == 3);
    BOOST_TEST(search(*database, {.id = first.id}).records.at(0).repeats == 0U);
}

BOOST_AUTO_TEST_CASE(a_record_of_many_counts_whatever_request_is_added)
{
    const auto database = open();
    test::JournalNow journal(*database);
    JournalRecord first = record(journal.next_id(kNow));
    first.covers = Covers::domain;
    BOOST_REQUIRE(write(journal, {first}).has_value());
    JournalEntry other{first, true};
    other.record.request.contact = address("tybalt@capulet.lit");
    BOOST_REQUIRE(journal.record({&other, 1}).has_value());
    const JournalRecord read = search(*database, {.id = first.id}).records.at(0);
    BOOST_TEST((read.covers == Covers::domain));
    BOOST_TEST(read.repeats == 1U);
    BOOST_TEST(count() == 1);
}

BOOST_AUTO_TEST_CASE(records_are_there_after_it_was_opened_again)
{
    {
        const auto database = open();
        test::JournalNow journal(*database);
        const JournalRecord one = record(journal.next_id(kNow));
        BOOST_REQUIRE(write(journal, {one}).has_value());
    }
    static_cast<void>(open());
    BOOST_TEST(count() == 1);
}

BOOST_AUTO_TEST_CASE(a_record_is_read_as_it_was_written)
{
    const auto database = open();
    test::JournalNow journal(*database);
    JournalRecord one = record(journal.next_id(kNow));
    one.source = Source::waiting;
    one.request.item = RosterItem{Subscription::to, true};
    one.facts = {{1, 2, 3, false},
                 Option::prompt,
                 OutsideGroups{{"Vorst\u00e4nde", "sales"}, {}, {"board"}},
                 ContactException{Handling::always_ask, "montague.lit"}};
    one.decision = {Answer::deny, Reason::by_hand, 7};
    one.generation = 4;
    one.answered_by = "admin@capulet.lit";
    BOOST_REQUIRE(write(journal, {one}).has_value());
    const Found found = search(*database, {.id = one.id});
    BOOST_REQUIRE(found.records.size() == 1U);
    const JournalRecord& same = found.records.front();
    BOOST_TEST(same.id == one.id);
    BOOST_TEST((same.at == one.at));
    BOOST_TEST((same.source == one.source));
    BOOST_TEST(same.organization == one.organization);
    BOOST_TEST(same.request.user == one.request.user);
    BOOST_TEST(same.request.contact == one.request.contact);
    BOOST_TEST((same.request.item == one.request.item));
    BOOST_TEST(same.facts.recent.from_contact == 1U);
    BOOST_TEST(same.facts.recent.from_domain == 2U);
    BOOST_TEST(same.facts.recent.to_user == 3U);
    BOOST_TEST(!same.facts.recent.complete);
    BOOST_TEST((same.facts.chosen == Option::prompt));
    BOOST_TEST((same.facts.groups == one.facts.groups));
    BOOST_TEST((same.facts.exception == one.facts.exception));
    BOOST_TEST(same.decision.answer == Answer::deny);
    BOOST_TEST(same.decision.reason == Reason::by_hand);
    BOOST_TEST(same.decision.rule == 7U);
    BOOST_TEST(same.generation == 4U);
    BOOST_TEST(same.answered_by == "admin@capulet.lit");
}

/// What no record of ours has in its columns, and what must not be taken for something else.
const char* const kUnknown[] = {
    "source", "item_subscription", "chosen_option", "answer", "reason", "covers", "outcome", "outside_groups",
};

BOOST_DATA_TEST_CASE(what_is_unknown_in_a_record_is_an_error_with_its_id_and_column,
                     boost::unit_test::data::make(kUnknown), column)
{
    const auto database = open();
    test::JournalNow journal(*database);
    JournalRecord one = record(journal.next_id(kNow));
    one.request.item = RosterItem{Subscription::to, true};
    one.facts.chosen = Option::prompt;
    BOOST_REQUIRE(write(journal, {one}).has_value());
    BOOST_TEST(once(*database).has_value());
    store->run("UPDATE journal SET " + std::string(column) + " = 'other'");
    const auto read = once(*database);
    BOOST_REQUIRE(!read.has_value());
    BOOST_TEST(read.error() == "journal record " + std::to_string(one.id) + " has an unknown " + column);
}

BOOST_AUTO_TEST_CASE(a_filter_takes_the_newest_or_what_came_after_an_id)
{
    const auto database = open();
    test::JournalNow journal(*database);
    std::vector<JournalRecord> batch;
    for (int i = 0; i < 10; ++i) {
        batch.push_back(record(journal.next_id(kNow + std::chrono::minutes(i))));
        batch.back().at = kNow + std::chrono::minutes(i);
        batch.back().request.contact = address(i % 2 == 0 ? "nurse@capulet.lit" : "romeo@montague.lit");
        batch.back().organization = i < 5 ? "Capulet" : "Montague";
    }
    BOOST_REQUIRE(write(journal, batch).has_value());
    const auto found = [&](const JournalFilter& filter) {
        std::string places;
        for (const JournalRecord& one : search(*database, filter).records) {
            places += std::to_string(std::find_if(batch.begin(), batch.end(),
                                                  [&](const JournalRecord& of) { return of.id == one.id; }) -
                                     batch.begin());
        }
        return places;
    };
    BOOST_TEST(found({}) == "0123456789");
    BOOST_TEST(found({.most = 3}) == "789");
    BOOST_TEST(found({.after = batch[3].id, .most = 3}) == "456");
    BOOST_TEST(found({.after = batch[9].id}) == "");
    BOOST_TEST(found({.contact = address("romeo@montague.lit")}) == "13579");
    BOOST_TEST(found({.user = address("romeo@montague.lit")}) == "");
    BOOST_TEST(found({.since = kNow + std::chrono::minutes(7)}) == "789");
    BOOST_TEST(found({.since = kNow + std::chrono::minutes(7), .after = 0}) == "789");
    BOOST_TEST(found({.since = system_clock::time_point(std::chrono::hours(24 * 365 * 200))}) == "");  // 2169
    BOOST_TEST(found({.since = system_clock::time_point()}) == "0123456789");
    BOOST_TEST(found({.domains = {{"capulet.lit"}}}) == "0123456789");
    BOOST_TEST(found({.domains = {{"apulet.lit", "montague.lit", "%", "capulet_lit"}}}) == "");
    BOOST_TEST(found({.id = batch[2].id}) == "2");
}

BOOST_AUTO_TEST_CASE(a_contact_is_recorded_as_the_server_wrote_it)
{
    const auto database = open();
    test::JournalNow journal(*database);
    const std::vector<std::string> contacts{"icq.montague.lit", "Romeo@Montague.LIT", "romeo@montague.lit",
                                            "r\u0300\u0323\u0321@evil.test", "eve@evil.test."};
    std::vector<JournalRecord> batch;
    for (const std::string& contact : contacts) {
        batch.push_back(record(journal.next_id(kNow)));
        batch.back().request.contact = Party::as_written(contact);
    }
    BOOST_REQUIRE(write(journal, batch).has_value());
    const auto found = search(*database, {}).records;
    BOOST_REQUIRE(found.size() == contacts.size());
    for (std::size_t i = 0; i < contacts.size(); ++i) {
        BOOST_TEST(found[i].request.contact.text() == contacts[i]);
        BOOST_TEST(found[i].request.contact.domain() == batch[i].request.contact.domain());
    }
    const auto of = [&](std::string_view contact) {
        return search(*database, {.contact = Party::read(contact)}).records.size();
    };
    BOOST_TEST(of("icq.montague.lit") == 1U);
    BOOST_TEST(of("ICQ.montague.lit") == 1U);  // as preparation makes it
    BOOST_TEST(of("romeo@montague.lit") == 1U);
    BOOST_TEST(of("Romeo@Montague.LIT") == 2U);
    BOOST_TEST(of("r\u0300\u0323\u0321@evil.test") == 1U);
    BOOST_TEST(of("eve@evil.test.") == 1U);
}

BOOST_AUTO_TEST_CASE(a_search_goes_through_all_records_in_portions)
{
    const auto database = open();
    test::JournalNow journal(*database);
    std::vector<JournalRecord> all;
    for (std::size_t i = 0; i < 2 * JournalSearch::kPortion + 5; ++i) {
        all.push_back(record(journal.next_id(kNow)));
    }
    const Address romeo = address("romeo@montague.lit");
    const std::size_t middle = JournalSearch::kPortion;
    for (const std::size_t place : {std::size_t{0}, middle, all.size() - 1}) {
        all[place].request.contact = romeo;
    }
    fill(journal, all);
    const auto ids = [](const Found& found) {
        std::vector<std::int64_t> each;
        for (const JournalRecord& one : found.records) {
            each.push_back(one.id);
        }
        return each;
    };
    const std::vector<std::int64_t> three{all.front().id, all[middle].id, all.back().id};
    const Found newest_first = search(*database, {.contact = romeo});
    BOOST_TEST(ids(newest_first) == three, boost::test_tools::per_element());
    BOOST_TEST(newest_first.portions == 3U);
    const Found oldest_first = search(*database, {.contact = romeo, .after = 0});
    BOOST_TEST(ids(oldest_first) == three, boost::test_tools::per_element());
    BOOST_TEST(oldest_first.portions == 3U);
    // It reads no further than needed.
    const Found two = search(*database, {.contact = romeo, .most = 2});
    BOOST_TEST(ids(two) == std::vector({all[middle].id, all.back().id}), boost::test_tools::per_element());
    BOOST_TEST(two.portions == 2U);
    BOOST_TEST(search(*database, {.most = 2}).portions == 1U);
}

BOOST_AUTO_TEST_CASE(ids_grow_whatever_the_clock_does)
{
    const auto database = open();
    test::JournalNow journal(*database);
    std::int64_t last = 0;
    // More records in one millisecond than an id can count, and a clock that is set back an hour.
    for (int i = 0; i < 10'000; ++i) {
        const std::int64_t id = journal.next_id(i < 9'000 ? kNow : kNow - std::chrono::hours(1));
        BOOST_REQUIRE(id > last);
        last = id;
    }
}

BOOST_AUTO_TEST_CASE(ids_grow_over_a_restart_under_a_clock_that_was_set_back)
{
    std::int64_t last = 0;
    // A machine without a clock battery starts in 1970 each time.
    for (const system_clock::time_point now :
         {kNow, kNow - std::chrono::hours(1), system_clock::time_point(), system_clock::time_point()}) {
        const auto database = open();
        test::JournalNow journal(*database);
        const JournalRecord made = record(journal.next_id(now));
        BOOST_TEST(made.id > last);
        BOOST_TEST(write(journal, {made}).has_value());
        last = made.id;
    }
}

BOOST_AUTO_TEST_CASE(since_goes_by_the_time_of_a_record_after_a_clock_that_was_ahead)
{
    const auto database = open();
    test::JournalNow journal(*database);
    std::vector<JournalRecord> batch;
    for (const std::chrono::hours ahead : {std::chrono::hours(300 * 24), -std::chrono::hours(1),
                                           std::chrono::hours(0), std::chrono::hours(1)}) {
        batch.push_back(record(journal.next_id(kNow + ahead)));
        batch.back().at = kNow + ahead;
    }
    BOOST_REQUIRE(write(journal, batch).has_value());
    const Found found = search(*database, {.since = kNow});
    BOOST_REQUIRE(found.records.size() == 3U);
    BOOST_TEST(found.records[0].id == batch[0].id);  // its own id says so
    BOOST_TEST(found.records[1].id == batch[2].id);
    BOOST_TEST(found.records[2].id == batch[3].id);
}

BOOST_AUTO_TEST_CASE(what_is_older_than_the_cutoff_goes_in_portions)
{
    const auto database = open();
    test::JournalNow journal(*database);
    std::vector<JournalRecord> batch;
    for (int day = 0; day < 10; ++day) {
        batch.push_back(record(journal.next_id(kNow + std::chrono::days(day))));
    }
    BOOST_REQUIRE(write(journal, batch).has_value());
    const auto cutoff = kNow + std::chrono::days(5);
    BOOST_TEST(journal.forget_before(cutoff, 3).value() == 3U);
    BOOST_TEST(journal.forget_before(cutoff, 3).value() == 2U);
    BOOST_TEST(journal.forget_before(cutoff, 3).value() == 0U);
    BOOST_TEST(count() == 5);
}

/// A clock that is read several times: how many hours it is ahead each time, and how many of them count.
struct Looks {
    std::string name;
    std::vector<int> ahead;
    std::vector<int> believed;  // from the second reading on
};

std::ostream& operator<<(std::ostream& out, const Looks& looks)
{
    return out << looks.name;
}

const std::vector<Looks> kLooks{
    {"right", {0, 0, 0}, {0, 0}},
    {"ahead_at_the_start_and_put_right", {100'000, 0, 0}, {0, 0}},
    {"behind_at_the_start_and_put_right", {-300'000, 0, 0}, {-300'000, 0}},
    {"set_ahead_and_put_right", {0, 100'000, 0, 0}, {0, 0, 0}},
    {"set_back_and_put_right", {0, -100'000, 0, 0}, {-100'000, -100'000, 0}},
    {"set_ahead_for_good", {0, 100'000, 100'000}, {0, 100'000}},
    {"set_ahead_again_and_again", {0, 1, 2, 3}, {0, 1, 2}},
};

BOOST_DATA_TEST_CASE(a_clock_is_believed_to_be_ahead_when_it_has_stayed_so, kLooks, looks)
{
    TrustedTime time;
    const Clock::Time start{std::chrono::hours(1000)};
    for (std::size_t i = 0; i < looks.ahead.size(); ++i) {
        const auto passed = TrustedTime::kTrial * static_cast<int>(i);
        const auto trusted = time.check(kNow + passed + std::chrono::hours(looks.ahead[i]), start + passed);
        BOOST_REQUIRE(trusted.has_value() == (i > 0));
        if (trusted) {
            BOOST_TEST((*trusted - kNow - passed == std::chrono::hours(looks.believed[i - 1])));
        }
    }
}

/// 2,500 records, and a daemon that starts when they are two years old.
struct OldJournal : Store {
    OldJournal()
    {
        std::vector<JournalRecord> batch;
        for (int i = 0; i < 2'500; ++i) {
            batch.push_back(record(journal.next_id(kNow)));
        }
        fill(journal, batch);
    }
    /// When all is done that was begun.
    [[nodiscard]] long long count()
    {
        BOOST_REQUIRE(test::run_now(*database, {{"SELECT 1"}}, Transaction::Kind::read).has_value());
        return Store::count();
    }
    JournalExpiry forget_after(std::chrono::days kept)
    {
        return {journal.journal, clock, [this] { return wall_at_start + ahead + (clock.now() - start); },
                [kept] { return kept; }};
    }

    std::unique_ptr<Database> database = open();
    test::JournalNow journal{*database};
    test::FakeClock clock;
    const Clock::Time start = clock.now();
    const system_clock::time_point wall_at_start = kNow + std::chrono::days(730);
    std::chrono::hours ahead{0};
};

BOOST_FIXTURE_TEST_CASE(records_are_deleted_when_they_are_old_and_the_clock_has_settled, OldJournal)
{
    const JournalExpiry old = forget_after(std::chrono::days(365));
    clock.advance(TrustedTime::kTrial - milliseconds(1));
    BOOST_TEST(count() == 2'500);
    clock.advance(milliseconds(1));
    BOOST_TEST(count() == 1'500);  // in portions
    clock.advance(milliseconds(100));
    BOOST_TEST(count() == 500);
    clock.advance(milliseconds(100));
    BOOST_TEST(count() == 0);
}

BOOST_FIXTURE_TEST_CASE(a_clock_that_is_set_ahead_and_put_right_deletes_nothing, OldJournal)
{
    const JournalExpiry old = forget_after(std::chrono::days(1'000));
    clock.advance(TrustedTime::kTrial);
    ahead = std::chrono::days(365);
    clock.advance(TrustedTime::kTrial);
    ahead = {};
    clock.advance(TrustedTime::kTrial * 10);
    BOOST_TEST(count() == 2'500);
}

BOOST_FIXTURE_TEST_CASE(zero_days_keep_records_for_ever, OldJournal)
{
    const JournalExpiry old = forget_after(std::chrono::days(0));
    clock.advance(TrustedTime::kTrial * 10);
    BOOST_TEST(count() == 2'500);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
