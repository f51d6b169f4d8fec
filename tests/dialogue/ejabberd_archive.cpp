// PROTOCOL.md, rules S121 to S131, where ejabberd has more ways to its preferences than the protocol, or its storage fails.
#include "ejabberd_cluster.h"
#include "private_ejabberd.h"
#include "protocol_archive.h"

namespace usher::test
{

namespace
{

PrivateEjabberd& ejabberd(Stage& stage)
{
    return dynamic_cast<PrivateEjabberd&>(stage.server());
}

void must_be(Stage& stage, const std::string& expression, const std::string& expected)
{
    BOOST_TEST(ejabberd(stage).evaluate(expression) == expected, expression);
}

/// What a hook with more arguments than this version's gets back for a message to Juliet.
const std::string kNewerHook =
    "begin ejabberd_hooks:add(usher_test, <<\"capulet.lit\">>, mod_subscription_requests_archive, message_stored, 50), "
    "ejabberd_hooks:run_fold(usher_test, <<\"capulet.lit\">>, message, "
    "[<<\"juliet\">>, <<\"capulet.lit\">>, peer, <<>>, chat, recv, false]) end.";

}  // namespace

BOOST_AUTO_TEST_SUITE(ejabberd_archive)

BOOST_AUTO_TEST_CASE(S121_without_the_option_nobody_has_the_archive)
{
    ServerOptions options = archive_options(Login::component);
    options.archive_entities.clear();
    ScriptedStage stage(options);
    stage.server().add_account(kJuliet);
    stage.admit_entity();
    for (const Element& reply : {ask_for_archive(stage.entity().stream(), {}),
                                 set_archive(stage.entity().stream(), kJuliet, "never")}) {
        BOOST_TEST(is_error(reply, "auth", "forbidden"), reply.str());
    }
}

BOOST_AUTO_TEST_CASE(S126_every_address_of_the_host_is_refused)
{
    ScriptedStage stage(archive_options(Login::component));
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    must_set_archive(entity, kJuliet, "never", "true");
    for (const char* ns : {"urn:xmpp:mam:2", "urn:xmpp:mam:1", "urn:xmpp:mam:0", "urn:xmpp:mam:tmp"}) {
        for (const std::string& address : {std::string("capulet.lit"), kJuliet, kNurse}) {
            const Element reply = juliet.request("set", address, prefs_xml("always", {}, ns));
            BOOST_TEST(is_error(reply, "cancel", "not-allowed"), address << ": " << reply.str());
        }
    }
    BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet + " never locked");
    // The same ways lead there without a lock: so these are ways.
    must_set_archive(entity, kJuliet, "never");
    (void)juliet.request("set", kNurse, prefs_xml("always"));
    BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet + " always");
    BOOST_TEST(preferences_of(entity, kNurse) == kNurse);
    (void)nurse;
}

BOOST_AUTO_TEST_CASE(S127_nothing_is_stored_though_the_preferences_have_got_past)
{
    ScriptedStage stage(archive_options(Login::component));
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    WireClient& romeo = stage.enter(kRomeo);
    must_set_archive(entity, kNurse, "never", "true");
    must_set_archive(entity, kJuliet, "never", "true");
    talk(stage, juliet, nurse, romeo);
    must_be(
        stage,
        "mod_mam_mnesia:write_prefs(<<\"juliet\">>, <<\"capulet.lit\">>, {archive_prefs, {<<\"juliet\">>, "
        "<<\"capulet.lit\">>}, always, [], []}, <<\"capulet.lit\">>).",
        "ok");
    must_be(stage, "ets_cache:clear(archive_prefs_cache).", "ok");
    BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet + " always locked");
    talk(stage, juliet, nurse, romeo);
    stage.round_trip();
    BOOST_TEST(archived(juliet) == 0);
    BOOST_TEST(archived(nurse) == 0);
    must_be(stage, kNewerHook, "drop");
    must_set_archive(entity, kJuliet, "always");
    talk(stage, juliet, nurse, romeo);
    stage.round_trip();
    BOOST_TEST(archived(juliet) == 5);
}

BOOST_AUTO_TEST_CASE(S128_lock_of_an_account_that_went_unnoticed_ends_when_another_is_registered)
{
    ScriptedStage stage(archive_options(Login::component));
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    stage.server().add_account(kJuliet);
    must_set_archive(entity, kJuliet, "never", "true");
    // The hook remove_user runs for an account that cannot be deleted as well.
    must_be(stage,
            "ejabberd_hooks:run(remove_user, <<\"capulet.lit\">>, [<<\"juliet\">>, <<\"capulet.lit\">>]).",
            "ok");
    stage.round_trip();
    BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet + " locked");
    // What a source of accounts does without ejabberd, up to the next registration.
    must_be(stage,
            "ejabberd_hooks:run(register_user, <<\"capulet.lit\">>, [<<\"juliet\">>, <<\"capulet.lit\">>]).",
            "ok");
    BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet);
}

