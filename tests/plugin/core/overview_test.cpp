// What was answered over a day, a week or a month is counted from the journal. On both databases.
#include "plugin/core/overview.h"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <vector>

#include "plugin/store/journal.h"
#include "private_store.h"
#include "store_now.h"

namespace usher
{

namespace
{

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::system_clock;

const std::vector<std::string> kCapulet{"capulet.lit", "capulet.example"};

struct Store {
    std::unique_ptr<test::PrivateStore> store = test::PrivateStore::make();
    std::unique_ptr<Database> database = store->open();
    test::JournalNow journal{*database};
    const system_clock::time_point now = std::chrono::floor<std::chrono::milliseconds>(system_clock::now());

    /// So long ago.
    void record(minutes ago, Answer answer, Reason reason, const std::string& user = "juliet@capulet.lit",
                Source source = Source::asked, Covers covers = Covers::request, std::uint64_t repeats = 0)
    {
        std::vector<JournalEntry> entries{JournalEntry{
            JournalRecord{.id = journal.next_id(now - ago),
                          .at = now - ago,
                          .source = source,
                          .organization = "Capulet",
                          .request = {Address::prepare(user).value(),
                                      Address::prepare("romeo@montague.lit").value(), std::nullopt},
                          .facts = {},
                          .decision = {answer, reason},
                          .generation = 1,
                          .answered_by = reason == Reason::by_hand ? "nurse@capulet.lit" : "",
                          .covers = covers}}};
        BOOST_REQUIRE(journal.record(entries).has_value());
        for (std::uint64_t i = 0; i < repeats; ++i) {
            entries.front().repeat = true;
            BOOST_REQUIRE(journal.record(entries).has_value());
        }
    }
    [[nodiscard]] Overview counted(OverviewPeriod period = OverviewPeriod::week,
                                   std::optional<std::vector<std::string>> domains = kCapulet) const
    {
        auto given = overview(store->url(), {std::move(domains), period, now});
        BOOST_REQUIRE_MESSAGE(given.has_value(), (given ? "" : given.error()));
        return *std::move(given);
    }
    /// The reasons as text: `approve rule 2`, separated by `, `.
    [[nodiscard]] static std::string reasons(const Overview& overview)
    {
        std::string all;
        for (const Overview::ReasonCount& one : overview.reasons) {
            all += (all.empty() ? "" : ", ") + std::string(name(one.answer)) + " " + one.reason + " " +
                   std::to_string(one.count);
        }
        return all;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(overview_of_decisions, Store)

BOOST_AUTO_TEST_CASE(each_period_has_its_steps_and_the_last_one_ends_now)
{
    const auto check = [this](OverviewPeriod period, std::size_t steps, hours each) {
        const Overview found = counted(period);
        BOOST_REQUIRE(found.steps.size() == steps);
        BOOST_TEST((found.period == period));
        BOOST_TEST((found.step == each));
        BOOST_TEST((found.until == now));
        BOOST_TEST((found.steps.back().from == now - each));
        BOOST_TEST((found.steps.front().from == now - static_cast<int>(steps) * each));
    };
    check(OverviewPeriod::day, 24, hours(1));
    check(OverviewPeriod::week, 7, hours(24));
    check(OverviewPeriod::month, 30, hours(24));
}

BOOST_AUTO_TEST_CASE(decisions_are_counted_in_their_step_by_answer_and_reason)
{
    record(hours(24 * 8), Answer::deny, Reason::rule);  // before the week
    record(hours(24 * 6) + minutes(90), Answer::deny, Reason::rule);
    record(hours(24) + minutes(1), Answer::approve, Reason::in_organization);
    record(hours(24) - minutes(1), Answer::approve, Reason::rule);
    record(minutes(3), Answer::leave, Reason::prompt);
    record(minutes(2), Answer::leave, Reason::prompt, "susan@capulet.example");
    record(minutes(1), Answer::approve, Reason::in_organization);
    const Overview found = counted();
    BOOST_REQUIRE(found.steps.size() == 7U);
    BOOST_TEST(found.steps[0].deny == 1U);
    BOOST_TEST(found.steps[5].approve == 1U);
    BOOST_TEST(found.steps[6].approve == 2U);
    BOOST_TEST(found.steps[6].leave == 2U);
    BOOST_TEST(found.steps[6].deny == 0U);
    BOOST_TEST(reasons(found) == "approve in organization 2, leave prompt 2, approve rule 1, deny rule 1");
    BOOST_TEST(found.limited == 0U);
}

BOOST_AUTO_TEST_CASE(what_people_have_answered_is_none_of_policys_answers)
{
    record(minutes(5), Answer::leave, Reason::outside_organization);
    record(minutes(4), Answer::approve, Reason::by_hand, "juliet@capulet.lit", Source::waiting);
    record(minutes(3), Answer::deny, Reason::by_hand, "juliet@capulet.lit", Source::waiting);
    const Overview found = counted(OverviewPeriod::day);
    BOOST_TEST(found.steps.back().by_hand == 2U);
    BOOST_TEST(found.steps.back().approve == 0U);
    BOOST_TEST(found.steps.back().deny == 0U);
    BOOST_TEST(found.steps.back().leave == 1U);
    BOOST_TEST(reasons(found) == "approve by hand 1, deny by hand 1, leave outside organization 1");
}

BOOST_AUTO_TEST_CASE(a_revocation_is_no_answer)
{
    record(minutes(3), Answer::approve, Reason::in_organization);
    record(minutes(2), Answer::deny, Reason::revoked, "juliet@capulet.lit", Source::roster);
    const Overview found = counted(OverviewPeriod::day);
    BOOST_TEST(found.steps.back().deny == 0U);
    BOOST_TEST(found.steps.back().by_hand == 0U);
    BOOST_TEST(reasons(found) == "approve in organization 1");
}

BOOST_AUTO_TEST_CASE(what_is_counted_in_one_record_counts)
{
    record(minutes(9), Answer::deny, Reason::federation_closed, "juliet@capulet.lit", Source::asked,
           Covers::request, 2);
    record(minutes(8), Answer::leave, Reason::domain_limit, "juliet@capulet.lit", Source::asked,
           Covers::organization, 4);
    record(minutes(7), Answer::leave, Reason::contact_limit);
    record(minutes(6), Answer::leave, Reason::user_limit);
    record(minutes(5), Answer::leave, Reason::limits_unknown);
    record(minutes(4), Answer::leave, Reason::prompt);
    const Overview found = counted(OverviewPeriod::day);
    BOOST_TEST(found.steps.back().deny == 3U);
    BOOST_TEST(found.steps.back().leave == 9U);
    BOOST_TEST(found.limited == 8U);
}

BOOST_AUTO_TEST_CASE(only_the_users_of_these_domains_unless_all_are_asked_for)
{
    record(minutes(3), Answer::leave, Reason::prompt);
    record(minutes(2), Answer::leave, Reason::prompt, "romeo@montague.lit");
    record(minutes(1), Answer::leave, Reason::foreign_user, "capulet.lit@verona.lit");
    BOOST_TEST(counted().steps.back().leave == 1U);
    BOOST_TEST(counted(OverviewPeriod::week, std::nullopt).steps.back().leave == 3U);
    BOOST_TEST(counted(OverviewPeriod::month, std::vector<std::string>{"montague.lit"}).steps.back().leave ==
               1U);
}

BOOST_AUTO_TEST_CASE(what_was_recorded_while_the_clock_was_ahead_belongs_to_the_last_step)
{
    record(-hours(3), Answer::deny, Reason::rule);
    BOOST_TEST(counted(OverviewPeriod::day).steps.back().deny == 1U);
}

BOOST_AUTO_TEST_CASE(a_reason_that_there_is_no_more_is_shown_as_it_is_stored)
{
    record(minutes(1), Answer::leave, Reason::prompt);
    BOOST_REQUIRE(
        test::run_now(*database, {{"UPDATE journal SET reason = 'the stars said so'", {}}}).has_value());
    BOOST_TEST(reasons(counted()) == "leave the stars said so 1");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
