// PROTOCOL.md, rules S4, S66 and S70, where an administrator changes Prosody while it runs: who may not be asked any
// more is told so when it asks for an empty page (section 4.9).
#include <fstream>
#include <sstream>

#include "private_prosody.h"
#include "protocol.h"

namespace usher::test
{

namespace
{

const std::string kEntity = entity_address(Login::component);

PrivateProsody& prosody(Stage& stage)
{
    return dynamic_cast<PrivateProsody&>(stage.server());
}

Element empty_page(WireStream& entity)
{
    return entity.request("get", "capulet.lit",
                          "<pending xmlns='" + kRequestsNs +
                              "'><set xmlns='http://jabber.org/protocol/rsm'><max>0</max></set></pending>");
}

/// One request is held, and `change` ends that: without an answer, and at once.
template <typename Change>
void expect_release(ScriptedStage& stage, const Change& change)
{
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    (void)stage.entity().next_ask_about(kRomeo, kJuliet);
    change();
    juliet.expect(kPrompt);
    romeo.expect(kReceipt);
}

void withdraw_and_read_configuration(PrivateProsody& server)
{
    const auto file = server.directory() / "prosody.cfg.lua";
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    std::string changed = text.str();
    const std::string grant = "[\"urn:xmpp:subscription-requests:0\"] = \"both\"; ";
    changed.replace(changed.find(grant), grant.size(), "");
    std::ofstream(file) << changed;
    server.order("config:reload()");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(prosody_reload)

BOOST_DATA_TEST_CASE(S70_grant_that_is_withdrawn_ends_when_the_configuration_is_read, kLogins, login)
{
    ScriptedStage stage(login, kNoTimeout);
    BOOST_TEST(empty_page(stage.entity().stream()).attribute("type") == "result");
    expect_release(stage, [&] { withdraw_and_read_configuration(prosody(stage)); });
    const Element reply = empty_page(stage.entity().stream());
    BOOST_TEST(is_error(reply, "auth", "forbidden"), reply.str());
    BOOST_TEST(is_error(stage.entity().answer_later(kJuliet, kRomeo, "subscribed"), "auth", "forbidden"));
}

BOOST_AUTO_TEST_CASE(S66_stream_of_a_component_that_is_loaded_again_is_not_asked)
{
    ScriptedStage stage(Login::component, kNoTimeout);
    expect_release(stage, [&] { prosody(stage).order("module:reload('component', '" + kEntity + "')"); });
    const Element reply = empty_page(stage.entity().stream());
    BOOST_TEST(is_error(reply, "auth", "forbidden"), reply.str());
    // Its successor is.
    ScriptedEntity next(stage.server(), kEntity);
    stage.client(kRomeo, "balcony").connect();
    stage.server().add_account(kNurse);
    WireClient& tybalt = stage.enter("tybalt@capulet.lit");
    tybalt.send(to(kNurse, "subscribe"));
    next.answer(next.next_ask_about("tybalt@capulet.lit", kNurse), "subscribed");
    tybalt.expect(presence("subscribed", kNurse));
}

BOOST_AUTO_TEST_CASE(S66_stream_of_a_component_whose_host_is_deactivated_is_not_asked)
{
    ScriptedStage stage(Login::component, kNoTimeout);
    expect_release(stage, [&] { prosody(stage).order("host:deactivate('" + kEntity + "')"); });
    prosody(stage).order("host:activate('" + kEntity + "')");
    const Element reply = empty_page(stage.entity().stream());
    BOOST_TEST(is_error(reply, "auth", "forbidden"), reply.str());
    ScriptedEntity next(stage.server(), kEntity);
    BOOST_TEST(empty_page(next.stream()).attribute("type") == "result");
}

BOOST_AUTO_TEST_CASE(S4_host_that_is_activated_again_is_advertised)
{
    ScriptedStage stage(Login::component);
    ScriptedEntity& entity = stage.entity();
    prosody(stage).order("host:deactivate('capulet.lit')");
    BOOST_TEST(empty_page(entity.stream()).attribute("type") == "error");
    prosody(stage).order("host:activate('capulet.lit')");
    entity.stream().expect(advertisement());
    BOOST_TEST(empty_page(entity.stream()).attribute("type") == "result");
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    entity.answer(entity.next_ask_about(kRomeo, kJuliet), "subscribed");
    romeo.expect(kApproval);
    // Of what was there before, nothing acts any more.
    prosody(stage).order("user:delete('" + kJuliet + "')");
    juliet.expect_end();
    round_trip({&entity.stream()});
    BOOST_TEST(count_received(entity.stream(), {"a deletion", [](const Element& stanza) {
                                                    return stanza.child("removed") != nullptr;
                                                }}) == 1);
}

BOOST_DATA_TEST_CASE(S4_connector_that_comes_after_the_entity_is_advertised, kLogins, login)
{
    ScriptedStage stage(ScriptedStage::options({entity_address(login)}));
    for (const std::string module : {"subscription_requests", "privilege"}) {
        prosody(stage).order("module:unload('" + module + "', 'capulet.lit')");
    }
    WireComponent component(stage.server().component_port(), kEntity);
    WireClient& account = stage.client(entity_address(Login::account), "usher");
    WireStream& entity = login == Login::component ? static_cast<WireStream&>(component) : account;
    entity.connect();
    if (login == Login::account) {
        entity.send("<presence/>");
    }
    BOOST_TEST(empty_page(entity).attribute("type") == "error");
    stage.server().load_connector();
    entity.expect(advertisement());
    const Element reply = empty_page(entity);
    BOOST_TEST(reply.attribute("type") == "result", reply.str());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
