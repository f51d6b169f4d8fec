// Requests are decided together, recorded together, and left to their users when they cannot be recorded.
#include "plugin/answerer.h"

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <boost/test/unit_test.hpp>

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

std::shared_ptr<const Policy> policy(Option option, Limits limits = {})
{
    Organization capulet;
    capulet.name = "Capulet";
    capulet.domains = {"capulet.lit"};
    capulet.option = option;
    return std::make_shared<const Policy>(std::vector{capulet}, limits, 1);
}

SubscriptionRequest request(std::string_view user, std::string_view contact)
{
    return {Address::prepare(user).value(), Address::prepare(contact).value(), std::nullopt};
}

struct Desk {
    usher::test::TemporaryDirectory directory;
    std::string path = (directory.path() / "usher.db").string();
    StandingClock clock;
    std::unique_ptr<Database> database = Database::open("sqlite3://" + path).value();
    Journal journal{*database};
    Choices choices = Choices::load(*database).value();
    Answerer answerer{policy(Option::organization), choices, journal, clock,
                      [] { return std::chrono::system_clock::time_point(std::chrono::hours(498'600)); }};

    [[nodiscard]] long long recorded() const
    {
        soci::session other(soci::sqlite3, path);
        long long rows = 0;
        other << "SELECT COUNT(*) FROM journal", soci::into(rows);
        return rows;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(answerer, Desk)

BOOST_AUTO_TEST_CASE(everything_that_was_asked_is_recorded_and_answered_in_order)
{
    const std::vector requests{request("juliet@capulet.lit", "nurse@capulet.lit"),
                               request("juliet@capulet.lit", "romeo@montague.lit")};
    const auto decisions = answerer.judge(requests, Source::asked);
    BOOST_REQUIRE(decisions.size() == 2U);
    BOOST_TEST(decisions[0].answer == Answer::approve);
    BOOST_TEST(decisions[1].answer == Answer::leave);
    BOOST_TEST(recorded() == 2);
}

BOOST_AUTO_TEST_CASE(of_what_waits_only_what_gets_an_answer_is_recorded)
{
    const std::vector requests{request("juliet@capulet.lit", "nurse@capulet.lit"),
                               request("juliet@capulet.lit", "romeo@montague.lit")};
    BOOST_TEST(answerer.judge(requests, Source::waiting).size() == 2U);
    BOOST_TEST(recorded() == 1);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_recorded_is_left)
{
    soci::session other(soci::sqlite3, path);
    other << "BEGIN IMMEDIATE";
    const std::vector requests{request("juliet@capulet.lit", "nurse@capulet.lit")};
    const auto decisions = answerer.judge(requests, Source::asked);
    other << "ROLLBACK";
    BOOST_REQUIRE(decisions.size() == 1U);
    BOOST_TEST(decisions[0].answer == Answer::leave);
    BOOST_TEST(recorded() == 0);
}

BOOST_AUTO_TEST_CASE(what_could_not_be_recorded_does_not_count_towards_a_limit)
{
    answerer.set_policy(policy(Option::organization, {.per_contact = 1, .per_domain = 0, .per_user = 0}));
    const std::vector requests{request("juliet@capulet.lit", "nurse@capulet.lit")};
    soci::session other(soci::sqlite3, path);
    other << "BEGIN IMMEDIATE";
    BOOST_TEST(answerer.judge(requests, Source::asked)[0].answer == Answer::leave);
    other << "ROLLBACK";
    BOOST_TEST(answerer.judge(requests, Source::waiting)[0].answer == Answer::approve);
}

BOOST_AUTO_TEST_CASE(a_limit_counts_within_one_batch_and_ends_after_the_hour)
{
    answerer.set_policy(policy(Option::organization, {.per_contact = 2, .per_domain = 0, .per_user = 0}));
    const std::vector requests{request("juliet@capulet.lit", "nurse@capulet.lit"),
                               request("tybalt@capulet.lit", "nurse@capulet.lit"),
                               request("sampson@capulet.lit", "nurse@capulet.lit")};
    const auto decisions = answerer.judge(requests, Source::asked);
    BOOST_TEST(decisions[1].answer == Answer::approve);
    BOOST_TEST(decisions[2].answer == Answer::leave);
    BOOST_TEST(decisions[2].reason == Reason::contact_limit);
    clock.pass(std::chrono::minutes(66));
    BOOST_TEST(answerer.judge({&requests[2], 1}, Source::asked)[0].answer == Answer::approve);
}

BOOST_AUTO_TEST_CASE(a_new_policy_is_in_force_from_the_next_request_on)
{
    const std::vector requests{request("juliet@capulet.lit", "romeo@montague.lit")};
    BOOST_TEST(answerer.judge(requests, Source::asked)[0].answer == Answer::leave);
    answerer.set_policy(policy(Option::all));
    BOOST_TEST(answerer.judge(requests, Source::asked)[0].answer == Answer::approve);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
