// What administrators are asked about a login at the page, and which replies log somebody in.
#include "plugin/clients/login_confirmation.h"

#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <vector>

#include "core_now.h"
#include "doubles.h"
#include "plugin/clients/client_service.h"
#include "plugin/settings/reader.h"
#include "plugin/store/database.h"
#include "temporary_directory.h"

namespace usher
{

namespace
{

namespace bdata = boost::unit_test::data;
using Texts = std::vector<std::string>;

const std::string kSettings = R"(
[connection]
component = "usher.capulet.lit"
secret_file = "/etc/usher/secret"
[[organization]]
name = "Capulet"
domains = ["capulet.lit"]
administrators = ["nurse@capulet.lit"]
)";

const std::string kAccount = "nurse@capulet.lit";
const std::string kPhone = "nurse@capulet.lit/phone";
const std::string kCode = "K7QF-2M";
const std::string kOther = "3PXD-9A";
const std::string kUrl = "https://usher.capulet.lit/";
const std::string kConfirm =
    "<confirm xmlns='http://jabber.org/protocol/http-auth' id='K7QF-2M' method='POST' "
    "url='https://usher.capulet.lit/'/>";
const std::string kNotUnderstood =
    "I do not understand that. Send &quot;help&quot; for the list of commands.";

std::chrono::system_clock::time_point midday()
{
    return std::chrono::sys_days(std::chrono::year(2026) / 11 / 30) + std::chrono::hours(12);
}

Login component()
{
    Login login;
    login.component = true;
    login.address = "usher.capulet.lit";
    return login;
}

std::string cut(const std::string& text, const std::string& begin, const std::string& end)
{
    const std::size_t from = text.find(begin);
    BOOST_REQUIRE_MESSAGE(from != std::string::npos, text << " has no " << begin);
    return text.substr(from + begin.size(), text.find(end, from + begin.size()) - from - begin.size());
}

struct Quiet : EntityEvents {
    void domain_changed(const std::string&, DomainState) override {}
    void offline(const Failure&, std::chrono::milliseconds) override {}
};

struct Page {
    Page()
    {
        entity.start();
        channels.opened("usher.capulet.lit");
        channels.sent.clear();
    }

    void ask(const std::string& address, const std::string& code = kCode)
    {
        service.login_confirmation().ask(
            address, code, kUrl, [this, code](bool yes) { ends.push_back(code + (yes ? " yes" : " no")); });
    }
    /// What became of the logins since the last call.
    Texts ended() { return std::exchange(ends, {}); }

