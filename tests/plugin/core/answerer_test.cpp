// Requests are decided together, recorded together, and left to their users when they cannot be recorded.
#include "plugin/core/answerer.h"
#include "plugin/store/journal_search.h"

#include <array>
#include <boost/test/unit_test.hpp>
#include <map>
#include <random>

#include "core_now.h"
#include "held_database.h"
#include "sqlite_file.h"
#include "store_now.h"
#include "temporary_directory.h"

namespace usher
{

namespace
{

class StandingClock : public Clock
{
  public:
    [[nodiscard]] Time now() const override { return now_; }
    [[nodiscard]] std::unique_ptr<Timer> after(std::chrono::milliseconds, std::function<void()>) override
    {
        return nullptr;
    }
    void pass(std::chrono::minutes time) { now_ += time; }

  private:
    Time now_{std::chrono::hours(1000)};
};

std::shared_ptr<const Policy> policy(Option option, Limits limits = {}, std::uint64_t generation = 1)
{
    Organization capulet;
    capulet.name = "Capulet";
    capulet.domains = {"capulet.lit"};
    capulet.option = option;
    return std::make_shared<const Policy>(std::vector{capulet}, limits, generation);
}

/// Denies everybody outside the organisation.
std::shared_ptr<const Policy> federation_closed()
{
    Organization capulet;
    capulet.name = "Capulet";
    capulet.domains = {"capulet.lit"};
    capulet.federation.mode = FederationMode::closed;
    capulet.federation.answer = Answer::deny;
    return std::make_shared<const Policy>(std::vector{capulet}, Limits{}, 1);
}

SubscriptionRequest request(std::string_view user, std::string_view contact)
{
    return {Address::prepare(user).value(), Address::prepare(contact).value(), std::nullopt};
}

struct Desk {
    usher::test::TemporaryDirectory directory;
    std::string path = (directory.path() / "usher.db").string();
    StandingClock clock;
    std::chrono::system_clock::time_point wall{std::chrono::hours(498'600)};
    std::unique_ptr<Database> database = Database::open("sqlite3://" + path).value();
    test::JournalNow journal{*database};
    test::ChoicesNow choices{*database};
    test::AnswererNow answerer{policy(Option::organization), choices.choices, journal.journal, clock,
                               [this] { return wall; }};

    /// Of requests that can be recorded.
    [[nodiscard]] std::vector<Decision> judge(std::span<const SubscriptionRequest> requests, Source source)
    {
        std::vector<Decision> decisions;
        const auto judged = answerer.judge(requests, source);
        for (const Judged& one : judged.value()) {
            decisions.push_back(one.decision);
        }
        return decisions;
    }
    /// Judges one, and settles it if an outcome is given. The record's id.
    std::int64_t judge(const SubscriptionRequest& request, Source source, std::optional<Outcome> outcome = {},
                       const std::string& condition = {})
    {
        const Judged judged = answerer.judge({&request, 1}, source).value()[0];
        if (outcome) {
            const Settled settled{request, judged, *outcome, condition};
            answerer.settle({&settled, 1});
        }
        return judged.record;
    }
    [[nodiscard]] long long recorded() const
    {
        test::SqliteFile other(path);
        return other.number("SELECT COUNT(*) FROM journal");
    }
    [[nodiscard]] std::vector<JournalRecord> found(JournalFilter filter) const
    {
        JournalSearch search(*database, std::move(filter));
        while (!test::search_now(search).value()) {
        }
        return search.take_found();
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(answerer, Desk)

/// The text of the policy has no members from outside, so a decision could not be made again without this.
// Whoever has only exceptions is not taken for somebody who has chosen nothing.
BOOST_AUTO_TEST_CASE(an_exception_that_was_just_made_holds_for_the_next_request)
{
    const SubscriptionRequest asked = request("juliet@capulet.lit", "tybalt@capulet.lit");
    BOOST_TEST((judge({&asked, 1}, Source::asked).front().answer == Answer::approve));
    BOOST_TEST(
        choices
            .change(Address::prepare("juliet@capulet.lit").value(), {{"capulet.lit", Handling::never_accept}})
            .value());
    const SubscriptionRequest next = request("juliet@capulet.lit", "nurse@capulet.lit");
    const SubscriptionRequest other = request("nurse@capulet.lit", "tybalt@capulet.lit");
    const std::vector both{next, other};
    const std::vector<Decision> decisions = judge(both, Source::asked);
    BOOST_TEST((decisions[0].answer == Answer::deny));
    BOOST_TEST((decisions[0].reason == Reason::never_accept));
    BOOST_TEST((decisions[1].answer == Answer::approve));
    const std::vector<JournalRecord> records = found({.user = Address::prepare("juliet@capulet.lit")});
    BOOST_REQUIRE(records.size() == 2U);
    BOOST_TEST(!records[0].facts.exception.has_value());
    BOOST_TEST((records[1].facts.exception == ContactException{Handling::never_accept, "capulet.lit"}));
}

BOOST_AUTO_TEST_CASE(what_a_directory_said_of_the_two_is_recorded)
{
    Organization capulet = policy(Option::organization)->organizations().front();
    capulet.groups.push_back(
        {.name = "kin", .members = {}, .from_outside = {Address::prepare("nurse@capulet.lit").value()}});
    capulet.groups.push_back({.name = "rivals", .members = {}, .complete = false});
    answerer.set_policy(std::make_shared<const Policy>(std::vector{capulet}, Limits{}, 2));
    judge(request("juliet@capulet.lit", "nurse@capulet.lit"), Source::asked);
    BOOST_TEST((found({}).at(0).facts.groups.value() == OutsideGroups{{"kin"}, {}, {"rivals"}}));
}

BOOST_AUTO_TEST_CASE(everything_that_was_asked_is_recorded_and_answered_in_order)
{
    const std::vector requests{request("juliet@capulet.lit", "nurse@capulet.lit"),
                               request("juliet@capulet.lit", "romeo@montague.lit")};
    const auto decisions = judge(requests, Source::asked);
    BOOST_REQUIRE(decisions.size() == 2U);
    BOOST_TEST(decisions[0].answer == Answer::approve);
    BOOST_TEST(decisions[1].answer == Answer::leave);
    BOOST_TEST(recorded() == 2);
}

// E15: left, or denied for its domain, and recorded as the server wrote it.
BOOST_AUTO_TEST_CASE(what_cannot_be_compared_is_recorded_as_what_can)
{
    Organization capulet;
    capulet.name = "Capulet";
    capulet.domains = {"capulet.lit"};
    capulet.option = Option::all;
    capulet.rules = {{{Pattern::read("evil.test").value()}, {Pattern::read("*").value()}, Answer::deny, 1}};
    answerer.set_policy(std::make_shared<const Policy>(std::vector{capulet}, Limits{}, 2));
    const auto juliet = Address::prepare("juliet@capulet.lit").value();
    const std::vector<SubscriptionRequest> requests{
        {juliet, Party::as_written("e\u0300\u0323\u0321ve@evil.test."), std::nullopt},
        {juliet, Party::as_written("Romeo@Montague.LIT"), std::nullopt},
        {Party::as_written("Juliet@capulet.lit"), Address::prepare("nurse@capulet.lit").value(),
         std::nullopt},
        {juliet, Address::prepare_contact("evil.test").value(), std::nullopt},
        {juliet, Address::prepare_contact("icq.montague.lit").value(), std::nullopt}};
    const std::vector expected{Answer::deny, Answer::leave, Answer::leave, Answer::deny, Answer::approve};
    const auto decisions = judge(requests, Source::asked);
    const auto records = found({});
    BOOST_REQUIRE(records.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        BOOST_TEST(decisions[i].answer == expected[i]);
        BOOST_TEST(records[i].decision.answer == expected[i]);
        BOOST_TEST(records[i].request.contact.text() == requests[i].contact.text());
        BOOST_TEST(records[i].request.user.text() == requests[i].user.text());
    }
    BOOST_TEST(records[1].decision.reason == Reason::unprepared);
    (void)judge({&requests[1], 1}, Source::asked);
    BOOST_TEST(recorded() == 5);  // a repetition
}

BOOST_AUTO_TEST_CASE(of_what_waits_only_what_gets_an_answer_is_recorded)
{
    const std::vector requests{request("juliet@capulet.lit", "nurse@capulet.lit"),
                               request("juliet@capulet.lit", "romeo@montague.lit")};
    BOOST_TEST(judge(requests, Source::waiting).size() == 2U);
    BOOST_TEST(recorded() == 1);
}

BOOST_AUTO_TEST_CASE(of_what_is_found_in_rosters_only_approvals_are_recorded)
{
    Organization capulet;
    capulet.name = "Capulet";
    capulet.domains = {"capulet.lit"};
    capulet.option = Option::organization;
    capulet.federation.mode = FederationMode::closed;
    capulet.federation.answer = Answer::deny;
    answerer.set_policy(std::make_shared<const Policy>(std::vector{capulet}, Limits{}, 2));
    const std::vector requests{request("juliet@capulet.lit", "nurse@capulet.lit"),
                               request("juliet@capulet.lit", "romeo@montague.lit")};
    const auto decisions = judge(requests, Source::roster);
    BOOST_TEST(decisions[1].answer == Answer::deny);
    BOOST_TEST(recorded() == 1);
    BOOST_TEST(test::SqliteFile(path).text("SELECT source FROM journal") == "roster");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_recorded_is_no_decision)
{
    test::SqliteFile other(path);
    other.run("BEGIN IMMEDIATE");
    int told = 0;
    answerer.on_unrecorded([&told] { ++told; });
    const std::vector requests{request("juliet@capulet.lit", "nurse@capulet.lit")};
    const auto decisions = answerer.judge(requests, Source::asked);
    other.run("ROLLBACK");
    BOOST_TEST(told == 1);
    BOOST_REQUIRE(!decisions.has_value());
    BOOST_TEST(decisions.error().find("the journal cannot be written: ") == 0U, decisions.error());
    BOOST_TEST(recorded() == 0);
}

BOOST_AUTO_TEST_CASE(what_could_not_be_recorded_does_not_count_towards_a_limit)
{
    answerer.set_policy(policy(Option::organization, {.per_contact = 1, .per_domain = 0, .per_user = 0}));
    const std::vector requests{request("juliet@capulet.lit", "nurse@capulet.lit")};
    test::SqliteFile other(path);
    other.run("BEGIN IMMEDIATE");
    BOOST_TEST(!answerer.judge(requests, Source::asked).has_value());
    other.run("ROLLBACK");
    BOOST_TEST(judge(requests, Source::waiting)[0].answer == Answer::approve);
}

BOOST_AUTO_TEST_CASE(a_limit_counts_within_one_batch_and_ends_after_the_hour)
{
    answerer.set_policy(policy(Option::organization, {.per_contact = 2, .per_domain = 0, .per_user = 0}));
    const std::vector requests{request("juliet@capulet.lit", "nurse@capulet.lit"),
                               request("tybalt@capulet.lit", "nurse@capulet.lit"),
                               request("sampson@capulet.lit", "nurse@capulet.lit")};
    const auto decisions = judge(requests, Source::asked);
    BOOST_TEST(decisions[1].answer == Answer::approve);
    BOOST_TEST(decisions[2].answer == Answer::leave);
    BOOST_TEST(decisions[2].reason == Reason::contact_limit);
    clock.pass(std::chrono::minutes(66));
    BOOST_TEST(judge({&requests[2], 1}, Source::asked)[0].answer == Answer::approve);
}

BOOST_AUTO_TEST_CASE(a_new_policy_is_in_force_from_the_next_request_on)
{
    const std::vector requests{request("juliet@capulet.lit", "romeo@montague.lit")};
    BOOST_TEST(judge(requests, Source::asked)[0].answer == Answer::leave);
    answerer.set_policy(policy(Option::all));
    BOOST_TEST(judge(requests, Source::asked)[0].answer == Answer::approve);
}

BOOST_AUTO_TEST_CASE(a_choice_is_in_force_from_the_next_request_on)
{
    const std::vector requests{request("juliet@capulet.lit", "nurse@capulet.lit")};
    BOOST_TEST(judge(requests, Source::asked)[0].answer == Answer::approve);
    BOOST_REQUIRE(choices.set(requests[0].user.prepared().value(), Option::prompt).has_value());
    const Decision decision = judge(requests, Source::asked)[0];
    BOOST_TEST(decision.answer == Answer::leave);
    BOOST_TEST(decision.reason == Reason::prompt);
}

BOOST_AUTO_TEST_CASE(a_choice_that_another_process_saves_is_in_force_from_the_next_request_on)
{
    const auto elsewhere = Database::open("sqlite3://" + path).value();
    test::ChoicesNow others(*elsewhere);
    const std::vector requests{request("tybalt@capulet.lit", "nurse@capulet.lit"),
                               request("juliet@capulet.lit", "nurse@capulet.lit")};
    BOOST_TEST(judge(requests, Source::asked)[1].answer == Answer::approve);
    BOOST_REQUIRE(others.set(requests[1].user.prepared().value(), Option::prompt).has_value());
    const auto decisions = judge(requests, Source::asked);
    BOOST_TEST(decisions[0].answer == Answer::approve);
    BOOST_TEST(decisions[1].answer == Answer::leave);
    BOOST_TEST(decisions[1].reason == Reason::prompt);
    BOOST_REQUIRE(others.set(requests[1].user.prepared().value(), std::nullopt).has_value());
    BOOST_TEST(judge(requests, Source::asked)[1].answer == Answer::approve);
}

BOOST_AUTO_TEST_CASE(while_choices_cannot_be_read_nothing_is_decided_or_recorded)
{
    answerer.set_policy(policy(Option::all, {.per_contact = 2, .per_domain = 0, .per_user = 0}));
    int told = 0;
    answerer.on_unrecorded([&told] { ++told; });
    const std::vector requests{request("juliet@capulet.lit", "nurse@capulet.lit"),
                               request("tybalt@capulet.lit", "nurse@capulet.lit")};
    test::SqliteFile other(path);
    other.run("ALTER TABLE choice RENAME TO gone");
    for (const Source source : {Source::asked, Source::waiting, Source::roster}) {
        const auto decisions = answerer.judge(requests, source);
        BOOST_REQUIRE(!decisions.has_value());
        BOOST_TEST(decisions.error().find("no such table: choice") != std::string::npos, decisions.error());
    }
    BOOST_TEST(!answerer.facts(requests).has_value());
    const auto by_hand = answerer.record_by_hand(requests[0], Answer::approve, "admin@capulet.lit");
    BOOST_REQUIRE(!by_hand.has_value());
    BOOST_TEST(by_hand.error().find("users' choices cannot be read: ") == 0U, by_hand.error());
    BOOST_TEST(told == 3);
    BOOST_TEST(answerer.counts().unrecorded == 6U);
    BOOST_TEST(recorded() == 0);
    other.run("ALTER TABLE gone RENAME TO choice");
    const auto decisions = judge(requests, Source::asked);
    BOOST_TEST(decisions[0].answer == Answer::approve);  // nothing was counted towards the limit
    BOOST_TEST(decisions[1].answer == Answer::approve);
    BOOST_TEST(recorded() == 2);
}

BOOST_AUTO_TEST_CASE(a_choice_of_an_unknown_option_is_not_the_organizations)
{
    const std::vector requests{request("juliet@capulet.lit", "nurse@capulet.lit")};
    BOOST_REQUIRE(choices.set(requests[0].user.prepared().value(), Option::prompt).has_value());
    test::SqliteFile(path).run("UPDATE choice SET option_name = 'never'");
    BOOST_TEST(!answerer.judge(requests, Source::asked).has_value());
    BOOST_TEST(recorded() == 0);
}

BOOST_AUTO_TEST_CASE(an_answer_by_hand_is_recorded_with_who_gave_it)
{
    const auto id = answerer.record_by_hand(request("juliet@capulet.lit", "romeo@montague.lit"), Answer::deny,
                                            "admin@capulet.lit");
    BOOST_REQUIRE(id.has_value());
    const JournalRecord record = found({.id = id->record}).at(0);
    BOOST_TEST(record.decision.answer == Answer::deny);
    BOOST_TEST(record.decision.reason == Reason::by_hand);
    BOOST_TEST(record.answered_by == "admin@capulet.lit");
}

BOOST_AUTO_TEST_CASE(an_approval_after_a_revocation_has_a_record_of_its_own)
{
    const std::vector requests{request("juliet@capulet.lit", "nurse@capulet.lit")};
    BOOST_TEST(judge(requests, Source::asked)[0].answer == Answer::approve);
    std::optional<tl::expected<std::vector<Judged>, std::string>> revoked;
    answerer.record_revocations(requests, "admin@capulet.lit",
                                [&](auto judged) { revoked = std::move(judged); });
    BOOST_REQUIRE(revoked.value().has_value());
    const JournalRecord record = found({.id = revoked->value().at(0).record}).at(0);
    BOOST_TEST(record.decision.answer == Answer::deny);
    BOOST_TEST(record.decision.reason == Reason::revoked);
    BOOST_TEST((record.source == Source::roster));
    BOOST_TEST(record.answered_by == "admin@capulet.lit");
    BOOST_TEST(judge(requests, Source::asked)[0].answer == Answer::approve);
    BOOST_TEST(recorded() == 3);
}

BOOST_AUTO_TEST_CASE(what_is_committed_is_told_and_nothing_else)
{
    std::vector<std::int64_t> told;
    answerer.on_recorded([&](const JournalRecord& record) { told.push_back(record.id); });
    const std::vector requests{request("juliet@capulet.lit", "nurse@capulet.lit"),
                               request("juliet@capulet.lit", "romeo@montague.lit")};
    static_cast<void>(judge(requests, Source::asked));
    BOOST_TEST(told.size() == 2U);
    {
        test::SqliteFile other(path);
        other.run("BEGIN IMMEDIATE");
        BOOST_TEST(!answerer.judge(requests, Source::asked).has_value());
        other.run("ROLLBACK");
    }
    BOOST_TEST(told.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_request_that_is_left_again_is_recorded_again_when_the_hour_is_over)
{
    const std::vector requests{request("juliet@capulet.lit", "romeo@montague.lit")};
    for (int i = 0; i < 1'000; ++i) {
        BOOST_TEST(judge(requests, Source::asked)[0].answer == Answer::leave);
    }
    BOOST_TEST(recorded() == 1);
    BOOST_TEST(answerer.counts().repeated == 999U);
    BOOST_TEST(found({}).at(0).repeats == 999U);
    clock.pass(std::chrono::minutes(60));
    static_cast<void>(judge(requests, Source::asked));
    BOOST_TEST(recorded() == 2);
}

BOOST_AUTO_TEST_CASE(a_request_that_is_left_for_another_reason_or_after_an_answer_is_recorded)
{
    const Limits one{.per_contact = 1, .per_domain = 0, .per_user = 0};
    answerer.set_policy(policy(Option::organization, one));
    const SubscriptionRequest asked = request("juliet@capulet.lit", "nurse@capulet.lit");
    const auto reason = [&] { return judge({&asked, 1}, Source::asked)[0].reason; };
    BOOST_REQUIRE(choices.set(asked.user.prepared().value(), Option::prompt).has_value());
    BOOST_TEST(reason() == Reason::prompt);
    BOOST_REQUIRE(choices.set(asked.user.prepared().value(), std::nullopt).has_value());
    BOOST_TEST(reason() == Reason::in_organization);
    BOOST_TEST(reason() == Reason::contact_limit);
    BOOST_TEST(recorded() == 3);
    BOOST_TEST(reason() == Reason::contact_limit);
    BOOST_TEST(recorded() == 3);
    BOOST_REQUIRE(answerer.record_by_hand(asked, Answer::deny, "admin@capulet.lit").has_value());
    BOOST_TEST(reason() == Reason::contact_limit);
    BOOST_TEST(recorded() == 5);
    answerer.set_policy(policy(Option::organization, one, 2));
    BOOST_TEST(reason() == Reason::contact_limit);
    BOOST_TEST(recorded() == 6);
}

BOOST_AUTO_TEST_CASE(what_is_left_and_could_not_be_recorded_is_recorded_the_next_time)
{
    const std::vector requests{request("juliet@capulet.lit", "romeo@montague.lit")};
    test::SqliteFile other(path);
    other.run("BEGIN IMMEDIATE");
    BOOST_TEST(!answerer.judge(requests, Source::asked).has_value());
    other.run("ROLLBACK");
    static_cast<void>(judge(requests, Source::asked));
    BOOST_TEST(recorded() == 1);
    BOOST_TEST(answerer.counts().repeated == 0U);
}

/// A stranger whom a rule denies, and who tries again and again.
BOOST_AUTO_TEST_CASE(a_denial_that_is_repeated_is_one_record_with_a_count_and_the_last_time)
{
    answerer.set_policy(federation_closed());
    const SubscriptionRequest asked = request("juliet@capulet.lit", "romeo@montague.lit");
    const std::int64_t id = judge(asked, Source::asked);
    for (int i = 1; i < 60; ++i) {
        wall += std::chrono::seconds(10);
        BOOST_TEST(judge(asked, Source::asked) == id);
    }
    BOOST_REQUIRE(recorded() == 1);
    const JournalRecord record = found({.id = id}).at(0);
    BOOST_TEST(record.decision.answer == Answer::deny);
    BOOST_TEST(record.repeats == 59U);
    BOOST_TEST((record.last_at == wall));
    BOOST_TEST((record.at == wall - std::chrono::seconds(590)));
    BOOST_TEST(!record.outcome.has_value());
    // Found by the time of the last one, too.
    BOOST_TEST(found({.since = wall}).size() == 1U);
    BOOST_TEST(found({.since = wall + std::chrono::seconds(1)}).empty());

    clock.pass(std::chrono::minutes(60));
    BOOST_TEST(judge(asked, Source::asked) != id);
    BOOST_TEST(recorded() == 2);
}

/// E17 holds for what is repeated, too.
BOOST_AUTO_TEST_CASE(a_denial_whose_repetition_cannot_be_recorded_is_no_decision)
{
    answerer.set_policy(federation_closed());
    const std::vector requests{request("juliet@capulet.lit", "romeo@montague.lit")};
    static_cast<void>(judge(requests, Source::asked));
    test::SqliteFile other(path);
    other.run("BEGIN IMMEDIATE");
    BOOST_TEST(!answerer.judge(requests, Source::asked).has_value());
    other.run("ROLLBACK");
    static_cast<void>(judge(requests, Source::asked));
    BOOST_TEST(recorded() == 1);
    BOOST_TEST(found({}).at(0).repeats == 1U);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_recorded_does_not_use_up_the_limit_of_an_hour)
{
    answerer.set_policy(federation_closed());
    std::vector<SubscriptionRequest> requests;
    for (std::size_t i = 0; i < RecentDecisions::kMaxOfDomain; ++i) {
        requests.push_back(request("juliet@capulet.lit", "romeo" + std::to_string(i) + "@montague.lit"));
    }
    test::SqliteFile other(path);
    other.run("BEGIN IMMEDIATE");
    BOOST_TEST(!answerer.judge(requests, Source::asked).has_value());
    other.run("ROLLBACK");
    static_cast<void>(judge({&requests[0], 1}, Source::asked));
    BOOST_TEST((found({}).at(0).covers == Covers::request));
}

BOOST_AUTO_TEST_CASE(a_repetition_whose_record_has_gone_gets_a_new_one)
{
    answerer.set_policy(federation_closed());
    const SubscriptionRequest asked = request("juliet@capulet.lit", "romeo@montague.lit");
    const std::int64_t gone = judge(asked, Source::asked);
    test::SqliteFile(path).run("DELETE FROM journal");
    const std::int64_t id = judge(asked, Source::asked);
    BOOST_TEST(id > gone);
    BOOST_TEST(judge(asked, Source::asked) == id);
    BOOST_TEST(found({.id = id}).at(0).repeats == 1U);
    BOOST_TEST(recorded() == 1);
}

BOOST_AUTO_TEST_CASE(the_same_request_twice_in_one_ask_is_one_record)
{
    const SubscriptionRequest asked = request("juliet@capulet.lit", "nurse@capulet.lit");
    const std::vector requests{asked, request("juliet@capulet.lit", "tybalt@capulet.lit"), asked};
    BOOST_TEST(judge(requests, Source::asked)[2].answer == Answer::approve);
    BOOST_TEST(recorded() == 2);
    BOOST_TEST(found({.contact = asked.contact}).at(0).repeats == 1U);
}

/// A contact who unsubscribes and subscribes in turns does not get round the limit.
BOOST_AUTO_TEST_CASE(approvals_that_share_a_record_all_count_towards_limits)
{
    answerer.set_policy(policy(Option::organization, {.per_contact = 2, .per_domain = 0, .per_user = 0}));
    const std::vector requests{request("juliet@capulet.lit", "nurse@capulet.lit")};
    BOOST_TEST(judge(requests, Source::asked)[0].answer == Answer::approve);
    BOOST_TEST(judge(requests, Source::asked)[0].answer == Answer::approve);
    BOOST_TEST(recorded() == 1);
    BOOST_TEST(judge(requests, Source::asked)[0].reason == Reason::contact_limit);
    BOOST_TEST(recorded() == 2);
}

/// The user has blocked the contact's domain, or has vanished: the request stays in the list of what waits.
BOOST_AUTO_TEST_CASE(approvals_that_the_server_refuses_are_one_record_and_count_towards_no_limit)
{
    const Limits limits{.per_contact = 2, .per_domain = 0, .per_user = 0};
    const SubscriptionRequest waits = request("juliet@capulet.lit", "nurse@capulet.lit");
    std::int64_t id = 0;
    int told = 0;
    answerer.on_refused([&told](const Settled&) { ++told; });
    for (std::uint64_t generation = 1; generation <= 23; ++generation) {  // read again after each reload
        answerer.set_policy(policy(Option::organization, limits, generation));
        id = judge(waits, Source::waiting, Outcome::refused, "item-not-found");
    }
    BOOST_TEST(recorded() == 1);
    const JournalRecord record = found({.id = id}).at(0);
    BOOST_TEST(record.decision.answer == Answer::approve);
    BOOST_TEST((record.outcome == Outcome::refused));
    BOOST_TEST(record.refusal == "item-not-found");
    BOOST_TEST(record.repeats == 22U);
    BOOST_TEST(record.generation == 1U);
    BOOST_TEST(answerer.counts().refused.at(Answer::approve) == 23U);
    BOOST_TEST(told == 1);

    const std::vector colleague{request("tybalt@capulet.lit", "nurse@capulet.lit")};
    BOOST_TEST(judge(colleague, Source::asked)[0].answer == Answer::approve);
}

BOOST_AUTO_TEST_CASE(what_the_server_has_confirmed_is_not_counted_again_in_its_record)
{
    const SubscriptionRequest waits = request("juliet@capulet.lit", "nurse@capulet.lit");
    const std::int64_t tried = judge(waits, Source::waiting, Outcome::refused, "internal-server-error");
    BOOST_TEST(judge(waits, Source::waiting) == tried);
    BOOST_TEST(!found({.id = tried}).at(0).outcome.has_value());  // of the latest one
    BOOST_TEST(judge(waits, Source::waiting, Outcome::confirmed) == tried);
    BOOST_TEST((found({.id = tried}).at(0).outcome == Outcome::confirmed));
    BOOST_TEST(found({.id = tried}).at(0).refusal == "");
    const std::int64_t next = judge(waits, Source::waiting, Outcome::refused, "item-not-found");
    BOOST_TEST(next != tried);
    BOOST_TEST((found({.id = tried}).at(0).outcome == Outcome::confirmed));
    // The reply to an ask is not confirmed: it is another thing than a later answer.
    BOOST_TEST(judge(waits, Source::asked) != next);
}

BOOST_AUTO_TEST_CASE(an_outcome_that_cannot_be_recorded_is_not_known)
{
    const SubscriptionRequest waits = request("juliet@capulet.lit", "nurse@capulet.lit");
    const Judged judged = answerer.judge({&waits, 1}, Source::waiting).value()[0];
    test::SqliteFile other(path);
    other.run("BEGIN IMMEDIATE");
    const Settled settled{waits, judged, Outcome::confirmed, {}};
    answerer.settle({&settled, 1});
    other.run("ROLLBACK");
    BOOST_TEST(!found({.id = judged.record}).at(0).outcome.has_value());
}

BOOST_AUTO_TEST_CASE(beyond_the_hourly_limit_of_a_domain_denials_are_denied_and_counted_in_one_record)
{
    constexpr std::size_t kAtATime = 100;
    constexpr std::size_t kMax = RecentDecisions::kMaxOfDomain;
    answerer.set_policy(federation_closed());
    std::vector<SubscriptionRequest> requests;
    for (std::size_t i = 0; i < kMax + 2 * kAtATime; ++i) {
        requests.push_back(request("juliet@capulet.lit", "romeo" + std::to_string(i) + "@montague.lit"));
    }
    for (std::size_t i = 0; i < requests.size(); i += kAtATime) {
        for (const Decision& decision : judge({&requests[i], kAtATime}, Source::asked)) {
            BOOST_REQUIRE(decision.answer == Answer::deny);
        }
    }
    BOOST_TEST(recorded() == kMax + 1);
    BOOST_TEST(answerer.counts().too_many == 2 * kAtATime);
    BOOST_TEST(answerer.counts().requests.at(Source::asked) == requests.size());
    const JournalRecord others = found({.most = 1}).at(0);
    BOOST_TEST((others.covers == Covers::domain));
    BOOST_TEST(others.repeats == 2 * kAtATime - 1);
    BOOST_TEST(others.request.contact == requests[kMax].contact);
    // What has a record is still counted there.
    static_cast<void>(judge({&requests.front(), 1}, Source::asked));
    BOOST_TEST(found({.contact = requests.front().contact}).at(0).repeats == 1U);

    // Another domain is not concerned, nor are approvals.
    const SubscriptionRequest elsewhere = request("juliet@capulet.lit", "paris@verona.lit");
    BOOST_TEST(judge({&elsewhere, 1}, Source::asked)[0].answer == Answer::deny);
    BOOST_TEST(recorded() == kMax + 2);
    answerer.set_policy(policy(Option::all));
    BOOST_TEST(judge({&requests.back(), 1}, Source::asked)[0].answer == Answer::approve);
    BOOST_TEST(recorded() == kMax + 3);

    // Left requests have a record of many of their own.
    answerer.set_policy(policy(Option::organization));
    const SubscriptionRequest left = request("juliet@capulet.lit", "benvolio@montague.lit");
    static_cast<void>(judge({&left, 1}, Source::asked));
    BOOST_TEST(recorded() == kMax + 4);
    BOOST_TEST((found({.most = 1}).at(0).covers == Covers::domain));
    clock.pass(std::chrono::minutes(60));
    static_cast<void>(judge({&left, 1}, Source::asked));
    BOOST_TEST(recorded() == kMax + 5);
    BOOST_TEST((found({.most = 1}).at(0).covers == Covers::request));
}

BOOST_AUTO_TEST_CASE(records_of_all_domains_are_limited_too)
{
    constexpr std::size_t kDomains = 20;
    RecentDecisions recent(clock);
    std::map<std::pair<Covers, bool>, std::size_t> placed;
    for (std::size_t i = 0; i < RecentDecisions::kMax + 2 * kDomains; ++i) {
        JournalEntry entry{
            {.id = static_cast<std::int64_t>(i),
             .at = {},
             .organization = "Capulet",
             .request = request("juliet@capulet.lit", "romeo" + std::to_string(i) + "@montague" +
                                                          std::to_string(i % kDomains) + ".lit"),
             .facts = {},
             .decision = {i % 2 == 0 ? Answer::leave : Answer::deny, Reason::rule}}};
        recent.place(entry);
        ++placed[{entry.record.covers, entry.repeat}];
    }
    BOOST_TEST((placed[{Covers::request, false}] == RecentDecisions::kMax));
    BOOST_TEST((placed[{Covers::organization, false}] == 2U));  // one for each answer
    BOOST_TEST((placed[{Covers::organization, true}] == 2 * kDomains - 2));
    clock.pass(std::chrono::minutes(60));
    JournalEntry entry{{.at = {},
                        .organization = "Capulet",
                        .request = request("juliet@capulet.lit", "romeo1@montague1.lit"),
                        .facts = {},
                        .decision = {Answer::deny, Reason::rule}}};
    recent.place(entry);
    BOOST_TEST(!entry.repeat);
    BOOST_TEST((entry.record.covers == Covers::request));
}

/// The hour ends between two decisions of a batch that cannot be written.
BOOST_AUTO_TEST_CASE(what_cannot_be_recorded_at_the_end_of_an_hour_is_not_counted_in_the_next)
{
    RecentDecisions recent(clock);
    const auto place = [&recent](std::int64_t id, const std::string& contact) {
        JournalEntry entry{{.id = id,
                            .at = {},
                            .organization = "Capulet",
                            .request = request("juliet@capulet.lit", contact),
                            .facts = {},
                            .decision = {Answer::leave, Reason::outside_organization}}};
        recent.place(entry);
        return entry;
    };
    const JournalEntry before = place(1, "romeo@montague.lit");
    clock.pass(std::chrono::minutes(60));
    const JournalEntry after = place(2, "benvolio@montague.lit");
    recent.withdraw(before);
    recent.withdraw(after);
    BOOST_TEST((place(3, "paris@verona.lit").record.covers == Covers::request));
    BOOST_TEST((place(4, "romeo@montague.lit").record.covers == Covers::request));
}

/// With the facts of a record and the policy of its generation, `explain` gives the recorded decision.
BOOST_AUTO_TEST_CASE(every_recorded_decision_can_be_explained_again)
{
    std::mt19937 random(4);
    const auto any = [&](std::size_t of) {
        return std::uniform_int_distribution<std::size_t>(0, of - 1)(random);
    };
    const std::array users{"juliet@capulet.lit", "tybalt@capulet.lit", "romeo@montague.lit"};
    const std::array contacts{"nurse@capulet.lit", "romeo@montague.lit", "juliet@capulet.lit",
                              "eve@x.evil.lit"};
    const std::array patterns{"*", "*.evil.lit", "montague.lit", "nurse@capulet.lit"};
    std::map<std::uint64_t, std::shared_ptr<const Policy>> policies;
    for (std::uint64_t generation = 1; generation <= 200; ++generation) {
        Organization capulet;
        capulet.name = "Capulet";
        capulet.domains = {"capulet.lit"};
        capulet.option = kOptions[any(3)];
        capulet.users_may_choose = any(2) == 0;
        capulet.ask_back = any(2) == 0;
        capulet.federation.mode = static_cast<FederationMode>(any(3));
        for (std::uint32_t place = 1; place <= any(3); ++place) {
            capulet.rules.push_back({{Pattern::read(patterns[any(4)]).value()},
                                     {Pattern::read(patterns[any(4)]).value()},
                                     std::array{Answer::approve, Answer::deny, Answer::leave}[any(3)],
                                     place});
        }
        const Limits limits{static_cast<std::uint32_t>(any(4)), static_cast<std::uint32_t>(any(4)), 0};
        policies[generation] = std::make_shared<const Policy>(std::vector{capulet}, limits, generation);
        answerer.set_policy(policies[generation]);
        BOOST_REQUIRE(choices.set(Address::prepare(users[any(2)]).value(), kOptions[any(3)]).has_value());
        std::vector<SubscriptionRequest> requests;
        for (int i = 0; i < 50; ++i) {
            requests.push_back(request(users[any(3)], contacts[any(4)]));
            if (any(2) == 0) {
                requests.back().item = RosterItem{static_cast<Subscription>(any(4)), any(2) == 0};
            }
        }
        static_cast<void>(judge(requests, Source::asked));
        clock.pass(std::chrono::minutes(any(60)));
    }
    const std::vector<JournalRecord> records = found({.after = 0, .most = 20'000});
    std::uint64_t decisions = 0;
    for (const JournalRecord& record : records) {
        decisions += 1 + record.repeats;
        const Decision again =
            explain(*policies.at(record.generation), record.request, record.facts).decision;
        BOOST_REQUIRE(again.answer == record.decision.answer);
        BOOST_REQUIRE(again.reason == record.decision.reason);
        BOOST_REQUIRE(again.rule == record.decision.rule);
    }
    BOOST_TEST(decisions == 10'000U);
}

/// A store that answers later.
struct SlowDesk {
    SlowDesk() { answerer.set_policy(policy(Option::organization), 0); }

    /// Asks, and says so with this name when it is decided: `first approve`, `first failed`.
    void ask(const std::string& name, const SubscriptionRequest& request, Answerer& whom)
    {
        whom.judge({request}, Source::asked, [this, name](const auto& judged) {
            said.push_back(name + " " +
                           (judged ? std::string(usher::name(judged->front().decision.answer)) : "failed"));
        });
    }
    void ask(const std::string& name, const SubscriptionRequest& request) { ask(name, request, answerer); }

    usher::test::TemporaryDirectory directory;
    std::string url = "sqlite3://" + (directory.path() / "usher.db").string();
    StandingClock clock;
    test::HeldDatabase database{Database::open(url).value()};
    Journal journal{database};
    Choices choices{database};
    Answerer answerer{choices, journal, clock, [] { return std::chrono::system_clock::now(); }};
    SubscriptionRequest nurse = request("juliet@capulet.lit", "nurse@capulet.lit");
    SubscriptionRequest tybalt = request("juliet@capulet.lit", "tybalt@capulet.lit");
    SubscriptionRequest romeo = request("juliet@capulet.lit", "romeo@montague.lit");
    std::vector<std::string> said;
};

using Said = std::vector<std::string>;

BOOST_FIXTURE_TEST_CASE(what_comes_while_a_batch_is_with_the_store_is_the_next_one, SlowDesk)
{
    database.holds = true;
    ask("first", nurse);
    ask("second", tybalt);
    ask("third", romeo);
    BOOST_TEST(database.held() == 1U);  // the record of the first
    BOOST_TEST(said.empty());
    database.release();
    BOOST_TEST(said == Said{"first approve"}, boost::test_tools::per_element());
    BOOST_TEST(database.held() == 1U);
    database.release();
    BOOST_TEST(database.held() == 0U);
    BOOST_TEST(said == (Said{"first approve", "second approve", "third leave"}),
               boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(many_that_have_come_meanwhile_are_several_batches, SlowDesk)
{
    database.holds = true;
    std::vector<std::size_t> answered;
    const auto ask_many = [&](std::size_t requests) {
        answerer.judge(std::vector(requests, nurse), Source::asked,
                       [&answered](const auto& judged) { answered.push_back(judged.value().size()); });
    };
    for (const std::size_t requests : {1U, 400U, 600U, 1U, 1500U, 999U, 1U}) {
        ask_many(requests);
    }
    const auto next_batch = [&] {
        answered.clear();
        while (answered.empty()) {  // choices, records
            database.release();
        }
        return answered;
    };
    using Sizes = std::vector<std::size_t>;
    BOOST_TEST(next_batch() == (Sizes{1}), boost::test_tools::per_element());
    BOOST_TEST(next_batch() == (Sizes{400, 600}), boost::test_tools::per_element());
    BOOST_TEST(next_batch() == (Sizes{1}), boost::test_tools::per_element());
    BOOST_TEST(next_batch() == (Sizes{1500}), boost::test_tools::per_element());
    BOOST_TEST(next_batch() == (Sizes{999, 1}), boost::test_tools::per_element());
    BOOST_TEST(database.held() == 0U);
}

BOOST_FIXTURE_TEST_CASE(what_cannot_be_recorded_counts_for_no_limit_and_the_next_batch_goes_on, SlowDesk)
{
    answerer.set_policy(policy(Option::organization, {.per_contact = 1, .per_domain = 0, .per_user = 0}), 0);
    int told = 0;
    answerer.on_unrecorded([&told] { ++told; });
    database.holds = true;
    ask("first", nurse);
    ask("second", nurse);
    database.fail("lost");
    BOOST_TEST(said == Said{"first failed"}, boost::test_tools::per_element());
    BOOST_TEST(told == 1);
    database.release();
    BOOST_TEST(said == (Said{"first failed", "second approve"}), boost::test_tools::per_element());
}

// Of a batch that was decided as if nobody had chosen, nothing is left where somebody has.
BOOST_FIXTURE_TEST_CASE(who_has_chosen_is_found_by_the_act_that_writes, SlowDesk)
{
    answerer.set_policy(policy(Option::organization, {.per_contact = 1, .per_domain = 0, .per_user = 0}), 0);
    const auto elsewhere = Database::open(url).value();
    BOOST_REQUIRE(test::ChoicesNow(*elsewhere).set(romeo.user.prepared().value(), Option::all).has_value());
    database.holds = true;
    const auto steps = [&](const std::string& name, const SubscriptionRequest& request) {
        ask(name, request);
        int released = 0;
        for (; database.held() != 0; ++released) {
            database.release();
        }
        return released;
    };
    BOOST_TEST(steps("first", romeo) == 3);  // the records, which are not written; the choices; the records
    BOOST_TEST(steps("second", romeo) == 2);
    const SubscriptionRequest other = request("rosaline@capulet.lit", "tybalt@capulet.lit");
    BOOST_TEST(steps("third", other) == 2);
    BOOST_TEST(steps("fourth", request("rosaline@capulet.lit", "nurse@capulet.lit")) == 1);
    BOOST_TEST(said == (Said{"first approve", "second leave", "third approve", "fourth approve"}),
               boost::test_tools::per_element());

    JournalSearch search(*elsewhere, {.after = 0});
    while (!test::search_now(search).value()) {
    }
    const auto records = search.take_found();
    BOOST_REQUIRE(records.size() == 4U);
    BOOST_TEST(records[0].facts.recent.from_contact == 0U);
    BOOST_TEST((records[0].facts.chosen == Option::all));
    BOOST_TEST((records[1].decision.reason == Reason::contact_limit));
}

BOOST_FIXTURE_TEST_CASE(nothing_is_decided_by_settings_that_another_process_has_replaced, SlowDesk)
{
    std::vector<StoreCallback<void>> refreshes;
    std::int64_t saved_version = 0;
    answerer.on_outdated([&](std::int64_t version, StoreCallback<void> then) {
        saved_version = version;
        refreshes.push_back(std::move(then));
    });
    const auto elsewhere = Database::open(url).value();
    const SavedSetting saved{{"capulet.lit"}, "Capulet", "option", "prompt", "admin", {}};
    BOOST_REQUIRE(test::SavedSettingsNow(*elsewhere).save({.saved = {saved}}, {"policy"}, {}).has_value());
    ask("first", nurse);
    BOOST_REQUIRE(refreshes.size() == 1U);
    BOOST_TEST(said.empty());
    answerer.set_policy(policy(Option::prompt), saved_version);
    refreshes[0]({});
    BOOST_TEST(said == Said{"first leave"}, boost::test_tools::per_element());
    ask("second", nurse);
    BOOST_TEST(refreshes.size() == 1U);

    answerer.set_policy(policy(Option::organization), 0);
    ask("third", nurse);
    BOOST_REQUIRE(refreshes.size() == 2U);
    refreshes[1](tl::unexpected<std::string>("lost"));
    BOOST_TEST(said.back() == "third failed");
}

BOOST_FIXTURE_TEST_CASE(nobody_is_called_when_the_answerer_is_gone, SlowDesk)
{
    database.holds = true;
    {
        Answerer another(choices, journal, clock, [] { return std::chrono::system_clock::now(); });
        another.set_policy(policy(Option::organization), 0);
        ask("first", nurse, another);
    }
    database.release();
    BOOST_TEST(said.empty());
    BOOST_TEST(database.held() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
