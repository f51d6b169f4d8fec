// XEP-0050 from the responder's side: what clients send, and the replies.
#include "integration/commands/command.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <optional>
#include <ostream>
#include <string>

#include "doubles.h"
#include "integration/xmpp/xml.h"
#include "literal.h"

namespace bdata = boost::unit_test::data;
using namespace std::chrono_literals;
using usher::Address;
using usher::Command;
using usher::CommandForm;
using usher::CommandFormReply;
using usher::CommandInput;
using usher::CommandNote;
using usher::CommandRefusal;
using usher::CommandReply;
using usher::CommandResult;
using usher::Commands;
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

CommandForm asking(const std::string& basis = {})
{
    DataForm form;
    form.title = "Service";
    form.fields = {
        {.type = FormField::Type::text_single, .var = "service", .label = {}, .desc = {}, .required = true},
        {.type = FormField::Type::text_single, .var = "level", .label = {}, .desc = {}}};
    return {.form = form, .basis = basis};
}

CommandResult said(const std::string& text)
{
    return {.notes = {{CommandNote::Type::info, text}}};
}

/// Commands: `greet` has no form, `config` has one, `later` has one and waits for the test at each step, `broken` fails. Two
/// instances that share a key and all else that the commands use.
class Menu
{
  public:
    Menu()
    {
        for (Commands* commands : {&one, &other}) {
            commands->set_session_key(std::string(32, 'k'));
            add_to(*commands);
        }
    }

    void add_to(Commands& commands)
    {
        const auto refused = [this](const Address& user) -> std::optional<std::string> {
            return user.local() == forbidden_to ? std::optional<std::string>("Not you.") : std::nullopt;
        };
        commands.add({"greet",
                      "Greet",
                      refused,
                      {},
                      [](const Address& user, const CommandInput&, const CommandReply& reply) {
                          reply(said("Hello " + user.text()));
                      }});
        commands.add({"config", "Configure", refused,
                      [this](const Address&, const std::string& basis, const CommandFormReply& reply) {
                          bases.push_back(basis);
                          if (!form_error.empty()) {
                              return reply(CommandRefusal{false, form_error});
                          }
                          CommandForm made = asking(basis.empty() ? state : basis);
                          made.form.fields[1].values = {made.basis};
                          reply(std::move(made));
                      },
                      [this](const Address&, const CommandInput& input, const CommandReply& reply) {
                          const std::string service = input.values.one("service");
                          if (service == "forbidden") {
                              return reply(CommandRefusal{true, "Not that one."});
                          }
                          if (service == "unknown") {
                              return reply(CommandRefusal{false, "No such service."});
                          }
                          done.push_back(service + " " + input.values.one("level") + " " + input.basis);
                          reply(said("Done."));
                      }});
        commands.add({"later", "Later", refused,
                      [this](const Address&, const std::string&, CommandFormReply reply) {
                          forms.push_back(std::move(reply));
                      },
                      [this](const Address&, const CommandInput&, CommandReply reply) {
                          waiting.push_back(std::move(reply));
                      }});
        commands.add({"broken",
                      "Broken",
                      refused,
                      [](const Address&, const std::string&, const CommandFormReply& reply) {
                          reply(CommandRefusal{false, "The store cannot be read."});
                      },
                      {}});
    }

