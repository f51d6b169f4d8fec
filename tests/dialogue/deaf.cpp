// The stream is alive, but the entity is not asked any more (PROTOCOL.md section 4.9): it notices within its interval,
// and notices when it is over.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "live_entity.h"
#include "private_prosody.h"
#include "stage.h"

namespace usher::test
{

namespace
{

/// A server with the connector, and the entity answering.
struct Answering : Stage {
    explicit Answering(Login login) : Stage(ScriptedStage::options({entity_address(login)})), live(server())
    {
        live.wait_for(DomainState::answering);
        asked_at = live.entity().last_round_trip("capulet.lit").value();
    }

    /// What an administrator types at Prosody's console.
    void order(const std::string& command) { dynamic_cast<PrivateProsody&>(server()).order(command); }

    LiveEntity live;
    usher::Clock::Time asked_at;
};

struct ComponentAnswering : Answering {
    ComponentAnswering() : Answering(Login::component) {}
};

}  // namespace

BOOST_AUTO_TEST_SUITE(deaf)

// E36
BOOST_DATA_TEST_CASE(connector_unloaded, kLogins, login)
{
    Answering stage(login);
    stage.server().unload_connector();
    stage.live.wait_for(DomainState::no_connector);
    BOOST_TEST(stage.live.failures().empty());  // the stream is alive all the while
    stage.server().load_connector();
    stage.live.wait_for(DomainState::answering);
    BOOST_TEST((stage.live.entity().last_round_trip("capulet.lit").value() > stage.asked_at));
}

// E36
BOOST_DATA_TEST_CASE(grant_withdrawn, kLogins, login)
{
    Answering stage(login);
    stage.server().withdraw_grant();
    stage.live.wait_for(DomainState::not_granted);
}

// E36: nothing happens for longer than the interval, and the connector has been asked all the same.
BOOST_DATA_TEST_CASE(quiet_is_not_deaf, kLogins, login)
{
    Answering stage(login);
    stage.live.wait_for_reply_after(stage.asked_at);
    BOOST_TEST((stage.live.entity().domain_state("capulet.lit") == DomainState::answering));
    BOOST_TEST(stage.live.failures().empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(deaf_on_prosody)

// E33
BOOST_FIXTURE_TEST_CASE(component_loaded_again, ComponentAnswering)
{
    order("module:reload('component', 'usher.capulet.lit')");
    live.wait_for(Failure::Kind::detached);
    live.wait_for(DomainState::answering);
}

BOOST_FIXTURE_TEST_CASE(host_of_the_component_deactivated, ComponentAnswering)
{
    order("host:deactivate('usher.capulet.lit')");
    live.wait_for(DomainState::offline);
    order("host:activate('usher.capulet.lit')");
    live.wait_for(DomainState::answering);
}

// E36
BOOST_FIXTURE_TEST_CASE(host_of_the_users_deactivated, ComponentAnswering)
{
    order("host:deactivate('capulet.lit')");
    live.wait_for(DomainState::unreachable);
    order("host:activate('capulet.lit')");
    live.wait_for(DomainState::answering);
}

BOOST_AUTO_TEST_CASE(host_of_the_account_deactivated)
{
    Answering stage(Login::account);
    stage.order("host:deactivate('capulet.lit')");
    stage.live.wait_for(DomainState::offline);
    stage.order("host:activate('capulet.lit')");
    stage.live.wait_for(DomainState::answering);
}

// E8: mod_privilege grants at the login, so what a host grants that was not there then takes another login. Others are
// served meanwhile.
BOOST_DATA_TEST_CASE(host_that_is_added_later, kLogins, login)
{
    ServerOptions options = ScriptedStage::options({entity_address(login)});
    options.for_organization =
        "VirtualHost \"verona.lit\"\n"
        "modules_enabled = { \"privilege\"; \"subscription_requests\" }\n"
        "privileged_entities = { [\"" +
        entity_address(login) + "\"] = { iq = { [\"urn:xmpp:subscription-requests:0\"] = \"both\" } } }\n";
    Stage stage(options);
    auto& prosody = dynamic_cast<PrivateProsody&>(stage.server());
    prosody.order("host:deactivate('verona.lit')");
    LiveEntity live(stage.server(), {"verona.lit"});
    live.wait_for(DomainState::answering);
    live.wait_for(DomainState::unreachable, "verona.lit");
    prosody.order("host:activate('verona.lit')");
    live.wait_for(DomainState::answering, "verona.lit");
    live.wait_for(DomainState::answering);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
