// `ask_back = true`: an approval is mutual after one request, and nobody asks for ever.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "stage.h"

namespace usher::test
{

namespace
{

const std::string kNurse = "nurse@capulet.lit";

struct Asking : UsherStage {
    explicit Asking(Login login)
        : UsherStage(login, {.option = "organization", .organization = "ask_back = true\n"})
    {
    }

    /// Both sides are decided by the same policy, which asks back: whoever asked first must not be asked
    /// back.
    void expect_one_request_each()
    {
        settle();
        const std::string log = usherd().log_text();
        for (const std::string& user : {kNurse, kJuliet}) {
            const std::string decided = "approve for " + user;
            const std::size_t first = log.find(decided);
            BOOST_REQUIRE_MESSAGE(first != std::string::npos, "no request for " << user << " in\n" << log);
            BOOST_TEST(log.find(decided, first + 1) == std::string::npos, "asked twice: " << user);
        }
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(ask_back)

BOOST_DATA_TEST_CASE(one_request_subscribes_both_to_each_other, kLogins, login)
{
    Asking stage(login);
    WireClient& nurse = stage.enter(kNurse);
    WireClient& juliet = stage.enter(kJuliet);
    nurse.send(to(kJuliet, "subscribe"));
    nurse.expect(presence("subscribed", kJuliet));
    juliet.expect(presence("subscribed", kNurse));
    stage.expect_one_request_each();
    BOOST_TEST(item_in(nurse.roster(), kJuliet) == "both");
    BOOST_TEST(item_in(juliet.roster(), kNurse) == "both");
    BOOST_TEST(count_received(juliet, presence("subscribe", kNurse)) == 0);
    BOOST_TEST(count_received(nurse, presence("subscribe", kJuliet)) == 0);
}

BOOST_DATA_TEST_CASE(offline_user_asks_back_too, kLogins, login)
{
    Asking stage(login);
    WireClient& nurse = stage.enter(kNurse);
    WireClient& juliet = stage.person(kJuliet);
    nurse.send(to(kJuliet, "subscribe"));
    nurse.expect(presence("subscribed", kJuliet));
    stage.expect_one_request_each();
    juliet.connect();
    BOOST_TEST(item_in(juliet.roster(), kNurse) == "both");
    BOOST_TEST(item_in(nurse.roster(), kJuliet) == "both");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
