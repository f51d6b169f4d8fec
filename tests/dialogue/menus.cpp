// What users and administrators meet in their own clients: menus, and what they can say in a chat.
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <map>
#include <ostream>

#include "profanity.h"
#include "slixmpp_client.h"
#include "stage.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

using Strings = std::vector<std::string>;

const std::string kCommands = "http://jabber.org/protocol/commands";
const std::string kNurse = "nurse@capulet.lit";         // administers Capulet
const std::string kTybalt = "tybalt@capulet.lit";       // a colleague
const std::string kBalthasar = "balthasar@mantua.lit";  // administers another organisation
const std::string kTitle = "Options for contact list requests";
const std::string kAll = "Accept requests automatically from all contacts";
const std::string kOrganization = "Accept requests automatically from contacts in my organization";
const std::string kPrompt = "Prompt me for each request";

/// Where menus are asked for.
std::string menus_of(Login login)
{
    return login == Login::account ? entity_address(login) + "/usher" : entity_address(login);
}

UsherdOptions settings(bool users_may_choose, const std::string& option)
{
    UsherdOptions options;
    options.users_may_choose = users_may_choose;
    options.option = option;
    options.organization = "administrators = [\"" + kNurse + "\"]\n";
    options.more = "[[organization]]\nname = \"Mantua\"\ndomains = [\"mantua.lit\"]\nadministrators = [\"" +
                   kBalthasar + "\"]\n";
    return options;
}

std::string submit(const std::vector<std::pair<std::string, std::string>>& fields)
{
    std::string xml = "<x xmlns='jabber:x:data' type='submit'>";
    for (const auto& [var, value] : fields) {
        xml += "<field var='" + var + "'><value>" + escaped(value) + "</value></field>";
    }
    return xml + "</x>";
}

/// A command's reply, looked at by hand.
struct Reply {
    Element iq;

    [[nodiscard]] const Element& command() const { return *iq.child("command", kCommands); }
    [[nodiscard]] std::string session() const { return command().attribute("sessionid"); }
    /// The status, or the condition of an error.
    [[nodiscard]] std::string outcome() const
    {
        const Element* error = iq.child("error");
        return error != nullptr ? error->children.front().name : command().attribute("status");
    }
    /// Of its notes or its error.
    [[nodiscard]] std::string text() const
    {
        if (const Element* error = iq.child("error")) {
            const Element* text = error->child("text");
            return text != nullptr ? text->text : std::string();
        }
        std::string text;
        for (const Element& child : command().children) {
            if (child.name == "note") {
                text += (text.empty() ? "" : " | ") + child.text;
            }
        }
        return text;
    }
    [[nodiscard]] std::string title() const
    {
        const Element* form = command().child("x", "jabber:x:data");
        return form == nullptr ? std::string() : form->child("title")->text;
    }
    /// The form's fields, `var=value;value;` each.
    [[nodiscard]] Strings content() const
    {
        Strings lines;
        const Element* form = command().child("x", "jabber:x:data");
        for (const Element& child : form == nullptr ? std::vector<Element>() : form->children) {
            std::string line;
            if (child.name == "field" && child.attribute("var") != "FORM_TYPE") {
                line = child.attribute("var") + "=";
                for (const Element& value : child.children) {
                    line += value.name == "value" ? value.text + ";" : "";
                }
            } else {
                continue;
            }
            lines.push_back(line);
        }
        return lines;
    }
};

Reply execute(Client& client, const std::string& usher, const std::string& node)
{
    return {client.request("set", usher, "<command xmlns='" + kCommands + "' node='" + node + "'/>")};
}

Reply go_on(Client& client, const std::string& usher, const Reply& before, const std::string& payload)
{
    return {client.request("set", usher,
                           "<command xmlns='" + kCommands + "' node='" + before.command().attribute("node") +
                               "' sessionid='" + before.session() + "'>" + payload + "</command>")};
}

/// Both steps of a command that has one form.
Reply run(Client& client, const std::string& usher, const std::string& node,
          const std::vector<std::pair<std::string, std::string>>& fields)
{
    return go_on(client, usher, execute(client, usher, node), submit(fields));
}

