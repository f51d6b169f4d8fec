// What of PROTOCOL.md only ejabberd can be brought to: rows that its own tools write, shared rosters, privacy lists.
#include <algorithm>
#include <regex>

#include "private_ejabberd.h"
#include "protocol.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

PrivateEjabberd& ejabberd(Stage& stage)
{
    return dynamic_cast<PrivateEjabberd&>(stage.server());
}

/// mod_roster's key of Juliet's item for Romeo, and the record.
std::string romeo_in_juliets_roster(const std::string& subscription, const std::string& ask,
                                    const std::string& name = {})
{
    const std::string contact = "{<<\"romeo\">>, <<\"montague.lit\">>, <<>>}";
    return "{roster, {<<\"juliet\">>, <<\"capulet.lit\">>, " + contact +
           "}, {<<\"juliet\">>, <<\"capulet.lit\">>}, " + contact + ", <<\"" + name + "\">>, " +
           subscription + ", " + ask + ", [], <<>>, []}";
}

/// As a tool or a restored backup would.
void store(Stage& stage, const std::string& item)
{
    BOOST_TEST(ejabberd(stage).evaluate("element(1, mod_roster:set_roster(" + item + ")).") == "atomic");
}

/// {subscription, ask} of Juliet's item for that contact, none if there is none: as it is stored, which mod_roster's cache
/// may not be while a transaction is open.
std::string stored(Stage& stage, const std::string& contact)
{
    const auto at = contact.find('@');
    return ejabberd(stage).evaluate(
        "Storage = gen_mod:db_mod(<<\"capulet.lit\">>, mod_roster), "
        "{atomic, Found} = Storage:transaction(<<\"capulet.lit\">>, fun() -> "
        "Storage:get_roster_item(<<\"juliet\">>, <<\"capulet.lit\">>, {<<\"" +
        contact.substr(0, at) + "\">>, <<\"" + contact.substr(at + 1) +
        "\">>, <<>>}) end), case Found of {ok, Item} -> {element(6, Item), element(7, Item)}; error -> none end.");
}

/// From now on the two share a group.
void share_group(Stage& stage, const std::string& user, const std::string& contact)
{
    std::string orders =
        "mod_shared_roster:create_group(<<\"capulet.lit\">>, <<\"house\">>, "
        "[{label, <<\"House\">>}, {displayed_groups, [<<\"house\">>]}])";
    for (const std::string& member : {user, contact}) {
        const auto at = member.find('@');
        orders += ", mod_shared_roster:add_user_to_group(<<\"capulet.lit\">>, {<<\"" + member.substr(0, at) +
                  "\">>, <<\"" + member.substr(at + 1) + "\">>}, <<\"house\">>)";
    }
    (void)ejabberd(stage).evaluate(orders + ".");
}

/// As in Debian's configuration; there, in 23.01 to 25.10, it has a say in the users' own denials, so that other
/// suites are without it.
ServerOptions with_shared_rosters(const HoldLimits& limits = {})
{
    ServerOptions options = ScriptedStage::options({entity_address(Login::component)}, limits);
    options.for_all = "  mod_shared_roster: {}\n";
    return options;
}

void block_by_privacy_list(WireClient& user, const std::string& attributes)
{
    (void)user.request("set", {},
                       "<query xmlns='jabber:iq:privacy'><list name='no'><item " + attributes +
                           " action='deny' order='1'/><item action='allow' order='2'/></list></query>");
    (void)user.request("set", {}, "<query xmlns='jabber:iq:privacy'><default name='no'/></query>");
    (void)user.request("set", {}, "<query xmlns='jabber:iq:privacy'><active name='no'/></query>");
}

/// All that the server has logged: before its end some of that may not be in the file.
std::string log_when_stopped(Stage& stage)
{
    stage.server().stop();
    return stage.server().log_text();
}

/// What the connector's process is called, and its key of Romeo's request to Juliet.
const std::string kProcess = "gen_mod:get_module_proc(<<\"capulet.lit\">>, mod_subscription_requests)";
const std::string kRequestKey = "{<<\"juliet\">>, {<<\"romeo\">>, <<\"montague.lit\">>, <<>>}}";

