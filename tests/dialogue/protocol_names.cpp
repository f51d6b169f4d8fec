// PROTOCOL.md, rules S102 to S105: the name and the group that an approval gives to the contact.
#include <vector>

#include "protocol.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

const std::string kRosterNs = "jabber:iq:roster";
const std::string kBenvolio = "benvolio@" + kGossip;

std::string item_xml(const std::string& name, const std::string& group)
{
    return "<item xmlns='" + kRosterNs + "' name='" + escaped(name) + "'><group>" + escaped(group) +
           "</group></item>";
}

const std::string kItem = item_xml("Benvolio Montague", "Montagues");
const std::string kNamed = "from: Benvolio Montague in Montagues";

/// "from: Benvolio in Montagues, Friends"; empty if there is no item for that contact in the query.
std::string described(const Element* query, const std::string& contact)
{
    for (const Element& item : query != nullptr ? query->children : std::vector<Element>()) {
        if (item.attribute("jid") == contact) {
            std::string groups;
            for (const Element& group : item.children) {
                groups += (groups.empty() ? " in " : ", ") + group.text;
            }
            return item.attribute("subscription") + (item.attribute("ask").empty() ? "" : " ask") + ": " +
                   item.attribute("name") + groups;
        }
    }
    return {};
}

std::string in_roster(WireClient& user, const std::string& contact)
{
    return described(user.roster().child("query"), contact);
}

/// A roster push of exactly this.
Matcher push(const std::string& contact, const std::string& description)
{
    return {"a push of " + contact + ", " + description, [=](const Element& stanza) {
                return stanza.name == "iq" && stanza.attribute("type") == "set" &&
                       described(stanza.child("query", kRosterNs), contact) == description;
            }};
}

/// Juliet and an entity, and contacts for whom a component speaks.
struct NamesStage : ScriptedStage {
    explicit NamesStage(bool online = true)
        : ScriptedStage(Login::component, kNoTimeout),
          juliet(online ? enter(kJuliet) : person(kJuliet)),
          gossip(server().component_port(), kGossip)
    {
        gossip.connect();
    }

    void ask_juliet(const std::string& contact) { gossip.send(request_xml(contact, kJuliet)); }

    void reply(const Ask& ask, const std::string& attributes, const std::string& item)
    {
        entity().reply(ask, "result",
                       answers_xml("<answer id='" + escaped(ask.requests.front().id) + "' " + attributes +
                                   ">" + item + "</answer>"));
    }

    Element answer_later(const std::string& contact, const std::string& attributes, const std::string& item)
    {
        return entity().stream().request("set", "capulet.lit",
                                         "<answer xmlns='" + kRequestsNs + "' user='" + kJuliet +
                                             "' contact='" + contact + "' " + attributes + ">" + item +
                                             "</answer>");
    }

    /// The contact asks and gets that answer, in the reply or as a later one. That has been carried out then.
    void answer(const std::string& contact, const std::string& attributes, const std::string& item,
                bool later)
    {
        ask_juliet(contact);
        const Ask ask = entity().next_ask_about(contact, kJuliet);
        if (!later) {
            reply(ask, attributes, item);
            return;
        }
        const Element answered = answer_later(contact, attributes, item);
        BOOST_TEST(answered.attribute("type") == "result", answered.str());
        entity().answer(ask, "none");  // the next one need not wait for it
    }

    void approve(const std::string& contact, const std::string& item)
    {
        answer(contact, "type='subscribed'", item, true);
    }

    /// Juliet puts the contact into her roster.
    void put_into_roster(const std::string& contact, const std::string& name_and_groups)
    {
        const Element reply = juliet.request("set", {},
                                             "<query xmlns='" + kRosterNs + "'><item jid='" + contact + "'" +
                                                 name_and_groups + "</item></query>");
        BOOST_TEST_REQUIRE(reply.attribute("type") == "result", reply.str());
    }

