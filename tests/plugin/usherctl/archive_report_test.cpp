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
          {"known_only", false},
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
        "  capulet.lit: 12 set by usherd, 3 with preferences of their own; as listed at 2026-11-23 12:00:00;\n"
        "    accounts without a preference: always (the server's default)\n"
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
    archive["known_only"] = true;
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
        "Capulet: never, locked\n  capulet.lit: 1 set by usherd, 2 with preferences of their own, 3 waiting to be "
        "set, 4 FAILED (could not be read or set), 5 without an archive on the server; LAST PROBLEM: its server did "
        "not answer; the server cannot list its accounts, so the preference is set only for people who can be found, and "
        "for users who change their preferences\n" +
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
        "juliet@capulet.lit\n  Capulet wants: never\n  the server has: no preference\n  Not set yet. If it "
        "stays so, usherd's log says why.\n" +
            kNotCovered);
    user["preference"] = "always";
    user["state"] = "own";
    BOOST_TEST(
        report() ==
        "juliet@capulet.lit\n  Capulet wants: never\n  the server has: always\n  The user set it, or had it before "
        "usherd.\n" +
            kNotCovered);
    user["locked"] = true;
    BOOST_TEST(
        report() ==
        "juliet@capulet.lit\n  Capulet wants: never\n  the server has: always, locked\n  Locked by somebody else "
        "than usherd, which leaves it as it is.\n" +
            kNotCovered);
}

BOOST_AUTO_TEST_CASE(the_status_adds_the_domains_up_and_names_the_first_problem)
{
    BOOST_TEST(archive_report::line(Json::array({{{"domain", "capulet.lit"}, {"archive", nullptr}}})) == "");
    BOOST_TEST(
        archive_report::line(
            Json::array({domain("capulet.lit", 12, 3, 0),
                         domain("capulet.example", 1, 0, 2, "its server did not answer")})) ==
        "never, locked: 13 set by usherd, 3 with preferences of their own, 2 FAILED (could not be read or "
        "set); capulet.example: its server did not answer");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
