// stock = "approve": a server with mod_privilege as it comes, and nothing of ours in it.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>

#include "servers.h"
#include "stage.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

const std::string kNurse = "nurse@capulet.lit";
const std::string kTybalt = "tybalt@capulet.lit";

/// What the log says is missing.
const std::string kPermissions =
    "cannot start without the permissions roster = \"both\", presence = \"managed_entity\" and iq "
    "urn:xmpp:blocking = \"get\"";

ServerOptions stock_server(Login login)
{
    ServerOptions options;
    options.stock = true;
    options.entities = {entity_address(login)};
    return options;
}

UsherdOptions approving_colleagues()
{
    UsherdOptions options;
    options.option = "organization";
    options.organization = "stock = \"approve\"\n";
    return options;
}

class StockStage : public Stage
{
  public:
    explicit StockStage(Login login, const UsherdOptions& options = approving_colleagues())
        : StockStage(stock_server(login), options)
    {
        start();
    }

    /// The daemon has not been started.
    explicit StockStage(const ServerOptions& server, const UsherdOptions& options = approving_colleagues())
        : Stage(server), usherd_(connection_to(this->server()), options)
    {
    }

    void start()
    {
        usherd_.start();
        usherd_.wait_for_status("answering on 0 of 1 domains; without a connector");
    }

    [[nodiscard]] Usherd& usherd() { return usherd_; }

  private:
    Usherd usherd_;
};

/// A roster push with that subscription to that contact.
Matcher push(const std::string& contact, const std::string& subscription)
{
    return {"a roster push: " + contact + " " + subscription, [=](const Element& stanza) {
                const Element* query = stanza.child("query");
                return stanza.name == "iq" && stanza.attribute("type") == "set" && query != nullptr &&
                       !query->children.empty() && query->children[0].attribute("jid") == contact &&
                       query->children[0].attribute("subscription") == subscription;
            }};
}

/// Name and groups of the roster's item for that contact.
std::string labels_in(const Element& roster, const std::string& contact)
{
    for (const Element& item : roster.child("query")->children) {
        if (item.attribute("jid") == contact) {
            std::string labels = item.attribute("name");
            for (const Element& group : item.children) {
                labels += "; " + group.text;
            }
            return labels;
        }
    }
    return "no item";
}

/// A contact who has asked Juliet before the daemon can have read the contact's roster.
WireClient& enter_asking_juliet(Stage& stage, const std::string& address)
{
    WireClient& contact = stage.person(address);
    contact.connect();
    contact.send(to(kJuliet, "subscribe"));
    contact.appear();
    return contact;
}

void set_labels(WireClient& owner, const std::string& contact, const std::string& name,
                const std::string& group)
{
    const Element reply = owner.request("set", {},
                                        "<query xmlns='jabber:iq:roster'><item jid='" + contact + "' name='" +
                                            name + "'><group>" + group + "</group></item></query>");
    BOOST_TEST_REQUIRE(reply.attribute("type") == "result");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stock)

BOOST_DATA_TEST_CASE(colleague_is_approved_in_both_rosters, kLogins, login)
{
    StockStage stage(login);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    nurse.send(to(kJuliet, "subscribe"));
    nurse.expect(push(kJuliet, "to"));
    juliet.expect(push(kNurse, "from"));
    BOOST_TEST(item_in(nurse.roster(), kJuliet) == "to");
    BOOST_TEST(item_in(juliet.roster(), kNurse) == "from");
}

BOOST_DATA_TEST_CASE(requests_both_ways_end_in_both_with_names_and_groups_kept, kLogins, login)
{
    StockStage stage(login);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    set_labels(juliet, kNurse, "Nurse &amp; friend", "Household &lt;3");
    set_labels(nurse, kJuliet, "My lady", "Capulets");
    nurse.send(to(kJuliet, "subscribe"));
    juliet.send(to(kNurse, "subscribe"));
    nurse.expect(push(kJuliet, "both"));
    juliet.expect(push(kNurse, "both"));
    stage.round_trip();
    const Element juliets = juliet.roster();
    const Element nurses = nurse.roster();
    BOOST_TEST(item_in(juliets, kNurse) == "both");
    BOOST_TEST(item_in(nurses, kJuliet) == "both");
    BOOST_TEST(labels_in(juliets, kNurse) == "Nurse & friend; Household <3");
    BOOST_TEST(labels_in(nurses, kJuliet) == "My lady; Capulets");
}

