// XEP-0050 from the responder's side: what clients send, and the replies.
#include "integration/commands/command.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <optional>
#include <ostream>
#include <string>

#include "doubles.h"
#include "literal.h"

namespace bdata = boost::unit_test::data;
using namespace std::chrono_literals;
using usher::Address;
using usher::Command;
using usher::CommandNote;
using usher::CommandRefusal;
using usher::CommandReply;
using usher::CommandStage;
using usher::DataForm;
using usher::FormField;
using usher::FormValues;
using usher::Stanza;
using usher::test::FakeClock;
using usher::test::Literal;
using Strings = std::vector<std::string>;

namespace
{

const std::string kNs = "http://jabber.org/protocol/commands";
const std::string kJuliet = "juliet@capulet.lit/balcony";

CommandStage asking(const std::string& var, bool last,
                    std::function<void(const FormValues&, CommandReply)> submitted)
{
    DataForm form;
    form.title = var;
    form.fields = {
        {.type = FormField::Type::text_single, .var = var, .label = {}, .desc = {}, .required = true}};
    return {.notes = {}, .payload = form, .submitted = std::move(submitted), .last = last};
}

CommandStage said(const std::string& text)
{
    return {.notes = {{CommandNote::Type::info, text}}, .payload = {}};
}

/// Commands: `greet` completes at once, `config` has two stages, `later` completes when the test says so.
class Menu
{
  public:
    Menu() : commands(clock, [this](std::string_view xml) { sent.emplace_back(xml); })
    {
        const auto refused = [this](const Address& user) -> std::optional<std::string> {
            ++permissions_asked;
            return user.local() == forbidden_to ? std::optional<std::string>("Not you.") : std::nullopt;
        };
        commands.add({"greet", "Greet", refused, [](const Address& user, const CommandReply& reply) {
                          reply(said("Hello " + user.text()));
                      }});
        commands.add(
            {"config", "Configure", refused, [this](const Address&, const CommandReply& reply) {
                 reply(asking("service", false, [this](const FormValues& first, const CommandReply& then) {
                     if (first.one("service") == "forbidden") {
                         return then(CommandRefusal{true, "Not that one."});
                     }
                     if (first.one("service") == "unknown") {
                         return then(CommandRefusal{false, "No such service."});
                     }
                     const std::string service = first.one("service");
                     then(asking("level", true,
                                 [this, service](const FormValues& second, const CommandReply& end) {
                                     done.push_back(service + " " + second.one("level"));
                                     end(said("Done."));
                                 }));
                 }));
             }});
        commands.add({"later", "Later", refused,
                      [this](const Address&, CommandReply reply) { waiting.push_back(std::move(reply)); }});
        commands.add({"broken", "Broken", refused, [](const Address&, const CommandReply& reply) {
                          reply(CommandRefusal{false, "The store cannot be read."});
                      }});
    }

    /// Sends a command. Returns the reply's text, or nothing if none came.
    std::string send(const std::string& attributes, const std::string& payload = {},
                     const std::string& from = kJuliet)
    {
        const Literal iq("<iq xmlns='jabber:client' type='set' id='c1' from='" + from +
                         "' to='usher.capulet.lit' xml:lang='de'><command xmlns='" + kNs + "' " + attributes +
                         ">" + payload + "</command></iq>");
        const std::size_t before = sent.size();
        commands.received(iq.stanza(), *Address::prepare(from));
        BOOST_TEST(sent.size() <= before + 1);
        return sent.size() == before ? std::string() : sent.back();
    }

    /// Begins `config` and returns the session, at its first stage.
    std::string begin() { return session_of(send("node='config'")); }
    std::string at_second_stage()
    {
        const std::string id = begin();
        send(with(id), submit("service", "httpd"));
        return id;
    }

    static std::string with(const std::string& id, const std::string& action = {})
    {
        return "node='config' sessionid='" + id + "'" + (action.empty() ? "" : " action='" + action + "'");
    }
    static std::string submit(const std::string& var, const std::string& value)
    {
        return "<x xmlns='jabber:x:data' type='submit'><field var='" + var + "'><value>" + value +
               "</value></field></x>";
    }
    static std::string session_of(const std::string& reply)
    {
        const Literal literal(reply);
        return std::string(literal.stanza().child("command", kNs).attribute("sessionid"));
    }

