// PROTOCOL.md, rules S82 to S101, where ejabberd has more than other servers: an option for the grant, sources of accounts
// that cannot be listed, privacy lists (XEP-0016), and a process for each session, which may hang.
#include <fstream>

#include "private_ejabberd.h"
#include "protocol_people.h"

namespace usher::test
{

namespace
{

const std::string kOrchard = kRomeo + "/orchard";

PrivateEjabberd& ejabberd(Stage& stage)
{
    return dynamic_cast<PrivateEjabberd&>(stage.server());
}

/// Stores a privacy list with one item, which denies.
void set_list(WireClient& user, const std::string& name, const std::string& item, const std::string& what)
{
    const Element reply =
        user.request("set", {},
                     "<query xmlns='jabber:iq:privacy'><list name='" + name +
                         "'><item action='deny' order='1' " + item + ">" + what + "</item></list></query>");
    BOOST_TEST_REQUIRE(reply.attribute("type") == "result", reply.str());
}

/// Makes that list, or none, the `default` or the `active` one.
void use_list(WireClient& user, const std::string& kind, const std::string& name)
{
    const Element reply = user.request("set", {},
                                       "<query xmlns='jabber:iq:privacy'><" + kind +
                                           (name.empty() ? "/>" : " name='" + name + "'/>") + "</query>");
    BOOST_TEST_REQUIRE(reply.attribute("type") == "result", reply.str());
}

/// How Juliet is available to that viewer; empty if she is not.
std::string show(ScriptedStage& stage, const std::string& viewer = kOrchard)
{
    stage.round_trip();
    const auto shows = shows_in(ask_for_availability(stage.entity().stream(), viewer, {kJuliet}));
    return shows.empty() ? "" : shows.front().second;
}

ServerOptions with_accounts_from(const std::string& methods)
{
    ServerOptions options = people_options(Login::component);
    options.for_all = methods;
    return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ejabberd_people)

BOOST_AUTO_TEST_CASE(S83_without_the_option_nobody_has_the_people)
{
    ServerOptions options = people_options(Login::component);
    options.people_entities.clear();
    ScriptedStage stage(options);
    stage.admit_entity();
    for (const Element& reply : {ask_for_people(stage.entity().stream(), {}),
                                 ask_for_availability(stage.entity().stream(), kOrchard, {kJuliet})}) {
        BOOST_TEST(is_error(reply, "auth", "forbidden"), reply.str());
    }
}

BOOST_AUTO_TEST_CASE(S90_S91_source_that_knows_only_who_is_online_is_not_listed)
{
    const TemporaryDirectory directory;
    const auto key = directory.path() / "key";
    std::ofstream(key)
        << R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQEstJQLr_T1qS0gZH75aKtMN3Yj0iPS"})";
    ScriptedStage stage(
        with_accounts_from("auth_method: [mnesia, jwt]\njwt_key: \"" + key.string() + "\"\n"));
    stage.admit_entity();
    stage.server().add_account(kJuliet);
    WireStream& entity = stage.entity().stream();
    for (const std::string& set : {std::string(), std::string("<max>0</max>")}) {
        const Element reply = ask_for_people_page(entity, set);
        BOOST_TEST(is_error(reply, "cancel", "feature-not-implemented"), reply.str());
    }
    BOOST_TEST(persons_on(ask_for_people(entity, persons_xml({kJuliet}))).size() == 1U);
    const Element unknown = ask_for_people(entity, persons_xml({kJuliet, kNurse}));
    BOOST_TEST(is_error(unknown, "wait", "internal-server-error"), unknown.str());
}

BOOST_AUTO_TEST_CASE(S100_privacy_lists_hide)
{
    ScriptedStage stage(people_options(Login::component));
    stage.admit_entity();
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& phone = stage.client(kJuliet, "phone");
    phone.connect();
    juliet.send("<presence><show>dnd</show><priority>1</priority></presence>");
    phone.send("<presence><show>away</show></presence>");
    BOOST_TEST(show(stage) == "dnd");

    for (const char* item :
         {"type='jid' value='montague.lit'", "type='jid' value='romeo@montague.lit/orchard'",
          "type='subscription' value='none'", ""}) {
        set_list(juliet, "hidden", item, "<presence-out/>");
        use_list(juliet, "default", "hidden");
        BOOST_TEST(show(stage).empty(), item);
        use_list(juliet, "default", {});
        BOOST_TEST(show(stage) == "dnd");
        // In force in one session alone.
        use_list(juliet, "active", "hidden");
        BOOST_TEST(show(stage) == "away", item);
        use_list(juliet, "active", {});
    }
    // What is not about presence, or about somebody else, hides nobody.
    set_list(juliet, "silence", "type='jid' value='romeo@montague.lit'", "<message/>");
    use_list(juliet, "default", "silence");
    BOOST_TEST(show(stage) == "dnd");
    set_list(juliet, "other", "type='jid' value='romeo@montague.lit/garden'", "<presence-out/>");
    use_list(juliet, "default", "other");
    BOOST_TEST(show(stage) == "dnd");
    BOOST_TEST(show(stage, kRomeo + "/garden").empty());

    // The viewer's, of another host of the server.
    WireClient& romeo = stage.enter(kRomeo);
    set_list(romeo, "deaf", "type='jid' value='juliet@capulet.lit'", "<presence-in/>");
    use_list(romeo, "active", "deaf");
    BOOST_TEST(show(stage, romeo.full_address()).empty());
    BOOST_TEST(show(stage, kOrchard) == "dnd");
}

BOOST_AUTO_TEST_CASE(S98_session_that_hangs_keeps_nobody_waiting)
{
    ScriptedStage stage(people_options(Login::component));
    stage.admit_entity();
    stage.enter(kJuliet);
    stage.enter(kNurse);
    stage.round_trip();
    const auto ask = [&] {
        return shows_in(ask_for_availability(stage.entity().stream(), kOrchard, {kJuliet, kNurse}));
    };
    BOOST_TEST(ask().size() == 2U);
    const std::string session =
        "hd([Pid || {_, Pid} <- ejabberd_sm:get_session_sids(<<\"juliet\">>, <<\"capulet.lit\">>)])";
    BOOST_TEST(ejabberd(stage).evaluate("erlang:suspend_process(" + session + ").") == "true");
    const auto without = ask();
    BOOST_TEST_REQUIRE(without.size() == 1U);
    BOOST_TEST(without.front().first == kNurse);
    BOOST_TEST(ejabberd(stage).evaluate("erlang:resume_process(" + session + ").") == "true");
    BOOST_TEST(ask().size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

// With SQL.
BOOST_AUTO_TEST_SUITE(ejabberd_people_sql)

BOOST_AUTO_TEST_CASE(S90_database_that_fails_is_no_empty_list)
{
    ScriptedStage stage(with_accounts_from("auth_method: sql\n"));
    stage.server().add_account(kJuliet);
    stage.admit_entity();
    BOOST_TEST(persons_on(ask_for_people(stage.entity().stream(), {})).size() == 1U);
    BOOST_TEST(ejabberd(stage).evaluate("ejabberd_sql:sql_query(<<\"capulet.lit\">>, "
                                        "<<\"alter table users rename to lost\">>).") != "");
    const Element reply = ask_for_people(stage.entity().stream(), {});
    BOOST_TEST(is_error(reply, "wait", "internal-server-error"), reply.str());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
