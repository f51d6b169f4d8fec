// What users meet in their own clients: the menu with their option, whom it is shown to, and how clients see Usher.
// What the other menus_*.cpp have belongs to the same suite.
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <ostream>

#include "menus.h"
#include "profanity.h"
#include "slixmpp_client.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

BOOST_AUTO_TEST_SUITE(menus)

BOOST_DATA_TEST_CASE(user_finds_opens_and_changes_their_option, kLogins, login)
{
    UsherStage stage(login, settings(true, "organization"));
    SlixmppDriver driver;
    stage.server().add_account(kJuliet);
    SlixmppClient juliet(driver, stage.server().client_port(), kJuliet);
    juliet.connect();
    juliet.appear();
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    juliet.expect(presence("subscribe", kRomeo));

    BOOST_TEST(juliet.list_commands(menus_of(login)) == (Strings{"exceptions", "options"}));
    const CommandRun run = juliet.run_command(menus_of(login), "options", {{"option", "all"}});
    BOOST_TEST(run.outcome == "completed");
    BOOST_TEST(run.notes == Strings{"Saved. From the next request on: " + kAll + "."});
    BOOST_TEST_REQUIRE(run.forms.size() == 1U);
    BOOST_TEST(run.forms[0].title == kTitle);
    BOOST_TEST(run.forms[0].labels == (Strings{kAll, kOrganization, kPrompt}));
    BOOST_TEST(run.forms[0].chosen == "organization");

    // The next request follows it; the one that waits is still hers to answer.
    WireClient& mercutio = stage.enter("mercutio@montague.lit");
    mercutio.send(to(kJuliet, "subscribe"));
    mercutio.expect(presence("subscribed", kJuliet));
    stage.settle();
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(presence("subscribed", kJuliet)));
}

BOOST_AUTO_TEST_CASE(user_of_profanity_does_the_same)
{
    UsherStage stage(Login::component, settings(true, "organization"));
    const std::string usher = menus_of(Login::component);
    stage.server().add_account(kJuliet);
    Profanity juliet(stage.server().client_port(), kJuliet);
    // It runs commands only after it has seen that the server, or a component of it, has some.
    juliet.wait_for_log("disco#info response from: " + usher);
    juliet.type("/cmd list " + usher);
    juliet.expect("!   options");
    juliet.type("/cmd exec options " + usher);
    juliet.expect("Form title: " + kTitle);
    for (const std::string& choice :
         {"[all] " + kAll, "[organization] " + kOrganization, "[prompt] " + kPrompt}) {
        juliet.expect(choice);
    }
    juliet.type("/field1 all");
    juliet.type("/form submit");
    juliet.expect("! Saved. From the next request on: " + kAll + ".");

    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    romeo.expect(presence("subscribed", kJuliet));
}

BOOST_AUTO_TEST_CASE(what_waits_is_answered_with_the_choice_if_the_user_wants_so)
{
    UsherStage stage(Login::component, settings(true, "prompt"));
    const std::string usher = menus_of(Login::component);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& tybalt = stage.enter(kTybalt);
    for (WireClient* contact : {&romeo, &tybalt}) {
        contact->send(to(kJuliet, "subscribe"));
        juliet.expect(presence("subscribe", contact->address()));
    }
    const Reply reply = run(juliet, usher, "options", {{"option", "organization"}, {"answer_waiting", "1"}});
    BOOST_TEST(reply.outcome() == "completed");
    BOOST_TEST(reply.text() ==
               "Saved. From the next request on: " + kOrganization +
                   ". | Of 2 waiting requests 1 approved, 0 denied; the others wait for your answer.");
    tybalt.expect(presence("subscribed", kJuliet));
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(presence("subscribed", kJuliet)));
}

