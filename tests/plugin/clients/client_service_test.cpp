// What users and administrators are sent while the store answers late. What menus and the chat say is in tests/dialogue.
#include "plugin/clients/client_service.h"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <vector>

#include "core_now.h"
#include "doubles.h"
#include "held_database.h"
#include "plugin/settings/reader.h"
#include "temporary_directory.h"

namespace usher
{

namespace
{

using Texts = std::vector<std::string>;

const std::string kFile = R"(
[connection]
component = "usher.capulet.lit"
secret_file = "/etc/usher/secret"
[[organization]]
name = "Capulet"
domains = ["capulet.lit"]
administrators = ["nurse@capulet.lit"]
)";

const std::string kJuliet = "juliet@capulet.lit/balcony";
const std::string kNurse = "nurse@capulet.lit/kitchen";

std::chrono::system_clock::time_point noon()
{
    return std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12);
}

Login login()
{
    Login login;
    login.component = true;
    login.address = "usher.capulet.lit";
    return login;
}

/// What stands between the two; empty if they are not there.
std::string between(const std::string& text, const std::string& begin, const std::string& end)
{
    const std::size_t from = text.find(begin);
    if (from == std::string::npos) {
        return {};
    }
    return text.substr(from + begin.size(), text.find(end, from + begin.size()) - from - begin.size());
}

struct NoEvents : EntityEvents {
    void domain_changed(const std::string&, DomainState) override {}
    void offline(const Failure&, std::chrono::milliseconds) override {}
};

struct Served {
    Served()
    {
        entity.start();
        channels.opened("usher.capulet.lit");
        channels.sent.clear();
    }

    void say(const std::string& from, const std::string& text)
    {
        channels.received("<message type='chat' from='" + from + "' to='usher.capulet.lit'><body>" + text +
                          "</body></message>");
    }
    /// The first words of each chat message that was sent since the last call, and to whom.
    Texts replies()
    {
        Texts replies;
        for (const std::string& xml : channels.take_sent()) {
            replies.push_back(between(xml, " to='", "@") + ": " + between(xml, "<body>", " "));
        }
        return replies;
    }

    /// Sends a step of a command, with these attributes and this submitted form.
    void send_command(const std::string& from, const std::string& id, const std::string& attributes,
                      const std::string& fields = {})
    {
        const std::string form =
            fields.empty() ? "" : "<x xmlns='jabber:x:data' type='submit'>" + fields + "</x>";
        channels.received("<iq type='set' id='" + id + "' from='" + from +
                          "' to='usher.capulet.lit'><command xmlns='http://jabber.org/protocol/commands' " +
                          attributes + ">" + form + "</command></iq>");
    }
    static std::string field(const std::string& var, const std::string& value)
    {
        return "<field var='" + var + "'><value>" + value + "</value></field>";
    }
    /// Begins the command. Returns the attributes for its next step.
    std::string begin(const std::string& from, const std::string& node)
    {
        send_command(from, "begin", "node='" + node + "'");
        const Texts sent = channels.take_sent();
        BOOST_REQUIRE(sent.size() == 1U);
        return "node='" + node + "' sessionid='" + between(sent[0], "sessionid='", "'") + "'";
    }
    /// The only stanza that was sent since the last call.
    std::string only_sent()
    {
        const Texts sent = channels.take_sent();
        BOOST_REQUIRE(sent.size() == 1U);
        return sent.front();
    }

    test::TemporaryDirectory directory;
    std::unique_ptr<test::HeldDatabase> database = std::make_unique<test::HeldDatabase>(
        Database::open("sqlite3://" + (directory.path() / "usher.db").string()).value());
    std::unique_ptr<test::PolicyNow> policy =
        test::PolicyNow::make(parse_settings(kFile, "usher.toml").value(), *database, noon).value();
    test::ChoicesNow choices{*database};
    test::JournalNow journal{*database};
    test::FakeClock clock;
    test::FakeChannels channels;
    NoEvents events;
    test::AnswererNow answerer{policy->policy(), choices.choices, journal.journal, clock, noon};
    Entity entity{login(), "usher.capulet.lit", {"capulet.lit"}, channels,
                  clock,   [] { return 0.5; },  answerer,        events};
    Operations operations{*policy, answerer, choices.choices, *database, entity, clock};
    ClientService service{entity, operations, clock, true};
};

