// What somebody has chosen goes with their account: it does not hold for whoever registers the address anew.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "menus.h"
#include "private_ejabberd.h"
#include "private_prosody.h"

namespace usher::test
{

namespace
{

void delete_account(Server& server, const std::string& local)
{
    if (auto* prosody = dynamic_cast<PrivateProsody*>(&server)) {
        prosody->order("user:delete('" + local + "@capulet.lit')");
    } else {
        BOOST_TEST_REQUIRE(dynamic_cast<PrivateEjabberd&>(server).evaluate(
                               "ejabberd_auth:remove_user(<<\"" + local + "\">>, <<\"capulet.lit\">>).") ==
                           "ok");
    }
}

/// Juliet lets everybody in, and her nurse, who stays, nobody.
void choose(UsherStage& stage, Login login)
{
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.enter(menus::kNurse);
    const std::string usher = menus::menus_of(login);
    BOOST_TEST(menus::run(juliet, usher, "options", {{"option", "all"}}).outcome() == "completed");
    BOOST_TEST(menus::run(nurse, usher, "options", {{"option", "all"}}).outcome() == "completed");
    juliet.disconnect();
}

/// A stranger asks whoever has Juliet's address now, and her nurse.
void expect_new_owner_to_be_asked(UsherStage& stage)
{
    stage.server().add_account(kJuliet);
    WireClient& owner = stage.client(kJuliet, "new");
    owner.connect();
    owner.appear();
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    romeo.send(to(menus::kNurse, "subscribe"));
    owner.expect(presence("subscribe", kRomeo));
    romeo.expect(presence("subscribed", menus::kNurse));
    stage.settle();
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(presence("subscribed", kJuliet)));
}

const std::string kForgotten = kJuliet + " was deleted: what its user has chosen is forgotten";

}  // namespace

BOOST_AUTO_TEST_SUITE(deleted_accounts)

// S79
BOOST_DATA_TEST_CASE(what_was_chosen_goes_with_the_account, kLogins, login)
{
    UsherStage stage(login, menus::settings(true, "organization"));
    choose(stage, login);
    delete_account(stage.server(), "juliet");
    stage.usherd().wait_for_log(kForgotten);
    expect_new_owner_to_be_asked(stage);
}

// S80
BOOST_DATA_TEST_CASE(what_was_chosen_goes_when_the_account_was_deleted_meanwhile, kLogins, login)
{
    UsherStage stage(login, menus::settings(true, "organization"));
    choose(stage, login);
    stage.usherd().stop();
    delete_account(stage.server(), "juliet");
    stage.usherd().start();
    stage.usherd().wait_for_log(kForgotten);
    expect_new_owner_to_be_asked(stage);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
