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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