    std::string only_sent()
    {
        const Texts sent = channels.take_sent();
        BOOST_REQUIRE(sent.size() == 1U);
        return sent.front();
    }
    void receive(const std::string& name, const std::string& attributes, const std::string& children)
    {
        channels.received("<" + name + " to='usher.capulet.lit' " + attributes + ">" + children + "</" +
                          name + ">");
    }
    void confirm_by_message(const std::string& attributes, const std::string& children = kConfirm)
    {
        receive("message", attributes, children);
    }
    /// The reply in the chat; empty if there is none.
    std::string say(const std::string& text, const std::string& from = kPhone)
    {
        receive("message", "type='chat' from='" + from + "'", "<body>" + text + "</body>");
        const Texts sent = channels.take_sent();
        BOOST_REQUIRE(sent.size() < 2U);
        return sent.empty() ? std::string() : cut(sent.front(), "<body>", "</body>");
    }
    void reply(const std::string& iq, const std::string& type, const std::string& from,
               const std::string& children = {})
    {
        receive("iq", "type='" + type + "' id='" + cut(iq, " id='", "'") + "' from='" + from + "'", children);
    }
    static std::string error(const std::string& condition)
    {
        return "<error type='auth'><" + condition + " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    }

    /// Lets time pass on a stream that stays.
    void pass(std::chrono::milliseconds time)
    {
        for (const auto end = clock.now() + time; clock.now() < end;) {
            clock.advance(std::min(std::chrono::duration_cast<std::chrono::milliseconds>(end - clock.now()),
                                   std::chrono::milliseconds(1'000)));
            for (const std::string& xml : channels.take_sent()) {
                if (xml.find("urn:xmpp:ping") != std::string::npos) {
                    reply(xml, "result", "usher.capulet.lit");
                }
            }
        }
    }

    test::TemporaryDirectory directory;
    std::unique_ptr<Database> database =
        Database::open("sqlite3://" + (directory.path() / "usher.db").string()).value();
    std::unique_ptr<test::PolicyNow> policy =
        test::PolicyNow::make(parse_settings(kSettings, "usher.toml").value(), *database, midday).value();
    test::ChoicesNow choices{*database};
    test::JournalNow journal{*database};
    test::FakeClock clock;
    test::FakeChannels channels;
    Quiet events;
    test::AnswererNow answerer{policy->policy(), choices.choices, journal.journal, clock, midday};
    Entity entity{component(), "usher.capulet.lit", {"capulet.lit"}, channels,
                  clock,       [] { return 0.5; },  answerer,        events};
    Operations operations{*policy, answerer, choices.choices, *database, entity, clock};
    ClientService service{entity, operations, clock, true};
    Texts ends;
};

#define CHECK_ENDED(...) BOOST_TEST(ended() == (Texts{__VA_ARGS__}), boost::test_tools::per_element())

}  // namespace

BOOST_FIXTURE_TEST_SUITE(login_confirmation, Page)

// --- How somebody is asked

BOOST_AUTO_TEST_CASE(an_account_is_asked_by_a_message_for_its_client_and_for_people)
{
    ask("Nurse@Capulet.lit");
    const std::string message = only_sent();
    BOOST_TEST(cut(message, "<message", ">").find("to='nurse@capulet.lit'") != std::string::npos);
    BOOST_TEST(cut(message, "<message", ">").find("from='usher.capulet.lit'") != std::string::npos);
    BOOST_TEST(cut(message, "<thread>", "</thread>").size() == 32U);
    BOOST_TEST(cut(message, "</body>", "</message>") == kConfirm);
    const std::string text = cut(message, "<body>", "</body>");
    for (const char* said : {"log in to Usher&apos;s administration page", "https://usher.capulet.lit/",
                             "K7QF-2M", "reply &quot;yes&quot;", "&quot;no&quot;", "do nothing"}) {
        BOOST_TEST(text.find(said) != std::string::npos, text << " does not say " << said);
    }
    CHECK_ENDED();
}

BOOST_AUTO_TEST_CASE(of_an_account_the_server_says_who_asks)
{
    LoginConfirmation of_account(entity, clock, false);
    of_account.ask(kAccount, kCode, kUrl, [](bool) {});
    BOOST_TEST(cut(only_sent(), "<message", ">") == " to='nurse@capulet.lit'");
}

BOOST_AUTO_TEST_CASE(no_two_questions_have_one_thread)
{
    ask(kAccount);
    const std::string first = cut(only_sent(), "<thread>", "</thread>");
    ask(kAccount, kOther);
    BOOST_TEST(cut(only_sent(), "<thread>", "</thread>") != first);
}

BOOST_AUTO_TEST_CASE(a_client_is_asked_by_an_iq)
{
    ask("Nurse@capulet.lit/phone");
    const std::string iq = only_sent();
    BOOST_TEST(iq.starts_with("<iq type='get' "));
    BOOST_TEST(cut(iq, " to='", "'") == kPhone);
    BOOST_TEST(iq.ends_with(">" + kConfirm + "</iq>"));
}

BOOST_AUTO_TEST_CASE(whose_address_cannot_be_read_is_not_asked)
{
    for (const char* address : {"", "capulet.lit", "@capulet.lit", "nurse@", "nurse@capulet.lit/",
                                "nurse@capulet.lit/a\x01", "nurse@capulet.lit/\xff"}) {
        ask(address);
    }
    BOOST_TEST(channels.take_sent().empty());
    pass(LoginConfirmation::kDeadline);
    CHECK_ENDED();
}

BOOST_AUTO_TEST_CASE(nobody_is_asked_while_there_is_no_connection)
{
    channels.ended(Failure::Kind::closed);
    ask(kAccount);
    ask(kPhone, kOther);
    clock.advance(LoginConfirmation::kDeadline);
    CHECK_ENDED();
}

// --- Replies to IQs

BOOST_AUTO_TEST_CASE(a_result_of_the_client_confirms)
{
    ask(kPhone);
    reply(only_sent(), "result", kPhone);
    CHECK_ENDED("K7QF-2M yes");
}

BOOST_AUTO_TEST_CASE(a_result_of_anybody_else_does_not)
{
    ask(kPhone);
    const std::string iq = only_sent();
    for (const char* from :
         {"nurse@capulet.lit", "nurse@capulet.lit/desk", "capulet.lit", "romeo@montague.lit/phone"}) {
        reply(iq, "result", from);
    }
    CHECK_ENDED();
}

BOOST_AUTO_TEST_CASE(the_error_not_authorized_of_the_client_refuses)
{
    ask(kPhone);
    reply(only_sent(), "error", kPhone, error("not-authorized"));
    CHECK_ENDED("K7QF-2M no");
    BOOST_TEST(channels.take_sent().empty());
}

BOOST_DATA_TEST_CASE(where_the_client_cannot_ask_the_account_gets_a_message,
                     bdata::make({"feature-not-implemented", "service-unavailable", "item-not-found"}),
                     condition)
{
    ask(kPhone);
    reply(only_sent(), "error", kPhone, error(condition));
    const std::string message = only_sent();
    BOOST_TEST(cut(message, " to='", "'") == kAccount);
    BOOST_TEST(cut(message, "</body>", "</message>") == kConfirm);
    CHECK_ENDED();
    confirm_by_message("from='nurse@capulet.lit/desk'");
    CHECK_ENDED("K7QF-2M yes");
}

BOOST_AUTO_TEST_CASE(a_stream_that_ends_refuses_nothing)
{
    ask(kPhone);
    channels.ended(Failure::Kind::closed);
    CHECK_ENDED();
    clock.advance(std::chrono::minutes(1));
    channels.opened("usher.capulet.lit");
    channels.sent.clear();
    (void)say("yes K7QF-2M");
    CHECK_ENDED("K7QF-2M yes");
}

// --- Replies by messages that clients send on their own

BOOST_AUTO_TEST_CASE(a_message_with_the_same_confirm_confirms)
{
    ask(kAccount);
    channels.sent.clear();
    confirm_by_message("from='nurse@capulet.lit/phone'");
    CHECK_ENDED("K7QF-2M yes");
    BOOST_TEST(channels.take_sent().empty());
}

BOOST_AUTO_TEST_CASE(the_error_not_authorized_with_the_confirm_refuses)
{
    ask(kAccount);
    confirm_by_message("type='error' from='nurse@capulet.lit/phone'", kConfirm + error("not-authorized"));
    CHECK_ENDED("K7QF-2M no");
}

/// Some servers return what they could not deliver, with all that was in it.
BOOST_DATA_TEST_CASE(a_message_that_was_not_delivered_says_nothing_of_its_user,
                     bdata::make({kConfirm, std::string()}), returned)
{
    ask(kAccount);
    confirm_by_message("type='error' from='nurse@capulet.lit'", returned + error("service-unavailable"));
    confirm_by_message("type='error' from='nurse@capulet.lit'", error("not-authorized"));
    CHECK_ENDED();
    pass(LoginConfirmation::kDeadline);
    CHECK_ENDED("K7QF-2M no");
}

struct Doubtful {
    const char* name;
    std::string attributes;
    std::string children;
};
std::ostream& operator<<(std::ostream& out, const Doubtful& doubtful)
{
    return out << doubtful.name;
}
std::string confirm(const std::string& id, const std::string& url)
{
    return "<confirm xmlns='http://jabber.org/protocol/http-auth' id='" + id + "' method='POST' url='" + url +
           "'/>";
}
const Doubtful kDoubtful[] = {
    {"another account", "from='juliet@capulet.lit/phone'", kConfirm},
    {"another domain", "from='nurse@montague.lit/phone'", kConfirm},
    {"the server", "from='capulet.lit'", kConfirm},
    {"another code", "from='nurse@capulet.lit/phone'", confirm("K7QF-2N", kUrl)},
    {"another page", "from='nurse@capulet.lit/phone'", confirm(kCode, "https://usher.montague.lit/")},
    {"no page", "from='nurse@capulet.lit/phone'",
     "<confirm xmlns='http://jabber.org/protocol/http-auth' id='K7QF-2M'/>"},
    {"another namespace", "from='nurse@capulet.lit/phone'",
     "<confirm id='K7QF-2M' method='POST' url='https://usher.capulet.lit/'/>"},
    {"an error", "type='error' from='nurse@capulet.lit/phone'", kConfirm},
    {"of another type", "type='headline' from='nurse@capulet.lit/phone'", kConfirm},
    {"delayed", "from='nurse@capulet.lit/phone'",
     kConfirm + "<delay xmlns='urn:xmpp:delay' stamp='2026-11-30T12:00:00Z'/>"},
    {"forwarded", "from='nurse@capulet.lit/phone'",
     "<forwarded xmlns='urn:xmpp:forward:0'><message from='nurse@capulet.lit/phone'>" + kConfirm +
         "</message></forwarded>"},
};
BOOST_DATA_TEST_CASE(no_doubtful_message_confirms, bdata::make(kDoubtful), doubtful)
{
    ask(kAccount);
    confirm_by_message(doubtful.attributes, doubtful.children);
    CHECK_ENDED();
    confirm_by_message("from='nurse@capulet.lit/phone'");
    CHECK_ENDED("K7QF-2M yes");
}

// --- Replies by people

BOOST_DATA_TEST_CASE(the_word_is_enough_where_one_login_is_asked_about,
                     bdata::make({"yes", "Yes", " YES\n", "yes K7QF-2M", "yes k7qf-2m"}), word)
{
    ask(kAccount);
    channels.sent.clear();
    BOOST_TEST(say(word) == "Thank you. The page with the code K7QF-2M has been told that it is you.");
    CHECK_ENDED("K7QF-2M yes");
}

BOOST_DATA_TEST_CASE(people_refuse_by_the_word_no, bdata::make({"no", "NO", "no K7QF-2M"}), word)
{
    ask(kAccount);
    channels.sent.clear();
    BOOST_TEST(say(word) == "The login with the code K7QF-2M was refused.");
    CHECK_ENDED("K7QF-2M no");
}

BOOST_AUTO_TEST_CASE(of_several_logins_the_code_says_which_is_meant)
{
    ask(kAccount);
    ask(kAccount, kOther);
    channels.sent.clear();
    for (const char* word : {"yes", "no", "yes K7QF-2N"}) {
        const std::string asks = say(word);
        BOOST_TEST(asks.starts_with("Nobody has been logged in or refused."));
        for (const char* said : {"K7QF-2M", "3PXD-9A", "the code that your page shows"}) {
            BOOST_TEST(asks.find(said) != std::string::npos, asks << " does not say " << said);
        }
    }
    CHECK_ENDED();
    (void)say("yes 3PXD-9A");
    CHECK_ENDED("3PXD-9A yes");
    (void)say("no");
    CHECK_ENDED("K7QF-2M no");
}

BOOST_AUTO_TEST_CASE(a_question_that_only_a_client_has_seen_takes_the_code)
{
    ask(kPhone);
    channels.sent.clear();
    BOOST_TEST(say("yes").starts_with("Nobody has been logged in or refused."));
    CHECK_ENDED();
    (void)say("yes K7QF-2M");
    CHECK_ENDED("K7QF-2M yes");
}

BOOST_DATA_TEST_CASE(other_words_are_no_reply,
                     bdata::make({"yes please go on", "yes K7QF-2M now", "yess", "y", "ok", "K7QF-2M",
                                  "not yes"}),
                     words)
{
    ask(kAccount);
    channels.sent.clear();
    BOOST_TEST(say(words) == kNotUnderstood);
    CHECK_ENDED();
}

BOOST_AUTO_TEST_CASE(another_account_cannot_reply)
{
    ask(kAccount);
    channels.sent.clear();
    BOOST_TEST(say("yes K7QF-2M", "juliet@capulet.lit/balcony") == kNotUnderstood);
    BOOST_TEST(say("yes K7QF-2M", "nurse@montague.lit/phone").empty());
    CHECK_ENDED();
}

BOOST_AUTO_TEST_CASE(a_copy_and_a_late_message_are_no_reply)
{
    ask(kAccount);
    channels.sent.clear();
    receive("message", "type='chat' from='nurse@capulet.lit/phone'",
            "<body>yes</body><delay xmlns='urn:xmpp:delay' stamp='2026-11-30T11:00:00Z'/>");
    receive(
        "message", "type='chat' from='nurse@capulet.lit/phone'",
        "<body>yes</body><encryption xmlns='urn:xmpp:eme:0' namespace='eu.siacs.conversations.axolotl'/>");
    CHECK_ENDED();
}

BOOST_AUTO_TEST_CASE(the_words_mean_nothing_where_nothing_is_asked)
{
    BOOST_TEST(say("yes") == kNotUnderstood);
    BOOST_TEST(say("no") == kNotUnderstood);
    ask(kAccount);
    channels.sent.clear();
    (void)say("yes");
    BOOST_TEST(say("yes") == kNotUnderstood);
    BOOST_TEST(say("no K7QF-2M") == kNotUnderstood);
    CHECK_ENDED("K7QF-2M yes");
    BOOST_TEST(say("help").find("yes") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(commands_are_carried_out_while_something_is_asked)
{
    ask(kAccount);
    channels.sent.clear();
    BOOST_TEST(say("options 1").starts_with("Saved."));
    CHECK_ENDED();
}

// --- Bounds

BOOST_DATA_TEST_CASE(no_reply_within_ten_minutes_is_a_no, bdata::make({kAccount, kPhone}), address)
{
    ask(address);
    const std::string sent = only_sent();
    pass(std::chrono::minutes(10) - std::chrono::milliseconds(1));
    CHECK_ENDED();
    pass(std::chrono::milliseconds(1));
    CHECK_ENDED("K7QF-2M no");
    reply(sent, "result", kPhone);
    confirm_by_message("from='nurse@capulet.lit/phone'");
    (void)say("yes K7QF-2M");
    CHECK_ENDED();
}

BOOST_AUTO_TEST_CASE(a_client_that_cannot_ask_does_not_prolong_the_ten_minutes)
{
    ask(kPhone);
    const std::string iq = only_sent();
    pass(std::chrono::minutes(9));
    reply(iq, "error", kPhone, error("service-unavailable"));
    CHECK_ENDED();
    pass(std::chrono::minutes(1));
    CHECK_ENDED("K7QF-2M no");
}

BOOST_AUTO_TEST_CASE(an_account_is_asked_about_three_logins_at_a_time)
{
    for (const char* code : {"1", "2", "3"}) {
        ask(kAccount, code);
    }
    BOOST_TEST(channels.take_sent().size() == 3U);
    ask(kPhone, "4");
    BOOST_TEST(channels.take_sent().empty());
    (void)say("no 2");
    CHECK_ENDED("2 no");
    ask(kAccount, "5");
    BOOST_TEST(channels.take_sent().size() == 1U);
    CHECK_ENDED();
}

BOOST_AUTO_TEST_CASE(a_hundred_logins_are_asked_about_at_a_time)
{
    for (int i = 0; i < 100; ++i) {
        ask("user" + std::to_string(i) + "@capulet.lit");
    }
    BOOST_TEST(channels.take_sent().size() == 100U);
    ask(kAccount);
    BOOST_TEST(channels.take_sent().empty());
    pass(LoginConfirmation::kDeadline);
    BOOST_TEST(ended().size() == 100U);
    ask(kAccount);
    BOOST_TEST(channels.take_sent().size() == 1U);
}

BOOST_AUTO_TEST_CASE(two_logins_of_one_account_have_two_codes)
{
    ask(kAccount);
    channels.sent.clear();
    ask(kAccount, "k7qf-2m");
    BOOST_TEST(channels.take_sent().empty());
    ask("juliet@capulet.lit");
    BOOST_TEST(channels.take_sent().size() == 1U);
}

/// The page may ask about the next one where it is told about one.
BOOST_AUTO_TEST_CASE(one_more_may_be_asked_about_when_one_has_ended)
{
    service.login_confirmation().ask(kAccount, kCode, kUrl, [this](bool) { ask(kAccount); });
    confirm_by_message("type='error' from='nurse@capulet.lit/phone'", kConfirm + error("not-authorized"));
    channels.sent.clear();
    (void)say("yes");
    CHECK_ENDED("K7QF-2M yes");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
