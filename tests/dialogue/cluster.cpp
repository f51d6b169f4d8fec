// A cluster of two ejabberd nodes: a request that arrives on either is asked, whichever the entity is on.
#include "ejabberd_cluster.h"
#include "protocol_people.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

/// The roster push with that subscription. Asking for the roster would not do: what one node has written
/// another one reads a moment later.
Matcher subscription(const std::string& contact, const std::string& wanted)
{
    const Matcher any = roster_push(contact);
    return {any.what + " with subscription " + wanted,
            [=](const Element& stanza) { return any.matches(stanza) && item_in(stanza, contact) == wanted; }};
}

void unload(PrivateEjabberd& node)
{
    BOOST_TEST(node.evaluate("gen_mod:stop_module(<<\"capulet.lit\">>, mod_subscription_requests).") == "ok");
}

void load(PrivateEjabberd& node)
{
    BOOST_TEST(
        node.evaluate("element(1, gen_mod:start_module(<<\"capulet.lit\">>, mod_subscription_requests)).") ==
        "ok");
}

/// With a new account, which the other node knows a moment later.
void enter(PrivateEjabberd& node, WireClient& client)
{
    node.add_account(client.address());
    client.connect();
    client.appear();
}

}  // namespace

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

// Whichever node it is on, the other one asks it as well.
BOOST_DATA_TEST_CASE(S10_order_in_which_the_connector_is_loaded_does_not_matter,
                     bdata::make({0, 1}) * bdata::make({0, 1}), first_loaded, entity_at)
{
    EjabberdCluster cluster(ScriptedStage::options({entity_address(Login::component)}));
    const std::vector<PrivateEjabberd*> nodes{&cluster.first(), &cluster.second()};
    for (PrivateEjabberd* node : nodes) {
        unload(*node);
    }
    WireComponent entity(nodes[entity_at]->component_port(), entity_address(Login::component));
    entity.connect();
    load(*nodes[first_loaded]);
    load(*nodes[1 - first_loaded]);
    for (PrivateEjabberd* node : nodes) {
        EjabberdCluster::wait_for_entities(*node, 1);
    }
}

BOOST_DATA_TEST_CASE(S10_component_that_reconnects_while_the_connector_of_a_node_is_down_is_known_to_all,
                     bdata::make({0, 1}), down)
{
    EjabberdCluster cluster(ScriptedStage::options({entity_address(Login::component)}));
    const std::vector<PrivateEjabberd*> nodes{&cluster.first(), &cluster.second()};
    WireComponent entity(cluster.first().component_port(), entity_address(Login::component));
    entity.connect();
    for (PrivateEjabberd* node : nodes) {
        EjabberdCluster::wait_for_entities(*node, 1);
    }
    unload(*nodes[down]);
    entity.disconnect();
    EjabberdCluster::wait_for_entities(*nodes[1 - down], 0);
    entity.connect();
    load(*nodes[down]);
    for (PrivateEjabberd* node : nodes) {
        EjabberdCluster::wait_for_entities(*node, 1);
    }
}

// The reply is applied by the node that has received the request, a later answer by the one on which it arrives.
BOOST_DATA_TEST_CASE(S42_S67_node_is_killed_while_it_applies_an_answer,
                     bdata::make({"reply", "later answer"}), kind)
{
    const bool later = std::string(kind) == "later answer";
    EjabberdCluster cluster(ScriptedStage::options(
        {entity_address(Login::component), entity_address(Login::account)}, kNoTimeout));
    ScriptedEntity component(cluster.first(), entity_address(Login::component));
    ScriptedEntity account(cluster.second(), entity_address(Login::account));
    EjabberdCluster::wait_for_entities(cluster.first(), 2);
    EjabberdCluster::wait_for_entities(cluster.second(), 2);
    WireClient user(cluster.first().client_port(), kJuliet);
    enter(cluster.first(), user);
    PrivateEjabberd& contacts = later ? cluster.first() : cluster.second();
    WireClient contact(contacts.client_port(), kRomeo);
    enter(contacts, contact);
    BOOST_TEST(cluster.second().evaluate(
                   "ejabberd_hooks:add(roster_out_subscription, <<\"capulet.lit\">>, fun(_) -> "
                   "register(applying, self()), receive never -> ok end end, 28).") == "ok");
    contact.send(to(kJuliet, "subscribe"));
    const Ask ask = component.next_ask_about(kRomeo, kJuliet);
    if (later) {
        account.stream().send("<iq type='set' id='l' to='capulet.lit'>" +
                              later_answer_xml(kJuliet, kRomeo, "subscribed") + "</iq>");
    } else {
        component.answer(ask, "subscribed");
    }
    BOOST_TEST(cluster.second().evaluate(
                   "Await = fun Again(0) -> late; Again(Left) -> case whereis(applying) of undefined -> "
                   "timer:sleep(10), Again(Left - 1); _ -> applying end end, Await(1000).") == "applying");
    BOOST_TEST(!user.has_received(presence("subscribe", kRomeo)));
    cluster.second().kill();
    user.expect(presence("subscribe", kRomeo));
    BOOST_TEST(component.pending().size() == 1U);
    BOOST_TEST(component.answer_later(kJuliet, kRomeo, "subscribed").attribute("type") == "result");
    user.expect(subscription(kRomeo, "from"));
}