/// Until the connector is done with Romeo's request to Juliet.
void await_end_of_hold(Stage& stage)
{
    BOOST_TEST(
        ejabberd(stage).evaluate(
            "Holds = mod_subscription_requests_host:holds(<<\"capulet.lit\">>), Await = fun Again(0) -> late; "
            "Again(Left) -> case ets:member(Holds, " +
            kRequestKey +
            ") of false -> ended; true -> timer:sleep(10), Again(Left - 1) end end, Await(1000).") ==
        "ended");
}

/// A process that is about to apply a verdict to the held request, as for a later answer; `then` is what it does.
void claim_by_process(Stage& stage, const std::string& then)
{
    BOOST_TEST(ejabberd(stage).evaluate("Console = self(), spawn(fun() -> {held, Hold} = gen_server:call(" +
                                        kProcess + ", {claim, " + kRequestKey +
                                        ", answering}), Console ! claimed, " + then +
                                        " end), receive claimed -> ok after 5000 -> late end.") == "ok");
}

/// Romeo asks Juliet, and the entity denies it, while the request is `held` or when it is `waiting`.
void ask_and_be_denied(ScriptedStage& stage, WireClient& juliet, WireClient& romeo, const std::string& state)
{
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    stage.entity().answer(ask, state == "held" ? "unsubscribed" : "none");
    if (state == "waiting") {
        juliet.expect(kPrompt);
        BOOST_TEST(stage.entity().answer_later(kJuliet, kRomeo, "unsubscribed").attribute("type") ==
                   "result");
    }
    romeo.expect(kDenial);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ejabberd_connector)

BOOST_DATA_TEST_CASE(S77_request_of_a_subscribed_contact_is_stale,
                     bdata::make({"from", "both"}) * bdata::make({"subscribed", "unsubscribed", "none"}),
                     subscription, answer)
{
    ScriptedStage stage(Login::component);
    stage.server().add_account(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    store(stage, romeo_in_juliets_roster(subscription, "in"));
    const Element reply = stage.entity().answer_later(kJuliet, kRomeo, answer);
    BOOST_TEST(is_error(reply, "cancel", "item-not-found"), reply.str());
    BOOST_TEST(stored(stage, kRomeo) == std::string("{") + subscription + ",none}");
    store(stage, romeo_in_juliets_roster(subscription, "both"));
    BOOST_TEST(stage.entity().pending().empty());
    BOOST_TEST(stored(stage, kRomeo) == std::string("{") + subscription + ",out}");
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(kApproval));
    BOOST_TEST(!romeo.has_received(kDenial));
}

BOOST_DATA_TEST_CASE(S77_request_of_a_contact_in_a_shared_group_is_stale, bdata::make({"held", "waiting"}),
                     state)
{
    ScriptedStage stage(with_shared_rosters(kNoTimeout));
    stage.admit_entity();
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    nurse.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kNurse, kJuliet);
    BOOST_TEST(stored(stage, kNurse) == "{none,in}");
    if (std::string(state) == "waiting") {
        stage.entity().answer(ask, "none");
        juliet.expect(presence("subscribe", kNurse));
    }
    share_group(stage, kJuliet, kNurse);
    if (std::string(state) == "waiting") {
        BOOST_TEST(
            is_error(stage.entity().answer_later(kJuliet, kNurse, "subscribed"), "cancel", "item-not-found"));
    } else {
        stage.entity().answer(ask, "subscribed");
    }
    stage.round_trip();
    BOOST_TEST(stored(stage, kNurse) == "none");
    BOOST_TEST(stage.entity().pending().empty());
    BOOST_TEST(!nurse.has_received(kApproval));
    if (std::string(state) == "held") {
        BOOST_TEST(!juliet.has_received(presence("subscribe", kNurse)));
    }
}

BOOST_DATA_TEST_CASE(S55_blocked_contacts_are_not_listed, kLogins, login)
{
    ScriptedStage stage(login);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& nurse = stage.enter(kNurse);
    leave_romeo_to_juliet(stage, romeo);
    nurse.send(to(kJuliet, "subscribe"));
    stage.entity().answer(stage.entity().next_ask_about(kNurse, kJuliet), "none");
    juliet.expect(presence("subscribe", kNurse));
    BOOST_TEST(stage.entity().pending().size() == 2U);
    block_by_privacy_list(juliet, "type='jid' value='montague.lit'");
    const std::vector<AskedRequest> waiting = stage.entity().pending();
    BOOST_TEST_REQUIRE(waiting.size() == 1U);
    BOOST_TEST(waiting.front().contact == kNurse);
    (void)juliet.request("set", {}, "<query xmlns='jabber:iq:privacy'><active/></query>");
    (void)juliet.request("set", {}, "<query xmlns='jabber:iq:privacy'><default/></query>");
    BOOST_TEST(stage.entity().pending().size() == 2U);
    block(juliet, "montague.lit");
    BOOST_TEST(stage.entity().pending().size() == 1U);
}

