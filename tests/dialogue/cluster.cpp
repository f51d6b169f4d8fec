// A cluster of two ejabberd nodes: a request that arrives on either is asked, whichever the entity is on.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "ejabberd_cluster.h"
#include "stage.h"

namespace usher::test
{

/// The roster push with that subscription. Asking for the roster would not do: what one node has written
/// another one reads a moment later.
static Matcher subscription(const std::string& contact, const std::string& wanted)
{
    const Matcher any = roster_push(contact);
    return {any.what + " with subscription " + wanted,
            [=](const Element& stanza) { return any.matches(stanza) && item_in(stanza, contact) == wanted; }};
}

BOOST_AUTO_TEST_SUITE(cluster)

BOOST_DATA_TEST_CASE(request_on_any_node_is_asked, kLogins, login)
{
    EjabberdCluster cluster(ScriptedStage::options({entity_address(login)}));
    UsherdOptions options;
    options.option = "all";
    Usherd usherd(connection_to(cluster.first()), options);
    usherd.start();
    usherd.wait_until_answering();
    for (PrivateEjabberd* node : {&cluster.first(), &cluster.second()}) {
        EjabberdCluster::wait_for_entities(*node, 1);
    }

    int number = 0;
    for (PrivateEjabberd* users : {&cluster.first(), &cluster.second()}) {
        for (PrivateEjabberd* contacts : {&cluster.first(), &cluster.second()}) {
            ++number;
            WireClient contact(contacts->client_port(), "contact" + std::to_string(number) + "@montague.lit");
            WireClient user(users->client_port(), "user" + std::to_string(number) + "@capulet.lit");
            const std::string offline = "offline" + std::to_string(number) + "@capulet.lit";
            for (const std::string& account : {contact.address(), user.address(), offline}) {
                cluster.first().add_account(account);
            }
            contact.connect();
            contact.appear();
            user.connect();
            user.appear();
            contact.send(to(user.address(), "subscribe") + to(offline, "subscribe"));
            contact.expect_all({subscription(user.address(), "to"), presence("subscribed", user.address()),
                                presence("", user.full_address()), presence("subscribed", offline)});
            user.expect(subscription(contact.address(), "from"));
            BOOST_TEST(!user.has_received(presence("subscribe", contact.address())));
        }
    }
}

// The other node asks it as well (S10).
BOOST_AUTO_TEST_CASE(component_that_connects_while_the_connector_of_its_node_is_down_is_known_to_all)
{
    const std::string usher = entity_address(Login::component);
    EjabberdCluster cluster(ScriptedStage::options({usher}));
    const std::string module = "(<<\"capulet.lit\">>, mod_subscription_requests)";
    BOOST_TEST(cluster.first().evaluate("gen_mod:stop_module" + module + ".") == "ok");
    WireComponent entity(cluster.first().component_port(), usher);
    entity.connect();
    BOOST_TEST(cluster.first().evaluate("element(1, gen_mod:start_module" + module + ").") == "ok");
    EjabberdCluster::wait_for_entities(cluster.first(), 1);
    EjabberdCluster::wait_for_entities(cluster.second(), 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