BOOST_AUTO_TEST_CASE(a_choice_can_be_taken_back_and_outlives_the_daemon)
{
    UsherStage stage(Login::component, settings(true, "organization"));
    const std::string usher = menus_of(Login::component);
    WireClient& juliet = stage.enter(kJuliet);
    run(juliet, usher, "options", {{"option", "prompt"}});
    BOOST_TEST(stage.usherd().stop() == 0);
    stage.usherd().start();
    stage.usherd().wait_for_status("answering on 1 of ");
    const Reply form = execute(juliet, usher, "options");
    BOOST_TEST(form.content() == (Strings{"option=prompt;", "answer_waiting=0;"}));
    BOOST_TEST(has(form.iq.str(), "The option of Capulet: " + kOrganization));
    BOOST_TEST(go_on(juliet, usher, form, submit({{"option", "default"}})).text() ==
               "Saved. From the next request on: " + kOrganization + ".");
    BOOST_TEST(!has(execute(juliet, usher, "options").iq.str(), "As Capulet has it"));
}

// No instance remembers that a form was submitted.
BOOST_AUTO_TEST_CASE(a_form_that_is_submitted_twice_does_the_same_again)
{
    UsherStage stage(Login::component, settings(true, "prompt"));
    const std::string usher = menus_of(Login::component);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& tybalt = stage.enter(kTybalt);
    tybalt.send(to(kJuliet, "subscribe"));
    juliet.expect(presence("subscribe", kTybalt));

    const Reply form = execute(juliet, usher, "options");
    const std::string all = submit({{"option", "all"}, {"answer_waiting", "1"}});
    const std::string saved = "Saved. From the next request on: " + kAll + ". | ";
    BOOST_TEST(go_on(juliet, usher, form, all).text() ==
               saved + "Of 1 waiting request 1 approved, 0 denied; the others wait for your answer.");
    tybalt.expect(presence("subscribed", kJuliet));
    BOOST_TEST(go_on(juliet, usher, form, all).text() == saved + "No requests were waiting.");

    const Reply again = execute(juliet, usher, "options");
    for (int i = 0; i < 2; ++i) {
        BOOST_TEST(go_on(juliet, usher, again, submit({{"option", "default"}})).text() ==
                   "Saved. From the next request on: " + kPrompt + ".");
    }
    BOOST_TEST(again.session().size() < 200U);
}

BOOST_DATA_TEST_CASE(without_permission_the_menu_is_gone_and_an_old_form_is_refused, kLogins, login)
{
    UsherStage stage(login, settings(true, "organization"));
    const std::string usher = menus_of(login);
    const std::string fixed = "Your administrator has set how contact requests are handled: " + kPrompt;
    WireClient& juliet = stage.enter(kJuliet);
    const Reply form = execute(juliet, usher, "options");
    BOOST_TEST(form.outcome() == "executing");

    stage.usherd().write_settings(settings(false, "prompt"));
    stage.usherd().signal(SIGHUP);
    stage.usherd().wait_for_log("in force");
    const Reply refused = go_on(juliet, usher, form, submit({{"option", "all"}}));
    BOOST_TEST(refused.outcome() == "forbidden");
    BOOST_TEST(refused.text() == fixed);
    BOOST_TEST(listed(juliet, usher) == Strings());
    BOOST_TEST(execute(juliet, usher, "options").text() == fixed);
    BOOST_TEST(said(juliet, login, "options") == fixed);
    BOOST_TEST(said(juliet, login, "options 1") == fixed);

    WireClient& tybalt = stage.enter(kTybalt);
    tybalt.send(to(kJuliet, "subscribe"));
    juliet.expect(presence("subscribe", kTybalt));
}

// --- Who may do what

struct Role {
    std::string who;
    std::string address;
    Strings commands;
    friend std::ostream& operator<<(std::ostream& out, const Role& role) { return out << role.who; }
};
const Strings kEvery = {"options", "exceptions", "general-im", "waiting", "explain", "journal"};
const Role kRoles[] = {
    {"stranger", kRomeo, {}},
    {"user", kJuliet, {"options", "exceptions"}},
    {"administrator", kNurse, kEvery},
    {"administrator of another organization", kBalthasar, kEvery},
};

