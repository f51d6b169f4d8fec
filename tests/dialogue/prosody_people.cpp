// PROTOCOL.md, rules S92 to S101, where Prosody has another module for vCards, or what it has stored is odd.
#include "private_prosody.h"
#include "protocol_people.h"

namespace usher::test
{

namespace
{

/// The person's name as the entity reads it; empty if it has none.
std::string name_of(WireStream& asker, const std::string& address)
{
    const Element reply = ask_for_people(asker, persons_xml({address}));
    BOOST_REQUIRE_MESSAGE(persons_on(reply).size() == 1U, reply.str());
    const Element* name = reply.child("people")->children.front().child("fn");
    return name == nullptr ? "" : name->text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(prosody_people)

BOOST_AUTO_TEST_CASE(S92_S94_vcards_of_the_old_module_are_read_and_a_damaged_one_is_empty)
{
    ServerOptions options = people_options(Login::component);
    options.profiles = false;
    ScriptedStage stage(options);
    auto& prosody = dynamic_cast<PrivateProsody&>(stage.server());
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    WireClient& nurse = stage.enter(kNurse);
    prosody.add_account(kJuliet);
    BOOST_TEST(name_of(entity, kNurse).empty(), "no module");
    prosody.order("module:load('vcard', 'capulet.lit')");
    BOOST_TEST(name_of(entity, kNurse).empty(), "no vCard");
    (void)nurse.request("set", {}, "<vCard xmlns='vcard-temp'><FN>Angelica</FN></vCard>");
    BOOST_TEST(name_of(entity, kNurse) == "Angelica");
    entity.expect({"a hint about the nurse", [](const Element& stanza) {
                       const Element* changed = stanza.child("changed", kPeopleNs);
                       return changed != nullptr && persons_in(*changed) == std::vector<std::string>{kNurse};
                   }});
    prosody.store("vcard", kJuliet, "{ name = 'vCard', attr = 'secret' }");
    BOOST_TEST(name_of(entity, kJuliet).empty());
    const std::vector<std::string> expected = {kJuliet, kNurse};
    BOOST_TEST(persons_on(ask_for_people(entity, {})) == expected, boost::test_tools::per_element());
    BOOST_TEST(prosody.log_text().find("The vCard of juliet cannot be read") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(S100_whose_blocks_cannot_be_read_is_available_to_nobody)
{
    ScriptedStage stage(people_options(Login::component));
    auto& prosody = dynamic_cast<PrivateProsody&>(stage.server());
    stage.admit_entity();
    stage.enter(kJuliet);
    stage.enter(kNurse);
    stage.round_trip();
    const auto shows = [&](const std::string& viewer) {
        return shows_in(ask_for_availability(stage.entity().stream(), viewer, {kJuliet, kNurse}));
    };
    BOOST_TEST(shows(kRomeo + "/orchard").size() == 2U);
    for (const char* odd : {"} nothing", "5"}) {
        prosody.store("blocklist", kJuliet, odd);
        BOOST_TEST((shows(kRomeo + "/orchard") ==
                    std::vector<std::pair<std::string, std::string>>{{kNurse, "available"}}),
                   odd);
        BOOST_TEST(shows(kJuliet + "/wire").empty(), odd);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
