// PROTOCOL.md, sections 3 and 4: a contact may be a bare domain. And S55: what is blocked is not listed.
#include "protocol.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

/// A gateway asks Juliet, who may be online.
struct Gateway {
    Gateway(Login login, bool online)
        : stage(login, kNoTimeout),
          juliet(stage.person(kJuliet)),
          component(stage.server().component_port(), kGossip)
    {
        component.connect();
        if (online) {
            juliet.connect();
            juliet.appear();
        }
    }

    Ask ask()
    {
        component.send(request_xml(kGossip, kJuliet));
        return stage.entity().next_ask_about(kGossip, kJuliet);
    }

    void expect_outcome(const std::string& verdict)
    {
        const Element answer = component.expect(presence(verdict, kJuliet));
        BOOST_TEST(answer.attribute("to") == kGossip);
        BOOST_TEST(stage.entity().pending().empty());
        if (!juliet.open()) {
            juliet.connect();
        }
        BOOST_TEST(item_in(juliet.roster(), kGossip) == (verdict == "subscribed" ? "from" : ""));
        juliet.appear();
        round_trip({&juliet, &component});
    }

    ScriptedStage stage;
    WireClient& juliet;
    WireComponent component;
};

const auto kVerdicts = bdata::make({std::string("subscribed"), std::string("unsubscribed")});
const auto kOnline = bdata::make({false, true});

}  // namespace

BOOST_AUTO_TEST_SUITE(protocol_domain)

BOOST_DATA_TEST_CASE(S10_S36_request_of_a_domain_is_asked_and_answered, kLogins* kVerdicts* kOnline, login,
                     verdict, online)
{
    Gateway gateway(login, online);
    gateway.stage.entity().answer(gateway.ask(), verdict);
    gateway.expect_outcome(verdict);
    BOOST_TEST(count_received(gateway.juliet, presence("subscribe", kGossip)) == 0);
    if (verdict == "subscribed") {
        BOOST_TEST(gateway.component.has_received(presence("", gateway.juliet.full_address())));
    }
}

BOOST_DATA_TEST_CASE(S50_S55_request_of_a_domain_is_listed_and_answered_later, kLogins* kVerdicts* kOnline,
                     login, verdict, online)
{
    Gateway gateway(login, online);
    ScriptedEntity& entity = gateway.stage.entity();
    entity.answer(gateway.ask(), "none");
    gateway.stage.expect_acknowledgement(gateway.component, kJuliet);
    gateway.stage.round_trip();
    for (const std::vector<AskedRequest>& listed : {entity.pending(), entity.pending(kJuliet)}) {
        BOOST_TEST_REQUIRE(listed.size() == 1U);
        BOOST_TEST(listed.front().contact == kGossip);
    }
    if (online) {
        BOOST_TEST(count_received(gateway.juliet, presence("subscribe", kGossip)) == 1);
    }
    const Element reply = entity.answer_later(kJuliet, kGossip, verdict);
    BOOST_TEST(reply.attribute("type") == "result", reply.str());
    gateway.expect_outcome(verdict);
}

BOOST_DATA_TEST_CASE(S55_list_has_nothing_of_a_contact_whose_domain_is_blocked, kLogins, login)
{
    ScriptedStage stage(login);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    leave_romeo_to_juliet(stage, romeo);
    BOOST_TEST(stage.entity().pending().size() == 1U);
    block(juliet, "montague.lit");
    stage.round_trip();
    BOOST_TEST(stage.entity().pending().empty());
    BOOST_TEST(stage.entity().pending(kJuliet).empty());
    unblock(juliet, "montague.lit");
    stage.round_trip();
    BOOST_TEST(stage.entity().pending().size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