BOOST_DATA_TEST_CASE(commands_are_for_those_who_may, bdata::make(kRoles) * kLogins, role, login)
{
    UsherStage stage(login, settings(true, "organization"));
    const std::string usher = menus_of(login);
    WireClient& client = stage.enter(role.address);
    BOOST_TEST(listed(client, usher) == role.commands);
    for (const std::string& node : kEvery) {
        BOOST_TEST_CONTEXT(node)
        {
            const bool may = std::count(role.commands.begin(), role.commands.end(), node) > 0;
            const Element described = client.request(
                "get", usher, "<query xmlns='http://jabber.org/protocol/disco#info' node='" + node + "'/>");
            BOOST_TEST(described.attribute("type") == (may ? "result" : "error"));
            const std::string outcome = execute(client, usher, node).outcome();
            BOOST_TEST(outcome == (!may ? "forbidden" : node == "waiting" ? "completed" : "executing"));
        }
    }
    BOOST_TEST(execute(client, usher, "shutdown").outcome() == "item-not-found");
}

BOOST_AUTO_TEST_CASE(administrators_see_their_own_organization_only)
{
    UsherStage stage(Login::component, settings(true, "organization"));
    const std::string usher = menus_of(Login::component);
    WireClient& balthasar = stage.enter(kBalthasar);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    juliet.expect(presence("subscribe", kRomeo));

    BOOST_TEST(execute(balthasar, usher, "general-im").title() == "General IM: Mantua");
    BOOST_TEST(!has(execute(balthasar, usher, "waiting").iq.str(), kJuliet));
    const Reply explained = run(balthasar, usher, "explain", {{"user", kJuliet}, {"contact", kRomeo}});
    BOOST_TEST(explained.outcome() == "executing");
    BOOST_TEST(explained.text() == "You may not see what is decided for " + kJuliet + ".");
    const Reply journal = run(balthasar, usher, "journal", {{"user", kJuliet}});
    BOOST_TEST(journal.outcome() == "executing");
    BOOST_TEST(journal.text() == "You may not see the journal of " + kJuliet + ".");
    BOOST_TEST(run(balthasar, usher, "journal", {}).text() == "There are none.");
}

// --- Usher among the contacts

BOOST_DATA_TEST_CASE(users_may_have_usher_among_their_contacts, kLogins, login)
{
    UsherStage stage(login, settings(true, "prompt"));
    const std::string usher = entity_address(login);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(usher, "subscribe"));
    stage.round_trip();
    juliet.send(to(usher, "subscribe"));
    juliet.expect(presence("subscribed", usher));
    juliet.expect(presence("", menus_of(login)));
    juliet.disconnect();
    juliet.connect();
    juliet.appear();
    juliet.expect(presence("", menus_of(login)));
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(presence("subscribed", usher)));
    BOOST_TEST(!romeo.has_received(presence("", menus_of(login))));
}

// --- What clients show

BOOST_DATA_TEST_CASE(clients_are_told_what_usher_is, kLogins, login)
{
    UsherStage stage(login, settings(true, "prompt"));
    WireClient& romeo = stage.enter(kRomeo);
    const auto ask = [&](const std::string& payload) {
        return romeo.request("get", menus_of(login), payload).str();
    };
    BOOST_TEST(has(ask("<query xmlns='http://jabber.org/protocol/disco#info'/>"), kCommands));
    BOOST_TEST(has(ask("<query xmlns='jabber:iq:version'/>"), "Usher"));
    BOOST_TEST(has(ask("<vCard xmlns='vcard-temp'/>"), "Usher"));
    BOOST_TEST(romeo.request("get", menus_of(login), "<ping xmlns='urn:xmpp:ping'/>").attribute("type") ==
               "result");
    BOOST_TEST(romeo.request("get", menus_of(login), "<query xmlns='jabber:iq:last'/>")
                   .child("error")
                   ->children.front()
                   .name == "service-unavailable");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