// Six, because mod_pres_counter refuses the sixth that one process asks it about.
BOOST_AUTO_TEST_CASE(S55_counter_of_presences_does_not_shorten_the_list)
{
    ServerOptions options = ScriptedStage::options({entity_address(Login::component)});
    options.for_all = "  mod_pres_counter: {count: 5, interval: 60}\n";
    ScriptedStage stage(options);
    for (int i = 0; i < 8; ++i) {
        const std::string user = "user" + std::to_string(i) + "@capulet.lit";
        stage.server().add_account(user);
        WireClient& contact = stage.enter("contact" + std::to_string(i) + "@montague.lit");
        contact.send(to(user, "subscribe"));
    }
    stage.round_trip();
    stage.admit_entity();
    BOOST_TEST(stage.entity().pending().size() == 8U);
}

BOOST_AUTO_TEST_CASE(S55_users_who_are_gone_are_not_listed)
{
    ScriptedStage stage(Login::component);
    stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    leave_romeo_to_juliet(stage, romeo);
    BOOST_TEST(stage.entity().pending().size() == 1U);
    // As in a directory: nobody says so.
    (void)ejabberd(stage).evaluate(
        "ejabberd_auth_mnesia:remove_user(<<\"juliet\">>, <<\"capulet.lit\">>), "
        "ets_cache:clear(ejabberd_auth_mnesia_cache).");
    BOOST_TEST(stage.entity().pending().empty());
}

BOOST_AUTO_TEST_CASE(S78_malformed_row_does_not_keep_the_rest_from_the_list)
{
    ScriptedStage stage(with_shared_rosters());
    stage.admit_entity();
    stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    stage.enter(kNurse);
    const std::string bad = "{<<\"juliet\">>, <<\"capulet.lit\">>, {bad, <<\"montague.lit\">>, <<>>}}";
    // A contact that is no text, as in rosters from long ago.
    BOOST_TEST(ejabberd(stage).evaluate("mnesia:dirty_write({roster, " + bad +
                                        ", {<<\"juliet\">>, <<\"capulet.lit\">>}, element(3, " + bad +
                                        "), \"x\", none, in, [], <<>>, []}).") == "ok");
    leave_romeo_to_juliet(stage, romeo);
    BOOST_TEST(stage.entity().pending().size() == 1U);
    const std::string log = log_when_stopped(stage);
    BOOST_TEST(log.find("A stored request cannot be read") != std::string::npos);
    BOOST_TEST(log.find("terminating") == std::string::npos);
}

