// PROTOCOL.md, rule S77, where Prosody's stale requests come from: groups, and stock = "approve".
#include <fstream>

#include "private_prosody.h"
#include "protocol.h"
#include "usherd.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

PrivateProsody& prosody(Stage& stage)
{
    return dynamic_cast<PrivateProsody&>(stage.server());
}

/// Fails unless that Lua expression is true in the server.
void require_in(PrivateProsody& server, const std::string& expression)
{
    server.order("> assert(" + expression + ")");
}

/// What every server has that goes from stock = "approve" to the connector.
const std::string kBothGrants =
    "privileged_entities = { [\"usher.capulet.lit\"] = { roster = \"both\"; presence = \"managed_entity\"; iq = { "
    "[\"urn:xmpp:blocking\"] = \"get\"; [\"urn:xmpp:subscription-requests:0\"] = \"both\" } } }\n";

UsherdOptions approving_colleagues(bool stock)
{
    UsherdOptions options;
    options.option = "organization";
    options.organization = stock ? "stock = \"approve\"\n" : "";
    return options;
}

/// The nurse and Juliet, on a server with stock = "approve" that is about to get the connector.
struct Step {
    Step()
        : stage([] {
              ServerOptions options;
              options.stock = true;
              options.entities = {entity_address(Login::component)};
              options.for_organization = kBothGrants;
              return options;
          }()),
          usherd(connection_to(stage.server()), approving_colleagues(true)),
          juliet(stage.enter(kJuliet)),
          nurse(stage.enter(kNurse))
    {
    }

    void begin_with_stock()
    {
        usherd.write_settings(approving_colleagues(true));
        usherd.start();
        usherd.wait_for_status("answering on 0 of 1 domains; without a connector");
    }
    void go_on_with_connector()
    {
        usherd.stop();
        stage.server().load_connector();
        usherd.write_settings(approving_colleagues(false));
        usherd.start();
        usherd.wait_until_answering();
    }
    void go_back_to_stock()
    {
        usherd.stop();
        stage.server().unload_connector();
        begin_with_stock();
    }

    /// Of Juliet's item for the nurse, and of hers for Juliet, now and after a login; both are asked nothing then.
    void expect_rosters(const std::string& juliets, const std::string& nurses)
    {
        for (const bool again : {false, true}) {
            for (WireClient* person : {&juliet, &nurse}) {
                if (again) {
                    person->disconnect();
                    person->take_received();
                    person->connect();
                    person->appear();
                }
            }
            stage.round_trip();
            BOOST_TEST(item_in(juliet.roster(), kNurse) == juliets);
            BOOST_TEST(item_in(nurse.roster(), kJuliet) == nurses);
        }
        BOOST_TEST(count_received(juliet, presence("subscribe", kNurse)) == 0);
        BOOST_TEST(count_received(nurse, presence("subscribe", kJuliet)) == 0);
    }

    Stage stage;
    Usherd usherd;
    WireClient& juliet;
    WireClient& nurse;
};

Matcher push(const std::string& contact, const std::string& subscription)
{
    return {"a roster push: " + contact + " " + subscription, [=](const Element& stanza) {
                const Element* query = stanza.child("query");
                return stanza.name == "iq" && stanza.attribute("type") == "set" && query != nullptr &&
                       !query->children.empty() && query->children[0].attribute("jid") == contact &&
                       query->children[0].attribute("subscription") == subscription;
            }};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(prosody_stale)

// A group's item is put into the roster when it is read. The storage in memory keeps whatever is stored, as
// databases do; that in files leaves such items out by itself.
BOOST_DATA_TEST_CASE(S77_request_of_a_member_of_a_group_is_stale, bdata::make({"internal", "memory"}),
                     storage)
{
    const TemporaryDirectory place;
    std::ofstream(place.path() / "groups") << "[Household]\n" << kJuliet << "\n" << kNurse << "\n";
    ServerOptions options = ScriptedStage::options({entity_address(Login::component)});
    options.for_organization = "storage = { roster = \"" + std::string(storage) + "\" }\ngroups_file = \"" +
                               (place.path() / "groups").string() + "\"\n";
    ScriptedStage stage(options);
    PrivateProsody& server = prosody(stage);
    WireClient& juliet = stage.person(kJuliet);
    stage.server().add_account(kNurse);
    server.order(
        "> require('core.storagemanager').open('capulet.lit', 'roster'):set('juliet', "
        "{ [false] = { version = 1, pending = { ['" +
        kNurse + "'] = true, ['" + kRomeo + "'] = true } } })");
    server.order("module:load('groups', 'capulet.lit')");
    stage.admit_entity();
    const auto listed = stage.entity().pending();
    BOOST_TEST_REQUIRE(listed.size() == 1U);
    BOOST_TEST(listed.front().contact == kRomeo);
    for (const std::string verdict : {"subscribed", "unsubscribed"}) {
        const Element reply = stage.entity().answer_later(kJuliet, kNurse, verdict);
        BOOST_TEST(is_error(reply, "cancel", "item-not-found"), reply.str());
    }
    juliet.connect();
    BOOST_TEST(item_in(juliet.roster(), kNurse) == "both");
    juliet.appear();
    stage.round_trip();
    BOOST_TEST(count_received(juliet, presence("subscribe", kNurse)) == 0);
    BOOST_TEST(count_received(juliet, kPrompt) == 1);
    BOOST_TEST(item_in(juliet.roster(), kNurse) == "both");
    const std::string stored = "require('core.storagemanager').open('capulet.lit', 'roster'):get('juliet')";
    require_in(server, stored + "[false].pending['" + kNurse + "'] == nil");
    require_in(server, stored + "[false].pending['" + kRomeo + "']");
    require_in(server, stored + "['" + kNurse + "'] == nil");
}

BOOST_AUTO_TEST_CASE(S77_step_from_stock_to_the_connector_keeps_one_way_subscriptions)
{
    Step step;
    step.begin_with_stock();
    step.nurse.send(to(kJuliet, "subscribe"));
    expect_of_each({{&step.nurse, {push(kJuliet, "to")}}, {&step.juliet, {push(kNurse, "from")}}});
    step.go_on_with_connector();
    step.expect_rosters("from", "to");
}

BOOST_AUTO_TEST_CASE(S77_step_from_stock_to_the_connector_keeps_mutual_subscriptions)
{
    Step step;
    step.begin_with_stock();
    step.nurse.send(to(kJuliet, "subscribe"));
    step.juliet.send(to(kNurse, "subscribe"));
    expect_of_each({{&step.nurse, {push(kJuliet, "both")}}, {&step.juliet, {push(kNurse, "both")}}});
    step.go_on_with_connector();
    step.expect_rosters("both", "both");
}

BOOST_AUTO_TEST_CASE(S77_step_back_to_stock_and_to_the_connector_again)
{
    Step step;
    step.stage.server().load_connector();
    UsherdOptions prompting = approving_colleagues(false);
    prompting.option = "prompt";
    step.usherd.write_settings(prompting);
    step.usherd.start();
    step.usherd.wait_until_answering();
    step.nurse.send(to(kJuliet, "subscribe"));
    step.juliet.expect(presence("subscribe", kNurse));
    step.juliet.take_received();
    step.go_back_to_stock();
    expect_of_each({{&step.nurse, {push(kJuliet, "to")}}, {&step.juliet, {push(kNurse, "from")}}});
    step.go_on_with_connector();
    step.expect_rosters("from", "to");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
