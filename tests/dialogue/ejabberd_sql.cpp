// What the connector costs where rosters are in SQL.
#include "private_ejabberd.h"
#include "protocol.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

/// Records the SQL statements that ejabberd has executed since.
class Statements
{
  public:
    explicit Statements(Stage& stage) : server_(dynamic_cast<PrivateEjabberd&>(stage.server()))
    {
        BOOST_TEST(
            server_.evaluate(
                "Collect = fun Again(All) -> receive {trace, _, call, {_, _, Arguments}} -> "
                "Again([lists:last(Arguments) | All]); {all, To} -> To ! {all, lists:reverse(All)} end end, "
                "Tracer = spawn(fun() -> Collect([]) end), register(statements, Tracer), "
                "erlang:trace(all, true, [call, {tracer, Tracer}]), "
                "erlang:trace_pattern({sqlite3, sql_exec, '_'}, true, []) > 0.") == "true");
    }

    /// How many; they are in the test's messages.
    [[nodiscard]] int count()
    {
        BOOST_TEST_MESSAGE(server_.evaluate(
            "Reference = erlang:trace_delivered(all), receive {trace_delivered, all, Reference} -> ok end, "
            "statements ! {all, self()}, receive {all, All} -> put(statements, length(All)), "
            "[unicode:characters_to_list(Statement) || Statement <- All] end."));
        return std::stoi(server_.evaluate("get(statements)."));
    }

  private:
    PrivateEjabberd& server_;
};

/// Juliet answers for herself, or not.
int statements_without_connector(const std::string& answer)
{
    Stage stage;
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    Statements statements(stage);
    romeo.send(to(kJuliet, "subscribe"));
    juliet.expect(kPrompt);
    if (answer != "none") {
        juliet.send(to(kRomeo, answer));
        romeo.expect(presence(answer, kJuliet));
    }
    stage.round_trip();
    return statements.count();
}

int statements_with_connector(const std::string& answer)
{
    ScriptedStage stage(Login::component, kNoTimeout);
    stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    Statements statements(stage);
    romeo.send(to(kJuliet, "subscribe"));
    stage.entity().answer(stage.entity().next_ask_about(kRomeo, kJuliet), answer);
    stage.round_trip();
    return statements.count();
}

struct Cost {
    const char* answer;
    int more;
};

std::ostream& operator<<(std::ostream& out, const Cost& cost)
{
    return out << cost.answer;
}

/// Queries of one row by its key, outside a transaction: as the request is held, as the verdict is applied, and after
/// that or before the delivery. A denial has a transaction around that of mod_roster, in which the item is read before
/// and after, and an empty one for mod_roster's cache.
const Cost kCosts[] = {{"subscribed", 3}, {"unsubscribed", 6}, {"none", 2}};

}  // namespace

BOOST_AUTO_TEST_SUITE(ejabberd_sql)

BOOST_DATA_TEST_CASE(request_takes_few_statements_more_than_without_the_connector, bdata::make(kCosts), cost)
{
    BOOST_TEST(statements_with_connector(cost.answer) <=
               statements_without_connector(cost.answer) + cost.more);
}

// Who comes online while the database is slow must not be sent it.
BOOST_AUTO_TEST_CASE(S25_S44_request_is_held_before_the_item_is_read)
{
    ScriptedStage stage(Login::component, kNoTimeout);
    auto& ejabberd = dynamic_cast<PrivateEjabberd&>(stage.server());
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    juliet.send(to(kRomeo, "subscribe"));
    romeo.expect(presence("subscribe", kJuliet));
    BOOST_TEST(ejabberd.evaluate(
                   "Stop = fun(Acc, _) -> Self = self(), spawn(fun() -> register(stopping, self()), "
                   "true = erlang:suspend_process(whereis('ejabberd_sqlite_capulet.lit')), Self ! stopped, "
                   "receive go_on -> ok end end), receive stopped -> Acc end end, "
                   "ejabberd_hooks:add(roster_in_subscription, <<\"capulet.lit\">>, Stop, 55).") == "ok");
    romeo.send(to(kJuliet, "subscribe"));
    BOOST_TEST(
        ejabberd.evaluate(
            "Await = fun Again(0) -> late; Again(Left) -> case ets:info(mod_subscription_requests_host:holds("
            "<<\"capulet.lit\">>), size) of 1 -> held; 0 -> timer:sleep(10), Again(Left - 1) end end, "
            "Await(500).") == "held");
    BOOST_TEST(ejabberd.evaluate("stopping ! go_on.") == "go_on");
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    const Element* item = ask.requests.front().element.child("item");
    BOOST_TEST_REQUIRE(item != nullptr);
    BOOST_TEST(item->attribute("ask") == "subscribe");
}

