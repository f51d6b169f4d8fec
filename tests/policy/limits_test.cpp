#include "policy/limits.h"

#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace bdata = boost::unit_test::data;
using namespace std::chrono_literals;
using namespace usher;

namespace
{

using Time = ApprovalCounter::Time;

SubscriptionRequest request(const std::string& contact, const std::string& user)
{
    return {Address::prepare(user).value(), Address::prepare(contact).value(), std::nullopt};
}

const SubscriptionRequest kAmyToBob = request("amy@a.test", "bob@b.test");

/// A machine that has been up for a while; a steady clock may start anywhere.
const Time kStart{1000h};

}  // namespace

BOOST_AUTO_TEST_SUITE(limits)

BOOST_AUTO_TEST_CASE(nothing_is_counted_at_first)
{
    ApprovalCounter counter;
    const RecentApprovals recent = counter.recent(kAmyToBob, kStart);
    BOOST_TEST(recent.from_contact == 0U);
    BOOST_TEST(recent.from_domain == 0U);
    BOOST_TEST(recent.to_user == 0U);
    BOOST_TEST(recent.complete);
    BOOST_TEST(counter.size() == 0U);
}

BOOST_AUTO_TEST_CASE(contact_domain_and_user_are_counted_apart)
{
    ApprovalCounter counter;
    counter.count(kAmyToBob, kStart);
    counter.count(request("amy@a.test", "ben@b.test"), kStart);
    counter.count(request("ann@a.test", "bob@b.test"), kStart);
    counter.count(request("amy@c.test", "bob@b.test"), kStart);
    const RecentApprovals recent = counter.recent(kAmyToBob, kStart);
    BOOST_TEST(recent.from_contact == 2U);
    BOOST_TEST(recent.from_domain == 3U);
    BOOST_TEST(recent.to_user == 3U);
}

BOOST_AUTO_TEST_CASE(an_approval_is_taken_back_in_the_step_in_which_it_was_counted)
{
    ApprovalCounter counter;
    counter.count(kAmyToBob, kStart);
    counter.count(kAmyToBob, kStart + 7min);
    counter.take_back(kAmyToBob, kStart);
    BOOST_TEST(counter.recent(kAmyToBob, kStart + 7min).to_user == 1U);
    counter.take_back(kAmyToBob, kStart);  // no more than was counted
    BOOST_TEST(counter.recent(kAmyToBob, kStart + 7min).to_user == 1U);
    BOOST_TEST(counter.recent(kAmyToBob, kStart + 66min).to_user == 1U);
    counter.take_back(kAmyToBob, kStart - 3h);  // not counted any more
    BOOST_TEST(counter.recent(kAmyToBob, kStart + 7min).to_user == 1U);
}

BOOST_AUTO_TEST_CASE(one_address_is_not_counted_in_two_roles)
{
    ApprovalCounter counter;
    counter.count(kAmyToBob, kStart);
    const RecentApprovals recent = counter.recent(request("bob@b.test", "amy@a.test"), kStart);
    BOOST_TEST(recent.from_contact == 0U);
    BOOST_TEST(recent.from_domain == 0U);
    BOOST_TEST(recent.to_user == 0U);
}

/// At every second of a step, also in the first minutes after the machine has started.
BOOST_DATA_TEST_CASE(approval_counts_for_60_minutes_and_less_than_65,
                     bdata::make({0L, 7L, 300L, 3'600'000L}) * bdata::xrange(0L, 300L, 1L), base, second)
{
    ApprovalCounter counter;
    const Time then{std::chrono::seconds(base + second)};
    counter.count(kAmyToBob, then);
    const auto counted = [&](auto later) {
        const RecentApprovals recent = counter.recent(kAmyToBob, then + later);
        BOOST_TEST(recent.from_contact == recent.from_domain);
        BOOST_TEST(recent.from_contact == recent.to_user);
        return recent.from_contact;
    };
    BOOST_TEST(counted(0s) == 1U);
    BOOST_TEST(counted(10min) == 1U);
    BOOST_TEST(counted(59min + 59s) == 1U);
    BOOST_TEST(counted(65min) == 0U);
    BOOST_TEST(counted(1000h) == 0U);
}