BOOST_DATA_TEST_CASE(S43_contact_whom_a_privacy_list_blocks_while_held_gets_nothing,
                     bdata::make({"type='jid' value='montague.lit'", "type='subscription' value='none'"}) *
                         bdata::make({"subscribed", "unsubscribed", "none"}),
                     rule, answer)
{
    ScriptedStage stage(Login::component, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    block_by_privacy_list(juliet, rule);
    stage.entity().answer(ask, answer);
    stage.round_trip();
    BOOST_TEST(!juliet.has_received(kPrompt));
    BOOST_TEST(!romeo.has_received(kApproval));
    BOOST_TEST(!romeo.has_received(kDenial));
    BOOST_TEST(item_in(juliet.request("get", {}, "<query xmlns='jabber:iq:roster'/>"), kRomeo).empty());
    BOOST_TEST(
        is_error(stage.entity().answer_later(kJuliet, kRomeo, "subscribed"), "cancel", "item-not-found"));
}

// A gateway's form.
BOOST_DATA_TEST_CASE(S10_S55_contact_may_be_a_bare_domain,
                     kLogins* bdata::make({"subscribed", "unsubscribed"}), login, answer)
{
    ScriptedStage stage(login, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireComponent gateway(stage.server().component_port(), kGossip);
    gateway.connect();
    const Matcher verdict = presence(answer, kJuliet);
    gateway.send(request_xml(kGossip, kJuliet));
    stage.entity().answer(stage.entity().next_ask_about(kGossip, kJuliet), answer);
    gateway.expect(verdict);
    gateway.send("<presence type='unsubscribe' from='" + kGossip + "' to='" + kJuliet + "'/>");
    round_trip({&gateway, &juliet});

    gateway.send(request_xml(kGossip, kJuliet));
    stage.entity().answer(stage.entity().next_ask_about(kGossip, kJuliet), "none");
    juliet.expect(presence("subscribe", kGossip));
    const std::vector<AskedRequest> waiting = stage.entity().pending();
    BOOST_TEST_REQUIRE(waiting.size() == 1U);
    BOOST_TEST(waiting.front().contact == kGossip);
    BOOST_TEST(stage.entity().answer_later(kJuliet, kGossip, answer).attribute("type") == "result");
    gateway.expect(verdict);
    BOOST_TEST(stage.entity().pending().empty());
}

BOOST_DATA_TEST_CASE(S49_S59_S70_empty_page_tells_the_truth, kLogins, login)
{
    ScriptedStage stage(login);
    const auto probe = [&] { return ask_for_page(stage.entity(), {}, "<max>0</max>"); };
    BOOST_TEST(probe().attribute("type") == "result");
    stage.server().withdraw_grant();
    BOOST_TEST(is_error(probe(), "auth", "forbidden"));
    stage.server().unload_connector();
    BOOST_TEST(is_error(probe(), "cancel", "service-unavailable"));
}

// mod_pres_counter, as Debian has it, counts in the process that asks it: all these are one process's deliveries.
BOOST_AUTO_TEST_CASE(S66_all_who_wait_are_prompted_though_presences_are_counted)
{
    ServerOptions options = ScriptedStage::options({entity_address(Login::component)}, kNoTimeout);
    options.for_all = "  mod_pres_counter: {count: 5, interval: 60}\n";
    ScriptedStage stage(options);
    stage.admit_entity();
    std::vector<WireClient*> users;
    std::vector<WireClient*> contacts;
    for (int i = 0; i < 8; ++i) {
        users.push_back(&stage.enter("user" + std::to_string(i) + "@capulet.lit"));
        contacts.push_back(&stage.enter("contact" + std::to_string(i) + "@montague.lit"));
        contacts.back()->send(to(users.back()->address(), "subscribe"));
        (void)stage.entity().next_ask_about(contacts.back()->address(), users.back()->address());
    }
    // Whom the user has blocked meanwhile stays unseen (S43).
    block(*users[0], contacts[0]->address());
    stage.entity().stream().disconnect();
    for (std::size_t i = 1; i < users.size(); ++i) {
        users[i]->expect(presence("subscribe", contacts[i]->address()));
    }
    users[1]->send(to(contacts[1]->address(), "subscribed"));
    contacts[1]->expect(presence("subscribed", users[1]->address()));
    round_trip({users[0], contacts[0]});
    BOOST_TEST(!users[0]->has_received(presence("subscribe", contacts[0]->address())));
}

BOOST_DATA_TEST_CASE(S42_hold_ends_with_whoever_was_to_apply_the_verdict, bdata::make({"ended", "hangs"}),
                     process)
{
    ScriptedStage stage(Login::component, {.timeout = std::chrono::seconds(1), .max_held = {}});
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    (void)stage.entity().next_ask_about(kRomeo, kJuliet);
    claim_by_process(stage, std::string(process) == "ended" ? "Hold" : "receive never -> Hold end");
    juliet.expect(kPrompt);
    BOOST_TEST(stage.entity().pending().size() == 1U);
}

BOOST_DATA_TEST_CASE(S39_S71_S72_prompt_or_verdict_but_not_both, bdata::make({"reloaded", "crashed"}), end)
{
    ScriptedStage stage(Login::component, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    (void)stage.entity().next_ask_about(kRomeo, kJuliet);
    claim_by_process(stage,
                     "register(answering, self()), receive go -> mod_subscription_requests_act:answer_held("
                     "<<\"capulet.lit\">>, Hold, {subscribed, false}, none) end");
    if (std::string(end) == "reloaded") {
        // That waits for the verdict.
        BOOST_TEST(ejabberd(stage).evaluate("timer:send_after(500, whereis(answering), go), ok.") == "ok");
        stage.server().reload_connector();
    } else {
        stage.server().crash_connector();
        stage.round_trip();
        BOOST_TEST(!juliet.has_received(kPrompt));
        BOOST_TEST(ejabberd(stage).evaluate("answering ! go.") == "go");
    }
    romeo.expect(kApproval);
    stage.round_trip();
    BOOST_TEST(!juliet.has_received(kPrompt));
}

BOOST_AUTO_TEST_CASE(S50_S52_one_of_two_verdicts_at_a_time_is_applied)
{
    ScriptedStage stage(Login::component, kNoTimeout);
    stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    (void)stage.entity().next_ask_about(kRomeo, kJuliet);
    claim_by_process(stage,
                     "timer:send_after(500, go), receive go -> mod_subscription_requests_act:answer_held("
                     "<<\"capulet.lit\">>, Hold, {subscribed, false}, none) end");
    BOOST_TEST(
        is_error(stage.entity().answer_later(kJuliet, kRomeo, "unsubscribed"), "cancel", "item-not-found"));
    romeo.expect(kApproval);
    BOOST_TEST(stored(stage, kRomeo) == "{from,none}");
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(kDenial));
}

// A denial comes when the approval is about to be stored; of the request that it removes mod_roster would make `both` then.
BOOST_AUTO_TEST_CASE(S35_S52_one_of_two_verdicts_is_applied_to_what_waits)
{
    ScriptedStage stage(Login::component, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    store(stage, romeo_in_juliets_roster("to", "none"));
    leave_romeo_to_juliet(stage, romeo);
    juliet.expect(kPrompt);
    BOOST_TEST(
        ejabberd(stage).evaluate(
            "Deny = fun() -> persistent_term:put(denial, mod_subscription_requests_act:answer_waiting("
            "<<\"capulet.lit\">>, " +
            kRequestKey +
            ", {unsubscribed, false}, none)) end, ejabberd_hooks:add(roster_out_subscription, "
            "<<\"capulet.lit\">>, fun(Answer) -> case xmpp:get_type(Answer) of subscribed -> {_, Denial} = "
            "spawn_monitor(Deny), receive {'DOWN', Denial, _, _, _} -> ok after 500 -> ok end; _ -> ok end "
            "end, 49).") == "ok");
    BOOST_TEST(stage.entity().answer_later(kJuliet, kRomeo, "subscribed").attribute("type") == "result");
    BOOST_TEST(
        ejabberd(stage).evaluate(
            "Await = fun Again() -> case persistent_term:get(denial, none) of none -> timer:sleep(10), "
            "Again(); Result -> Result end end, Await().") == "not_pending");
    stage.round_trip();
    BOOST_TEST(stored(stage, kRomeo) == "{both,none}");
    BOOST_TEST(count_received(romeo, kApproval) == 1);
    BOOST_TEST(!romeo.has_received(kDenial));
}

// Its process was not there to hear that it has ended.
BOOST_AUTO_TEST_CASE(S71_crash_leaves_nothing_of_what_other_nodes_hold)
{
    ScriptedStage stage(Login::component);
    stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    leave_romeo_to_juliet(stage, romeo);
    const std::string table = "mod_subscription_requests_host:holds(<<\"capulet.lit\">>)";
    BOOST_TEST(ejabberd(stage).evaluate("ets:insert(" + table + ", {hold, " + kRequestKey +
                                        ", 1, other@localhost, 0, queued, undefined, undefined}).") ==
               "true");
    BOOST_TEST(stage.entity().pending().empty());
    stage.server().crash_connector();
    stage.entity().stream().expect(advertisement());
    BOOST_TEST(stage.entity().pending().size() == 1U);
}

// As where global_routes gives a component's stream what is for the others of its listener.
BOOST_AUTO_TEST_CASE(S28_S49_one_stream_may_be_of_two_entities)
{
    const std::string other = "other.capulet.lit";
    ScriptedStage stage({entity_address(Login::component), other}, kNoTimeout);
    stage.admit_entity();
    stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    const std::string entity = "{<<>>, <<\"" + other + "\">>, <<>>}";
    BOOST_TEST(ejabberd(stage).evaluate(
                   "[Known] = ets:tab2list(mod_subscription_requests_host:connections(<<\"capulet.lit\">>)), "
                   "gen_server:call(" +
                   kProcess + ", {connected, {connection, element(2, Known), " + entity + ", " + entity +
                   ", true}}).") == "ok");
    romeo.send(to(kJuliet, "subscribe"));
    stage.entity().answer(stage.entity().next_ask_about(kRomeo, kJuliet), "none");
    stage.round_trip();
    BOOST_TEST(stage.entity().pending().size() == 1U);
    BOOST_TEST(stage.entity().answer_later(kJuliet, kRomeo, "subscribed").attribute("type") == "result");
    romeo.expect(kApproval);
}

BOOST_AUTO_TEST_CASE(S45_S46_end_of_another_hold_does_not_end_this_one)
{
    ScriptedStage stage(Login::component, kNoTimeout);
    stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    // It was found withdrawn before it was made again; and nodes may give the same id.
    BOOST_TEST(ejabberd(stage).evaluate(
                   "[Hold] = ets:lookup(mod_subscription_requests_host:holds(<<\"capulet.lit\">>), " +
                   kRequestKey + "), Id = element(3, Hold), Process = " + kProcess +
                   ", gen_server:cast(Process, {withdrawn, " + kRequestKey +
                   ", Id}), gen_server:cast(Process, {peer, 3, {node(), {peer_hold_ended, " + kRequestKey +
                   ", Id, other@localhost}}}).") == "ok");
    stage.round_trip();
    stage.entity().answer(ask, "subscribed");
    romeo.expect(kApproval);
}

// It arrived as the process ended, and is still in the table when the connector is unloaded.
BOOST_AUTO_TEST_CASE(S71_request_that_is_held_after_the_process_has_ended_is_the_users)
{
    ScriptedStage stage(Login::component, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    (void)stage.entity().next_ask_about(kRomeo, kJuliet);
    BOOST_TEST(
        ejabberd(stage).evaluate(
            "Table = mod_subscription_requests_host:holds(<<\"capulet.lit\">>), [Hold] = ets:lookup(Table, " +
            kRequestKey + "), _ = gen_mod:stop_child(" + kProcess +
            "), ets:insert(Table, Hold), gen_mod:stop_module(<<\"capulet.lit\">>, "
            "mod_subscription_requests).") == "ok");
    stage.round_trip();
    // Once by the process, and once of what it did not know.
    BOOST_TEST(count_received(juliet, kPrompt) == 2);
}

// A rolling upgrade is enough: what the nodes tell each other has changed. And nodes that are not of the cluster may be
// connected.
BOOST_AUTO_TEST_CASE(S72_unknown_messages_do_not_end_the_process)
{
    ScriptedStage stage(Login::component, kNoTimeout);
    stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    BOOST_TEST(
        ejabberd(stage).evaluate(
            "Process = " + kProcess +
            ", Pid = whereis(Process), [gen_server:cast(Process, {peer_gossip, N}) || N <- lists:seq(1, 20)], "
            "Removed = {peer_user_removed, <<\"juliet\">>}, [gen_server:cast(Process, Message) || Message <- "
            "[Removed, {peer, 1, Removed}, {peer, new, Removed}, {peer, 3, {stranger@localhost, Removed}}]], "
            "not_understood = gen_server:call(Process, gossip), whereis(Process) == Pid.") == "true");
    stage.entity().answer(ask, "subscribed");
    romeo.expect(kApproval);
    const std::string log = log_when_stopped(stage);
    BOOST_TEST(log.find("Messages to the connector that it does not know") != std::string::npos);
    BOOST_TEST(log.find("another version of the connector") != std::string::npos);
}

// The contact withdraws as the verdict is applied; of `subscribed` mod_roster would make `both` then.
BOOST_DATA_TEST_CASE(S35_request_is_looked_at_as_the_roster_is_changed,
                     bdata::make({"held", "waiting"}) * bdata::make({"to", "none"}), state, subscription)
{
    ScriptedStage stage(Login::component, kNoTimeout);
    stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    store(stage, romeo_in_juliets_roster(subscription, "none", "Rom"));
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    BOOST_TEST(ejabberd(stage).evaluate(
                   "Withdrawal = xmpp:decode(fxml_stream:parse_element(<<\"<presence xmlns='jabber:client' "
                   "type='unsubscribe' from='" +
                   kRomeo + "' to='" + kJuliet +
                   "'/>\">>)), ejabberd_hooks:add(roster_out_subscription, <<\"capulet.lit\">>, fun(_) -> "
                   "mod_roster:in_subscription(false, Withdrawal), ok end, 48).") == "ok");
    if (std::string(state) == "waiting") {
        stage.entity().answer(ask, "none");
        stage.round_trip();
        BOOST_TEST(
            is_error(stage.entity().answer_later(kJuliet, kRomeo, "subscribed"), "cancel", "item-not-found"));
    } else {
        stage.entity().answer(ask, "subscribed");
    }
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(kApproval));
    const std::string after = stored(stage, kRomeo);
    BOOST_TEST((after == std::string("{") + subscription + ",none}" || after == "none"), after);
}

// And between that look and the change: of `none` nothing comes of `subscribed` then.
BOOST_AUTO_TEST_CASE(S52_approval_of_what_the_contact_has_just_withdrawn_is_not_reported)
{
    ScriptedStage stage(Login::component, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    leave_romeo_to_juliet(stage, romeo);
    juliet.expect(kPrompt);
    // Of the same place hooks without a module come last.
    BOOST_TEST(ejabberd(stage).evaluate(
                   "Withdrawal = xmpp:decode(fxml_stream:parse_element(<<\"<presence xmlns='jabber:client' "
                   "type='unsubscribe' from='" +
                   kRomeo + "' to='" + kJuliet +
                   "'/>\">>)), ejabberd_hooks:add(roster_out_subscription, <<\"capulet.lit\">>, fun(_) -> "
                   "mod_roster:in_subscription(false, Withdrawal), ok end, 49).") == "ok");
    BOOST_TEST(
        is_error(stage.entity().answer_later(kJuliet, kRomeo, "subscribed"), "cancel", "item-not-found"));
    BOOST_TEST(stored(stage, kRomeo) == "none");
}

BOOST_DATA_TEST_CASE(S36_denial_keeps_what_the_user_has_of_the_contact, bdata::make({"held", "waiting"}),
                     state)
{
    ScriptedStage stage(with_shared_rosters(kNoTimeout));
    stage.admit_entity();
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    (void)juliet.request("set", {},
                         "<query xmlns='jabber:iq:roster'><item jid='" + kRomeo +
                             "' name='My love'><group>Balcony</group></item></query>");
    ask_and_be_denied(stage, juliet, romeo, state);
    stage.round_trip();
    const Element roster = juliet.request("get", {}, "<query xmlns='jabber:iq:roster'/>");
    const Element* item = roster.child("query")->child("item");
    BOOST_TEST_REQUIRE(item != nullptr);
    BOOST_TEST(item->attribute("name") == "My love");
    BOOST_TEST(item->attribute("subscription") == "none");
    BOOST_TEST_REQUIRE(item->child("group") != nullptr);
    BOOST_TEST(item->child("group")->text == "Balcony");
    BOOST_TEST(stage.entity().pending().empty());
}

BOOST_DATA_TEST_CASE(S36_denial_keeps_the_users_own_subscription, bdata::make({"held", "waiting"}), state)
{
    ScriptedStage stage(with_shared_rosters(kNoTimeout));
    stage.admit_entity();
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    store(stage, romeo_in_juliets_roster("to", "none"));
    ask_and_be_denied(stage, juliet, romeo, state);
    BOOST_TEST(stored(stage, kRomeo) == "{to,none}");
}

// The user approves as the denial is being applied: their approval is in a transaction that ends when the denial
// is in one, too.
BOOST_DATA_TEST_CASE(S35_denial_does_not_revoke_an_approval_of_the_users_own,
                     bdata::make({"held", "waiting"}), state)
{
    ScriptedStage stage(Login::component, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    if (std::string(state) == "waiting") {
        stage.entity().answer(ask, "none");
        juliet.expect(kPrompt);
    }
    BOOST_TEST(
        ejabberd(stage).evaluate(
            "Approval = xmpp:decode(fxml_stream:parse_element(<<\"<presence xmlns='jabber:client' "
            "type='subscribed' from='" +
            kJuliet + "' to='" + kRomeo +
            "'/>\">>)), Console = self(), Await = fun(Self) -> case length(mnesia:system_info(transactions)) > "
            "1 of true -> ok; false -> timer:sleep(1), Self(Self) end end, spawn(fun() -> "
            "register(approving, self()), mnesia:transaction(fun() -> mod_roster:out_subscription(Approval), "
            "Console ! approved, Await(Await) end) end), receive approved -> ok after 5000 -> late end.") ==
        "ok");
    if (std::string(state) == "waiting") {
        BOOST_TEST(is_error(stage.entity().answer_later(kJuliet, kRomeo, "unsubscribed"), "cancel",
                            "item-not-found"));
    } else {
        stage.entity().answer(ask, "unsubscribed");
    }
    BOOST_TEST(ejabberd(stage).evaluate("Monitor = monitor(process, approving), receive {'DOWN', Monitor, _, "
                                        "_, _} -> ended after 5000 -> late end.") == "ended");
    await_end_of_hold(stage);
    stage.round_trip();
    BOOST_TEST(stored(stage, kRomeo) == "{from,none}");
    BOOST_TEST(!romeo.has_received(kDenial));
}

// From 24.10 on it drops the IQs of components to which it grants nothing, or crashes at them.
BOOST_AUTO_TEST_CASE(S49_S54_mod_privilege_that_grants_another_component_is_not_in_the_way)
{
    ServerOptions options = ScriptedStage::options({entity_address(Login::component)});
    options.for_all = "  mod_privilege: {roster: {both: [{allow: [{server: " + kGossip + "}]}]}}\n";
    ScriptedStage stage(options);
    WireComponent gossip(stage.server().component_port(), kGossip);
    gossip.connect();
    gossip.expect({"a grant", [](const Element& stanza) { return stanza.child("privilege") != nullptr; }});
    stage.admit_entity();
    stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    leave_romeo_to_juliet(stage, romeo);
    BOOST_TEST(stage.entity().pending().size() == 1U);
    BOOST_TEST(stage.entity().answer_later(kJuliet, kRomeo, "subscribed").attribute("type") == "result");
    romeo.expect(kApproval);
    const std::string log = log_when_stopped(stage);
    // Besides, it may warn of what is not configured.
    BOOST_TEST(!std::regex_search(log, std::regex("\\[(error|critical)\\]|\\[warning\\].*@mod_")), log);
}

BOOST_AUTO_TEST_CASE(S55_row_that_comes_otherwise_than_by_a_request_is_listed)
{
    ScriptedStage stage(Login::component);
    stage.server().add_account(kJuliet);
    BOOST_TEST(stage.entity().pending().empty());
    store(stage, romeo_in_juliets_roster("none", "in"));
    BOOST_TEST(stage.entity().pending().size() == 1U);
    BOOST_TEST(ejabberd(stage).evaluate("mod_roster:del_roster(<<\"juliet\">>, <<\"capulet.lit\">>, "
                                        "{<<\"romeo\">>, <<\"montague.lit\">>, <<>>}).") == "{atomic,ok}");
    BOOST_TEST(stage.entity().pending().empty());
}

BOOST_AUTO_TEST_SUITE_END()

// On SQL rosters as well.
BOOST_AUTO_TEST_SUITE(ejabberd_rows)

// More than one query reads; names as they may be.
BOOST_AUTO_TEST_CASE(S55_S60_all_rows_are_listed_once)
{
    ScriptedStage stage(ScriptedStage::options({entity_address(Login::component)}));
    const std::vector<std::string> users = {kJuliet, "a\\\\20b@capulet.lit", "z%_@capulet.lit"};
    for (const std::string& user : users) {
        stage.server().add_account(user);
    }
    BOOST_TEST(
        ejabberd(stage).evaluate(
            "[{atomic, _} = mod_roster:set_roster({roster, {User, <<\"capulet.lit\">>, Contact}, {User, "
            "<<\"capulet.lit\">>}, Contact, <<>>, none, in, [], <<>>, []}) || User <- [<<\"juliet\">>, "
            "<<\"a\\\\20b\">>, <<\"z%_\">>], N <- lists:seq(1, 150), Contact <- "
            "[{<<\"c\\\\\", (integer_to_binary(N))/binary>>, <<\"montague.lit\">>, <<>>}]], ok.") == "ok");
    stage.admit_entity();
    std::vector<std::string> listed;
    for (const AskedRequest& request : stage.entity().pending()) {
        listed.push_back(request.user + " " + request.contact);
    }
    BOOST_TEST(listed.size() == 450U);
    std::sort(listed.begin(), listed.end());
    BOOST_TEST((std::unique(listed.begin(), listed.end()) == listed.end()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