Strings listed(Client& client, const std::string& usher)
{
    const Element reply = client.request(
        "get", usher, "<query xmlns='http://jabber.org/protocol/disco#items' node='" + kCommands + "'/>");
    Strings nodes;
    for (const Element& item : reply.child("query")->children) {
        nodes.push_back(item.attribute("node"));
        BOOST_TEST(item.attribute("jid") == usher);
    }
    return nodes;
}

Matcher message_from(const std::string& usher)
{
    return {"a message from " + usher, [=](const Element& stanza) {
                return stanza.name == "message" && stanza.attribute("from").starts_with(usher);
            }};
}

/// What Usher says to that.
std::string said(Client& client, Login login, const std::string& words)
{
    client.send("<message type='chat' to='" + entity_address(login) + "'><body>" + escaped(words) +
                "</body></message>");
    return client.expect(message_from(entity_address(login))).child("body")->text;
}

bool has(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(menus)

BOOST_DATA_TEST_CASE(user_finds_opens_and_changes_her_option, kLogins, login)
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

    BOOST_TEST(juliet.list_commands(menus_of(login)) == Strings{"options"});
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

BOOST_AUTO_TEST_CASE(what_waits_is_answered_with_the_choice_if_she_wants_so)
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
const Strings kEvery = {"options", "general-im", "waiting", "explain", "journal"};
const Role kRoles[] = {
    {"stranger", kRomeo, {}},
    {"user", kJuliet, {"options"}},
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

// --- What is decided, for every option, user and contact

struct Case {
    std::string option;
    bool user_online;
    bool colleague;
    bool approved;

    [[nodiscard]] std::string name() const
    {
        return option + (user_online ? "-online" : "-offline") + (colleague ? "-colleague" : "-stranger");
    }
    friend std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name(); }
};
const Case kCases[] = {
    {"all", true, true, true},           {"all", true, false, true},
    {"all", false, true, true},          {"all", false, false, true},
    {"organization", true, true, true},  {"organization", true, false, false},
    {"organization", false, true, true}, {"organization", false, false, false},
    {"prompt", true, true, false},       {"prompt", true, false, false},
    {"prompt", false, true, false},      {"prompt", false, false, false},
};

/// One stage for all of them: each case has its own people.
struct Choosers {
    Choosers() : stage(Login::component, settings(true, "organization")) { current = this; }
    ~Choosers() { current = nullptr; }

    UsherStage stage;
    static Choosers* current;
};
Choosers* Choosers::current = nullptr;

BOOST_AUTO_TEST_SUITE(choices, *boost::unit_test::fixture<Choosers>())
BOOST_DATA_TEST_CASE(the_choice_decides, bdata::make(kCases), c)
{
    UsherStage& stage = Choosers::current->stage;
    const std::string user_address = "user-" + c.name() + "@capulet.lit";
    const std::string contact_address =
        "contact-" + c.name() + (c.colleague ? "@capulet.lit" : "@montague.lit");
    WireClient& user = stage.enter(user_address);
    BOOST_TEST(run(user, menus_of(Login::component), "options", {{"option", c.option}}).outcome() ==
               "completed");
    if (!c.user_online) {
        user.disconnect();
    }
    WireClient& contact = stage.enter(contact_address);
    contact.send(to(user_address, "subscribe"));
    if (c.approved) {
        contact.expect(presence("subscribed", user_address));
    }
    stage.settle();
    if (!c.user_online) {
        user.connect();
        user.appear();
    }
    if (!c.approved) {
        user.expect(presence("subscribe", contact_address));
    }
    stage.round_trip();
    BOOST_TEST(contact.has_received(presence("subscribed", user_address)) == c.approved);
    BOOST_TEST(user.has_received(presence("subscribe", contact_address)) == !c.approved);
    BOOST_TEST(item_in(contact.roster(), user_address) == (c.approved ? "to" : "none ask"));
    BOOST_TEST(item_in(user.roster(), contact_address) == (c.approved ? "from" : ""));
    user.disconnect();
    contact.disconnect();
}
BOOST_AUTO_TEST_SUITE_END()

// --- Administrators

BOOST_AUTO_TEST_CASE(general_im_is_in_force_at_once_durable_and_can_be_reset)
{
    UsherStage stage(Login::component, settings(true, "prompt"));
    const std::string usher = menus_of(Login::component);
    WireClient& nurse = stage.enter(kNurse);
    WireClient& juliet = stage.enter(kJuliet);
    const std::string file = stage.usherd().directory() / "usher.toml";

    const Reply form = execute(nurse, usher, "general-im");
    BOOST_TEST(form.title() == "General IM: Capulet");
    const Strings shown = form.content();
    BOOST_TEST_REQUIRE(shown.size() == 6U);
    BOOST_TEST(shown[0] == "users_may_choose=1;");
    BOOST_TEST(has(shown[1], file + ":"), shown[1]);
    BOOST_TEST(shown[2] == "option=prompt;");
    BOOST_TEST(shown[4] == "domains=capulet.lit;");
    const Reply saved =
        go_on(nurse, usher, form,
              submit({{"users_may_choose", "0"}, {"option", "organization"}, {"domains", "capulet.lit"}}));
    BOOST_TEST(saved.text() ==
               "Saved. Capulet: " + kOrganization + "; users may not choose; domains capulet.lit.");

    WireClient& tybalt = stage.enter(kTybalt);
    tybalt.send(to(kJuliet, "subscribe"));
    tybalt.expect(presence("subscribed", kJuliet));
    BOOST_TEST(listed(juliet, usher) == Strings());

    BOOST_TEST(stage.usherd().stop() == 0);
    stage.usherd().start();
    stage.usherd().wait_for_status("answering on 1 of ");
    const Reply again = execute(nurse, usher, "general-im");
    const Strings now = again.content();
    BOOST_TEST_REQUIRE(now.size() == 7U);
    BOOST_TEST(now[0] == "users_may_choose=0;");
    BOOST_TEST(has(now[1], "saved by " + kNurse), now[1]);
    BOOST_TEST(now[2] == "option=organization;");
    BOOST_TEST(has(now[5], file + ":"), "what was not changed was not saved: " + now[5]);
    BOOST_TEST(now[6] == "reset=0;");
    BOOST_TEST(go_on(nurse, usher, again,
                     submit({{"option", "organization"}, {"domains", "capulet.lit"}, {"reset", "1"}}))
                   .text() == "The settings file is in force again. Capulet: " + kPrompt +
                                  "; users may choose; domains capulet.lit.");
    BOOST_TEST(listed(juliet, usher) == Strings{"options"});
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_form_comes_back_on_it)
{
    UsherStage stage(Login::component, settings(true, "prompt"));
    const std::string usher = menus_of(Login::component);
    WireClient& nurse = stage.enter(kNurse);
    const Reply form = execute(nurse, usher, "general-im");
    const Reply no_domain = go_on(nurse, usher, form, submit({{"option", "all"}}));
    BOOST_TEST(no_domain.outcome() == "executing");
    BOOST_TEST(no_domain.text() == "Domains of the organization: please fill this in.");
    const Reply foreign = go_on(nurse, usher, form, submit({{"option", "all"}, {"domains", "montague.lit"}}));
    BOOST_TEST(foreign.text() == "Domains of the organization: please choose from the list.");
    const Reply unchanged =
        go_on(nurse, usher, form,
              submit({{"users_may_choose", "1"}, {"option", "prompt"}, {"domains", "capulet.lit"}}));
    BOOST_TEST(unchanged.text() == "Nothing was changed.");
    const Reply nobody = run(nurse, usher, "explain", {{"user", "capulet.lit"}});
    BOOST_TEST(nobody.text() ==
               "User, who receives the request: this is not an address, such as name@example.org. | "
               "Contact, who sends it: please fill this in.");
}

BOOST_AUTO_TEST_CASE(administrator_sees_what_waits_why_and_what_was_decided)
{
    UsherStage stage(Login::component, settings(true, "organization"));
    const std::string usher = menus_of(Login::component);
    WireClient& nurse = stage.enter(kNurse);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& tybalt = stage.enter(kTybalt);
    BOOST_TEST(execute(nurse, usher, "waiting").text() == "There are none.");
    romeo.send(to(kJuliet, "subscribe"));
    juliet.expect(presence("subscribe", kRomeo));
    tybalt.send(to(kJuliet, "subscribe"));
    tybalt.expect(presence("subscribed", kJuliet));

    BOOST_TEST(execute(nurse, usher, "waiting").content() ==
               Strings{"lines=" + kRomeo + " to " + kJuliet + ";"});

    const Reply why = run(nurse, usher, "explain", {{"user", kJuliet}, {"contact", kRomeo}});
    BOOST_TEST(why.outcome() == "completed");
    const Strings lines = why.content();
    BOOST_TEST_REQUIRE(lines.size() == 5U);
    BOOST_TEST(lines[0] == "request=" + kRomeo + " to " + kJuliet + ";");
    BOOST_TEST(has(lines[1], "leave: "), lines[1]);
    BOOST_TEST(has(lines[2], "montague.lit is not one of its domains"), lines[2]);
    BOOST_TEST(lines[3] == "waits=The request waits at the server.;");

    const Strings journal = run(nurse, usher, "journal", {{"user", kJuliet}}).content();
    BOOST_TEST_REQUIRE(journal.size() == 1U);
    const auto approved = journal[0].find(kTybalt + " to " + kJuliet + ": approve: ");
    const auto left = journal[0].find(kRomeo + " to " + kJuliet + ": leave: ");
    BOOST_TEST(approved != std::string::npos, journal[0]);
    BOOST_TEST(left != std::string::npos, journal[0]);
    BOOST_TEST(approved < left, "the newest first: " + journal[0]);
    const Strings of_one = run(nurse, usher, "journal", {{"contact", kTybalt}}).content();
    BOOST_TEST_REQUIRE(of_one.size() == 1U);
    BOOST_TEST(!has(of_one[0], kRomeo), of_one[0]);
}

// --- Chat

BOOST_DATA_TEST_CASE(a_user_says_what_she_wants, kLogins, login)
{
    UsherStage stage(login, settings(true, "prompt"));
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& tybalt = stage.enter(kTybalt);
    BOOST_TEST(said(juliet, login, "waiting") == "No requests wait for your answer.");
    for (WireClient* contact : {&romeo, &tybalt}) {
        contact->send(to(kJuliet, "subscribe"));
        juliet.expect(presence("subscribe", contact->address()));
    }
    const std::string waiting = said(juliet, login, "waiting");
    BOOST_TEST(waiting.starts_with("2 requests wait for your answer:\n"), waiting);
    BOOST_TEST(has(waiting, "\n" + kRomeo), waiting);
    BOOST_TEST(has(waiting, "\n" + kTybalt), waiting);

    BOOST_TEST(said(juliet, login, "Approve Romeo@montague.lit") ==
               kRomeo + " can now see when you are online.");
    romeo.expect(presence("subscribed", kJuliet));
    BOOST_TEST(said(juliet, login, "deny " + kTybalt) == kTybalt + " was refused.");
    tybalt.expect(presence("unsubscribed", kJuliet));
    BOOST_TEST(said(juliet, login, "approve " + kTybalt) ==
               "No request of " + kTybalt + " waits for " + kJuliet + ".");
    BOOST_TEST(has(said(juliet, login, "approve tybalt"), "not an address"));

    const std::string options = said(juliet, login, "options");
    BOOST_TEST(has(options, "1. " + kAll + "\n2. " + kOrganization + "\n3. " + kPrompt + "  <- in force"),
               options);
    BOOST_TEST(said(juliet, login, "options 2") == "Saved. From the next request on: " + kOrganization + ".");
    tybalt.take_received();
    tybalt.send(to(kJuliet, "subscribe"));
    tybalt.expect(presence("subscribed", kJuliet));
    BOOST_TEST(said(juliet, login, "OPTIONS all") == "Saved. From the next request on: " + kAll + ".");
    BOOST_TEST(said(juliet, login, "options default") == "Saved. From the next request on: " + kPrompt + ".");
    BOOST_TEST(said(juliet, login, "options 4") == "There is no such option. Send \"options\" for the list.");

    BOOST_TEST(has(said(juliet, login, "help"), "approve ADDRESS, deny ADDRESS"));
    BOOST_TEST(said(juliet, login, "How are you today?") ==
               "I do not understand that. Send \"help\" for the list of commands.");
}

BOOST_DATA_TEST_CASE(an_answer_belongs_to_its_conversation, kLogins, login)
{
    UsherStage stage(login, settings(true, "prompt"));
    WireClient& juliet = stage.enter(kJuliet);
    juliet.send("<message to='" + entity_address(login) +
                "'><body>help</body><thread>t &lt; 1</thread></message>");
    const Element answer = juliet.expect(message_from(entity_address(login)));
    BOOST_TEST(answer.attribute("type") == "chat");
    BOOST_TEST(answer.attribute("to") == juliet.full_address());
    BOOST_TEST(answer.child("thread")->text == "t < 1");
}

BOOST_DATA_TEST_CASE(what_is_not_said_to_usher_by_a_user_is_not_answered, kLogins, login)
{
    UsherStage stage(login, settings(true, "prompt"));
    const std::string usher = entity_address(login);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send("<message type='chat' to='" + usher + "'><body>help</body></message>");
    romeo.send(to(usher, "probe"));
    WireClient* herself = nullptr;
    if (login == Login::account) {
        herself = &stage.client(usher, "by-hand");
        herself->connect();
        herself->send("<message type='chat' to='" + menus_of(login) + "'><body>help</body></message>");
    }
    stage.round_trip();
    const std::string body = "<body>help</body>";
    for (const std::string type : {"error", "groupchat", "headline"}) {
        juliet.send("<message type='" + type + "' to='" + menus_of(login) + "'>" + body + "</message>");
    }
    for (const std::string child :
         {"<body/>", "<body> \n</body>", "<active xmlns='http://jabber.org/protocol/chatstates'/>",
          "<body>help</body><delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:00Z'/>",
          "<body>help</body><sent xmlns='urn:xmpp:carbons:2'/>",
          "<body>help</body><received xmlns='urn:xmpp:carbons:2'/>",
          "<body>help</body><forwarded xmlns='urn:xmpp:forward:0'/>"}) {
        juliet.send("<message type='chat' to='" + menus_of(login) + "'>" + child + "</message>");
    }
    BOOST_TEST(has(said(juliet, login, "help"), "I answer contact requests"));
    stage.round_trip();
    BOOST_TEST(count_received(juliet, message_from(usher)) == 1);
    BOOST_TEST(!romeo.has_received(message_from(usher)));
    BOOST_TEST((herself == nullptr || !herself->has_received(message_from(usher))));
}

BOOST_AUTO_TEST_CASE(answers_are_bounded)
{
    UsherStage stage(Login::component, settings(true, "prompt"));
    const std::string usher = menus_of(Login::component);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& tybalt = stage.enter(kTybalt);
    const auto begun = Clock::now();
    for (int i = 0; i < 60; ++i) {
        juliet.send("<message type='chat' to='" + usher + "'><body>help</body></message>");
    }
    stage.round_trip();
    said(tybalt, Login::component, "help");  // others are still answered
    stage.round_trip();
    // More than one minute's if a minute ended on the way, but never all of them. (On a machine that is so busy
    // that several ended, a minute's for each.)
    const long minutes = std::chrono::ceil<std::chrono::minutes>(Clock::now() - begun).count();
    const long answers = count_received(juliet, message_from(usher));
    BOOST_TEST(answers >= 20);
    BOOST_TEST(answers <= 20 * (minutes + 1));
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