BOOST_AUTO_TEST_CASE(S128_lock_counts_on_every_node_of_a_cluster)
{
    EjabberdCluster cluster(archive_options(Login::component));
    cluster.first().add_account(kJuliet);
    WireComponent entity(cluster.first().component_port(), entity_address(Login::component));
    entity.connect();
    WireClient juliet(cluster.second().client_port(), kJuliet);
    juliet.connect();
    (void)seen_by(juliet);  // so that this node remembers
    must_set_archive(entity, kJuliet, "roster", "true");
    const Element reply = juliet.request("set", {}, prefs_xml("always"));
    BOOST_TEST(is_error(reply, "cancel", "not-allowed"), reply.str());
    BOOST_TEST(seen_by(juliet) == "roster");
    WireComponent other(cluster.second().component_port(), entity_address(Login::component));
    other.connect();
    BOOST_TEST(preferences_of(other, kJuliet) == kJuliet + " roster locked");
}

BOOST_AUTO_TEST_CASE(S130_storage_that_fails)
{
    ScriptedStage stage(archive_options(Login::component));
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    stage.server().add_account(kJuliet);
    must_set_archive(entity, kJuliet, "roster");
    for (const std::string table : {"archive_prefs", "subscription_requests_lock"}) {
        must_be(stage, "mnesia:change_table_access_mode(" + table + ", read_only).", "{atomic,ok}");
        const Element reply = set_archive(entity, kJuliet, "never", "true");
        BOOST_TEST(is_error(reply, "wait", "internal-server-error"), table << ": " << reply.str());
        must_be(stage, "mnesia:change_table_access_mode(" + table + ", read_write).", "{atomic,ok}");
        BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet + " roster", table);
    }
    must_be(stage, "mnesia:delete_table(archive_prefs).", "{atomic,ok}");
    for (const Element& reply : {ask_for_archive(entity, {}), ask_for_archive(entity, persons_xml({kJuliet})),
                                 set_archive(entity, kJuliet, "never")}) {
        BOOST_TEST(is_error(reply, "wait", "internal-server-error"), reply.str());
    }
}

BOOST_AUTO_TEST_CASE(S131_entities_are_told_of_new_accounts)
{
    ScriptedStage stage(archive_options(Login::component));
    stage.admit_entity();
    stage.server().add_account(kJuliet);
    stage.entity().stream().expect(archive_changed(kJuliet));
    BOOST_TEST(preferences_of(stage.entity().stream(), kJuliet) == kJuliet);
}

BOOST_AUTO_TEST_SUITE_END()

// With SQL.
BOOST_AUTO_TEST_SUITE(ejabberd_archive_sql)

BOOST_AUTO_TEST_CASE(S130_database_that_fails_is_no_account_without_preferences)
{
    ScriptedStage stage(archive_options(Login::component));
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    WireClient& juliet = stage.enter(kJuliet);
    stage.server().add_account(kNurse);
    must_set_archive(entity, kJuliet, "never", "true");
    const std::vector<std::string> expected = {kJuliet + " never locked", kNurse};
    BOOST_TEST(preferences_on(ask_for_archive(entity, {})) == expected, boost::test_tools::per_element());
    BOOST_TEST(seen_by(juliet) == "never");
    BOOST_TEST(ejabberd(stage).evaluate("ejabberd_sql:sql_query(<<\"capulet.lit\">>, "
                                        "<<\"alter table archive_prefs rename to lost\">>).") != "");
    for (const Element& reply :
         {ask_for_archive(entity, {}), ask_for_archive(entity, persons_xml({kNurse})),
          set_archive(entity, kNurse, "never"), set_archive(entity, kNurse, "never", "true")}) {
        BOOST_TEST(is_error(reply, "wait", "internal-server-error"), reply.str());
    }
    const Element refused = juliet.request("set", {}, prefs_xml("always"));
    BOOST_TEST(is_error(refused, "cancel", "not-allowed"), refused.str());
}

BOOST_AUTO_TEST_CASE(S130_lock_can_be_taken_away_where_the_preferences_are_damaged)
{
    ScriptedStage stage(archive_options(Login::component));
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    stage.server().add_account(kJuliet);
    must_set_archive(entity, kJuliet, "never", "true");
    BOOST_TEST(ejabberd(stage).evaluate("ejabberd_sql:sql_query(<<\"capulet.lit\">>, "
                                        "<<\"update archive_prefs set always = '}'\">>).") != "");
    BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet + " locked");
    must_set_archive(entity, kJuliet, "never");
    BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