// The contact's other session withdraws and asks again while the first still reads the item. The ask is about the later
// request: with the id of the first, its answer would not be understood.
BOOST_AUTO_TEST_CASE(S25_late_item_does_not_change_a_later_request)
{
    ScriptedStage stage(Login::component, kNoTimeout);
    auto& ejabberd = dynamic_cast<PrivateEjabberd&>(stage.server());
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& second = stage.client(kRomeo, "second");
    second.connect();
    second.appear();
    juliet.send(to(kRomeo, "subscribe"));
    romeo.expect(presence("subscribe", kJuliet));
    // The first session is stopped as it has queried its item, and the host's process before it asks.
    BOOST_TEST(
        ejabberd.evaluate(
            "Holds = mod_subscription_requests_host:holds(<<\"capulet.lit\">>), "
            "Await = fun Again() -> case ets:info(Holds, size) of 1 -> ok; 0 -> timer:sleep(10), Again() end end, "
            "Session = fun Again(Pid) -> case erlang:process_info(Pid, status) of {status, waiting} -> "
            "erlang:suspend_process(Pid); _ -> timer:sleep(10), Again(Pid) end end, "
            "Stop = fun(Acc, _) -> Self = self(), whereis(stopping) == undefined andalso begin "
            "spawn(fun() -> register(stopping, self()), Sql = whereis('ejabberd_sqlite_capulet.lit'), "
            "true = erlang:suspend_process(Sql), Self ! stopped, Await(), Session(Self), "
            "erlang:suspend_process(whereis(mod_subscription_requests_host:proc(<<\"capulet.lit\">>))), "
            "erlang:resume_process(Sql), "
            "receive {is_stopped, From} -> From ! is_stopped end, "
            "receive go_on -> erlang:resume_process(Self) end, receive ask -> ok end end), "
            "receive stopped -> ok end end, Acc end, "
            "ejabberd_hooks:add(roster_in_subscription, <<\"capulet.lit\">>, Stop, 55).") == "ok");
    romeo.send(to(kJuliet, "subscribe"));
    BOOST_TEST(
        ejabberd.evaluate("Find = fun Again() -> case whereis(stopping) of undefined -> timer:sleep(10), "
                          "Again(); Pid -> Pid ! {is_stopped, self()} end end, Find(), "
                          "receive is_stopped -> is_stopped end.") == "is_stopped");
    second.send(to(kJuliet, "unsubscribe") + to(kJuliet, "subscribe"));
    (void)second.roster();
    BOOST_TEST(ejabberd.evaluate("stopping ! go_on.") == "go_on");
    (void)romeo.roster();
    BOOST_TEST(ejabberd.evaluate("stopping ! ask.") == "ask");
    stage.entity().answer(stage.entity().next_ask_about(kRomeo, kJuliet), "subscribed");
    romeo.expect(kApproval);
    stage.round_trip();
    BOOST_TEST(count_received(juliet, kPrompt) == 0);
}

// As mod_roster has stored it, the database fails.
BOOST_AUTO_TEST_CASE(S14_S55_request_whose_item_cannot_be_read_is_the_users)
{
    ScriptedStage stage(Login::component, kNoTimeout);
    auto& ejabberd = dynamic_cast<PrivateEjabberd&>(stage.server());
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    BOOST_TEST(stage.entity().pending().empty());
    const std::string rename = "ejabberd_sql:sql_query(<<\"capulet.lit\">>, <<\"alter table ";
    BOOST_TEST(
        ejabberd.evaluate("ejabberd_hooks:add(roster_in_subscription, <<\"capulet.lit\">>, fun(Acc, _) -> " +
                          rename + "rosterusers rename to lost\">>), Acc end, 55).") == "ok");
    romeo.send(to(kJuliet, "subscribe"));
    juliet.expect(kPrompt);
    (void)ejabberd.evaluate(rename + "lost rename to rosterusers\">>).");
    stage.round_trip();
    BOOST_TEST(stage.entity().pending().size() == 1U);
    BOOST_TEST(asks_in(stage.entity().stream().received()).empty());
    BOOST_TEST(stage.entity().answer_later(kJuliet, kRomeo, "subscribed").attribute("type") == "result");
    romeo.expect(kApproval);
    stage.server().stop();
    const std::string log = stage.server().log_text();
    BOOST_TEST(log.find("Failed to hold a request") != std::string::npos);
    BOOST_TEST(log.find("Hook c2s_filter_send crashed") == std::string::npos, log);
}

// The entity's end has left the request to the user already.
BOOST_AUTO_TEST_CASE(S14_S55_request_left_while_its_item_cannot_be_read_comes_once)
{
    ScriptedStage stage(Login::component, kNoTimeout);
    auto& ejabberd = dynamic_cast<PrivateEjabberd&>(stage.server());
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    const std::string await =
        "Await = fun Again(Size) -> case ets:info(mod_subscription_requests_host:holds(<<\"capulet.lit\">>), size) of "
        "Size -> held; _ -> timer:sleep(10), Again(Size) end end, ";
    BOOST_TEST(
        ejabberd.evaluate(
            "Stop = fun(Acc, _) -> Self = self(), spawn(fun() -> register(stopping, self()), "
            "Sql = whereis('ejabberd_sqlite_capulet.lit'), true = erlang:suspend_process(Sql), "
            "Self ! stopped, receive go_on -> exit(Sql, kill) end end), receive stopped -> Acc end end, "
            "ejabberd_hooks:add(roster_in_subscription, <<\"capulet.lit\">>, Stop, 55).") == "ok");
    romeo.send(to(kJuliet, "subscribe"));
    BOOST_TEST(ejabberd.evaluate(await + "Await(1).") == "held");
    stage.entity().stream().disconnect();
    BOOST_TEST(ejabberd.evaluate(await + "Await(0), stopping ! go_on.") == "go_on");
    juliet.expect(kPrompt);
    (void)romeo.roster();
    (void)juliet.roster();
    BOOST_TEST(count_received(juliet, kPrompt) == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
