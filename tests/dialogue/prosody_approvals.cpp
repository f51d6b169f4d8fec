// PROTOCOL.md, rules S109, S112 and S115, where what Prosody has stored is odd, or its groups have a say.
#include <fstream>

#include "private_prosody.h"
#include "protocol_approvals.h"

namespace usher::test
{

namespace
{

PrivateProsody& prosody(Stage& stage)
{
    return dynamic_cast<PrivateProsody&>(stage.server());
}

std::string roster(const std::string& items)
{
    return "{ [false] = { version = 1, pending = {} }, " + items + " }";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(prosody_approvals)

BOOST_AUTO_TEST_CASE(S112_S115_a_roster_that_cannot_be_read_is_an_error)
{
    ScriptedStage stage(approvals_options(Login::component));
    prosody(stage).add_account(kJuliet);
    prosody(stage).add_account(kNurse);
    prosody(stage).store("roster", kJuliet, "} nothing");
    prosody(stage).store("roster", kNurse,
                         roster("['romeo@montague.lit'] = { subscription = 'from', groups = {} }"));
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    const std::string mark = mark_of(entity, kNurse, kRomeo);
    for (int twice = 0; twice < 2; ++twice) {  // also what Prosody keeps of it
        const Element reply = ask_for_approvals(entity, {{kNurse, kRomeo}, {kJuliet, kRomeo}});
        BOOST_TEST(is_error(reply, "wait", "internal-server-error"), reply.str());
    }
    const std::vector<std::string> expected = {"failed", "revoked"};
    BOOST_TEST(outcomes(ask_to_revoke(entity, {{kJuliet, kRomeo, mark}, {kNurse, kRomeo, mark}})) == expected,
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(S109_odd_items_are_not_in_force_or_harmless)
{
    ScriptedStage stage(approvals_options(Login::component));
    prosody(stage).add_account(kJuliet);
    prosody(stage).store(
        "roster", kJuliet,
        roster("['five@verona.lit'] = 5; ['friend@verona.lit'] = { subscription = 'friend' }; "
               "['table@verona.lit'] = { subscription = {} }; "
               "['name@verona.lit'] = { subscription = 'from', name = { 1 }, groups = 7 }; "
               "['bytes@verona.lit'] = { subscription = 'both', ask = 5, name = 'a\\255', "
               "groups = { ['b\\255'] = true, [1] = true, ['c\\1d'] = true } }"));
    stage.admit_entity();
    std::vector<Pair> pairs;
    for (const char* contact : {"five", "friend", "table", "name", "bytes"}) {
        pairs.push_back({kJuliet, std::string(contact) + "@verona.lit"});
    }
    const std::vector<Element> found = in_force(stage.entity().stream(), pairs);
    BOOST_TEST_REQUIRE(found.size() == 2U);
    BOOST_TEST(found[0].attribute("contact") == "name@verona.lit");
    BOOST_TEST(found[0].children.empty());
    BOOST_TEST(found[1].attribute("contact") == "bytes@verona.lit");
    BOOST_TEST(found[1].attribute("name").empty());
    BOOST_TEST_REQUIRE(found[1].children.size() == 1U);
    BOOST_TEST(found[1].children.front().text == "c d");
}

BOOST_AUTO_TEST_CASE(S109_S113_who_is_in_a_group_is_no_approval)
{
    const TemporaryDirectory place;
    std::ofstream(place.path() / "groups") << "[Household]\n" << kJuliet << "\n" << kNurse << "\n";
    ServerOptions options = approvals_options(Login::component);
    options.for_organization = "groups_file = \"" + (place.path() / "groups").string() + "\"\n";
    ScriptedStage stage(options);
    prosody(stage).add_account(kJuliet);
    prosody(stage).store("roster", kJuliet,
                         roster("['" + kNurse + "'] = { subscription = 'from', groups = {} }; ['" + kRomeo +
                                "'] = { subscription = 'from', groups = {} }"));
    prosody(stage).order("module:load('groups', 'capulet.lit')");
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    const std::vector<Element> found = in_force(entity, {{kJuliet, kNurse}, {kJuliet, kRomeo}});
    BOOST_TEST_REQUIRE(found.size() == 1U);
    BOOST_TEST(found.front().attribute("contact") == kRomeo);
    BOOST_TEST(revoke(entity, kJuliet, kNurse, found.front().attribute("mark")) == "changed");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