void check_contains(const std::string& xml, const std::string& what)
{
    BOOST_TEST(xml.find(what) != std::string::npos, xml << " has no " << what);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(client_service, Served)

// --- The chat

BOOST_AUTO_TEST_CASE(a_message_is_answered_when_the_store_has_answered)
{
    database->holds = true;
    say(kJuliet, "options 1");
    BOOST_TEST(replies().empty());
    database->release_all();
    BOOST_TEST(replies() == Texts{"juliet: Saved."}, boost::test_tools::per_element());
    BOOST_TEST((choices.of(Address::prepare(kJuliet).value()).value() == Option::all));
}

BOOST_AUTO_TEST_CASE(a_users_messages_are_answered_in_their_order_and_hold_up_nobody_else)
{
    database->holds = true;
    say(kJuliet, "options 1");
    say(kJuliet, "help");
    say(kJuliet, "options");
    say(kJuliet, "What?");
    BOOST_TEST(database->held() == 1U);  // the next command begins when this one has been answered
    say(kNurse, "help");
    BOOST_TEST(replies() == Texts{"nurse: I"}, boost::test_tools::per_element());
    database->release_all();
    BOOST_TEST(replies() == (Texts{"juliet: Saved.", "juliet: I", "juliet: Options", "juliet: I"}),
               boost::test_tools::per_element());
    say(kJuliet, "help");
    BOOST_TEST(replies() == Texts{"juliet: I"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(messages_that_wait_when_the_connection_is_lost_hold_up_none_after_the_next_login)
{
    database->holds = true;
    say(kJuliet, "options");
    say(kJuliet, "options 7");
    say(kJuliet, "approve @");
    say(kJuliet, "waiting");
    channels.ended(Failure::Kind::closed);
    database->release_all();
    BOOST_TEST(replies().empty());
    clock.advance(std::chrono::minutes(1));
    channels.opened("usher.capulet.lit");
    channels.sent.clear();
    say(kJuliet, "help");
    BOOST_TEST(replies() == Texts{"juliet: I"}, boost::test_tools::per_element());
}

// --- Menus

BOOST_AUTO_TEST_CASE(a_menu_is_shown_when_the_store_has_answered)
{
    database->holds = true;
    send_command(kJuliet, "first", "node='options'");
    BOOST_TEST(channels.take_sent().empty());
    database->release_all();
    const std::string shown = only_sent();
    check_contains(shown, "id='first'");
    check_contains(shown, "status='executing'");
    check_contains(shown,
                   "Now: Accept requests automatically from contacts in my organization.</instructions>");
}

BOOST_AUTO_TEST_CASE(a_choice_is_confirmed_when_it_is_stored)
{
    const std::string next = begin(kJuliet, "options");
    database->holds = true;
    send_command(kJuliet, "choice", next, field("option", "all"));
    BOOST_TEST(channels.take_sent().empty());
    database->release_all();
    const std::string confirmed = only_sent();
    check_contains(confirmed, "id='choice'");
    check_contains(confirmed, "Saved. From the next request on");
    BOOST_TEST((choices.of(Address::prepare(kJuliet).value()).value() == Option::all));
}

BOOST_AUTO_TEST_CASE(another_instance_with_the_same_key_goes_on_with_a_menu)
{
    const std::string key(32, 'k');
    service.set_session_key(key);
    const std::string next = begin(kJuliet, "options");
    ClientService other{entity, operations, clock, true};  // gets the stanzas from now on
    send_command(kJuliet, "choice", next, field("option", "all"));
    check_contains(only_sent(), "bad-sessionid");
    other.set_session_key(key);
    send_command(kJuliet, "choice", next, field("option", "all"));
    check_contains(only_sent(), "Saved. From the next request on");
}

BOOST_AUTO_TEST_CASE(of_two_submissions_the_second_counts)
{
    const std::string next = begin(kJuliet, "options");
    database->holds = true;
    send_command(kJuliet, "first", next, field("option", "all"));
    send_command(kJuliet, "second", next, field("option", "prompt"));
    database->release_all();
    const Texts sent = channels.take_sent();
    BOOST_REQUIRE(sent.size() == 2U);
    check_contains(sent[0], "id='first'");
    check_contains(sent[1], "id='second'");
    check_contains(sent[1], "Saved. From the next request on: Prompt me for each request.");
    BOOST_TEST((choices.of(Address::prepare(kJuliet).value()).value() == Option::prompt));
}

/// What was submitted before is carried out all the same, and its reply says so.
BOOST_AUTO_TEST_CASE(a_menu_can_be_left_before_the_store_has_answered)
{
    const std::string next = begin(kJuliet, "options");
    database->holds = true;
    send_command(kJuliet, "choice", next, field("option", "all"));
    send_command(kJuliet, "cancel", next + " action='cancel'");
    check_contains(only_sent(), "status='canceled'");
    database->release_all();
    const std::string late = only_sent();
    check_contains(late, "id='choice'");
    check_contains(late, "Saved. From the next request on");
}

BOOST_AUTO_TEST_CASE(saved_settings_are_confirmed_to_whoever_saved_them_when_they_are_stored)
{
    const std::string next = begin(kNurse, "general-im");
    const std::string fields = field("users_may_choose", "1") + field("option", "all") +
                               field("domains", "capulet.lit") + field("reset", "0");
    std::string without_nurse = kFile;
    without_nurse.replace(without_nurse.find("nurse@"), 5, "tybalt");
    database->holds = true;
    policy->PolicyInForce::set_file(parse_settings(without_nurse, "usher.toml").value(),
                                    [](const auto& outcome) { BOOST_TEST(outcome.has_value()); });
    send_command(kNurse, "save", next, fields);
    BOOST_TEST(channels.take_sent().empty());
    database->release_all();
    check_contains(only_sent(), "Saved. Capulet: Accept requests automatically from all contacts");
}

/// Whether a user may choose is known without the store: the list of commands does not wait for it.
BOOST_AUTO_TEST_CASE(the_menus_are_listed_while_the_store_does_not_answer)
{
    database->holds = true;
    channels.received("<iq type='get' id='list' from='" + kJuliet +
                      "' to='usher.capulet.lit'><query xmlns='http://jabber.org/protocol/disco#items' "
                      "node='http://jabber.org/protocol/commands'/></iq>");
    check_contains(only_sent(), "node='options'");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