// The node does not know yet that the request is held by another one. It could only ask all the others, at each login, and
// wait for those that hang; so it shows what is pending, and no harm comes of it.
BOOST_DATA_TEST_CASE(S46_S50_user_comes_before_the_hold_is_known_at_their_node,
                     bdata::make({"entity", "user"}), answered_by)
{
    EjabberdCluster cluster(ScriptedStage::options({entity_address(Login::component)}, kNoTimeout));
    ScriptedEntity entity(cluster.first(), entity_address(Login::component));
    EjabberdCluster::wait_for_entities(cluster.second(), 1);
    cluster.second().add_account(kJuliet);
    WireClient romeo(cluster.first().client_port(), kRomeo);
    enter(cluster.first(), romeo);
    const std::string process = "gen_mod:get_module_proc(<<\"capulet.lit\">>, mod_subscription_requests)";
    BOOST_TEST(cluster.second().evaluate("sys:suspend(" + process + ").") == "ok");
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = entity.next_ask_about(kRomeo, kJuliet);
    WireClient juliet(cluster.second().client_port(), kJuliet);
    juliet.connect();
    juliet.appear();
    juliet.expect(presence("subscribe", kRomeo));
    if (std::string(answered_by) == "user") {
        juliet.send(to(kRomeo, "subscribed"));
        romeo.expect(presence("subscribed", kJuliet));
        entity.answer(ask, "unsubscribed");
    } else {
        entity.answer(ask, "subscribed");
        romeo.expect(presence("subscribed", kJuliet));
    }
    juliet.expect(subscription(kRomeo, "from"));
    BOOST_TEST(cluster.second().evaluate("sys:resume(" + process + ").") == "ok");
    for (PrivateEjabberd* node : {&cluster.first(), &cluster.second()}) {
        EjabberdCluster::wait_for_held(*node, 0);
    }
    BOOST_TEST(entity.pending().empty());
    round_trip({&entity.stream(), &romeo});
    BOOST_TEST(!romeo.has_received(presence("unsubscribed", kJuliet)));
    BOOST_TEST(count_received(juliet, presence("subscribe", kRomeo)) == 1);
}

// Sessions of any node count, and what changes on any node is told by one.
BOOST_AUTO_TEST_CASE(S96_S98_S100_people_are_those_of_all_nodes)
{
    EjabberdCluster cluster(people_options(Login::component));
    ScriptedEntity entity(cluster.first(), entity_address(Login::component));
    WireClient juliet(cluster.second().client_port(), kJuliet);
    enter(cluster.second(), juliet);
    WireClient nurse(cluster.first().client_port(), kNurse);
    enter(cluster.first(), nurse);
    const auto shown = [&] {
        return shows_in(ask_for_availability(entity.stream(), kRomeo + "/orchard", {kJuliet, kNurse}));
    };
    round_trip({&entity.stream(), &juliet, &nurse});
    BOOST_TEST(shown().size() == 2U);
    block(juliet, kRomeo);
    const auto left = shown();
    BOOST_TEST_REQUIRE(left.size() == 1U);
    BOOST_TEST(left.front().first == kNurse);

    const Element set = juliet.request("set", {}, "<vCard xmlns='vcard-temp'><FN>Juliet</FN></vCard>");
    BOOST_TEST_REQUIRE(set.attribute("type") == "result", set.str());
    // With whatever else has changed by then.
    entity.stream().expect({"a hint that Juliet has changed", [](const Element& stanza) {
                                const Element* changed = stanza.child("changed", kPeopleNs);
                                return changed != nullptr &&
                                       changed->str().find("'" + kJuliet + "'") != std::string::npos;
                            }});
    const Element people = ask_for_people(entity.stream(), {});
    BOOST_TEST(persons_on(people) == (std::vector<std::string>{kJuliet, kNurse}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
