// PROTOCOL.md, rule S77: a stored request of a contact who is subscribed already.
#include "protocol.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

/// Romeo has asked Juliet, and both are offline.
struct Asked {
    explicit Asked(Login login)
        : stage(login, kNoTimeout), juliet(stage.person(kJuliet)), romeo(stage.enter(kRomeo))
    {
    }

    void make_stale(const std::string& subscription)
    {
        stage.server().set_subscription(kJuliet, kRomeo, subscription);
    }

    /// Neither was told anything, and what they see is as before; nor is Juliet asked when she comes online.
    void expect_nothing(const std::string& subscription)
    {
        stage.round_trip();
        BOOST_TEST(count_received(romeo, kApproval) == 0);
        BOOST_TEST(count_received(romeo, kDenial) == 0);
        BOOST_TEST(item_in(romeo.roster(), kJuliet) == "none ask");
        juliet.connect();
        BOOST_TEST(item_in(juliet.roster(), kRomeo) == subscription);
        juliet.appear();
        stage.round_trip();
        BOOST_TEST(count_received(juliet, kPrompt) == 0);
        BOOST_TEST(count_received(juliet, roster_push(kRomeo)) == 0);
    }

    ScriptedStage stage;
    WireClient& juliet;
    WireClient& romeo;
};

const auto kVerdicts = bdata::make({"subscribed", "unsubscribed"});
const auto kSubscriptions = bdata::make({std::string("from"), std::string("both")});

}  // namespace

BOOST_AUTO_TEST_SUITE(protocol_stale)

BOOST_DATA_TEST_CASE(S77_later_answer_to_a_stale_request_changes_nothing, kLogins* kVerdicts* kSubscriptions,
                     login, verdict, subscription)
{
    Asked asked(login);
    leave_romeo_to_juliet(asked.stage, asked.romeo);
    asked.make_stale(subscription);
    const Element reply = asked.stage.entity().answer_later(kJuliet, kRomeo, verdict);
    BOOST_TEST(is_error(reply, "cancel", "item-not-found"), reply.str());
    asked.expect_nothing(subscription);
}

BOOST_DATA_TEST_CASE(S77_answer_to_a_request_that_became_stale_changes_nothing,
                     kLogins* bdata::make({"subscribed", "unsubscribed", "none"}) * kSubscriptions, login,
                     answer, subscription)
{
    Asked asked(login);
    asked.romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = asked.stage.entity().next_ask_about(kRomeo, kJuliet);
    asked.make_stale(subscription);
    asked.stage.entity().answer(ask, answer);
    asked.expect_nothing(subscription);
    BOOST_TEST(count_received(asked.romeo, kReceipt) == 0);
}

BOOST_DATA_TEST_CASE(S77_stale_request_is_not_listed_and_is_removed, kLogins* kSubscriptions, login,
                     subscription)
{
    Asked asked(login);
    leave_romeo_to_juliet(asked.stage, asked.romeo);
    BOOST_TEST(asked.stage.entity().pending().size() == 1U);
    asked.make_stale(subscription);
    BOOST_TEST(asked.stage.entity().pending().empty());
    // It does not come back with the end of the subscription.
    asked.make_stale("none");
    BOOST_TEST(asked.stage.entity().pending().empty());
    const Element reply = asked.stage.entity().answer_later(kJuliet, kRomeo, "subscribed");
    BOOST_TEST(is_error(reply, "cancel", "item-not-found"), reply.str());
    asked.expect_nothing("none");
}

BOOST_DATA_TEST_CASE(S77_connector_that_is_loaded_finds_no_stale_request, kLogins* kSubscriptions, login,
                     subscription)
{
    Asked asked(login);
    leave_romeo_to_juliet(asked.stage, asked.romeo);
    asked.make_stale(subscription);
    asked.stage.server().reload_connector();
    asked.stage.entity().stream().expect(advertisement());
    BOOST_TEST(asked.stage.entity().pending().empty());
    asked.expect_nothing(subscription);
}

BOOST_DATA_TEST_CASE(S77_user_is_not_asked_about_a_stale_request_after_a_login, kLogins* kSubscriptions,
                     login, subscription)
{
    Asked asked(login);
    leave_romeo_to_juliet(asked.stage, asked.romeo);
    asked.make_stale(subscription);
    asked.expect_nothing(subscription);
}

BOOST_DATA_TEST_CASE(S77_request_of_a_contact_with_a_stale_one_is_the_servers, kLogins, login)
{
    Asked asked(login);
    leave_romeo_to_juliet(asked.stage, asked.romeo);
    asked.make_stale("from");
    asked.juliet.connect();  // otherwise Prosody looks for the subscription in Romeo's roster
    (void)asked.juliet.roster();
    asked.romeo.send(to(kJuliet, "unsubscribed") + to(kJuliet, "subscribe"));
    asked.romeo.expect(kApproval);
    asked.stage.settle();
    BOOST_TEST(asked.stage.asked() == std::vector<std::string>{kRomeo + " to " + kJuliet},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
