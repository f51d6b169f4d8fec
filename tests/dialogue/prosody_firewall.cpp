// PROTOCOL.md, rule S51, with Prosody's mod_firewall: a request that waits has passed it once.
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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
