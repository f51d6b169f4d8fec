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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