    FakeClock clock;
    std::vector<std::string> sent;
    std::string forbidden_to = "tybalt";
    int permissions_asked = 0;
    Strings done;
    std::vector<CommandReply> waiting;
    usher::Commands commands;
};

/// `executing [actions, the default first] form title: note` of a reply, or `type condition specific`.
std::string told(const std::string& reply)
{
    if (reply.empty()) {
        return "nothing";
    }
    const Literal literal(reply);
    const Stanza iq = literal.stanza();
    BOOST_TEST(iq.attribute("id") == "c1");
    BOOST_TEST(iq.attribute("from") == "usher.capulet.lit");
    const Stanza command = iq.child("command", kNs);
    BOOST_TEST(bool(command));
    if (iq.attribute("type") == "error") {
        const Stanza error = iq.child("error", iq.ns());
        std::string text(error.attribute("type"));
        for (Stanza child = error.first(); child; child = child.next()) {
            if (child.name() != "text") {
                text += " ";
                text += child.name();
                BOOST_TEST(child.ns() == (child.is("bad-action", kNs) || child.ns() == kNs
                                              ? kNs
                                              : "urn:ietf:params:xml:ns:xmpp-stanzas"));
            }
        }
        return text;
    }
    std::string text(command.attribute("status"));
    if (const Stanza actions = command.child("actions", kNs)) {
        text += " [" + std::string(actions.attribute("execute")) + ":";
        for (Stanza action = actions.first(); action; action = action.next()) {
            text += " " + std::string(action.name());
        }
        text += "]";
    }
    if (const Stanza x = command.child("x", "jabber:x:data")) {
        text += " " + x.child("title", "jabber:x:data").text();
        for (Stanza field = x.first(); field; field = field.next()) {
            if (const Stanza value = field.child("value", "jabber:x:data")) {
                text += "=" + value.text();
            }
        }
    }
    if (const Stanza note = command.child("note", kNs)) {
        text += " " + std::string(note.attribute("type")) + ": " + note.text();
    }
    return text;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(command, Menu)

BOOST_AUTO_TEST_CASE(a_command_without_a_form_is_completed_at_once)
{
    const std::string reply = send("node='greet' action='execute'");
    const std::string id = session_of(reply);
    BOOST_TEST(id.size() == 32U);
    BOOST_TEST(reply ==
               "<iq type='result' id='c1' to='juliet@capulet.lit/balcony' from='usher.capulet.lit'>"
               "<command xmlns='http://jabber.org/protocol/commands' node='greet' sessionid='" +
                   id +
                   "' status='completed' xml:lang='en'><note type='info'>Hello juliet@capulet.lit</note>"
                   "</command></iq>");
    BOOST_TEST(commands.open_sessions() == 0U);
}

BOOST_AUTO_TEST_CASE(a_form_is_shown_until_the_last_one_is_submitted)
{
    const std::string first = send("node='config'");
    BOOST_TEST(told(first) == "executing [next: next] service");
    const std::string id = session_of(first);
    const std::string second = send(with(id), submit("service", "httpd"));
    BOOST_TEST(told(second) == "executing [complete: prev complete] level");
    BOOST_TEST(session_of(second) == id);
    BOOST_TEST(commands.open_sessions() == 1U);
    BOOST_TEST(told(send(with(id, "complete"), submit("level", "5"))) == "completed info: Done.");
    BOOST_TEST(done == Strings{"httpd 5"});
    BOOST_TEST(commands.open_sessions() == 0U);
}

BOOST_AUTO_TEST_CASE(execute_is_the_default_of_the_actions)
{
    const std::string id = begin();
    BOOST_TEST(told(send(with(id, "execute"), submit("service", "httpd"))) ==
               "executing [complete: prev complete] level");
    BOOST_TEST(told(send(with(id, "execute"), submit("level", "5"))) == "completed info: Done.");
}

BOOST_AUTO_TEST_CASE(previous_shows_what_was_entered)
{
    const std::string id = at_second_stage();
    BOOST_TEST(told(send(with(id, "prev"))) == "executing [next: next] service=httpd");
    BOOST_TEST(told(send(with(id, "next"), submit("service", "xmppd"))) ==
               "executing [complete: prev complete] level");
    send(with(id), submit("level", "5"));
    BOOST_TEST(done == Strings{"xmppd 5"});
}

BOOST_AUTO_TEST_CASE(cancel_ends_the_session)
{
    const std::string id = at_second_stage();
    BOOST_TEST(told(send(with(id, "cancel"))) == "canceled");
    BOOST_TEST(commands.open_sessions() == 0U);
    BOOST_TEST(done == Strings());
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_the_form_is_noted_on_it)
{
    const std::string id = begin();
    BOOST_TEST(told(send(with(id), submit("service", ""))) ==
               "executing [next: next] service error: service: please fill this in.");
    BOOST_TEST(told(send(with(id), submit("service", "unknown"))) ==
               "executing [next: next] service=unknown error: No such service.");
    BOOST_TEST(told(send(with(id), submit("service", "httpd"))) ==
               "executing [complete: prev complete] level");
}

BOOST_AUTO_TEST_CASE(a_command_that_fails_without_a_form_says_so_in_a_note)
{
    BOOST_TEST(told(send("node='broken'")) == "completed error: The store cannot be read.");
}

// XEP-0050 section 4.4.
struct Wrong {
    std::string attributes;  ///< SESSION stands for a session at the first stage
    std::string payload;
    std::string error;
    friend std::ostream& operator<<(std::ostream& out, const Wrong& c)
    {
        return out << c.attributes << c.payload;
    }
};
const std::string kService = Menu::submit("service", "httpd");
const Wrong kWrong[] = {
    {"node='config' action='prevent'", "", "modify bad-request malformed-action"},
    {"node='config' sessionid='SESSION' action='Next'", kService, "modify bad-request malformed-action"},
    {"node='config' action='next'", "", "modify bad-request bad-action"},
    {"node='config' action='cancel'", "", "modify bad-request bad-action"},
    {"node='config' sessionid='SESSION' action='prev'", "", "modify bad-request bad-action"},
    {"node='config' sessionid='SESSION' action='complete'", kService, "modify bad-request bad-action"},
    {"node='config' xml:lang='fr-ca'", "", "modify bad-request bad-locale"},
    {"node='config' sessionid='SESSION'", "", "modify bad-request bad-payload"},
    {"node='config' sessionid='SESSION'", kService + kService, "modify bad-request bad-payload"},
    {"node='config' sessionid='SESSION'", "<x xmlns='jabber:x:data' type='result'/>",
     "modify bad-request bad-payload"},
    {"node='config' sessionid='0123456789abcdef0123456789abcdef'", kService,
     "modify bad-request bad-sessionid"},
    {"node='config' sessionid=''", "", "modify bad-request bad-sessionid"},
    {"node='greet' sessionid='SESSION'", kService, "modify bad-request bad-sessionid"},
    {"node='nothing'", "", "cancel item-not-found"},
    {"", "", "cancel item-not-found"},
};

BOOST_DATA_TEST_CASE(errors_are_those_of_the_specification, bdata::make(kWrong), c)
{
    const std::string id = begin();
    std::string attributes = c.attributes;
    if (const auto place = attributes.find("SESSION"); place != std::string::npos) {
        attributes.replace(place, 7, id);
    }
    BOOST_TEST(told(send(attributes, c.payload)) == c.error);
    BOOST_TEST(told(send(with(id), kService)) == "executing [complete: prev complete] level",
               "the session goes on");
}

BOOST_AUTO_TEST_CASE(only_english_is_accepted)
{
    for (const std::string lang : {"en", "en-GB", "EN", "eN-", ""}) {
        BOOST_TEST(told(send("node='greet' xml:lang='" + lang + "'")) ==
                   "completed info: Hello juliet@capulet.lit");
    }
    for (const std::string lang : {"enm", "e", "E", "-", "n-", "de", "-en", "xen"}) {
        BOOST_TEST(told(send("node='greet' xml:lang='" + lang + "'")) == "modify bad-request bad-locale",
                   lang);
    }
}

BOOST_AUTO_TEST_CASE(a_user_without_permission_neither_sees_nor_runs_a_command)
{
    BOOST_TEST(commands.allowed_for(*Address::prepare("tybalt@capulet.lit")).empty());
    BOOST_TEST(commands.allowed_for(*Address::prepare("juliet@capulet.lit")).size() == 4U);
    const std::string reply = send("node='greet'", {}, "tybalt@capulet.lit/x");
    BOOST_TEST(told(reply) == "cancel forbidden");
    BOOST_TEST(reply.find(">Not you.</text>") != std::string::npos);
    BOOST_TEST(commands.open_sessions() == 0U);
}

BOOST_AUTO_TEST_CASE(permission_is_asked_for_again_at_every_stage)
{
    const std::string id = at_second_stage();
    forbidden_to = "juliet";
    BOOST_TEST(told(send(with(id), submit("level", "5"))) == "cancel forbidden");
    BOOST_TEST(done == Strings());
    forbidden_to = "";
    BOOST_TEST(told(send(with(id), submit("level", "5"))) == "cancel not-allowed session-expired");
}

BOOST_AUTO_TEST_CASE(a_refusal_of_the_command_itself_ends_the_session)
{
    const std::string id = begin();
    BOOST_TEST(told(send(with(id), submit("service", "forbidden"))) == "cancel forbidden");
    BOOST_TEST(commands.open_sessions() == 0U);
}

BOOST_AUTO_TEST_CASE(a_session_belongs_to_the_client_that_began_it)
{
    const std::string id = at_second_stage();
    for (const std::string other : {"juliet@capulet.lit/chamber", "romeo@montague.lit/balcony"}) {
        BOOST_TEST(told(send(with(id), submit("level", "5"), other)) == "modify bad-request bad-sessionid");
        BOOST_TEST(told(send(with(id, "cancel"), {}, other)) == "modify bad-request bad-sessionid");
    }
    BOOST_TEST(told(send(with(id), submit("level", "5"))) == "completed info: Done.");
}

BOOST_AUTO_TEST_CASE(ids_are_not_repeated)
{
    BOOST_TEST(begin() != begin());
}

BOOST_AUTO_TEST_CASE(a_session_that_ended_has_expired)
{
    const std::string completed = at_second_stage();
    send(with(completed), submit("level", "5"));
    const std::string cancelled = begin();
    send(with(cancelled, "cancel"));
    const std::string idle = begin();
    clock.advance(usher::Commands::kLifetime);
    for (const std::string& id : {completed, cancelled, idle}) {
        BOOST_TEST(told(send(with(id), submit("level", "5"))) == "cancel not-allowed session-expired");
    }
    BOOST_TEST(done == Strings{"httpd 5"});
}

BOOST_AUTO_TEST_CASE(a_session_in_use_does_not_expire)
{
    const std::string id = begin();
    clock.advance(usher::Commands::kLifetime - 1ms);
    send(with(id), submit("service", "httpd"));
    clock.advance(usher::Commands::kLifetime - 1ms);
    BOOST_TEST(told(send(with(id), submit("level", "5"))) == "completed info: Done.");
}

BOOST_AUTO_TEST_CASE(the_oldest_session_of_a_user_makes_room)
{
    Strings ids;
    for (std::size_t i = 0; i <= usher::Commands::kMaxPerUser; ++i) {
        // From any of the user's clients.
        ids.push_back(session_of(send("node='config'", {}, "juliet@capulet.lit/" + std::to_string(i))));
    }
    BOOST_TEST(commands.open_sessions() == usher::Commands::kMaxPerUser);
    BOOST_TEST(told(send(with(ids[0]), kService, "juliet@capulet.lit/0")) ==
               "modify bad-request bad-sessionid");
    BOOST_TEST(told(send(with(ids[1]), kService, "juliet@capulet.lit/1")) ==
               "executing [complete: prev complete] level");
}

BOOST_AUTO_TEST_CASE(an_ended_session_makes_room_before_an_open_one)
{
    const std::string open = begin();
    for (std::size_t i = 0; i < 3 * usher::Commands::kMaxPerUser; ++i) {
        send("node='greet'");
    }
    BOOST_TEST(told(send(with(open), kService)) == "executing [complete: prev complete] level");
}

BOOST_AUTO_TEST_CASE(sessions_are_bounded_in_total_and_room_comes_back)
{
    for (std::size_t i = 0; i < usher::Commands::kMaxSessions; ++i) {
        send("node='config'", {}, "user" + std::to_string(i) + "@capulet.lit/x");
    }
    BOOST_TEST(told(send("node='config'")) == "wait resource-constraint");
    clock.advance(usher::Commands::kLifetime);
    BOOST_TEST(told(send("node='config'")) == "executing [next: next] service");
}

BOOST_AUTO_TEST_CASE(an_answer_may_come_later)
{
    BOOST_TEST(told(send("node='later'")) == "nothing");
    waiting.at(0)(said("At last."));
    BOOST_TEST(told(sent.back()) == "completed info: At last.");
}

BOOST_AUTO_TEST_CASE(a_step_that_is_being_worked_on_is_not_taken_twice)
{
    send("node='later'");
    waiting.at(0)(asking("word", true, [this](const FormValues&, CommandReply reply) {
        waiting.push_back(std::move(reply));
    }));
    const std::string later = "node='later' sessionid='" + session_of(sent.back()) + "'";
    BOOST_TEST(told(send(later, submit("word", "peace"))) == "nothing");
    BOOST_TEST(told(send(later, submit("word", "peace"))) == "wait unexpected-request");
    BOOST_TEST(waiting.size() == 2U);
    waiting.at(1)(said("Done."));
    BOOST_TEST(told(sent.back()) == "completed info: Done.");
}

BOOST_AUTO_TEST_CASE(an_answer_to_a_session_that_was_cancelled_meanwhile_is_not_lost)
{
    send("node='later'");
    waiting.at(0)(asking("word", true, [this](const FormValues&, CommandReply reply) {
        waiting.push_back(std::move(reply));
    }));
    const std::string later = "node='later' sessionid='" + session_of(sent.back()) + "'";
    send(later, submit("word", "peace"));
    BOOST_TEST(told(send(later + " action='cancel'")) == "canceled");
    waiting.at(1)(said("Done."));
    BOOST_TEST(told(sent.back()) == "cancel not-allowed session-expired");
}

BOOST_AUTO_TEST_CASE(work_of_a_user_in_a_minute_is_bounded)
{
    const std::string open = begin();
    for (std::size_t i = 1; i < usher::Commands::kMaxPerMinute; ++i) {
        send("node='greet'", {}, "juliet@capulet.lit/" + std::to_string(i));
    }
    BOOST_TEST(told(send("node='greet'")) == "wait resource-constraint");
    BOOST_TEST(told(send(with(open), submit("service", "httpd"))) == "wait resource-constraint");
    BOOST_TEST(told(send("node='greet'", {}, "nurse@capulet.lit/x")) ==
               "completed info: Hello nurse@capulet.lit");
    clock.advance(1min);
    BOOST_TEST(told(send(with(open), submit("service", "httpd"))) ==
               "executing [complete: prev complete] level");
}

BOOST_AUTO_TEST_CASE(unfinished_work_is_bounded_too)
{
    for (std::size_t i = 0; i < usher::Commands::kMaxPerUser; ++i) {
        send("node='later'");
    }
    BOOST_TEST(told(send("node='later'")) == "wait resource-constraint");
    waiting.at(0)(said("Done."));
    BOOST_TEST(told(send("node='later'")) == "nothing");
}

BOOST_AUTO_TEST_SUITE_END()