    WireClient& juliet;
    WireComponent gossip;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(protocol_names)

BOOST_DATA_TEST_CASE(S102_S103_approval_names_the_contact_to_every_client, bdata::make({false, true}), later)
{
    NamesStage stage;
    WireClient& phone = stage.client(kJuliet, "phone");
    phone.connect();
    phone.appear();
    stage.answer(kBenvolio, "type='subscribed'", kItem, later);
    stage.gossip.expect(kApproval);
    const Element pushed = stage.juliet.expect(push(kBenvolio, kNamed));
    phone.expect(push(kBenvolio, kNamed));
    BOOST_TEST(in_roster(stage.juliet, kBenvolio) == kNamed);
    // What a client has, by the version in its last push, is all there is (RFC 6121 section 2.6).
    if (const std::string version = pushed.child("query")->attribute("ver"); !version.empty()) {
        const Element reply =
            phone.request("get", {}, "<query xmlns='" + kRosterNs + "' ver='" + escaped(version) + "'/>");
        BOOST_TEST(reply.children.empty(), reply.str());
    }
}

BOOST_AUTO_TEST_CASE(S103_offline_user_sees_the_name_after_the_login)
{
    NamesStage stage(false);
    stage.approve(kBenvolio, kItem);
    stage.server().kill();  // what is stored is what counts
    stage.server().start();
    stage.juliet.connect();
    BOOST_TEST(in_roster(stage.juliet, kBenvolio) == kNamed);
}

BOOST_AUTO_TEST_CASE(S102_what_the_user_has_given_stays)
{
    NamesStage stage;
    struct {
        const char* contact;
        const char* given;
        const char* then;
    } const rows[] = {
        {"a@gossip.capulet.lit", " name='Ben'><group>Street</group>", "from: Ben in Street"},
        {"b@gossip.capulet.lit", " name='Ben'>", "from: Ben in Montagues"},
        {"c@gossip.capulet.lit", "><group>Street</group>", "from: Benvolio Montague in Street"},
        {"d@gossip.capulet.lit", " name=''>", "from: Benvolio Montague in Montagues"},
    };
    for (const auto& row : rows) {
        stage.put_into_roster(row.contact, row.given);
        stage.approve(row.contact, kItem);
        BOOST_TEST(in_roster(stage.juliet, row.contact) == row.then);
    }
    // What else an item may have is not heeded, nor a second group.
    stage.approve(kBenvolio, "<item xmlns='" + kRosterNs + "' jid='" + kRomeo +
                                 "' subscription='remove' approved='true' name='Benvolio'>"
                                 "<group>Montagues</group><group>Verona</group></item>");
    BOOST_TEST(in_roster(stage.juliet, kBenvolio) == "from: Benvolio in Montagues");
    BOOST_TEST(in_roster(stage.juliet, kRomeo) == "");
}

BOOST_AUTO_TEST_CASE(S103_ask_back_comes_with_the_name)
{
    NamesStage stage;
    stage.answer(kBenvolio, "type='subscribed' ask-back='true'", kItem, false);
    stage.gossip.expect(presence("subscribe", kJuliet));
    stage.juliet.expect(push(kBenvolio, "from ask: Benvolio Montague in Montagues"));
    stage.gossip.send("<presence type='subscribed' from='" + kBenvolio + "' to='" + kJuliet + "'/>");
    stage.juliet.expect(push(kBenvolio, "both: Benvolio Montague in Montagues"));
}

BOOST_AUTO_TEST_CASE(S104_only_what_can_be_shown_is_taken)
{
    NamesStage stage;
    const std::string longest = std::string(255, 'x') + "y";
    struct {
        std::string name;
        std::string group;
        std::string then;
    } const rows[] = {
        {longest, longest, "from: " + longest + " in " + longest},
        {longest + "z", "Montagues", "from:  in Montagues"},
        {"Benvolio", longest + "z", "from: Benvolio"},
        {std::string(254, 'x') + "\u00e9\u00e9", "Montagues", "from:  in Montagues"},
        {"", "", "from: "},
        {" \u0020", "Montagues", "from:  in Montagues"},
        {"Ben\x7fvolio", "Monta\u0085gues", "from: "},
        {"<b>Benvolio</b> & \"'Co", "<Montagues/>", "from: <b>Benvolio</b> & \"'Co in <Montagues/>"},
        {"Бенволио Монтекки", "Монтекки", "from: Бенволио Монтекки in Монтекки"},
    };
    int contact = 0;
    for (const auto& row : rows) {
        const std::string address = "c" + std::to_string(contact++) + "@" + kGossip;
        stage.approve(address, item_xml(row.name, row.group));
        BOOST_TEST(in_roster(stage.juliet, address) == row.then);
    }
    // Line breaks can be written into attributes, too.
    stage.approve(kBenvolio, "<item xmlns='" + kRosterNs + "' name='Ben&#10;volio'/>");
    BOOST_TEST(in_roster(stage.juliet, kBenvolio) == "from: ");
    // An item of another kind is none.
    stage.approve("d@" + kGossip, "<item xmlns='urn:x' name='Benvolio'/>");
    BOOST_TEST(in_roster(stage.juliet, "d@" + kGossip) == "from: ");
}

BOOST_DATA_TEST_CASE(S105_without_an_approval_nobody_is_named, bdata::make({false, true}), later)
{
    NamesStage stage;
    const std::string denied = "denied@" + kGossip;
    stage.put_into_roster(denied, "><group>Street</group>");
    stage.answer(denied, "type='unsubscribed'", kItem, later);
    stage.gossip.expect(kDenial);
    stage.settle();
    BOOST_TEST(in_roster(stage.juliet, denied) == "none:  in Street");

    stage.put_into_roster(kBenvolio, "><group>Street</group>");
    stage.answer(kBenvolio, "type='none'", kItem, later);
    stage.juliet.expect(presence("subscribe", kBenvolio));
    // While it waits, not every server shows her the item.
    BOOST_TEST(stage.answer_later(kBenvolio, "type='subscribed'", "").attribute("type") == "result");
    BOOST_TEST(in_roster(stage.juliet, kBenvolio) == "from:  in Street");
}

BOOST_AUTO_TEST_CASE(S105_answer_that_is_not_applied_names_nobody)
{
    NamesStage stage;
    stage.ask_juliet(kBenvolio);
    const Ask ask = stage.entity().next_ask_about(kBenvolio, kJuliet);
    stage.gossip.send("<presence type='unsubscribe' from='" + kBenvolio + "' to='" + kJuliet + "'/>");
    round_trip({&stage.gossip});
    stage.reply(ask, "type='subscribed'", kItem);
    stage.round_trip();
    BOOST_TEST(
        is_error(stage.answer_later(kBenvolio, "type='subscribed'", kItem), "cancel", "item-not-found"));
    BOOST_TEST(in_roster(stage.juliet, kBenvolio) == "");
    stage.approve(kBenvolio, "");
    BOOST_TEST(in_roster(stage.juliet, kBenvolio) == "from: ");
}

BOOST_AUTO_TEST_CASE(S105_approval_that_cannot_be_stored_names_nobody)
{
    NamesStage stage;
    stage.put_into_roster(kBenvolio, "><group>Street</group>");
    stage.ask_juliet(kBenvolio);
    (void)stage.entity().next_ask_about(kBenvolio, kJuliet);
    const std::string before = in_roster(stage.juliet, kBenvolio);
    stage.server().refuse_roster_writes();
    BOOST_TEST(
        is_error(stage.answer_later(kBenvolio, "type='subscribed'", kItem), "wait", "internal-server-error"));
    BOOST_TEST(in_roster(stage.juliet, kBenvolio) == before);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