    /// Sends a command. Returns the reply's text, or nothing if none came.
    std::string send(const std::string& attributes, const std::string& payload = {},
                     const std::string& from = kJuliet)
    {
        return send_to(one, attributes, payload, from);
    }
    std::string send_to(Commands& commands, const std::string& attributes, const std::string& payload = {},
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

    /// Begins `config` and returns the session.
    std::string begin() { return session_of(send("node='config'")); }

    static std::string with(const std::string& id, const std::string& action = {})
    {
        std::string attributes = "node='config'";
        usher::append_attribute(attributes, "sessionid", id);
        return attributes + (action.empty() ? "" : " action='" + action + "'");
    }
    static std::string submit(const std::string& service)
    {
        return "<x xmlns='jabber:x:data' type='submit'><field var='service'><value>" + service +
               "</value></field></x>";
    }
    static std::string session_of(const std::string& reply)
    {
        const Literal literal(reply);
        return std::string(literal.stanza().child("command", kNs).attribute("sessionid"));
    }

    const std::function<void(std::string_view)> keep = [this](std::string_view xml) {
        sent.emplace_back(xml);
    };
    FakeClock clock;
    std::chrono::system_clock::time_point now{std::chrono::seconds(1'700'000'000)};
    std::chrono::seconds ahead{0};  ///< the other instance's clock
    std::vector<std::string> sent;
    std::string forbidden_to = "tybalt";
    std::string state = "5";  ///< what the form of `config` is made of
    std::string form_error;
    Strings bases;
    Strings done;
    std::vector<CommandFormReply> forms;
    std::vector<CommandReply> waiting;
    Commands one{clock, [this] { return now; }, keep};
    Commands other{clock, [this] { return now + ahead; }, keep};
};

/// `executing [actions, the default first] form title=value note` of a reply, or `type condition specific`.
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
    BOOST_TEST(told(send("node='greet' sessionid='" + id + "'")) == "modify bad-request bad-sessionid");
}

BOOST_AUTO_TEST_CASE(a_form_is_shown_and_submitted)
{
    const std::string first = send("node='config'");
    BOOST_TEST(told(first) == "executing [complete: complete] Service=5");
    const std::string second = send(with(session_of(first), "complete"), submit("httpd"));
    BOOST_TEST(told(second) == "completed info: Done.");
    BOOST_TEST(session_of(second) == session_of(first));
    BOOST_TEST(done == Strings{"httpd 5 5"});
}

BOOST_AUTO_TEST_CASE(execute_is_the_default_of_the_actions)
{
    BOOST_TEST(told(send(with(begin(), "execute"), submit("httpd"))) == "completed info: Done.");
    BOOST_TEST(told(send(with(begin()), submit("httpd"))) == "completed info: Done.");
}

BOOST_AUTO_TEST_CASE(cancel_is_confirmed)
{
    BOOST_TEST(told(send(with(begin(), "cancel"))) == "canceled");
    BOOST_TEST(done == Strings());
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_the_form_is_noted_on_it)
{
    const std::string id = begin();
    BOOST_TEST(told(send(with(id), submit(""))) ==
               "executing [complete: complete] Service=5 error: service: please fill this in.");
    const std::string again = send(with(id), submit("unknown"));
    BOOST_TEST(told(again) == "executing [complete: complete] Service=unknown=5 error: No such service.");
    // Some clients give up when the session gets another id.
    BOOST_TEST(session_of(again) == id);
    BOOST_TEST(told(send(with(id), submit("httpd"))) == "completed info: Done.");
}

BOOST_AUTO_TEST_CASE(a_command_whose_form_cannot_be_made_says_so_in_a_note)
{
    BOOST_TEST(told(send("node='broken'")) == "completed error: The store cannot be read.");
    const std::string id = begin();
    form_error = "The store cannot be read.";
    BOOST_TEST(told(send(with(id), submit("httpd"))) == "completed error: The store cannot be read.");
    BOOST_TEST(done == Strings());
    form_error = "";
    BOOST_TEST(told(send(with(id), submit("httpd"))) == "completed info: Done.");
}

BOOST_AUTO_TEST_CASE(the_form_comes_back_with_what_it_was_made_of)
{
    state = "6, <>&'\" \u00fc.";
    const std::string id = begin();
    state = "7";
    send(with(id), submit("httpd"));
    BOOST_TEST(bases == (Strings{"", "6, <>&'\" \u00fc."}));
    BOOST_TEST(done == Strings{"httpd 6, <>&'\" \u00fc. 6, <>&'\" \u00fc."});
}

// XEP-0050 section 4.4.
struct Wrong {
    std::string attributes;  ///< SESSION stands for a session
    std::string payload;
    std::string error;
    friend std::ostream& operator<<(std::ostream& out, const Wrong& c)
    {
        return out << c.attributes << c.payload;
    }
};
const std::string kService = Menu::submit("httpd");
const Wrong kWrong[] = {
    {"node='config' action='prevent'", "", "modify bad-request malformed-action"},
    {"node='config' sessionid='SESSION' action='Next'", kService, "modify bad-request malformed-action"},
    {"node='config' action='next'", "", "modify bad-request bad-action"},
    {"node='config' action='cancel'", "", "modify bad-request bad-action"},
    {"node='config' sessionid='SESSION' action='prev'", "", "modify bad-request bad-action"},
    {"node='config' sessionid='SESSION' action='next'", kService, "modify bad-request bad-action"},
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
    BOOST_TEST(done == Strings());
    BOOST_TEST(told(send(with(id), kService)) == "completed info: Done.", "the session goes on");
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
    BOOST_TEST(one.allowed_for(*Address::prepare("tybalt@capulet.lit")).empty());
    BOOST_TEST(one.allowed_for(*Address::prepare("juliet@capulet.lit")).size() == 4U);
    const std::string reply = send("node='greet'", {}, "tybalt@capulet.lit/x");
    BOOST_TEST(told(reply) == "cancel forbidden");
    BOOST_TEST(reply.find(">Not you.</text>") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(permission_is_asked_for_again_when_the_form_comes_back)
{
    const std::string id = begin();
    forbidden_to = "juliet";
    BOOST_TEST(told(send(with(id), submit("httpd"))) == "cancel forbidden");
    BOOST_TEST(done == Strings());
}

BOOST_AUTO_TEST_CASE(a_refusal_of_the_command_itself_is_an_error)
{
    BOOST_TEST(told(send(with(begin()), submit("forbidden"))) == "cancel forbidden");
}

// --- Sessions

BOOST_AUTO_TEST_CASE(any_instance_with_the_same_key_goes_on_with_a_session)
{
    for (int i = 0; i < 100; ++i) {
        const bool turn = i % 2 == 0;
        const std::string user = "user" + std::to_string(i) + "@capulet.lit/x";
        const std::string id = session_of(send_to(turn ? one : other, "node='config'", {}, user));
        BOOST_TEST(told(send_to(turn ? other : one, with(id), submit("unknown"), user)) ==
                   "executing [complete: complete] Service=unknown=5 error: No such service.");
        BOOST_TEST(told(send_to(turn ? one : other, with(id), submit("httpd"), user)) ==
                   "completed info: Done.");
        BOOST_TEST(told(send_to(turn ? other : one, with(id, "cancel"), {}, user)) == "canceled");
    }
    BOOST_TEST(done == Strings(100, "httpd 5 5"));
}

BOOST_AUTO_TEST_CASE(an_instance_with_another_key_knows_no_session_of_this_one)
{
    const std::string id = begin();
    other.set_session_key(std::string(31, 'k') + "l");
    BOOST_TEST(told(send_to(other, with(id), submit("httpd"))) == "modify bad-request bad-sessionid");
    Commands without_key(clock, [this] { return now; }, keep);
    add_to(without_key);
    BOOST_TEST(told(send_to(without_key, with(id), submit("httpd"))) == "modify bad-request bad-sessionid");
    const std::string own = session_of(send_to(without_key, "node='config'"));
    BOOST_TEST(told(send_to(without_key, with(own), submit("httpd"))) == "completed info: Done.");
    BOOST_TEST(told(send(with(own), submit("httpd"))) == "modify bad-request bad-sessionid");
    BOOST_TEST(done.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_session_belongs_to_the_client_that_began_it)
{
    const std::string id = begin();
    for (const std::string foreign : {"juliet@capulet.lit/chamber", "romeo@montague.lit/balcony"}) {
        for (Commands* commands : {&one, &other}) {
            BOOST_TEST(told(send_to(*commands, with(id), submit("httpd"), foreign)) ==
                       "modify bad-request bad-sessionid");
            BOOST_TEST(told(send_to(*commands, with(id, "cancel"), {}, foreign)) ==
                       "modify bad-request bad-sessionid");
        }
    }
    BOOST_TEST(done == Strings());
}

BOOST_AUTO_TEST_CASE(a_session_belongs_to_the_command_that_began_it)
{
    const std::string id = begin();
    for (const std::string node : {"later", "broken", "greet"}) {
        BOOST_TEST(told(send_to(other, "node='" + node + "' sessionid='" + id + "'", submit("httpd"))) ==
                   "modify bad-request bad-sessionid");
    }
    BOOST_TEST(forms.empty());
    // As from an instance of another version, where this command has a form.
    const std::string made = usher::SessionIds(std::string(32, 'k')).make({now, ""}, "greet", kJuliet);
    BOOST_TEST(told(send("node='greet' sessionid='" + made + "'", submit("httpd"))) ==
               "modify bad-request bad-sessionid");
}

BOOST_AUTO_TEST_CASE(a_session_expires_at_every_instance)
{
    const std::string id = begin();
    now += Commands::kLifetime - 1ms;
    BOOST_TEST(told(send_to(other, with(id), submit("httpd"))) == "completed info: Done.");
    now += 1ms;
    for (Commands* commands : {&one, &other}) {
        BOOST_TEST(told(send_to(*commands, with(id), submit("httpd"))) ==
                   "cancel not-allowed session-expired");
        BOOST_TEST(told(send_to(*commands, with(id, "cancel"))) == "cancel not-allowed session-expired");
    }
    BOOST_TEST(done.size() == 1U);
}

BOOST_AUTO_TEST_CASE(instances_whose_clocks_differ_agree_all_the_same)
{
    for (const auto difference : {-30s, 30s}) {
        ahead = difference;
        BOOST_TEST(told(send_to(other, with(begin()), submit("httpd"))) == "completed info: Done.");
    }
    // A session never lasts longer than this, however wrong a clock is.
    ahead = -Commands::kLifetime;
    BOOST_TEST(told(send_to(other, with(begin()), submit("httpd"))) == "cancel not-allowed session-expired");
}

BOOST_AUTO_TEST_CASE(a_form_that_is_submitted_again_is_carried_out_again)
{
    const std::string id = begin();
    BOOST_TEST(told(send(with(id), submit("httpd"))) == "completed info: Done.");
    BOOST_TEST(told(send_to(other, with(id), submit("httpd"))) == "completed info: Done.");
    BOOST_TEST(done == Strings(2, "httpd 5 5"));
}

// --- Work

BOOST_AUTO_TEST_CASE(each_answer_may_come_later)
{
    BOOST_TEST(told(send("node='later'")) == "nothing");
    forms.at(0)(asking());
    BOOST_TEST(told(sent.back()) == "executing [complete: complete] Service");
    const std::string later = "node='later' sessionid='" + session_of(sent.back()) + "'";
    BOOST_TEST(told(send_to(other, later, submit("httpd"))) == "nothing");
    forms.at(1)(asking());
    BOOST_TEST(told(sent.back()) == "executing [complete: complete] Service", "nothing more yet");
    waiting.at(0)(CommandRefusal{false, "No such service."});
    BOOST_TEST(told(sent.back()) == "executing [complete: complete] Service=httpd error: No such service.");
    BOOST_TEST(told(send(later, submit("xmppd"))) == "nothing");
    forms.at(2)(asking());
    waiting.at(1)(said("At last."));
    BOOST_TEST(told(sent.back()) == "completed info: At last.");
}

BOOST_AUTO_TEST_CASE(work_of_a_user_in_a_minute_is_bounded)
{
    const std::string open = begin();
    for (std::size_t i = 1; i < Commands::kMaxPerMinute; ++i) {
        send("node='greet'", {}, "juliet@capulet.lit/" + std::to_string(i));
    }
    BOOST_TEST(told(send("node='greet'")) == "wait resource-constraint");
    BOOST_TEST(told(send(with(open), submit("httpd"))) == "wait resource-constraint");
    BOOST_TEST(told(send("node='greet'", {}, "nurse@capulet.lit/x")) ==
               "completed info: Hello nurse@capulet.lit");
    clock.advance(1min);
    BOOST_TEST(told(send(with(open), submit("httpd"))) == "completed info: Done.");
}

BOOST_AUTO_TEST_CASE(unfinished_work_of_a_user_is_bounded)
{
    const std::string open = begin();
    for (std::size_t i = 0; i < Commands::kMaxUnderWay; ++i) {
        send("node='later'");
    }
    BOOST_TEST(told(send("node='later'")) == "wait resource-constraint");
    BOOST_TEST(told(send(with(open), submit("httpd"))) == "wait resource-constraint");
    BOOST_TEST(told(send("node='greet'", {}, "nurse@capulet.lit/x")) ==
               "completed info: Hello nurse@capulet.lit");
    forms.at(0)(asking());
    const std::string id = session_of(sent.back());
    BOOST_TEST(told(send("node='later' sessionid='" + id + "'", submit("httpd"))) == "nothing");
    forms.back()(asking());
    BOOST_TEST(told(send(with(open), submit("httpd"))) == "wait resource-constraint",
               "what is carried out counts");
    waiting.at(0)(said("Done."));
    BOOST_TEST(told(send(with(open), submit("httpd"))) == "completed info: Done.");
}

BOOST_AUTO_TEST_CASE(unfinished_work_of_all_is_bounded)
{
    for (std::size_t i = 0; i < Commands::kMaxUnderWayInAll; ++i) {
        send("node='later'", {}, "user" + std::to_string(i) + "@capulet.lit/x");
    }
    BOOST_TEST(told(send("node='config'")) == "wait resource-constraint");
    forms.at(0)(CommandRefusal{false, "No."});
    BOOST_TEST(told(send("node='config'")) == "executing [complete: complete] Service=5");
}

BOOST_AUTO_TEST_SUITE_END()