BOOST_DATA_TEST_CASE(user_who_is_offline_is_covered, kLogins, login)
{
    StockStage stage(login);
    WireClient& juliet = stage.person(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    nurse.send(to(kJuliet, "subscribe"));
    nurse.expect(push(kJuliet, "to"));
    juliet.connect();
    BOOST_TEST(item_in(juliet.roster(), kNurse) == "from");
}

BOOST_DATA_TEST_CASE(neither_has_to_stay, kLogins, login)
{
    StockStage stage(login);
    WireClient& juliet = stage.person(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    nurse.send(to(kJuliet, "subscribe"));
    nurse.disconnect();
    stage.usherd().wait_for_log("approve for " + kJuliet);
    enter_asking_juliet(stage, kTybalt).expect(push(kJuliet, "to"));  // his comes after hers
    nurse.connect();
    juliet.connect();
    BOOST_TEST(item_in(nurse.roster(), kJuliet) == "to");
    BOOST_TEST(item_in(juliet.roster(), kNurse) == "from");
}

BOOST_DATA_TEST_CASE(contact_without_presence_is_found_when_she_sends_it, kLogins, login)
{
    StockStage stage(login);
    WireClient& juliet = stage.person(kJuliet);
    WireClient& nurse = stage.person(kNurse);
    nurse.connect();
    nurse.send(to(kJuliet, "subscribe"));
    stage.round_trip();
    enter_asking_juliet(stage, kTybalt).expect(push(kJuliet, "to"));
    BOOST_TEST(item_in(nurse.roster(), kJuliet) == "none ask");
    nurse.appear();
    nurse.expect(push(kJuliet, "to"));
    juliet.connect();
    BOOST_TEST(item_in(juliet.roster(), kNurse) == "from");
}

BOOST_DATA_TEST_CASE(stranger_and_what_policy_leaves_or_denies_stay_with_the_user, kLogins, login)
{
    UsherdOptions options = approving_colleagues();
    options.organization += rule({kTybalt}, "deny") + rule({"paris@capulet.lit"}, "leave");
    StockStage stage(login, options);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    WireClient& tybalt = enter_asking_juliet(stage, kTybalt);
    WireClient& paris = enter_asking_juliet(stage, "paris@capulet.lit");
    stage.usherd().wait_for_log("without a connector Usher cannot deny");
    // Rosters are read in turn: when the nurse, who comes last, has been approved, the others have been seen.
    WireClient& nurse = enter_asking_juliet(stage, kNurse);
    nurse.expect(push(kJuliet, "to"));
    stage.round_trip();
    const Element roster = juliet.roster();
    for (WireClient* contact : {&romeo, &tybalt, &paris}) {
        BOOST_TEST(item_in(contact->roster(), kJuliet) == "none ask");
        BOOST_TEST(item_in(roster, contact->address()).empty());
        BOOST_TEST(count_received(juliet, presence("subscribe", contact->address())) == 1);
        BOOST_TEST(stage.usherd().log_text().find(contact->address() + ":") == std::string::npos);
    }
    // She answers for herself as ever.
    juliet.send(to(kRomeo, "subscribed"));
    romeo.expect(presence("subscribed", kJuliet));
}

BOOST_DATA_TEST_CASE(several_requests_of_one_contact_are_all_approved, kLogins, login)
{
    constexpr int kUsers = 20;
    StockStage stage(login);
    WireClient& nurse = stage.enter(kNurse);
    for (int i = 0; i < kUsers; ++i) {
        stage.server().add_account("user" + std::to_string(i) + "@capulet.lit");
        nurse.send(to("user" + std::to_string(i) + "@capulet.lit", "subscribe"));
    }
    for (int approved = 0; approved < kUsers; ++approved) {
        nurse.expect({"a roster push with subscription to", [](const Element& stanza) {
                          const Element* query = stanza.child("query");
                          return stanza.name == "iq" && query != nullptr && !query->children.empty() &&
                                 query->children[0].attribute("subscription") == "to";
                      }});
    }
    const Element roster = nurse.roster();
    for (int i = 0; i < kUsers; ++i) {
        BOOST_TEST(item_in(roster, "user" + std::to_string(i) + "@capulet.lit") == "to");
    }
}

BOOST_DATA_TEST_CASE(rosters_of_users_who_stay_online_are_read_again, kLogins, login)
{
    StockStage stage(login);
    stage.server().add_account(kTybalt);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    nurse.send(to(kTybalt, "subscribe"));
    nurse.expect(push(kTybalt, "to"));  // her roster has been read
    nurse.send(to(kJuliet, "subscribe"));
    nurse.expect(push(kJuliet, "to"));
    juliet.expect(push(kNurse, "from"));
}

/// What the log and the README warn of. Should it no longer be so, they may say less.
BOOST_AUTO_TEST_CASE(stored_request_is_shown_again_at_the_next_login)
{
    StockStage stage(Login::component);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    nurse.send(to(kJuliet, "subscribe"));
    nurse.expect(push(kJuliet, "to"));
    juliet.disconnect();
    juliet.take_received();
    juliet.connect();
    juliet.appear();
    juliet.expect(presence("subscribe", kNurse));
    juliet.send(to(kNurse, "subscribed"));
    stage.round_trip();
    BOOST_TEST(item_in(juliet.roster(), kNurse) == "both");  // falsely
    BOOST_TEST(item_in(nurse.roster(), kJuliet) == "to");
}

BOOST_DATA_TEST_CASE(contact_whom_the_user_has_blocked_is_not_approved, kLogins, login)
{
    StockStage stage(login);
    WireClient& juliet = stage.enter(kJuliet);
    const Element blocked =
        juliet.request("set", {}, "<block xmlns='urn:xmpp:blocking'><item jid='" + kTybalt + "'/></block>");
    BOOST_TEST_REQUIRE(blocked.attribute("type") == "result");
    WireClient& tybalt = enter_asking_juliet(stage, kTybalt);
    WireClient& nurse = enter_asking_juliet(stage, kNurse);
    nurse.expect(push(kJuliet, "to"));  // her roster is read after his
    BOOST_TEST(item_in(tybalt.roster(), kJuliet) == "none ask");
    BOOST_TEST(item_in(juliet.roster(), kTybalt).empty());
}

BOOST_DATA_TEST_CASE(contact_is_approved_on_a_server_without_blocklists, kLogins, login)
{
    ServerOptions options = stock_server(login);
    options.for_organization = "modules_disabled = { \"s2s\"; \"s2s_auth_certs\"; \"blocklist\" }";
    StockStage stage(options);
    stage.start();
    WireClient& nurse = stage.enter(kNurse);
    WireClient& juliet = stage.enter(kJuliet);
    const Element reply = juliet.request("get", {}, "<blocklist xmlns='urn:xmpp:blocking'/>");
    BOOST_TEST_REQUIRE(reply.attribute("type") == "error");
    nurse.send(to(kJuliet, "subscribe"));
    nurse.expect(push(kJuliet, "to"));
}

BOOST_DATA_TEST_CASE(request_made_while_the_daemon_is_away_is_found_when_it_is_back, kLogins, login)
{
    StockStage stage(login);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    stage.usherd().kill();
    nurse.send(to(kJuliet, "subscribe"));
    stage.round_trip();
    stage.start();
    nurse.expect(push(kJuliet, "to"));
    BOOST_TEST(item_in(juliet.roster(), kNurse) == "from");
}

BOOST_DATA_TEST_CASE(half_done_approval_is_completed, kLogins, login)
{
    // What a daemon leaves that ends between the two rosters: the user's has the contact, the contact's asks.
    StockStage stage(login);
    stage.usherd().kill();
    stage.server().stop();
    std::filesystem::create_directories(stage.server().directory() / "data/capulet%2elit/roster");
    for (const auto& [owner, item] :
         {std::pair{"juliet", "[\"nurse@capulet.lit\"] = { subscription = \"from\"; groups = {} }"},
          std::pair{
              "nurse",
              "[\"juliet@capulet.lit\"] = { subscription = \"none\"; ask = \"subscribe\"; groups = {} }"}}) {
        std::ofstream(stage.server().directory() / "data/capulet%2elit/roster" /
                      (std::string(owner) + ".dat"))
            << "return { [false] = { version = 1; pending = {} }; " << item << " };\n";
    }
    stage.server().start();
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    stage.start();
    nurse.expect(push(kJuliet, "to"));
    BOOST_TEST(item_in(juliet.roster(), kNurse) == "from");
    BOOST_TEST(stage.usherd().log_text().find("approve for") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(log_says_what_it_cannot_do)
{
    StockStage stage(Login::component);
    stage.usherd().wait_for_log(
        "usherd cannot see requests from other servers, cannot deny, and cannot clear the stored request");
}

BOOST_AUTO_TEST_CASE(missing_permissions_are_said)
{
    ServerOptions options = stock_server(Login::component);
    options.stock = false;
    const auto server = make_server(options);
    Usherd usherd(connection_to(*server), approving_colleagues());
    usherd.start();
    usherd.wait_for_log(kPermissions);
}

BOOST_DATA_TEST_CASE(without_the_grant_to_read_blocklists_nothing_is_approved, kLogins, login)
{
    ServerOptions options = stock_server(login);
    options.blocklists = false;
    StockStage stage(options);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = enter_asking_juliet(stage, kNurse);
    stage.round_trip();
    stage.usherd().start();
    stage.usherd().wait_for_log(kPermissions);
    WireClient& tybalt = enter_asking_juliet(stage, kTybalt);
    stage.round_trip();
    BOOST_TEST(item_in(nurse.roster(), kJuliet) == "none ask");
    BOOST_TEST(item_in(tybalt.roster(), kJuliet) == "none ask");
    const Element roster = juliet.roster();
    BOOST_TEST(item_in(roster, kNurse).empty());
    BOOST_TEST(item_in(roster, kTybalt).empty());
    stage.usherd().stop();  // a component's domain takes one connection
    const auto check = stage.usherd().check_online();
    BOOST_TEST(check.status != 0);
    BOOST_TEST(check.report.find("lacks permissions") != std::string::npos, check.report);
}

BOOST_AUTO_TEST_CASE(off_is_the_default)
{
    UsherdOptions options = approving_colleagues();
    options.organization.clear();
    const auto server = make_server(stock_server(Login::component));
    Usherd usherd(connection_to(*server), options);
    usherd.start();
    usherd.wait_for_log("has no connector for this domain, so usherd sees no requests");
}

BOOST_DATA_TEST_CASE(the_check_says_what_it_cannot_do, kLogins, login)
{
    const auto server = make_server(stock_server(login));
    const auto check = Usherd(connection_to(*server), approving_colleagues()).check_online();
    BOOST_TEST(check.status == 0);
    BOOST_TEST(check.report.find("warning       connector: none; stock = \"approve\"") != std::string::npos,
               check.report);
    BOOST_TEST(check.report.find("passed        roster: permissions granted") != std::string::npos,
               check.report);
}

BOOST_AUTO_TEST_SUITE_END()

/// Whether the server replies to what a component asks in its own name. mod_privilege of ejabberd 24.10 and later drops
/// that, for all components; what the connector's entities send does not come to it.
static bool answers_components(Stage& stage)
{
    WireComponent gossip(stage.server().component_port(), kGossip);
    gossip.connect();
    gossip.send("<iq type='get' id='q' from='" + kGossip +
                "' to='capulet.lit'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
    round_trip({&gossip});
    return gossip.has_received(
        {"a reply", [](const Element& stanza) { return stanza.attribute("id") == "q"; }});
}

// ejabberd, with every permission that it has to give.
BOOST_AUTO_TEST_SUITE(stock_refused)

BOOST_DATA_TEST_CASE(says_why_and_leaves_everything_to_users, kLogins, login)
{
    ServerOptions options;
    options.entities = {entity_address(login)};
    options.components = {kGossip};
    options.for_organization =
        "      mod_privilege: {roster: {both: all}, presence: {managed_entity: all}}\n";
    StockStage stage(options);
    const bool answered = login == Login::account || answers_components(stage);
    stage.usherd().start();
    if (answered) {
        stage.usherd().wait_for_log(
            "capulet.lit: the server has no connector for this domain, and stock = "
            "\"approve\" cannot work: on this server a roster set by a privileged entity "
            "never changes the subscription (as on ejabberd)");
        stage.usherd().wait_for_status("answering on 0 of 1 domains");
    } else {
        stage.usherd().wait_for_log("logged in as");
    }
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    nurse.send(to(kJuliet, "subscribe"));
    juliet.expect(presence("subscribe", kNurse));
    stage.round_trip();
    BOOST_TEST(!nurse.has_received(presence("subscribed", kJuliet)));
    BOOST_TEST(stage.usherd().stop() == 0);

    const auto check = stage.usherd().check_online();
    BOOST_TEST(check.status != 0);
    if (!answered) {
        return;
    }
    BOOST_TEST(check.report.find("failed        roster: ejabberd does not let others change subscriptions") !=
                   std::string::npos,
               check.report);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
