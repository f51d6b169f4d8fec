// PROTOCOL.md, rules S106 to S115: which approvals are in force, and revoking them.
#include "protocol_approvals.h"

#include <algorithm>

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

/// Another entity, with the third grant only.
const std::string kAuditor = "auditor.capulet.lit";
const std::string kRosterNs = "jabber:iq:roster";
const std::string kTybalt = "tybalt@capulet.lit";

bool has_feature(WireStream& who)
{
    const Element reply =
        who.request("get", "capulet.lit", "<query xmlns='http://jabber.org/protocol/disco#info'/>");
    const Element* query = reply.child("query");
    BOOST_REQUIRE(query != nullptr);
    return std::any_of(query->children.begin(), query->children.end(), [](const Element& child) {
        return child.name == "feature" && child.attribute("var") == kApprovalsNs;
    });
}

/// The user's client sets the item's name and groups.
void set_item(WireClient& user, const std::string& contact, const std::string& name_and_groups)
{
    const Element reply = user.request(
        "set", {},
        "<query xmlns='" + kRosterNs + "'><item jid='" + contact + "'" + name_and_groups + "</item></query>");
    BOOST_TEST_REQUIRE(reply.attribute("type") == "result", reply.str());
}

std::vector<std::string> groups_of(const Element& approval)
{
    std::vector<std::string> groups;
    for (const Element& child : approval.children) {
        BOOST_TEST(child.name == "group");
        groups.push_back(child.text);
    }
    return groups;
}

/// A push about the contact with that subscription.
Matcher pushed(const std::string& contact, const std::string& subscription)
{
    return {"a push of " + contact + " as " + subscription, [=](const Element& stanza) {
                return roster_push(contact).matches(stanza) &&
                       stanza.child("query")->children.front().attribute("subscription") == subscription;
            }};
}

/// Juliet, and those whom she approves before anybody is asked.
struct ApprovalsStage : ScriptedStage {
    explicit ApprovalsStage(const ServerOptions& options = approvals_options(Login::component))
        : ScriptedStage(options),
          juliet(enter(kJuliet)),
          romeo(enter(kRomeo)),
          gossip(server().component_port(), kGossip)
    {
        gossip.connect();
    }

    /// The entity comes.
    WireStream& admit()
    {
        admit_entity();
        return entity().stream();
    }
    /// Once more, so that what is true is what has been stored.
    void come_back(WireClient& user)
    {
        if (user.open()) {
            user.disconnect();
        }
        user.connect();
    }

    WireClient& juliet;
    WireClient& romeo;
    WireComponent gossip;
};

