// PROTOCOL.md, rules S1 to S9: who is told that requests can be answered, and who is asked.
#include "protocol.h"
#include "servers.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

bool has_feature(WireStream& who)
{
    const Element reply =
        who.request("get", "capulet.lit", "<query xmlns='http://jabber.org/protocol/disco#info'/>");
    const Element* query = reply.child("query");
    BOOST_REQUIRE(query != nullptr);
    return std::any_of(query->children.begin(), query->children.end(), [](const Element& child) {
        return child.name == "feature" && child.attribute("var") == kRequestsNs;
    });
}

/// The entity's stream, logged in and not yet available.
std::unique_ptr<WireStream> log_in(Stage& stage, const std::string& address,
                                   const std::string& resource = "usher")
{
    std::unique_ptr<WireStream> stream;
    if (is_account(address)) {
        stream = std::make_unique<WireClient>(stage.server().client_port(), address, resource);
    } else {
        stream = std::make_unique<WireComponent>(stage.server().component_port(), address);
    }
    stream->connect();
    return stream;
}

Element read_list(WireStream& stream, const std::string& set = {})
{
    return stream.request("get", "capulet.lit", "<pending xmlns='" + kRequestsNs + "'>" + set + "</pending>");
}

std::string set_with(const std::string& inside)
{
    return "<set xmlns='http://jabber.org/protocol/rsm'>" + inside + "</set>";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(protocol_grant)

BOOST_DATA_TEST_CASE(S1_feature_is_there_while_the_connector_is_loaded, kLogins, login)
{
    ScriptedStage stage(login);
    BOOST_TEST(has_feature(stage.entity().stream()));
    stage.server().unload_connector();
    BOOST_TEST(!has_feature(stage.entity().stream()));
    stage.server().load_connector();
    BOOST_TEST(has_feature(stage.entity().stream()));
}

BOOST_DATA_TEST_CASE(S2_permission_to_set_is_the_grant, kLogins* bdata::make({"set", "both"}), login,
                     permission)
{
    ServerOptions options = ScriptedStage::options({entity_address(login)});
    options.permission = permission;
    ScriptedStage stage(options);
    stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    ScriptedEntity entity(stage.server(), entity_address(login));
    romeo.send(to(kJuliet, "subscribe"));
    entity.answer(entity.next_ask_about(kRomeo, kJuliet), "subscribed");
    romeo.expect(kApproval);
}

BOOST_DATA_TEST_CASE(S2_permission_to_get_grants_nothing, kLogins, login)
{
    ServerOptions options = ScriptedStage::options({entity_address(login)});
    options.permission = "get";
    ScriptedStage stage(options);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    const auto entity = log_in(stage, entity_address(login));
    if (login == Login::account) {
        entity->send("<presence/>");
    }
    BOOST_TEST(is_error(read_list(*entity), "auth", "forbidden"));
    romeo.send(to(kJuliet, "subscribe"));
    juliet.expect(kPrompt);
    BOOST_TEST(
        is_error(entity->request("set", "capulet.lit", later_answer_xml(kJuliet, kRomeo, "subscribed")),
                 "auth", "forbidden"));
    BOOST_TEST(asks_in(entity->received()).empty());
}

BOOST_AUTO_TEST_CASE(S3_account_is_told_after_its_initial_presence)
{
    const std::string address = entity_address(Login::account);
    ScriptedStage stage({address});
    const auto first = log_in(stage, address);
    round_trip({first.get()});
    BOOST_TEST(!first->has_received(advertisement()));
    first->send("<presence/>");
    first->expect(advertisement());
    // Each resource, each time.
    const auto second = log_in(stage, address, "second");
    second->send("<presence/>");
    second->expect(advertisement());
    first->send("<presence type='unavailable'/>");
    round_trip({first.get()});
    first->take_received();
    first->send("<presence/>");
    first->expect(advertisement());
}

BOOST_AUTO_TEST_CASE(S3_component_is_told_after_its_handshake)
{
    const std::string address = entity_address(Login::component);
    ScriptedStage stage({address});
    for (int time = 0; time < 2; ++time) {
        const auto entity = log_in(stage, address);
        entity->expect(advertisement());
        entity->disconnect();
    }
}

BOOST_DATA_TEST_CASE(S4_everybody_granted_is_told_when_the_connector_is_loaded,
                     kLogins* bdata::make({false, true}), login, again)
{
    ScriptedStage stage(login);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    stage.entity().stream().take_received();
    if (again) {
        stage.server().reload_connector();
    } else {
        stage.server().unload_connector();
        stage.server().load_connector();
    }
    stage.entity().stream().expect(advertisement());
    stage.round_trip();
    BOOST_TEST(!juliet.has_received(advertisement()));
    // That brings it back: section 4.7.
    (void)stage.entity().pending();
    romeo.send(to(kJuliet, "subscribe"));
    stage.entity().answer(stage.entity().next_ask_about(kRomeo, kJuliet), "subscribed");
    romeo.expect(kApproval);
}

BOOST_AUTO_TEST_CASE(S5_who_is_not_granted_is_not_asked)
{
    ScriptedStage stage({entity_address(Login::account), entity_address(Login::component)});
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& nurse = stage.enter(kNurse);
    WireComponent gossip(stage.server().component_port(), kGossip);
    gossip.connect();
    for (WireStream* stream : std::initializer_list<WireStream*>{&nurse, &gossip}) {
        BOOST_TEST(is_error(read_list(*stream), "auth", "forbidden"));
    }
    romeo.send(to(kJuliet, "subscribe"));
    juliet.expect(kPrompt);
    round_trip({&nurse, &gossip});
    BOOST_TEST(asks_in(nurse.received()).empty());
    BOOST_TEST(asks_in(gossip.received()).empty());
}

// Whatever the configuration says; what would go out to another server cannot be seen here.
BOOST_DATA_TEST_CASE(S6_entity_that_is_not_connected_here_is_not_asked,
                     bdata::make({"usher@montague.lit", "usher.montague.lit"}), address)
{
    ScriptedStage stage(std::vector<std::string>{address}, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    juliet.expect(kPrompt);
    stage.expect_acknowledgement(romeo, kJuliet);
}

BOOST_AUTO_TEST_CASE(S7_resource_is_asked_once_it_has_read_the_list_since_it_became_available)
{
    const std::string address = entity_address(Login::account);
    ScriptedStage stage({address}, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    const auto entity = log_in(stage, address);
    int last = 0;
    const auto is_left_to_juliet = [&] {
        WireClient& contact = stage.enter("c" + std::to_string(++last) + "@montague.lit");
        contact.send(to(kJuliet, "subscribe"));
        juliet.expect(presence("subscribe", contact.address()));
        round_trip({entity.get()});
        return asks_in(entity->received()).empty();
    };

    (void)read_list(*entity);  // before
    BOOST_TEST(is_left_to_juliet());
    entity->send("<presence/>");
    entity->expect(advertisement());
    BOOST_TEST(is_left_to_juliet());
    BOOST_TEST(is_error(read_list(*entity, set_with("<max>many</max>")), "modify", "bad-request"));
    BOOST_TEST(is_left_to_juliet());
    BOOST_TEST(read_list(*entity, set_with("<after>nowhere</after>")).attribute("type") == "error");
    BOOST_TEST(is_left_to_juliet());
    BOOST_TEST(read_list(*entity).attribute("type") == "result");
    entity->send("<presence type='unavailable'/>");
    round_trip({entity.get()});
    BOOST_TEST(is_left_to_juliet());
    entity->send("<presence/>");
    entity->expect(advertisement());
    BOOST_TEST(is_left_to_juliet());
    BOOST_TEST(read_list(*entity).attribute("type") == "result");
    stage.enter(kRomeo).send(to(kJuliet, "subscribe"));
    entity->expect({"an ask", [](const Element& stanza) { return !asks_in({stanza}).empty(); }});
}

BOOST_AUTO_TEST_CASE(S7_component_is_asked_from_its_handshake_on)
{
    ScriptedStage stage({entity_address(Login::component)}, kNoTimeout);
    stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    const auto entity = log_in(stage, entity_address(Login::component));
    round_trip({entity.get()});
    romeo.send(to(kJuliet, "subscribe"));
    entity->expect({"an ask", [](const Element& stanza) { return !asks_in({stanza}).empty(); }});
}

BOOST_DATA_TEST_CASE(S8_users_see_nothing_of_the_grant, kLogins, login)
{
    ScriptedStage stage(login);
    for (const std::string& address : {kJuliet, kRomeo}) {
        WireClient& user = stage.enter(address);
        stage.round_trip();
        BOOST_TEST(!user.has_received({"a message", [](const Element& s) { return s.name == "message"; }}));
    }
}

BOOST_DATA_TEST_CASE(S9_entity_is_told_to_read_the_list_when_requests_have_passed_it, kLogins, login)
{
    ScriptedStage stage(login, {.timeout = kNoTimeout.timeout, .max_held = 1});
    WireClient& juliet = stage.enter(kJuliet);
    WireStream& entity = stage.entity().stream();
    entity.take_received();
    const auto request_from = [&](const std::string& name) -> WireClient& {
        WireClient& contact = stage.enter(name + "@montague.lit");
        contact.send(to(kJuliet, "subscribe"));
        return contact;
    };
    for (const std::string round : {"first", "second"}) {
        const WireClient& held = request_from(round + "-held");
        const Ask ask = stage.entity().next_ask_about(held.address(), kJuliet);
        juliet.expect(presence("subscribe", request_from(round + "-passed").address()));
        stage.entity().answer(ask, "unsubscribed");
        // Nobody is told when that answer has been carried out and there is room again.
        const std::size_t asks = asks_in(entity.received()).size();
        for (int last = 1; asks_in(entity.received()).size() == asks; ++last) {
            BOOST_TEST_REQUIRE(last < 100);
            request_from(round + "-next-" + std::to_string(last));
            stage.round_trip();
        }
        stage.entity().answer(stage.entity().next_ask(), "unsubscribed");
        stage.round_trip();
        BOOST_TEST(count_received(entity, advertisement()) == 1);  // not twice in 60 s
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
