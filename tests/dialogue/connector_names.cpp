// PROTOCOL.md, rules S102 and S105, where only one of the servers can be brought to it: items of shared groups, and a name that
// cannot be stored.
#include "private_ejabberd.h"
#include "private_prosody.h"
#include "protocol.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

const std::string kItem = "<item xmlns='jabber:iq:roster' name='Angelica'><group>Servants</group></item>";

PrivateEjabberd& ejabberd(Stage& stage)
{
    return dynamic_cast<PrivateEjabberd&>(stage.server());
}

/// "both: Angelica in Servants"; empty if the contact is not in the user's roster.
std::string in_roster(WireClient& user, const std::string& contact)
{
    const Element roster = user.roster();
    const Element* query = roster.child("query");
    for (const Element& item : query != nullptr ? query->children : std::vector<Element>()) {
        if (item.attribute("jid") == contact) {
            const Element* group = item.child("group");
            return item.attribute("subscription") + ": " + item.attribute("name") +
                   (group != nullptr ? " in " + group->text : "");
        }
    }
    return {};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(prosody_names)

// As a module does that knows shared groups, of which Prosody has several. With mod_groups no approval comes so far: there
// the contact is subscribed from the beginning.
BOOST_AUTO_TEST_CASE(S102_item_of_a_shared_group_is_left_alone)
{
    ScriptedStage stage(Login::component, kNoTimeout);
    dynamic_cast<PrivateProsody&>(stage.server())
        .order(
            "> prosody.hosts['capulet.lit'].events.add_handler('roster-load', function (event) "
            "if event.username == 'juliet' then event.roster['" +
            kNurse + "'] = { subscription = 'to', groups = {}, persist = false }; end end)");
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    BOOST_TEST(in_roster(juliet, kNurse) == "to: ");
    nurse.send(to(kJuliet, "subscribe"));
    (void)stage.entity().next_ask_about(kNurse, kJuliet);
    BOOST_TEST(stage.entity().answer_later(kJuliet, kNurse, "subscribed", kItem).attribute("type") ==
               "result");
    nurse.expect(kApproval);
    BOOST_TEST(in_roster(juliet, kNurse) == "both: ");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(ejabberd_names)

// They share a group from when she has asked: such a request is stale, and no answer to it is applied.
BOOST_DATA_TEST_CASE(S102_item_of_a_shared_group_is_left_alone, bdata::make({"held", "waiting"}), state)
{
    ServerOptions options = ScriptedStage::options({entity_address(Login::component)}, kNoTimeout);
    options.for_all = "  mod_shared_roster: {}\n";
    ScriptedStage stage(options);
    stage.admit_entity();
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    nurse.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kNurse, kJuliet);
    if (std::string(state) == "waiting") {
        stage.entity().answer(ask, "none");
        juliet.expect(presence("subscribe", kNurse));
    }
    (void)ejabberd(stage).evaluate(
        "mod_shared_roster:create_group(<<\"capulet.lit\">>, <<\"house\">>, "
        "[{label, <<\"House\">>}, {displayed_groups, [<<\"house\">>]}]), "
        "[mod_shared_roster:add_user_to_group(<<\"capulet.lit\">>, {User, <<\"capulet.lit\">>}, <<\"house\">>) "
        "|| User <- [<<\"juliet\">>, <<\"nurse\">>]].");
    const std::string shared = in_roster(juliet, kNurse);
    BOOST_TEST(shared.find("both: ") == 0U, shared);
    if (std::string(state) == "waiting") {
        const Element reply = stage.entity().answer_later(kJuliet, kNurse, "subscribed", kItem);
        BOOST_TEST(is_error(reply, "cancel", "item-not-found"), reply.str());
    } else {
        stage.entity().reply(ask, "result",
                             "<answers xmlns='" + kRequestsNs + "'><answer id='" +
                                 escaped(ask.requests.front().id) + "' type='subscribed'>" + kItem +
                                 "</answer></answers>");
    }
    stage.round_trip();
    BOOST_TEST(stage.entity().pending().empty());
    BOOST_TEST(in_roster(juliet, kNurse) == shared);
    (void)ejabberd(stage).evaluate("mod_shared_roster:delete_group(<<\"capulet.lit\">>, <<\"house\">>).");
    BOOST_TEST(in_roster(juliet, kNurse) == "");
}

// Another module breaks what mod_roster is about to store. An approval does not come by there. In SQL, ejabberd's process
// for the database must outlive it: others wait for it.
BOOST_DATA_TEST_CASE(S105_approval_stands_if_the_name_cannot_be_stored, bdata::make({"held", "waiting"}),
                     state)
{
    ScriptedStage stage(Login::component, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    BOOST_TEST(ejabberd(stage).evaluate("ejabberd_hooks:add(roster_process_item, <<\"capulet.lit\">>, "
                                        "fun(_Item, _Host) -> broken end, 50).") == "ok");
    const std::string sql =
        "[whereis(Name) || Name <- registered(), lists:prefix(\"ejabberd_sql_cap\", "
        "atom_to_list(Name))].";
    const std::string before = ejabberd(stage).evaluate(sql);
    nurse.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kNurse, kJuliet);
    if (std::string(state) == "waiting") {
        stage.entity().answer(ask, "none");
        juliet.expect(presence("subscribe", kNurse));
    }
    const Element reply = stage.entity().answer_later(kJuliet, kNurse, "subscribed", kItem);
    BOOST_TEST(reply.attribute("type") == "result", reply.str());
    nurse.expect(kApproval);
    BOOST_TEST(in_roster(juliet, kNurse) == "from: ");
    BOOST_TEST(stage.entity().pending().empty());
    BOOST_TEST(ejabberd(stage).evaluate(sql) == before);
    stage.server().stop();  // before its end some of what it has logged may not be in the file
    BOOST_TEST(stage.server().log_text().find("Failed to name a contact") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
