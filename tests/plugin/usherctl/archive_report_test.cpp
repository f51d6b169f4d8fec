// What `usherctl archive` prints, and the line of `usherctl status`.
#include "plugin/usherctl/archive_report.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/plugin/time_zone.h"

namespace usher
{

namespace
{

using Json = nlohmann::ordered_json;

Json domain(const std::string& name, int set, int own, int unknown, const std::string& problem = {})
{
    return {
        {"domain", name},
        {"archive",
         {{"default", "never"},
          {"lock", true},
          {"accounts", {{"set", set}, {"own", own}, {"waiting", 0}, {"unknown", unknown}, {"impossible", 0}}},
          {"server_default", "always"},
          {"listed", "2026-11-23T10:00:00Z"},
          {"problem", problem}}}};
}

const std::string kNotCovered =
    "\nNot covered: the other side of a conversation keeps its own copy; rooms have archives of their own;\n"
    "what was stored before stays; and what a client marks not to be stored (XEP-0334) is not stored,\n"
    "whatever is preferred.\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(usherctl_archive)

BOOST_AUTO_TEST_CASE(organizations_have_counts_by_domain_and_what_is_not_covered_is_said)
{
    const Zone zone;
    const Json capulet = {{"organization", "Capulet"},
                          {"default", "never"},
                          {"lock", true},
                          {"domains", Json::array({domain("capulet.lit", 12, 3, 0)})}};
    const Json montague = {
        {"organization", "Montague"}, {"default", "server"}, {"lock", false}, {"domains", Json::array()}};
    BOOST_TEST(
        archive_report::report({{"organizations", {capulet, montague}}, {"user", nullptr}}) ==
        "Capulet: never, locked\n"
        "  capulet.lit: 12 have it from usherd, 3 have preferences of their own; as listed at 2026-11-23\n"
        "    12:00:00; without preferences, the server's applies: always\n"
        "\nMontague: server\n"
        "  usherd sets nothing: what the server and its users want applies.\n" +
            kNotCovered);
    BOOST_TEST(archive_report::report({{"organizations", {montague}}, {"user", nullptr}}) ==
               "Montague: server\n  usherd sets nothing: what the server and its users want applies.\n");
}

BOOST_AUTO_TEST_CASE(each_state_has_its_words_and_a_problem_is_said)
{
    Json capulet = domain("capulet.lit", 1, 2, 4, "its server did not answer");
    Json& archive = capulet["archive"];
    archive["accounts"]["waiting"] = 3;
    archive["accounts"]["impossible"] = 5;
    archive["listed"] = archive["server_default"] = nullptr;
    const Json organization = {{"organization", "Capulet"},
                               {"default", "never"},
                               {"lock", true},
                               {"domains", Json::array({capulet})}};
    std::string report =
        archive_report::report({{"organizations", Json::array({organization})}, {"user", nullptr}});
    for (auto at = report.find("\n    "); at != std::string::npos;
         at = report.find("\n    ")) {  // wrapped there
        report.replace(at, 5, " ");
    }
    BOOST_TEST(
        report ==
        "Capulet: never, locked\n  capulet.lit: 1 have it from usherd, 2 have preferences of their own, 3 wait to "
        "be set, 4 are not known, 5 have no archive on their server; THE LAST TIME THEY COULD NOT BE SET: its "
        "server did not answer\n" +
            kNotCovered);
}

BOOST_AUTO_TEST_CASE(a_user_has_what_the_server_says)
{
    Json user = {{"user", "juliet@capulet.lit"},
                 {"organization", "Capulet"},
                 {"organization_wants", {{"default", "never"}, {"lock", false}}},
                 {"preference", nullptr},
                 {"locked", false},
                 {"state", "waiting"}};
    const auto report = [&user] {
        return archive_report::report({{"organizations", Json::array()}, {"user", user}});
    };
    BOOST_TEST(
        report() ==
        "juliet@capulet.lit\n  Capulet wants: never\n  the server has: no preference\n  It is still to be "
        "set.\n" +
            kNotCovered);
    user["preference"] = "always";
    user["state"] = "own";
    BOOST_TEST(
        report() ==
        "juliet@capulet.lit\n  Capulet wants: never\n  the server has: always\n  It is the user's own: changed, or "
        "there before usherd.\n" +
            kNotCovered);
}

BOOST_AUTO_TEST_CASE(the_status_adds_the_domains_up_and_names_the_first_problem)
{
    BOOST_TEST(archive_report::line(Json::array({{{"domain", "capulet.lit"}, {"archive", nullptr}}})) == "");
    BOOST_TEST(archive_report::line(
                   Json::array({domain("capulet.lit", 12, 3, 0),
                                domain("capulet.example", 1, 0, 2, "its server did not answer")})) ==
               "never, locked: 13 have it from usherd, 3 have preferences of their own, 2 are not known; "
               "capulet.example: its server did not answer");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
