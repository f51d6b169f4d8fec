// ejabberd's other modules that have a say in subscriptions are loaded, and several virtual hosts have the
// connector: nothing changes. (mod_privacy and mod_blocking are loaded in all suites.) And what only
// ejabberd's connector does.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "private_ejabberd.h"
#include "stage.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

ServerOptions with_other_modules(Login login)
{
    const std::string entity = entity_address(login);
    ServerOptions options = ScriptedStage::options({entity});
    options.connector = false;  // the first host's only
    options.for_all =
        "  mod_block_strangers: {}\n"
        "  mod_shared_roster: {}\n"
        "  mod_subscription_requests: {entities: [\"" +
        entity + "\"]}\n";
    return options;
}

/// The connector's modules, the main one first.
std::vector<std::string> connector_modules()
{
    std::vector<std::string> modules;
    for (const auto& file : std::filesystem::directory_iterator(USHER_EJABBERD_CONNECTOR "/src")) {
        if (file.path().extension() == ".erl") {
            modules.push_back(file.path().stem());
        }
    }
    std::sort(modules.begin(), modules.end());
    return modules;
}

/// Of those modules but the main one, which is ejabberd's affair: a list of what the expression has for M.
std::string for_other_modules(const std::string& expression)
{
    const std::vector<std::string> modules = connector_modules();
    std::string list;
    for (std::size_t i = 1; i < modules.size(); ++i) {
        list += (i == 1 ? "" : ", ") + modules[i];
    }
    return "lists:usort([" + expression + " || M <- [" + list + "]]).";
}

/// Without the connector in its code path, but in a folder from which it can be installed.
std::filesystem::path prepare_folder(PrivateEjabberd& ejabberd)
{
    const auto modules = ejabberd.directory() / "modules";
    std::filesystem::create_directories(modules / "sources");
    std::filesystem::copy(USHER_EJABBERD_CONNECTOR, modules / "sources" / "mod_subscription_requests",
                          std::filesystem::copy_options::recursive);
    // Erlang's first loader has a path of its own, in which it looks for what is in the other no more.
    ejabberd.evaluate(
        "Folder = \"" USHER_EJABBERD_MODULES
        "\", code:del_path(Folder), "
        "{ok, Path} = erl_prim_loader:get_path(), erl_prim_loader:set_path(lists:delete(Folder, Path)).");
    return modules;
}