void expect_forbidden(WireStream& asker, bool reading = true)
{
    const std::string any = "0123456789";
    std::vector<Element> replies = {
        ask_to_revoke(asker, {{kJuliet, kRomeo, any}}),
        ask_to_revoke(asker, {{"nobody@capulet.lit", kRomeo, any}}),
        ask_to_revoke(asker, {{"@", "@", any}}),
        ask_to_revoke(asker, {}),
    };
    if (reading) {
        replies.push_back(ask_for_approvals(asker, {{kJuliet, kRomeo}}));
        replies.push_back(ask_for_approvals(asker, {{"nobody@capulet.lit", kRomeo}}));
        replies.push_back(ask_for_approvals(asker, {{"@", "@"}}));
        replies.push_back(ask_for_approvals(asker, {}));
    }
    for (const Element& reply : replies) {
        BOOST_TEST(is_error(reply, "auth", "forbidden"), asker.address() << " got " << reply.str());
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(protocol_approvals)

BOOST_AUTO_TEST_CASE(S106_feature_is_there_while_the_connector_is_loaded)
{
    ScriptedStage stage(approvals_options(Login::component));
    stage.admit_entity();
    BOOST_TEST(has_feature(stage.entity().stream()));
    stage.server().unload_connector();
    BOOST_TEST(!has_feature(stage.entity().stream()));
    stage.server().load_connector();
    BOOST_TEST(has_feature(stage.entity().stream()));
}

BOOST_DATA_TEST_CASE(S107_S108_nobody_has_more_than_they_are_granted, kLogins, login)
{
    ServerOptions options = approvals_options(login);
    options.approval_entities = {kAuditor};
    options.people_entities = options.entities;
    ApprovalsStage stage(options);
    approve(stage.juliet, stage.romeo, kRomeo);
    stage.admit();
    WireComponent auditor(stage.server().component_port(), kAuditor);
    auditor.connect();
    auditor.expect({"the third grant alone", [](const Element& stanza) {
                        const Element* privilege = stanza.child("privilege");
                        return privilege != nullptr &&
                               privilege->str().find(kApprovalsNs) != std::string::npos &&
                               privilege->str().find("both") != std::string::npos &&
                               privilege->str().find(kRequestsNs + "#people") == std::string::npos &&
                               privilege->str().find(kRequestsNs + "'") == std::string::npos &&
                               privilege->str().find(kRequestsNs + "\"") == std::string::npos;
                    }});
    BOOST_TEST(in_force(auditor, {{kJuliet, kRomeo}}).size() == 1U);
    const Element pending = auditor.request("get", "capulet.lit", "<pending xmlns='" + kRequestsNs + "'/>");
    BOOST_TEST(is_error(pending, "auth", "forbidden"), pending.str());
    expect_forbidden(stage.entity().stream());
    expect_forbidden(stage.gossip);
    expect_forbidden(stage.juliet);
    stage.round_trip();
    BOOST_TEST(item_in(stage.juliet.roster(), kRomeo) == "from");
}

BOOST_DATA_TEST_CASE(S107_S108_who_may_only_read_may_not_revoke, kLogins, login)
{
    ServerOptions options = approvals_options(login);
    std::swap(options.approval_readers, options.approval_entities);
    ApprovalsStage stage(options);
    approve(stage.juliet, stage.romeo, kRomeo);
    WireStream& reader = stage.admit();
    const std::string mark = mark_of(reader, kJuliet, kRomeo);
    const Element reply = ask_to_revoke(reader, {{kJuliet, kRomeo, mark}});
    BOOST_TEST(is_error(reply, "auth", "forbidden"), reply.str());
    expect_forbidden(reader, false);
    BOOST_TEST(mark_of(reader, kJuliet, kRomeo) == mark);
}

BOOST_DATA_TEST_CASE(S107_S70_grant_ends_when_it_is_withdrawn, kLogins, login)
{
    ScriptedStage stage(approvals_options(login));
    stage.admit_entity();
    BOOST_TEST(in_force(stage.entity().stream(), {{kJuliet, kRomeo}}).empty());
    stage.server().withdraw_grant();
    expect_forbidden(stage.entity().stream());
}

BOOST_AUTO_TEST_CASE(S109_S110_those_in_force_come_with_what_the_item_has)
{
    ApprovalsStage stage;
    WireClient& tybalt = stage.enter(kTybalt);
    WireClient& paris = stage.enter("paris@mantua.lit");
    WireClient& nurse = stage.enter(kNurse);
    approve(stage.juliet, stage.romeo, kRomeo);
    approve(stage.juliet, stage.gossip, kBenvolio, true);
    approve(stage.juliet, stage.gossip, kGossip);  // a bare domain
    stage.juliet.send(to(kRomeo, "subscribe"));
    stage.romeo.expect(presence("subscribe", kJuliet));
    set_item(stage.juliet, kRomeo, " name='My &lt;Romeo&gt;'><group>Verona</group><group>A &amp; B</group>");
    // To: she sees Tybalt. None: the nurse is in her roster. Paris waits.
    stage.juliet.send(to(kTybalt, "subscribe"));
    tybalt.expect(presence("subscribe", kJuliet));
    tybalt.send(to(kJuliet, "subscribed"));
    stage.juliet.expect(presence("subscribed", kTybalt));
    set_item(stage.juliet, kNurse, " name='Nurse'>");
    paris.send(to(kJuliet, "subscribe"));
    stage.juliet.expect(presence("subscribe", "paris@mantua.lit"));

    const std::vector<Pair> pairs = {{kJuliet, kGossip}, {kJuliet, kTybalt},   {kJuliet, kNurse},
                                     {kJuliet, kRomeo},  {kJuliet, kBenvolio}, {kJuliet, "paris@mantua.lit"},
                                     {kNurse, kRomeo},   {kTybalt, kJuliet},   {"nobody@capulet.lit", kRomeo},
                                     {kJuliet, kJuliet}};
    for (const bool online : {true, false}) {
        if (!online) {
            stage.juliet.disconnect();
        }
        const std::vector<Element> found =
            online ? in_force(stage.admit(), pairs) : in_force(stage.entity().stream(), pairs);
        BOOST_TEST_REQUIRE(found.size() == 4U);
        const Element& gossip = found[0];
        BOOST_TEST(gossip.attribute("user") == kJuliet);
        BOOST_TEST(gossip.attribute("contact") == kGossip);
        BOOST_TEST(gossip.attribute("subscription") == "from");
        const Element& romeo = found[1];
        BOOST_TEST(romeo.attribute("contact") == kRomeo);
        BOOST_TEST(romeo.attribute("subscription") == "from");
        BOOST_TEST(romeo.attribute("ask") == "subscribe");
        BOOST_TEST(romeo.attribute("name") == "My <Romeo>");
        const std::vector<std::string> groups = {"A & B", "Verona"};
        BOOST_TEST(groups_of(romeo) == groups, boost::test_tools::per_element());
        const Element& benvolio = found[2];
        BOOST_TEST(benvolio.attribute("contact") == kBenvolio);
        BOOST_TEST(benvolio.attribute("subscription") == "both");
        BOOST_TEST(benvolio.str().find("ask=") == std::string::npos);
        BOOST_TEST(benvolio.str().find("name=") == std::string::npos);
        BOOST_TEST(found[3].attribute("user") == kTybalt);
        for (const Element& approval : found) {
            BOOST_TEST(!approval.attribute("mark").empty());
            BOOST_TEST(approval.attribute("mark").size() <= 128U);
        }
    }
    (void)nurse;
}

BOOST_AUTO_TEST_CASE(S110_S111_what_is_long_is_cut_and_marked_as_a_whole)
{
    ApprovalsStage stage;
    approve(stage.juliet, stage.romeo, kRomeo);
    const std::string umlauts = [] {
        std::string text = "x";  // so that byte 256 is the second one of a character
        for (int i = 0; i < 127; ++i) {
            text += "ü";
        }
        return text;
    }();
    const auto item = [&](const std::string& end, int groups) {
        std::string xml = " name='&#9;" + umlauts + "ü" + end + "'>";
        for (int i = 0; i < groups; ++i) {
            xml += "<group>g" + std::to_string(i) + "</group>";
        }
        return xml;
    };
    set_item(stage.juliet, kRomeo, item("", 9));
    WireStream& entity = stage.admit();
    const std::vector<Element> found = in_force(entity, {{kJuliet, kRomeo}});
    BOOST_TEST_REQUIRE(found.size() == 1U);
    BOOST_TEST(found.front().attribute("name") == umlauts);
    const std::vector<std::string> groups = {"g0", "g1", "g2", "g3", "g4", "g5", "g6", "g7"};
    BOOST_TEST(groups_of(found.front()) == groups, boost::test_tools::per_element());
    const std::string mark = found.front().attribute("mark");
    set_item(stage.juliet, kRomeo, item("!", 9));
    BOOST_TEST(mark_of(entity, kJuliet, kRomeo) != mark);
    set_item(stage.juliet, kRomeo, item("", 10));
    BOOST_TEST(mark_of(entity, kJuliet, kRomeo) != mark);
    set_item(stage.juliet, kRomeo, item("", 9));
    BOOST_TEST(mark_of(entity, kJuliet, kRomeo) == mark);
}

/// A contact as a case has one.
enum class Contact { here, offline, elsewhere };
std::ostream& operator<<(std::ostream& out, Contact contact)
{
    return out << (contact == Contact::here ? "here" : contact == Contact::offline ? "offline" : "elsewhere");
}

// RFC 6121 section 3.2, from either side.
BOOST_DATA_TEST_CASE(S113_S114_revoking_is_what_the_users_client_would_do,
                     bdata::make({true, false}) *
                         bdata::make({Contact::here, Contact::offline, Contact::elsewhere}) *
                         bdata::make({false, true}),
                     user_online, where, mutual)
{
    ApprovalsStage stage;
    WireClient& juliet = stage.juliet;
    const bool is_local = where != Contact::elsewhere;
    WireStream& speaker = is_local ? static_cast<WireStream&>(stage.romeo) : stage.gossip;
    const std::string contact = is_local ? kRomeo : kBenvolio;
    WireClient& phone = stage.client(kJuliet, "phone");
    phone.connect();
    phone.appear();
    approve(juliet, speaker, contact, mutual);
    set_item(juliet, contact, " name='Fool'><group>Verona</group>");
    stage.round_trip();
    if (!user_online) {
        juliet.disconnect();
        phone.disconnect();
    }
    if (where == Contact::offline) {
        stage.romeo.disconnect();
    }
    WireStream& entity = stage.admit();
    const std::string mark = mark_of(entity, kJuliet, contact);
    stage.round_trip();
    juliet.take_received();
    phone.take_received();
    speaker.take_received();

    BOOST_TEST(revoke(entity, kJuliet, contact, mark) == "revoked");
    const std::string left = mutual ? "to" : "none";
    std::vector<Expectation> expected;
    if (user_online) {
        expected.push_back({&juliet, {pushed(contact, left)}});
        expected.push_back({&phone, {pushed(contact, left)}});
    }
    if (where != Contact::offline) {
        expected.push_back({&speaker, {kDenial}});
        if (user_online) {
            expected.back().wanted.push_back(presence("unavailable", juliet.full_address()));
            expected.back().wanted.push_back(presence("unavailable", phone.full_address()));
        }
        if (is_local) {
            expected.back().wanted.push_back(pushed(kJuliet, mutual ? "from" : "none"));
        }
    }
    expect_of_each(expected);
    stage.round_trip();
    BOOST_TEST(count_received(speaker, kDenial) == (where == Contact::offline ? 0 : 1));

    // What is stored.
    BOOST_TEST(in_force(entity, {{kJuliet, contact}}).empty());
    stage.come_back(juliet);
    const Element roster = juliet.roster();
    BOOST_TEST(item_in(roster, contact) == left);
    BOOST_TEST(roster.str().find("Fool") != std::string::npos);
    BOOST_TEST(roster.str().find("Verona") != std::string::npos);
    if (is_local) {
        stage.come_back(stage.romeo);
        BOOST_TEST(item_in(stage.romeo.roster(), kJuliet) == (mutual ? "from" : "none"));
    }
    // And what follows from that.
    speaker.take_received();
    juliet.send("<presence/>");
    stage.round_trip();
    BOOST_TEST(count_received(speaker, presence("", juliet.full_address())) == 0);
}

BOOST_AUTO_TEST_CASE(S114_what_the_user_asked_for_stays_asked_and_the_contact_may_ask_again)
{
    ApprovalsStage stage;
    approve(stage.juliet, stage.romeo, kRomeo);
    stage.juliet.send(to(kRomeo, "subscribe"));
    stage.romeo.expect(presence("subscribe", kJuliet));
    WireStream& entity = stage.admit();
    BOOST_TEST(revoke(entity, kJuliet, kRomeo, mark_of(entity, kJuliet, kRomeo)) == "revoked");
    stage.romeo.expect(kDenial);
    BOOST_TEST(item_in(stage.juliet.roster(), kRomeo) == "none ask");
    stage.romeo.send(to(kJuliet, "subscribe"));
    stage.entity().answer(stage.entity().next_ask_about(kRomeo, kJuliet), "none");
    stage.juliet.expect(kPrompt);
}

BOOST_DATA_TEST_CASE(S114_a_block_keeps_no_approval_in_force, bdata::make({true, false}), user_online)
{
    ApprovalsStage stage;
    approve(stage.juliet, stage.romeo, kRomeo);
    block(stage.juliet, kRomeo);
    stage.round_trip();
    if (!user_online) {
        stage.juliet.disconnect();
    }
    WireStream& entity = stage.admit();
    BOOST_TEST(revoke(entity, kJuliet, kRomeo, mark_of(entity, kJuliet, kRomeo)) == "revoked");
    stage.come_back(stage.juliet);
    BOOST_TEST(item_in(stage.juliet.roster(), kRomeo) == "none");
}

// The entity has read, and then the user has done something.
struct Change {
    const char* what;
    void (*change)(ApprovalsStage& stage);
    const char* left;  ///< in the user's roster
    friend std::ostream& operator<<(std::ostream& out, const Change& c) { return out << c.what; }
};
const Change kChanges[] = {
    {"named", [](ApprovalsStage& s) { set_item(s.juliet, kRomeo, " name='Love'>"); }, "from"},
    {"grouped", [](ApprovalsStage& s) { set_item(s.juliet, kRomeo, "><group>Verona</group>"); }, "from"},
    {"asked",
     [](ApprovalsStage& s) {
         s.juliet.send(to(kRomeo, "subscribe"));
         s.romeo.expect(presence("subscribe", kJuliet));
     },
     "from ask"},
    {"subscribed_back",
     [](ApprovalsStage& s) {
         s.juliet.send(to(kRomeo, "subscribe"));
         s.romeo.expect(presence("subscribe", kJuliet));
         s.romeo.send(to(kJuliet, "subscribed"));
         s.juliet.expect(presence("subscribed", kRomeo));
     },
     "both"},
    {"cancelled",
     [](ApprovalsStage& s) {
         s.juliet.send(to(kRomeo, "unsubscribed"));
         s.romeo.expect(kDenial);
     },
     "none"},
    {"removed",
     [](ApprovalsStage& s) {
         set_item(s.juliet, kRomeo, " subscription='remove'>");
         s.romeo.expect(kDenial);
     },
     ""},
};
BOOST_DATA_TEST_CASE(S113_what_has_changed_since_is_left_alone,
                     bdata::make(kChanges) * bdata::make({true, false}), c, user_online)
{
    ApprovalsStage stage;
    approve(stage.juliet, stage.romeo, kRomeo);
    WireStream& entity = stage.admit();
    const std::string mark = mark_of(entity, kJuliet, kRomeo);
    c.change(stage);
    stage.round_trip();
    if (!user_online) {
        stage.juliet.disconnect();
    }
    stage.round_trip();
    stage.juliet.take_received();
    stage.romeo.take_received();
    BOOST_TEST(revoke(entity, kJuliet, kRomeo, mark) == "changed");
    stage.round_trip();
    BOOST_TEST(stage.romeo.take_received().empty());
    if (user_online) {
        BOOST_TEST(stage.juliet.take_received().empty());
    } else {
        stage.juliet.connect();
    }
    BOOST_TEST(item_in(stage.juliet.roster(), kRomeo) == c.left);
}

BOOST_AUTO_TEST_CASE(S113_each_gets_its_outcome_in_order)
{
    ApprovalsStage stage;
    approve(stage.juliet, stage.romeo, kRomeo);
    approve(stage.juliet, stage.gossip, kBenvolio);
    WireStream& entity = stage.admit();
    const std::string romeo = mark_of(entity, kJuliet, kRomeo);
    const std::string benvolio = mark_of(entity, kJuliet, kBenvolio);
    const Element reply = ask_to_revoke(entity, {{kJuliet, kBenvolio, "another"},
                                                 {kJuliet, kRomeo, romeo},
                                                 {"nobody@capulet.lit", kRomeo, romeo},
                                                 {kJuliet, kRomeo, romeo},
                                                 {kJuliet, "nobody@" + kGossip, benvolio},
                                                 {kJuliet, kBenvolio, benvolio}});
    const std::vector<std::string> expected = {"changed", "revoked", "changed",
                                               "changed", "changed", "revoked"};
    BOOST_TEST(outcomes(reply) == expected, boost::test_tools::per_element());
    const std::vector<Element> all = approvals_in(reply, "revoke");
    BOOST_TEST(all[0].attribute("contact") == kBenvolio);
    BOOST_TEST(all[2].attribute("user") == "nobody@capulet.lit");
    stage.round_trip();
    BOOST_TEST(count_received(stage.romeo, kDenial) == 1);
}

BOOST_AUTO_TEST_CASE(S113_of_two_at_once_one_revokes)
{
    ServerOptions options = approvals_options(Login::component);
    options.approval_entities.push_back(kAuditor);
    ApprovalsStage stage(options);
    approve(stage.juliet, stage.romeo, kRomeo);
    WireStream& entity = stage.admit();
    WireComponent auditor(stage.server().component_port(), kAuditor);
    auditor.connect();
    const std::string mark = mark_of(entity, kJuliet, kRomeo);
    const std::string payload = revoke_xml({{kJuliet, kRomeo, mark}});
    constexpr int kEach = 5;
    for (WireStream* one : std::initializer_list<WireStream*>{&entity, &auditor}) {
        std::string xml;
        for (int i = 0; i < kEach; ++i) {
            xml += "<iq type='set' id='r" + std::to_string(i) + "' from='" + one->address() +
                   "' to='capulet.lit'>" + payload + "</iq>";
        }
        one->send(xml);
    }
    int revoked = 0;
    int changed = 0;
    for (WireStream* one : std::initializer_list<WireStream*>{&entity, &auditor}) {
        std::vector<Matcher> replies;
        for (int i = 0; i < kEach; ++i) {
            replies.push_back({"reply " + std::to_string(i), [=](const Element& stanza) {
                                   return stanza.name == "iq" &&
                                          stanza.attribute("id") == "r" + std::to_string(i);
                               }});
        }
        one->expect_all(replies);
        for (const Element& stanza : one->received()) {
            if (stanza.name == "iq" && stanza.child("revoke") != nullptr) {
                const std::string outcome = outcomes(stanza).front();
                revoked += outcome == "revoked" ? 1 : 0;
                changed += outcome == "changed" ? 1 : 0;
            }
        }
    }
    BOOST_TEST(revoked == 1);
    BOOST_TEST(changed == 2 * kEach - 1);
    stage.round_trip();
    BOOST_TEST(count_received(stage.romeo, kDenial) == 1);
}

BOOST_DATA_TEST_CASE(S115_what_cannot_be_stored_is_not_revoked, bdata::make({true, false}), user_online)
{
    ApprovalsStage stage;
    approve(stage.juliet, stage.romeo, kRomeo);
    if (!user_online) {
        stage.juliet.disconnect();
    }
    WireStream& entity = stage.admit();
    const std::string mark = mark_of(entity, kJuliet, kRomeo);
    stage.server().refuse_roster_writes();
    stage.round_trip();
    stage.romeo.take_received();
    BOOST_TEST(revoke(entity, kJuliet, kRomeo, mark) == "failed");
    stage.round_trip();
    BOOST_TEST(stage.romeo.take_received().empty());
    if (user_online) {
        BOOST_TEST(item_in(stage.juliet.roster(), kRomeo) == "from");
    }
    BOOST_TEST(mark_of(entity, kJuliet, kRomeo) == mark);
}

struct Wrong {
    const char* what;
    std::vector<Pair> pairs;
    friend std::ostream& operator<<(std::ostream& out, const Wrong& c) { return out << c.what; }
};
const Wrong kWrong[] = {
    {"none", {}},
    {"too_many", std::vector<Pair>(101, {kJuliet, kRomeo, "m"})},
    {"another_hosts_user", {{kJuliet, kRomeo, "m"}, {kRomeo, kJuliet, "m"}}},
    {"a_host_as_user", {{"capulet.lit", kRomeo, "m"}}},
    {"a_users_resource", {{kJuliet + "/wire", kRomeo, "m"}}},
    {"a_contacts_resource", {{kJuliet, kRomeo + "/wire", "m"}}},
    {"no_user", {{"", kRomeo, "m"}}},
    {"no_contact", {{kJuliet, "", "m"}}},
    {"a_user_that_is_no_address", {{"@capulet.lit", kRomeo, "m"}}},
    {"a_contact_that_is_no_address", {{kJuliet, "romeo@", "m"}}},
};
BOOST_DATA_TEST_CASE(S109_S113_what_is_no_question_is_a_bad_request, bdata::make(kWrong), c)
{
    ScriptedStage stage(approvals_options(Login::component));
    stage.admit_entity();
    for (const Element& reply : {ask_for_approvals(stage.entity().stream(), c.pairs),
                                 ask_to_revoke(stage.entity().stream(), c.pairs)}) {
        BOOST_TEST(is_error(reply, "modify", "bad-request"), reply.str());
    }
}

BOOST_AUTO_TEST_CASE(S109_S113_a_hundred_are_no_bad_request_but_one_without_a_mark_is)
{
    ScriptedStage stage(approvals_options(Login::component));
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    const std::vector<Pair> hundred(100, {kJuliet, kRomeo, "m"});
    BOOST_TEST(in_force(entity, hundred).empty());
    BOOST_TEST(outcomes(ask_to_revoke(entity, hundred)) == std::vector<std::string>(100, "changed"),
               boost::test_tools::per_element());
    const Element reply = entity.request("set", "capulet.lit",
                                         "<revoke xmlns='" + kApprovalsNs + "'><approval user='" + kJuliet +
                                             "' contact='" + kRomeo + "'/></revoke>");
    BOOST_TEST(is_error(reply, "modify", "bad-request"), reply.str());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
