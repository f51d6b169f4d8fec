// What policy has approved is listed and revoked, and what a user has made their own is not: with the daemon on a real server.
#include <boost/test/unit_test.hpp>

#include "servers.h"
#include "stage.h"
#include "usherctl.h"

namespace usher::test
{

namespace
{

using Json = nlohmann::json;

const std::string kNurse = "nurse@capulet.lit";
const std::string kTybalt = "tybalt@capulet.lit";

struct Granted : Stage {
    static ServerOptions options(bool may_revoke)
    {
        ServerOptions options = ScriptedStage::options({entity_address(Login::component)});
        (may_revoke ? options.approval_entities : options.approval_readers) = options.entities;
        return options;
    }

    explicit Granted(bool may_revoke = true)
        : Stage(options(may_revoke)), usherd(connection_to(server()), {.option = "organization"})
    {
        usherd.start();
        usherd.wait_until_answering();
    }

    /// The contact asks, and policy approves.
    static void approve(WireClient& contact)
    {
        contact.send(to(kJuliet, "subscribe"));
        contact.expect_all({presence("subscribed", kJuliet), roster_push(kJuliet)});
    }

    Usherd usherd;
    Usherctl usherctl{usherd.directory() / "control.sock"};
};

bool has(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(approvals)

BOOST_AUTO_TEST_CASE(what_policy_has_approved_is_revoked_and_what_a_user_made_their_own_is_kept)
{
    Granted stage;
    const Usherctl& usherctl = stage.usherctl;
    WireClient& nurse = stage.enter(kNurse);
    WireClient& tybalt = stage.enter(kTybalt);
    WireClient& juliet = stage.enter(kJuliet);
    Granted::approve(nurse);
    Granted::approve(tybalt);
    BOOST_TEST(usherctl.json("GET", "/v1/approvals", {"approvals"})["approvals"].size() == 2U);

    const Element named = juliet.request(
        "set", {}, "<query xmlns='jabber:iq:roster'><item jid='" + kTybalt + "' name='Cousin'/></query>");
    BOOST_TEST_REQUIRE(named.attribute("type") == "result", named.str());
    const Json listed = usherctl.json("GET", "/v1/approvals", {"approvals", "--user", kJuliet});
    BOOST_REQUIRE(listed["approvals"].size() == 1U);
    BOOST_TEST(listed["approvals"][0]["contact"] == kNurse);
    BOOST_TEST(listed["approvals"][0]["reason"] == "in organization");
    BOOST_REQUIRE(listed["own"].size() == 1U);
    BOOST_TEST(listed["own"][0]["contact"] == kTybalt);
    BOOST_TEST(listed["own"][0]["own"] == "named");
    const std::string text = usherctl.done({"approvals", "--contact", kTybalt});
    BOOST_TEST(has(text, "No approval of policy's is in force.\n"), text);
    BOOST_TEST(has(text, "the user has given the contact a name\n"), text);

    const std::string preview = usherctl.done({"revoke"});
    BOOST_TEST(has(preview, "Nothing was revoked yet. To revoke 1 approval, "), preview);
    BOOST_TEST(usherctl.json("POST", "/v1/revocations", {"revoke"})["approvals"][0]["outcome"].is_null());
    BOOST_TEST(item_in(juliet.roster(), kNurse) == "from");

    const Json revoked = usherctl.json("POST", "/v1/revocations", {"revoke", "--apply"});
    BOOST_REQUIRE(revoked["approvals"].size() == 1U);
    BOOST_TEST(revoked["approvals"][0]["contact"] == kNurse);
    BOOST_TEST(revoked["approvals"][0]["outcome"] == "revoked");
    nurse.expect(presence("unsubscribed", kJuliet));
    BOOST_TEST(item_in(nurse.roster(), kJuliet) == "none");
    BOOST_TEST(item_in(juliet.roster(), kNurse) == "none");
    BOOST_TEST(item_in(juliet.roster(), kTybalt) == "from");
    BOOST_TEST(item_in(tybalt.roster(), kJuliet) == "to");
    const Json record =
        Json::parse(usherctl.done({"journal", "--json", "--user", kJuliet, "--contact", kNurse, "-n", "1"}));
    BOOST_TEST(record["answer"] == "deny");
    BOOST_TEST(record["reason"] == "revoked");
    BOOST_TEST(record["outcome"] == "confirmed");
    BOOST_TEST(record["answered_by"] != "");
    BOOST_TEST(has(usherctl.done({"revoke", "--apply"}), "There is nothing to revoke.\n"));

    Granted::approve(nurse);  // she may ask again
    BOOST_TEST(usherctl.json("GET", "/v1/approvals", {"approvals"})["approvals"].size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_server_that_lets_only_read_is_listed_and_revokes_nothing)
{
    Granted stage(false);
    WireClient& nurse = stage.enter(kNurse);
    WireClient& juliet = stage.enter(kJuliet);
    Granted::approve(nurse);
    BOOST_TEST(stage.usherctl.json("GET", "/v1/approvals", {"approvals"})["approvals"].size() == 1U);
    const std::string refused = stage.usherctl.refused({"revoke", "--apply"});
    BOOST_TEST(has(refused, "does not allow Usher to revoke approvals"), refused);
    BOOST_TEST(item_in(juliet.roster(), kNurse) == "from");
    BOOST_TEST(stage.usherctl.json("GET", "/v1/approvals", {"approvals"})["approvals"].size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
