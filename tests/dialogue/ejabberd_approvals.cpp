// PROTOCOL.md, rules S109 to S115, where ejabberd has more than other servers: shared rosters, a rule for who may have a
// roster, and SQL.
#include "private_ejabberd.h"
#include "protocol_approvals.h"

namespace usher::test
{

namespace
{

PrivateEjabberd& ejabberd(Stage& stage)
{
    return dynamic_cast<PrivateEjabberd&>(stage.server());
}

ServerOptions with(const std::string& for_all)
{
    ServerOptions options = approvals_options(Login::component);
    options.for_all = for_all;
    return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ejabberd_approvals)

BOOST_AUTO_TEST_CASE(S107_without_the_options_nobody_has_the_approvals)
{
    ServerOptions options = approvals_options(Login::component);
    options.approval_entities.clear();
    ScriptedStage stage(options);
    stage.admit_entity();
    for (const Element& reply : {ask_for_approvals(stage.entity().stream(), {{kJuliet, kRomeo}}),
                                 ask_to_revoke(stage.entity().stream(), {{kJuliet, kRomeo, "m"}})}) {
        BOOST_TEST(is_error(reply, "auth", "forbidden"), reply.str());
    }
}

BOOST_AUTO_TEST_CASE(S109_S114_who_is_in_a_shared_group_is_no_approval_and_others_keep_their_other_half)
{
    ScriptedStage stage(with("  mod_shared_roster: {}\n"));
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    WireClient& romeo = stage.enter(kRomeo);
    approve(juliet, nurse, kNurse);
    approve(juliet, romeo, kRomeo, true);
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    const std::string mark = mark_of(entity, kJuliet, kNurse);
    BOOST_TEST(
        ejabberd(stage).evaluate(
            "mod_shared_roster:create_group(<<\"capulet.lit\">>, <<\"house\">>, [{label, <<\"House\">>}, "
            "{displayed_groups, [<<\"house\">>]}]), [mod_shared_roster:add_user_to_group(<<\"capulet.lit\">>, "
            "{User, <<\"capulet.lit\">>}, <<\"house\">>) || User <- [<<\"juliet\">>, <<\"nurse\">>]], ok.") ==
        "ok");
    const std::vector<Element> found = in_force(entity, {{kJuliet, kNurse}, {kJuliet, kRomeo}});
    BOOST_TEST_REQUIRE(found.size() == 1U);
    BOOST_TEST(revoke(entity, kJuliet, kNurse, mark) == "changed");
    BOOST_TEST(revoke(entity, kJuliet, kRomeo, found.front().attribute("mark")) == "revoked");
    romeo.expect(kDenial);
    stage.round_trip();
    BOOST_TEST(item_in(juliet.roster(), kRomeo) == "to");
    BOOST_TEST(item_in(romeo.roster(), kJuliet) == "from");
}

// A limit as Debian has one, which mod_pres_counter counts in each process: no client here reaches it.
BOOST_AUTO_TEST_CASE(S114_more_than_a_client_may_send_in_a_minute_are_revoked)
{
    ScriptedStage stage(with("  mod_pres_counter: {count: 9, interval: 60}\n"));
    std::vector<WireClient*> contacts;
    std::vector<Pair> pairs;
    for (const char* name : {"abram", "benvolio", "mercutio", "romeo"}) {
        contacts.push_back(&stage.enter(std::string(name) + "@montague.lit"));
    }
    for (const std::string& user : {kJuliet, kNurse, std::string("tybalt@capulet.lit")}) {
        WireClient& client = stage.enter(user);
        for (WireClient* contact : contacts) {
            approve(client, *contact, contact->address());
            pairs.push_back({user, contact->address()});
        }
    }
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    for (Pair& pair : pairs) {
        pair.mark = mark_of(entity, pair.user, pair.contact);
    }
    BOOST_TEST(outcomes(ask_to_revoke(entity, pairs)) == std::vector<std::string>(pairs.size(), "revoked"),
               boost::test_tools::per_element());
    for (WireClient* contact : contacts) {
        contact->expect_all({presence("unsubscribed", kJuliet), presence("unsubscribed", kNurse),
                             presence("unsubscribed", "tybalt@capulet.lit")});
        BOOST_TEST(item_in(contact->roster(), "tybalt@capulet.lit") == "none");
    }
}

BOOST_AUTO_TEST_CASE(S115_who_may_not_change_the_roster_revokes_nothing)
{
    ScriptedStage stage(approvals_options(Login::component));
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    approve(juliet, romeo, kRomeo);
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    const std::string mark = mark_of(entity, kJuliet, kRomeo);
    BOOST_TEST(
        ejabberd(stage).evaluate(
            "ets:insert(ejabberd_modules, [setelement(3, Module, (element(3, Module))#{access => none}) || "
            "Module <- ets:lookup(ejabberd_modules, {mod_roster, <<\"capulet.lit\">>})]).") == "true");
    BOOST_TEST(revoke(entity, kJuliet, kRomeo, mark) == "failed");
    BOOST_TEST(mark_of(entity, kJuliet, kRomeo) == mark);
}

BOOST_AUTO_TEST_SUITE_END()

// With SQL.
BOOST_AUTO_TEST_SUITE(ejabberd_approvals_sql)

BOOST_AUTO_TEST_CASE(S112_S115_database_that_fails_is_an_error)
{
    ScriptedStage stage(approvals_options(Login::component));
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    approve(juliet, romeo, kRomeo);
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    const std::string mark = mark_of(entity, kJuliet, kRomeo);
    const std::string rename = "ejabberd_sql:sql_query(<<\"capulet.lit\">>, <<\"alter table ";
    for (const std::string table : {"rosterusers", "rostergroups"}) {
        (void)ejabberd(stage).evaluate(rename + table + " rename to lost\">>).");
        const Element reply = ask_for_approvals(entity, {{kJuliet, kRomeo}});
        BOOST_TEST(is_error(reply, "wait", "internal-server-error"), table << ": " << reply.str());
        BOOST_TEST(revoke(entity, kJuliet, kRomeo, mark) == "failed", table);
        (void)ejabberd(stage).evaluate(rename + "lost rename to " + table + "\">>).");
    }
    BOOST_TEST(mark_of(entity, kJuliet, kRomeo) == mark);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