void write_version_into(const std::filesystem::path& source, const std::string& version)
{
    std::ostringstream text;
    text << std::ifstream(source).rdbuf();
    std::string changed = text.str();
    const std::string line = "-module(" + source.stem().string() + ").\n";
    const auto begin = changed.find(line);
    BOOST_TEST_REQUIRE(begin != std::string::npos, source << " has no line " << line);
    changed.insert(begin + line.size(), "-vsn(\"" + version + "\").\n");
    std::ofstream(source) << changed;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(together)

BOOST_DATA_TEST_CASE(several_hosts_beside_other_modules, kLogins, login)
{
    ScriptedStage stage(with_other_modules(login));
    UsherdOptions options;
    options.domains = {"capulet.lit", "montague.lit"};
    options.option = "organization";
    Usherd usherd(connection_to(stage.server()), options);
    usherd.start();
    usherd.wait_until_answering();

    for (const std::string& user_address : {kJuliet, kRomeo}) {
        WireClient& user = stage.enter(user_address);
        const std::string host = user_address.substr(user_address.find('@') + 1);
        for (const std::string other : {"capulet.lit", "montague.lit"}) {
            WireClient& colleague = stage.enter("friend-of-" + host + "@" + other);
            colleague.send(to(user_address, "subscribe"));
            colleague.expect_all({presence("subscribed", user_address), presence("", user.full_address())});
            BOOST_TEST(item_in(colleague.roster(), user_address) == "to");
            BOOST_TEST(item_in(user.roster(), colleague.address()) == "from");
            BOOST_TEST(!user.has_received(presence("subscribe", colleague.address())));
        }
        WireClient& stranger = stage.enter("stranger-to-" + host + "@mantua.lit");
        stranger.send(to(user_address, "subscribe"));
        user.expect(presence("subscribe", stranger.address()));
        user.send(to(stranger.address(), "subscribed"));
        stranger.expect(presence("subscribed", user_address));
    }
}

BOOST_DATA_TEST_CASE(blocked_contact_stays_blocked, kLogins, login)
{
    ScriptedStage stage(with_other_modules(login));
    UsherdOptions options;
    options.option = "all";
    Usherd usherd(connection_to(stage.server()), options);
    usherd.start();
    usherd.wait_until_answering();
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    const Element blocked =
        juliet.request("set", {}, "<block xmlns='urn:xmpp:blocking'><item jid='" + kRomeo + "'/></block>");
    BOOST_TEST_REQUIRE(blocked.attribute("type") == "result");
    WireClient& nurse = stage.enter("nurse@capulet.lit");
    romeo.send(to(kJuliet, "subscribe"));
    stage.Stage::round_trip();
    nurse.send(to(kJuliet, "subscribe"));
    nurse.expect(presence("subscribed", kJuliet));
    stage.Stage::round_trip();
    BOOST_TEST(!romeo.has_received(presence("subscribed", kJuliet)));
    BOOST_TEST(item_in(juliet.roster(), kRomeo).empty());
}

// As `ejabberdctl module_install` does it.
BOOST_AUTO_TEST_CASE(connector_is_installed_from_a_folder)
{
    const std::string entity = entity_address(Login::component);
    ServerOptions options = ScriptedStage::options({entity});
    options.connector = false;
    ScriptedStage stage(options);
    auto& ejabberd = dynamic_cast<PrivateEjabberd&>(stage.server());
    const auto modules = prepare_folder(ejabberd);
    for (const std::string& module : connector_modules()) {
        BOOST_TEST(ejabberd.evaluate("code:which(" + module + ").") == "non_existing");
    }
    BOOST_TEST(ejabberd.evaluate("ext_mod:install(<<\"mod_subscription_requests\">>).") == "ok");
    for (const std::string& module : connector_modules()) {
        BOOST_TEST(ejabberd.evaluate("code:which(" + module + ").").find(modules.string()) !=
                   std::string::npos);
    }
    ejabberd.load_connector();
    stage.admit_entity();
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    stage.entity().answer(stage.entity().next_ask_about(romeo.address(), juliet.address()), "subscribed");
    romeo.expect(presence("subscribed", kJuliet));
}

// As `ejabberdctl module_upgrade` does it, which sees to the code of one module only.
BOOST_AUTO_TEST_CASE(upgrade_replaces_the_code_of_all_modules)
{
    const std::string entity = entity_address(Login::component);
    ServerOptions options = ScriptedStage::options({entity});
    options.connector = false;
    ScriptedStage stage(options);
    auto& ejabberd = dynamic_cast<PrivateEjabberd&>(stage.server());
    const auto modules = prepare_folder(ejabberd);
    const auto sources = modules / "sources" / "mod_subscription_requests" / "src";
    const std::string versions = for_other_modules("proplists:get_value(vsn, M:module_info(attributes))");
    for (const std::string& module : connector_modules()) {
        write_version_into(sources / (module + ".erl"), "old");
    }
    BOOST_TEST_REQUIRE(ejabberd.evaluate("ext_mod:install(<<\"mod_subscription_requests\">>).") == "ok");
    ejabberd.load_connector();
    stage.admit_entity();
    BOOST_TEST_REQUIRE(ejabberd.evaluate(versions) == "[\"old\"]");

    std::filesystem::remove_all(sources);
    std::filesystem::copy(USHER_EJABBERD_CONNECTOR "/src", sources);
    for (const std::string& module : connector_modules()) {
        write_version_into(sources / (module + ".erl"), "new");
    }
    BOOST_TEST(ejabberd.evaluate("ext_mod:upgrade(<<\"mod_subscription_requests\">>).") == "ok");
    BOOST_TEST(ejabberd.evaluate(versions) == "[\"new\"]");
    BOOST_TEST(ejabberd.evaluate(for_other_modules("erlang:check_old_code(M)")) == "[false]");
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    stage.entity().answer(stage.entity().next_ask_about(romeo.address(), juliet.address()), "subscribed");
    romeo.expect(presence("subscribed", kJuliet));
}

BOOST_AUTO_TEST_CASE(last_host_unloads_all_code_and_kills_nobody_for_it)
{
    ScriptedStage stage(with_other_modules(Login::component));
    auto& ejabberd = dynamic_cast<PrivateEjabberd&>(stage.server());
    const std::string codes = for_other_modules("{code:is_loaded(M) /= false, erlang:check_old_code(M)}");
    stage.admit_entity();
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    (void)stage.entity().next_ask_about(kRomeo, kJuliet);

    BOOST_TEST_REQUIRE(ejabberd.evaluate("length(ejabberd_option:hosts()) > 1.") == "true");
    ejabberd.evaluate(
        "[gen_mod:stop_module(Host, mod_subscription_requests) || Host <- tl(ejabberd_option:hosts())].");
    BOOST_TEST(ejabberd.evaluate(codes) == "[{true,false}]");
    // Somebody is in the middle of it.
    BOOST_TEST(
        ejabberd.evaluate("Test = self(), "
                          "{_, Monitor} = spawn_monitor(fun() -> "
                          "mod_subscription_requests_roster:walk(<<\"capulet.lit\">>, "
                          "fun(_) -> Test ! begun, timer:sleep(500) end) end), "
                          "receive begun -> ok end, "
                          "gen_mod:stop_module(hd(ejabberd_option:hosts()), mod_subscription_requests), "
                          "receive {'DOWN', Monitor, process, _, Reason} -> Reason end.") == "normal");
    BOOST_TEST(ejabberd.evaluate(codes) == "[{false,false}]");
    juliet.expect(presence("subscribe", kRomeo));
    ejabberd.evaluate(
        "[gen_mod:start_module(Host, mod_subscription_requests) || Host <- ejabberd_option:hosts()].");
    BOOST_TEST(ejabberd.evaluate(codes) == "[{true,false}]");
}

// An entity that is not connected here could be on another server; nothing is sent there.
BOOST_AUTO_TEST_CASE(no_request_leaves_for_another_server)
{
    ScriptedStage stage(std::vector<std::string>{"usher.verona.lit"}, kNoTimeout);
    auto& ejabberd = dynamic_cast<PrivateEjabberd&>(stage.server());
    ejabberd.evaluate(
        "persistent_term:put(sent, []), "
        "ejabberd_hooks:add(filter_packet, global, fun(Packet) -> "
        "Server = element(6, xmpp:get_to(Packet)), "
        "binary:match(Server, <<\"verona.lit\">>) == nomatch orelse "
        "persistent_term:put(sent, [element(1, Packet) | persistent_term:get(sent)]), Packet end, 90).");
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    juliet.expect(presence("subscribe", kRomeo));
    romeo.send("<message to='usher@verona.lit'/>");  // is seen
    stage.round_trip();
    BOOST_TEST(ejabberd.evaluate("persistent_term:get(sent).") == "[message]");
}

// S22 lets it.
BOOST_AUTO_TEST_CASE(single_requests_gather_while_others_are_held)
{
    constexpr int kRounds = 20;
    ScriptedStage stage(Login::component, kNoTimeout);
    stage.enter(kJuliet);
    WireComponent component(stage.server().component_port(), kGossip);
    component.connect();
    int contacts = 0;
    const auto next_ask = [&] {
        component.send("<presence type='subscribe' from='c" + std::to_string(contacts++) + "@" + kGossip +
                       "' to='" + kJuliet + "'/>");
        return stage.entity().next_ask();
    };
    for (int held = 0; held < 2; ++held) {
        (void)next_ask();  // never answered
    }
    stage.entity().answer(next_ask(), "unsubscribed");  // none is in flight any more
    const auto begin = Clock::now();
    for (int i = 0; i <= kRounds; ++i) {
        stage.entity().answer(next_ask(), "unsubscribed");
    }
    BOOST_TEST((Clock::now() - begin >= kRounds * std::chrono::milliseconds(5)));
}

// S35. An administrator changes rosters by `ejabberdctl process_rosteritems`, of which modules hear nothing,
// as does who writes to the table. Mnesia tells the connector, unless it has ceased to.
BOOST_DATA_TEST_CASE(verdict_on_what_was_changed_past_all_modules_does_nothing,
                     bdata::make({"mnesia:dirty_delete(roster, Key), ok.",
                                  "[Item] = mnesia:dirty_read(roster, Key), "
                                  "mnesia:dirty_write(setelement(7, Item, none))."}) *
                         bdata::make({true, false}),
                     change, told)
{
    ScriptedStage stage(Login::component, kNoTimeout);
    auto& ejabberd = dynamic_cast<PrivateEjabberd&>(stage.server());
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    if (!told) {
        BOOST_TEST_REQUIRE(
            ejabberd.evaluate(
                "element(1, mnesia_subscr:unsubscribe(whereis(gen_mod:get_module_proc("
                "<<\"capulet.lit\">>, mod_subscription_requests)), {table, roster, simple})).") == "ok");
    }
    BOOST_TEST_REQUIRE(ejabberd.evaluate("Key = {<<\"juliet\">>, <<\"capulet.lit\">>, {<<\"romeo\">>, "
                                         "<<\"montague.lit\">>, <<>>}}, " +
                                         std::string(change)) == "ok");
    stage.entity().answer(ask, "subscribed");
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(presence("subscribed", kJuliet)));
    BOOST_TEST(item_in(juliet.roster(), kRomeo) != "from");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