BOOST_DATA_TEST_CASE(counts_follow_the_clock, bdata::make({0L, 100L, 1'000'000L}), base_minutes)
{
    std::mt19937 random(1);
    ApprovalCounter counter;
    Time now{std::chrono::minutes(base_minutes)};
    std::vector<Time> approvals;
    for (int i = 0; i < 3'000; ++i) {
        now += std::chrono::seconds(random() % 40 == 0 ? random() % 9'000 : random() % 200);
        if (random() % 3 != 0) {
            counter.count(kAmyToBob, now);
            approvals.push_back(now);
        }
        const auto younger_than = [&](auto age) {
            return static_cast<std::uint32_t>(std::count_if(approvals.begin(), approvals.end(),
                                                            [&](Time then) { return now - then < age; }));
        };
        const std::uint32_t recent = counter.recent(kAmyToBob, now).from_contact;
        BOOST_TEST(recent >= younger_than(60min));
        BOOST_TEST(recent <= younger_than(65min));
    }
}

BOOST_AUTO_TEST_CASE(names_are_counted_independently)
{
    ApprovalCounter counter;
    for (int i = 0; i < 10'000; ++i) {
        const std::string n = std::to_string(i);
        counter.count(request("c" + n + "@d" + n + ".test", "u" + n + "@b.test"), kStart);
    }
    int wrong = 0;
    for (int i = 0; i < 10'000; ++i) {
        const std::string n = std::to_string(i);
        const RecentApprovals recent =
            counter.recent(request("c" + n + "@d" + n + ".test", "u" + n + "@b.test"), kStart);
        wrong += recent.from_contact == 1 && recent.from_domain == 1 && recent.to_user == 1 ? 0 : 1;
    }
    BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(approval_that_is_taken_back_no_longer_counts)
{
    ApprovalCounter counter;
    counter.count(request("amy@a.test", "ben@b.test"), kStart);
    counter.count(kAmyToBob, kStart + 10min);
    counter.take_back(kAmyToBob, kStart + 10min);
    const RecentApprovals recent = counter.recent(kAmyToBob, kStart + 10min);
    BOOST_TEST(recent.from_contact == 1U);
    BOOST_TEST(recent.from_domain == 1U);
    BOOST_TEST(recent.to_user == 0U);
}

/// A full counter has not counted the approval, so taking it back must not undo another one.
BOOST_AUTO_TEST_CASE(full_counter_takes_nothing_back)
{
    ApprovalCounter counter(3);
    counter.count(kAmyToBob, kStart);
    counter.count(kAmyToBob, kStart);
    counter.take_back(kAmyToBob, kStart);
    BOOST_TEST(counter.recent(kAmyToBob, kStart).from_contact == 1U);
}

BOOST_AUTO_TEST_CASE(capacity_is_never_exceeded)
{
    constexpr std::size_t kCapacity = 100;
    ApprovalCounter counter(kCapacity);
    Time now = kStart;
    for (int i = 0; i < 5'000; ++i) {
        now += 20s;
        const std::string n = std::to_string(i);
        counter.count(request("c" + n + "@d" + n + ".test", "u" + n + "@b.test"), now);
        BOOST_TEST(counter.size() <= kCapacity);
    }
}

BOOST_AUTO_TEST_CASE(full_counter_is_not_complete)
{
    ApprovalCounter counter(6);
    counter.count(request("a@a.test", "u@b.test"), kStart);
    BOOST_TEST(counter.recent(request("x@x.test", "y@y.test"), kStart).complete);
    counter.count(request("c@c.test", "v@b.test"), kStart);
    BOOST_TEST(counter.size() == 6U);

    const auto newcomer = request("x@x.test", "y@y.test");
    BOOST_TEST(!counter.recent(newcomer, kStart).complete);
    counter.count(newcomer, kStart);
    BOOST_TEST(counter.size() == 6U);
    BOOST_TEST(!counter.recent(newcomer, kStart + 59min).complete);
}

BOOST_AUTO_TEST_CASE(full_counter_makes_room_when_approvals_no_longer_count)
{
    ApprovalCounter counter(6);
    counter.count(request("a@a.test", "u@b.test"), kStart);
    counter.count(request("c@c.test", "v@b.test"), kStart + 30min);
    const auto newcomer = request("x@x.test", "y@y.test");
    BOOST_TEST(!counter.recent(newcomer, kStart + 30min).complete);
    BOOST_TEST(counter.recent(newcomer, kStart + 65min).complete);
    counter.count(newcomer, kStart + 65min);
    BOOST_TEST(counter.recent(newcomer, kStart + 65min).from_contact == 1U);
    BOOST_TEST(counter.recent(request("c@c.test", "v@b.test"), kStart + 65min).to_user == 1U);
    BOOST_TEST(counter.size() == 6U);
}

BOOST_AUTO_TEST_CASE(counter_without_room_counts_nothing)
{
    ApprovalCounter counter(2);
    BOOST_TEST(!counter.recent(kAmyToBob, kStart).complete);
    counter.count(kAmyToBob, kStart);
    BOOST_TEST(counter.size() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
