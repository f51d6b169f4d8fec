// What users can say to Usher in a chat.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "menus.h"

namespace usher::test
{

BOOST_AUTO_TEST_SUITE(menus)

BOOST_DATA_TEST_CASE(a_user_says_what_they_want, kLogins, login)
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
    BOOST_TEST(has(said(juliet, login, "approve tybalt"), "No request of tybalt waits"));  // a domain
    BOOST_TEST(has(said(juliet, login, "approve tybalt@"), "not an address"));

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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
