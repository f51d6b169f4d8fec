// PROTOCOL.md, rules S79 to S81 and section 8: deleted accounts.
#include <fstream>

#include "private_ejabberd.h"
#include "protocol.h"

namespace usher::test
{

namespace
{

/// `<accounts/>` about these addresses.
std::string accounts_xml(const std::vector<std::string>& addresses)
{
    std::string accounts;
    for (const std::string& address : addresses) {
        accounts += "<account jid='" + escaped(address) + "'/>";
    }
    return "<accounts xmlns='" + kRequestsNs + "'>" + accounts + "</accounts>";
}

Element ask_for_accounts(ScriptedEntity& entity, const std::vector<std::string>& addresses)
{
    return entity.stream().request("get", entity.organization(), accounts_xml(addresses));
}

std::vector<std::string> addresses_in(const Element& accounts)
{
    std::vector<std::string> addresses;
    for (const Element& account : accounts.children) {
        addresses.push_back(account.attribute("jid"));
    }
    return addresses;
}

Matcher removed(const std::string& address)
{
    return {"the deletion of " + address, [=](const Element& stanza) {
                const Element* found =
                    stanza.name == "message" ? stanza.child("removed", kRequestsNs) : nullptr;
                return found != nullptr && stanza.attribute("from") == "capulet.lit" &&
                       addresses_in(*found) == std::vector<std::string>{address};
            }};
}

/// The user deletes the account of this client (XEP-0077 section 3.2).
void delete_account(WireClient& user)
{
    user.send("<iq type='set' id='remove'><query xmlns='jabber:iq:register'><remove/></query></iq>");
    user.expect_end();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(protocol_accounts)

BOOST_DATA_TEST_CASE(S79_entity_is_told_of_a_deleted_account, kLogins, login)
{
    ScriptedStage stage(login);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    stage.enter(kNurse);
    delete_account(juliet);
    stage.entity().stream().expect(removed(kJuliet));
    // An account of another host.
    delete_account(romeo);
    stage.round_trip();
    BOOST_TEST(!stage.entity().stream().has_received(removed(kRomeo)));
    BOOST_TEST(!stage.entity().stream().has_received(removed(kNurse)));
}

BOOST_AUTO_TEST_CASE(S79_all_granted_entities_are_told_and_nobody_else)
{
    const std::vector<std::string> addresses = {entity_address(Login::account),
                                                entity_address(Login::component)};
    ScriptedStage stage(addresses);
    ScriptedEntity account(stage.server(), addresses[0]);
    ScriptedEntity component(stage.server(), addresses[1]);
    WireComponent gossip(stage.server().component_port(), kGossip);
    gossip.connect();
    // A client of the account that has not read the list.
    WireClient& desk = stage.client(addresses[0], "desk");
    desk.connect();
    desk.appear();
    WireClient& mallory = stage.enter("mallory@capulet.lit");
    delete_account(stage.enter(kJuliet));
    for (ScriptedEntity* entity : {&account, &component}) {
        entity->stream().expect(removed(kJuliet));
    }
    round_trip({&account.stream(), &component.stream(), &gossip, &desk, &mallory});
    for (const Client* other : std::initializer_list<const Client*>{&gossip, &desk, &mallory}) {
        BOOST_TEST(!other->has_received(removed(kJuliet)));
    }
}

BOOST_DATA_TEST_CASE(S80_those_that_exist_are_named, kLogins, login)
{
    ScriptedStage stage(login);
    stage.server().add_account(kJuliet);
    stage.server().add_account(kNurse);
    const Element reply =
        ask_for_accounts(stage.entity(), {kJuliet, "tybalt@capulet.lit", "Nurse@CAPULET.lit"});
    BOOST_TEST_REQUIRE(reply.attribute("type") == "result", reply.str());
    const std::vector<std::string> expected = {kJuliet, kNurse};
    BOOST_TEST(addresses_in(*reply.child("accounts", kRequestsNs)) == expected,
               boost::test_tools::per_element());
    const Element none = ask_for_accounts(stage.entity(), {"tybalt@capulet.lit"});
    BOOST_TEST_REQUIRE(none.attribute("type") == "result", none.str());
    BOOST_TEST(addresses_in(*none.child("accounts", kRequestsNs)).empty());
}

BOOST_DATA_TEST_CASE(S80_deleted_account_does_not_exist_until_it_is_registered_anew, kLogins, login)
{
    ScriptedStage stage(login);
    const auto exists = [&] {
        return addresses_in(*ask_for_accounts(stage.entity(), {kJuliet}).child("accounts", kRequestsNs))
                   .size() == 1U;
    };
    WireClient& juliet = stage.enter(kJuliet);
    BOOST_TEST(exists());
    delete_account(juliet);
    stage.entity().stream().expect(removed(kJuliet));
    BOOST_TEST(!exists());
    stage.server().add_account(kJuliet);
    BOOST_TEST(exists());
}

BOOST_AUTO_TEST_CASE(S80_others_are_forbidden_whatever_they_ask_for)
{
    ScriptedStage stage(Login::component);
    WireComponent component(stage.server().component_port(), kGossip);
    component.connect();
    WireClient& mallory = stage.enter("mallory@capulet.lit");
    for (WireStream* stranger : std::initializer_list<WireStream*>{&mallory, &component}) {
        for (const std::vector<std::string>& addresses :
             {std::vector<std::string>{}, {"mallory@capulet.lit"}, {"nobody@capulet.lit"}, {"@"}}) {
            const Element reply = stranger->request("get", "capulet.lit", accounts_xml(addresses));
            BOOST_TEST(is_error(reply, "auth", "forbidden"), reply.str());
        }
    }
}

BOOST_AUTO_TEST_CASE(S80_what_is_wrong_with_a_query_is_said)
{
    ScriptedStage stage(Login::component);
    stage.server().add_account(kJuliet);
    BOOST_TEST(is_error(ask_for_accounts(stage.entity(), {}), "modify", "bad-request"));
    BOOST_TEST(is_error(ask_for_accounts(stage.entity(), std::vector<std::string>(101, kJuliet)), "modify",
                        "bad-request"));
    BOOST_TEST(ask_for_accounts(stage.entity(), std::vector<std::string>(100, kJuliet)).attribute("type") ==
               "result");
    for (const std::string& address : {std::string("@"), std::string("capulet.lit"), kRomeo,
                                       kJuliet + "/balcony", std::string("juliet@sub.capulet.lit")}) {
        const Element reply = ask_for_accounts(stage.entity(), {kJuliet, address});
        BOOST_TEST(is_error(reply, "modify", "jid-malformed"), address << ": " << reply.str());
    }
    // What is wrong with the whole comes first.
    const std::string nobody = "<account jid='@'/>";
    std::string many;
    for (int i = 0; i < 101; ++i) {
        many += nobody;
    }
    for (const std::string& accounts : {nobody + "<account/>", many}) {
        const Element reply = stage.entity().stream().request(
            "get", "capulet.lit", "<accounts xmlns='" + kRequestsNs + "'>" + accounts + "</accounts>");
        BOOST_TEST(is_error(reply, "modify", "bad-request"), reply.str());
    }
}

BOOST_AUTO_TEST_SUITE_END()

// What only ejabberd has: several sources of accounts, of which one does not answer.
BOOST_AUTO_TEST_SUITE(ejabberd_accounts)

BOOST_AUTO_TEST_CASE(S81_source_that_knows_only_who_is_online_is_no_proof_of_a_deletion)
{
    const TemporaryDirectory directory;
    const auto key = directory.path() / "key";
    std::ofstream(key)
        << R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQEstJQLr_T1qS0gZH75aKtMN3Yj0iPS"})";
    ServerOptions options = ScriptedStage::options({entity_address(Login::component)});
    options.for_all = "auth_method: [mnesia, jwt]\njwt_key: \"" + key.string() + "\"\n";
    ScriptedStage stage(options);
    stage.admit_entity();
    stage.server().add_account(kJuliet);
    const Element known = ask_for_accounts(stage.entity(), {kJuliet});
    BOOST_TEST(known.attribute("type") == "result", known.str());
    const Element unknown = ask_for_accounts(stage.entity(), {kJuliet, kNurse});
    BOOST_TEST(is_error(unknown, "wait", "internal-server-error"), unknown.str());
}

BOOST_AUTO_TEST_CASE(S55_database_that_fails_does_not_shorten_the_list)
{
    ServerOptions options = ScriptedStage::options({entity_address(Login::component)});
    options.for_all = "auth_method: sql\n";
    ScriptedStage stage(options);
    stage.admit_entity();
    stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    leave_romeo_to_juliet(stage, romeo);
    auto& ejabberd = dynamic_cast<PrivateEjabberd&>(stage.server());
    BOOST_TEST(ejabberd.evaluate("ejabberd_sql:sql_query(<<\"capulet.lit\">>, "
                                 "<<\"alter table users rename to lost\">>), "
                                 "ets_cache:clear(ejabberd_auth_sql_cache).") == "ok");
    BOOST_TEST(stage.entity().pending().size() == 1U);
}

BOOST_AUTO_TEST_CASE(S79_account_that_could_not_be_deleted_is_not_told)
{
    ScriptedStage stage(Login::component);
    stage.server().add_account(kJuliet);
    // What ejabberd does whether its source of accounts has deleted it or not.
    auto& ejabberd = dynamic_cast<PrivateEjabberd&>(stage.server());
    BOOST_TEST(ejabberd.evaluate("ejabberd_hooks:run(remove_user, <<\"capulet.lit\">>, "
                                 "[<<\"juliet\">>, <<\"capulet.lit\">>]).") == "ok");
    stage.round_trip();
    BOOST_TEST(!stage.entity().stream().has_received(removed(kJuliet)));
}

BOOST_AUTO_TEST_CASE(S81_database_that_fails_is_no_proof_of_a_deletion)
{
    ServerOptions options = ScriptedStage::options({entity_address(Login::component)});
    options.for_all = "auth_method: sql\n";
    ScriptedStage stage(options);
    stage.admit_entity();
    stage.server().add_account(kJuliet);
    const Element before = ask_for_accounts(stage.entity(), {kJuliet, kNurse});
    BOOST_TEST_REQUIRE(before.attribute("type") == "result", before.str());
    BOOST_TEST(addresses_in(*before.child("accounts", kRequestsNs)) == std::vector<std::string>{kJuliet},
               boost::test_tools::per_element());
    auto& ejabberd = dynamic_cast<PrivateEjabberd&>(stage.server());
    BOOST_TEST(ejabberd.evaluate("ejabberd_sql:sql_query(<<\"capulet.lit\">>, "
                                 "<<\"alter table users rename to lost\">>).") != "");
    const Element after = ask_for_accounts(stage.entity(), {kJuliet});
    BOOST_TEST(is_error(after, "wait", "internal-server-error"), after.str());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
