// Contacts that are a domain alone, such as a gateway, and contacts whose addresses cannot be compared: rules hold for
// them as for others, and what is not denied is left to the user, recorded and listed (E15).
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "menus.h"
#include "servers.h"
#include "usherctl.h"

namespace usher::test
{

namespace
{

using Json = nlohmann::json;

/// Three combining marks: a server that orders them as RFC 3454 says passes this on as it is.
const std::string kOdd = "q\u0321\u0323\u0300@" + kGossip;

UsherdOptions with(const std::string& option, const std::string& rules = {})
{
    UsherdOptions options;
    options.option = option;
    options.organization = rules;
    return options;
}

struct Town {
    explicit Town(const UsherdOptions& options) : stage(Login::account, options) { gateway.connect(); }

    void ask(const std::string& contact)
    {
        gateway.send("<presence from='" + contact + "' to='" + kJuliet + "' type='subscribe'/>");
    }
    [[nodiscard]] Json record_of(const std::string& contact) const
    {
        for (const Deadline deadline = within(kPatience); remaining_ms(deadline) > 0;) {
            const std::string found = usherctl.done({"journal", "--json", "--contact", contact});
            if (!found.empty()) {
                return Json::parse(found.substr(found.rfind('\n', found.size() - 2) + 1));
            }
        }
        throw std::runtime_error("the request of " + contact + " was not recorded in time");
    }

    UsherStage stage;
    WireClient& juliet = stage.enter(kJuliet);
    WireComponent gateway{stage.server().component_port(), kGossip};
    Usherctl usherctl{stage.usherd().directory() / "control.sock"};
};

/// To a component.
Matcher presence_to(const std::string& type, const std::string& contact)
{
    return {type + " to " + contact, [=](const Element& stanza) {
                return is_presence(stanza, type) && stanza.attribute("to") == contact;
            }};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(odd_addresses)

BOOST_AUTO_TEST_CASE(a_gateway_is_approved_where_all_are)
{
    Town town(with("all"));
    town.ask(kGossip);
    town.gateway.expect(presence_to("subscribed", kGossip));
    BOOST_TEST(town.record_of(kGossip)["reason"] == "all contacts");
    town.stage.settle();
    BOOST_TEST(!town.juliet.has_received(presence("subscribe", kGossip)));
}

BOOST_AUTO_TEST_CASE(a_gateway_is_denied_by_a_rule_for_its_domain)
{
    Town town(with("all", rule({kGossip}, "deny")));
    town.ask(kGossip);
    town.gateway.expect(presence_to("unsubscribed", kGossip));
    BOOST_TEST(town.record_of(kGossip)["reason"] == "rule");
}

BOOST_AUTO_TEST_CASE(a_gateway_that_waits_is_listed_explained_and_answered_by_hand)
{
    Town town(with("organization"));
    town.ask(kGossip);
    town.juliet.expect(presence("subscribe", kGossip));
    BOOST_TEST(town.record_of(kGossip)["reason"] == "outside organization");
    const Json waiting = town.usherctl.json("GET", "/v1/waiting", {"waiting", kJuliet});
    BOOST_REQUIRE(waiting["requests"].size() == 1U);
    BOOST_TEST(waiting["requests"][0]["contact"] == kGossip);
    BOOST_TEST(town.usherctl.json("GET", "/v1/explain", {"explain", kJuliet, kGossip})["waits"] == true);
    town.usherctl.done({"answer", kJuliet, kGossip, "approve"});
    town.gateway.expect(presence_to("subscribed", kGossip));
    BOOST_TEST(town.usherctl.done({"waiting"}) == "Nothing waits.\n");
}

BOOST_AUTO_TEST_CASE(a_gateway_that_waits_is_met_in_menus_and_chat)
{
    UsherStage stage(Login::component, menus::settings(true, "organization"));
    const std::string usher = menus::menus_of(Login::component);
    WireClient& nurse = stage.enter(menus::kNurse);
    WireClient& juliet = stage.enter(kJuliet);
    WireComponent gateway(stage.server().component_port(), kGossip);
    gateway.connect();
    gateway.send("<presence from='" + kGossip + "' to='" + kJuliet + "' type='subscribe'/>");
    juliet.expect(presence("subscribe", kGossip));

    BOOST_TEST(menus::execute(nurse, usher, "waiting").content() ==
               menus::Strings{"lines=" + kGossip + " to " + kJuliet + ";"});
    const auto why = menus::run(nurse, usher, "explain", {{"user", kJuliet}, {"contact", kGossip}}).content();
    BOOST_TEST_REQUIRE(why.size() == 5U);
    BOOST_TEST(why[3] == "waits=The request waits at the server.;");
    const auto journal = menus::run(nurse, usher, "journal", {{"contact", kGossip}}).content();
    BOOST_TEST_REQUIRE(journal.size() == 1U);
    BOOST_TEST(menus::has(journal[0], kGossip + " to " + kJuliet + ": leave: "), journal[0]);

    BOOST_TEST(menus::has(menus::said(juliet, Login::component, "waiting"), kGossip));
    BOOST_TEST(menus::said(juliet, Login::component, "approve " + kGossip) ==
               kGossip + " can now see when you are online.");
    gateway.expect(presence_to("subscribed", kGossip));
}

// E15
BOOST_AUTO_TEST_CASE(what_cannot_be_compared_is_denied_for_its_domain)
{
    for (const char* const pattern : {"gossip.capulet.lit", "*.lit", "*"}) {
        Town town(with("all", rule({pattern}, "deny")));
        town.ask(kOdd);
        town.gateway.expect(presence_to("unsubscribed", kOdd));
        BOOST_TEST(town.record_of(kOdd)["reason"] == "rule");
    }
    Town town(with("all", "[organization.federation]\nmode = \"closed\"\nanswer = \"deny\"\n"));
    town.ask(kOdd);
    town.gateway.expect(presence_to("unsubscribed", kOdd));
    BOOST_TEST(town.record_of(kOdd)["reason"] == "federation closed");
}

// E15, E27
BOOST_AUTO_TEST_CASE(what_cannot_be_compared_is_left_to_the_user_and_recorded_and_can_be_denied_by_hand)
{
    Town town(with("all", rule({kGossip}, "approve")));
    town.ask(kOdd);
    town.juliet.expect(presence("subscribe", kOdd));
    const Json record = town.record_of(kOdd);
    BOOST_TEST(record["answer"] == "leave");
    BOOST_TEST(record["reason"] == "address cannot be compared");
    BOOST_TEST(record["contact"] == kOdd);
    const Json waiting = town.usherctl.json("GET", "/v1/waiting", {"waiting", kJuliet});
    BOOST_REQUIRE(waiting["requests"].size() == 1U);
    BOOST_TEST(waiting["requests"][0]["contact"] == kOdd);
    const Json why = town.usherctl.json("GET", "/v1/explain", {"explain", kJuliet, kOdd});
    BOOST_TEST(why["waits"] == true);
    BOOST_TEST(why["reason"] == "address cannot be compared");
    const std::string refused = town.usherctl.refused({"answer", kJuliet, kOdd, "approve"});
    BOOST_TEST(refused.find("cannot be compared") != std::string::npos, refused);
    town.usherctl.done({"answer", kJuliet, kOdd, "deny"});
    town.gateway.expect(presence_to("unsubscribed", kOdd));
    BOOST_TEST(town.usherctl.done({"waiting"}) == "Nothing waits.\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
