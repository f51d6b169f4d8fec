// PROTOCOL.md, rules S43 and S51, with other modules that keep requests from users: mod_firewall, which a request that
// waits has passed once, and mod_privacy_lists.
#include <fstream>

#include "private_prosody.h"
#include "protocol.h"

namespace usher::test
{

BOOST_AUTO_TEST_SUITE(prosody_firewall)

BOOST_AUTO_TEST_CASE(S51_later_answers_do_not_count_as_requests)
{
    const TemporaryDirectory place;
    // Four requests, and hardly one more in the time of a test.
    std::ofstream(place.path() / "rules") << "%RATE requests: 0.001 (burst 4000)\n"
                                             "::deliver\n"
                                             "KIND: presence\n"
                                             "TYPE: subscribe\n"
                                             "LIMIT: requests\n"
                                             "LOG=[warn] one too many\n"
                                             "DROP.\n";
    ServerOptions options = ScriptedStage::options({entity_address(Login::component)});
    options.for_organization = "firewall_scripts = { \"" + (place.path() / "rules").string() + "\" }\n";
    ScriptedStage stage(options);
    auto& prosody = dynamic_cast<PrivateProsody&>(stage.server());
    prosody.order("module:load('firewall', 'capulet.lit')");
    stage.admit_entity();
    stage.server().add_account(kJuliet);
    WireComponent gossip(stage.server().component_port(), kGossip);
    gossip.connect();
    for (int i = 0; i < 4; ++i) {
        send_requests(gossip, i, 1, kJuliet);
        stage.entity().answer(stage.entity().next_ask(), "none");
    }
    round_trip({&gossip, &stage.entity().stream()});
    BOOST_TEST(stage.entity().pending().size() == 4U);
    for (int i = 0; i < 4; ++i) {
        const Element reply =
            stage.entity().answer_later(kJuliet, "c" + std::to_string(i) + "@" + kGossip, "subscribed");
        BOOST_TEST(reply.attribute("type") == "result", reply.str());
    }
    BOOST_TEST(prosody.log_text().find("one too many") == std::string::npos);
    // The rule is there.
    send_requests(gossip, 4, 1, kJuliet);
    round_trip({&gossip, &stage.entity().stream()});
    BOOST_TEST(prosody.log_text().find("one too many") != std::string::npos);
    BOOST_TEST(stage.entity().pending().empty());
}

BOOST_DATA_TEST_CASE(S43_contact_blocked_by_a_privacy_list_while_held_gets_nothing,
                     boost::unit_test::data::make({"subscribed", "unsubscribed", "none"}), answer)
{
    ScriptedStage stage(Login::component, kNoTimeout);
    dynamic_cast<PrivateProsody&>(stage.server()).order("module:load('privacy_lists', 'capulet.lit')");
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    for (const std::string query :
         {"<list name='foes'><item type='jid' value='montague.lit' action='deny' order='1'/></list>",
          "<default name='foes'/>"}) {
        const Element reply =
            juliet.request("set", {}, "<query xmlns='jabber:iq:privacy'>" + query + "</query>");
        BOOST_TEST_REQUIRE(reply.attribute("type") == "result", reply.str());
    }
    stage.entity().answer(ask, answer);
    stage.round_trip();
    for (const Matcher& told : {kApproval, kDenial, kReceipt}) {
        BOOST_TEST(count_received(romeo, told) == 0, told.what);
    }
    BOOST_TEST(count_received(juliet, kPrompt) == 0);
    BOOST_TEST(item_in(juliet.roster(), kRomeo).empty());
    BOOST_TEST(stage.entity().pending().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
