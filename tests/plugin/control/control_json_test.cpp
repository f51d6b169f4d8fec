// What is served only with a connection is as openapi.yaml documents it, too.
#include "plugin/control/control_json.h"

#include <boost/test/unit_test.hpp>

#include "openapi.h"

namespace usher
{

BOOST_AUTO_TEST_SUITE(control_json)

BOOST_AUTO_TEST_CASE(what_would_be_answered_otherwise_is_documented)
{
    WaitingPreview preview;
    preview.requests.push_back(
        {{*Address::prepare("juliet@capulet.lit"), *Address::prepare("romeo@montague.lit"),
          RosterItem{Subscription::none, true}},
         {Answer::leave, Reason::prompt},
         {Answer::deny, Reason::rule, 2}});
    preview.differing = 1;
    preview.looked_at = 12;
    preview.unlisted.push_back({"capulet.example", "its server has no connector"});
    const std::string json = to_json_line(json_of(preview));
    BOOST_TEST(test::OpenApi().mismatch("POST", "/v1/organizations/{name}/preview/waiting", json) == "");
    BOOST_TEST(Json::parse(json)["requests"][0]["now"] ==
               Json({{"answer", "deny"}, {"reason", "rule"}, {"rule", 2}}));
    BOOST_TEST(Json::parse(json)["requests"][0]["was"]["rule"].is_null());
    BOOST_TEST(Json::parse(json)["looked_at"] == 12);
}

BOOST_AUTO_TEST_CASE(approvals_and_what_became_of_them_are_documented)
{
    const ApprovedPair pair{Address::prepare("juliet@capulet.lit").value(),
                            Address::prepare("romeo@montague.lit").value()};
    PolicyApproval by_rule{.pair = pair, .record = 12, .at = {}, .organization = "Capulet"};
    by_rule.rule = 3;
    by_rule.ends = std::chrono::system_clock::time_point(std::chrono::hours(24));
    const auto standing = [&pair](Subscription subscription) {
        return StandingApproval{pair, subscription, false, "", {}, "mark"};
    };
    ApprovalsInForce approvals;
    approvals.approvals.push_back({by_rule, standing(Subscription::from), std::nullopt, Revoked::changed});
    approvals.own.push_back({by_rule, standing(Subscription::both), OwnBecause::subscribed});
    approvals.unlisted.push_back({"capulet.example", "its server does not answer"});
    const std::string json = to_json_line(json_of(approvals));
    BOOST_TEST(test::OpenApi().mismatch("GET", "/v1/approvals", json) == "");
    BOOST_TEST(test::OpenApi().mismatch("POST", "/v1/revocations", json) == "");
    const Json read = Json::parse(json);
    BOOST_TEST(read["approvals"][0]["decision"] == "12");
    BOOST_TEST(read["approvals"][0]["rule"] == 3);
    BOOST_TEST(read["approvals"][0]["ends"] == "1970-01-02T00:00:00.000Z");
    BOOST_TEST(read["approvals"][0]["outcome"] == "changed");
    BOOST_TEST(read["own"][0]["own"] == "subscribed");
    BOOST_TEST(read["own"][0]["subscription"] == "both");
    BOOST_TEST(read["own"][0]["outcome"].is_null());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
