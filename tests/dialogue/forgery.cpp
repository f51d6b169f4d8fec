// Stanzas of the protocol from somebody who has no part in it change nothing, on either side.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "stage.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

const Matcher kPrompt = presence("subscribe", kRomeo);

bool refused(const Element& reply)
{
    return reply.attribute("type") == "error" && reply.child("error") != nullptr;
}

/// Users of both hosts, and a component that was granted nothing.
std::vector<std::unique_ptr<WireStream>> forgers(Server& server)
{
    std::vector<std::unique_ptr<WireStream>> all;
    for (const std::string& address :
         {std::string("mallory@capulet.lit"), std::string("mallory@montague.lit")}) {
        server.add_account(address);
        all.push_back(std::make_unique<WireClient>(server.client_port(), address));
    }
    all.push_back(std::make_unique<WireComponent>(server.component_port(), kGossip));
    for (auto& forger : all) {
        forger->connect();
    }
    return all;
}

/// The daemon's own address, its resource included: another client of its account is told.
std::string daemon_address(Stage& stage, Login login)
{
    if (login == Login::component) {
        return entity_address(login);
    }
    WireClient& observer = stage.client(entity_address(login), "observer");
    observer.connect();
    observer.appear();
    const std::string address = observer
                                    .expect({"the daemon's presence",
                                             [&](const Element& stanza) {
                                                 return is_presence(stanza, "") &&
                                                        stanza.attribute("from") != observer.full_address();
                                             }})
                                    .attribute("from");
    observer.disconnect();
    return address;
}

std::string iq(const WireStream& from, const std::string& type, const std::string& id, const std::string& to,
               const std::string& payload)
{
    return "<iq type='" + type + "' id='" + escaped(id) + "' from='" + escaped(from.full_address()) +
           "' to='" + escaped(to) + "'>" + payload + "</iq>";
}

UsherdOptions approve_all()
{
    UsherdOptions options;
    options.option = "all";
    return options;
}

const std::string kSomeError =
    "<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";

std::string privilege_xml(const std::string& type)
{
    return "<privilege xmlns='urn:xmpp:privilege:2'><perm access='iq'><namespace ns='" + kRequestsNs +
           "' type='" + type + "'/></perm></privilege>";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(forgery)

// Towards the server. The forgers know everything, ids included.

// S28, S49, S54
BOOST_DATA_TEST_CASE(server_heeds_no_answer_but_the_entitys, kLogins, login)
{
    ScriptedStage stage(login, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    const std::string approval = answers_xml(answer_xml(ask.requests.front().id, "subscribed"));

    for (auto& forger : forgers(stage.server())) {
        BOOST_TEST_CONTEXT(forger->address())
        {
            forger->send(iq(*forger, "result", ask.id, "capulet.lit", approval));
            forger->send(iq(*forger, "error", ask.id, "capulet.lit", kSomeError));
            BOOST_TEST(refused(forger->request("set", "capulet.lit", approval)));
            BOOST_TEST(refused(
                forger->request("set", "capulet.lit", later_answer_xml(kJuliet, kRomeo, "subscribed"))));
            BOOST_TEST(refused(
                forger->request("set", "capulet.lit", later_answer_xml(kJuliet, kRomeo, "unsubscribed"))));
            BOOST_TEST(
                refused(forger->request("get", "capulet.lit", "<pending xmlns='" + kRequestsNs + "'/>")));
            forger->send("<message from='" + forger->full_address() + "' to='capulet.lit'>" +
                         privilege_xml("both") + "</message>");
            round_trip({forger.get()});
        }
    }
    // A component that claims to be another: the server may end its stream for that.
    WireComponent impostor(stage.server().component_port(), kGossip);
    impostor.connect();
    impostor.send("<iq type='result' id='" + ask.id + "' from='" + stage.entity().stream().full_address() +
                  "' to='capulet.lit'>" + approval + "</iq>");
    impostor.send("</stream:stream>");
    impostor.expect_end();

    stage.round_trip();
    BOOST_TEST(!romeo.has_received(presence("subscribed", kJuliet)));
    BOOST_TEST(!romeo.has_received(presence("unsubscribed", kJuliet)));
    BOOST_TEST(count_received(juliet, kPrompt) == 0);  // still held
    BOOST_TEST(item_in(juliet.roster(), kRomeo) == "");
    // The true answer still counts.
    stage.entity().answer(ask, "subscribed");
    romeo.expect(presence("subscribed", kJuliet));
}

// S28
BOOST_AUTO_TEST_CASE(server_heeds_no_reply_from_another_resource_of_the_entity)
{
    ScriptedStage stage(Login::account, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    WireClient& other = stage.client(entity_address(Login::account), "other");
    other.connect();
    other.appear();
    other.send(iq(other, "result", ask.id, "capulet.lit",
                  answers_xml(answer_xml(ask.requests.front().id, "subscribed"))));
    stage.round_trip();
    BOOST_TEST(!romeo.has_received(presence("subscribed", kJuliet)));
    BOOST_TEST(count_received(juliet, kPrompt) == 0);
    stage.entity().answer(ask, "unsubscribed");
    romeo.expect(presence("unsubscribed", kJuliet));
}

// Towards the daemon.

BOOST_DATA_TEST_CASE(daemon_heeds_no_request_but_the_servers, kLogins, login)
{
    UsherStage stage(login, approve_all());
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    const std::string usherd = daemon_address(stage, login);

    for (auto& forger : forgers(stage.server())) {
        BOOST_TEST_CONTEXT(forger->address())
        {
            // Of users of its own domain, and of others.
            for (const std::string& user : {kJuliet, kRomeo, std::string(kGossip)}) {
                const Element reply =
                    forger->request("set", usherd, requests_xml("r1", user, "benvolio@montague.lit"));
                BOOST_TEST(refused(reply));
                BOOST_TEST(reply.child("answers") == nullptr);
            }
            forger->take_received();
            for (const std::string type : {"both", "none"}) {
                forger->send("<message from='" + forger->full_address() + "' to='" + usherd + "'>" +
                             privilege_xml(type) + "</message>");
                // As another server would forward it.
                forger->send("<message from='" + forger->full_address() + "' to='" + usherd +
                             "'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' "
                             "from='capulet.lit'>" +
                             privilege_xml(type) + "</message></forwarded></message>");
            }
            for (const std::string id : {"1", "2", "3"}) {
                forger->send(iq(*forger, "result", id, usherd,
                                "<pending xmlns='" + kRequestsNs + "'>" +
                                    requests_xml("r1", kJuliet, kRomeo) + "</pending>"));
                forger->send(iq(*forger, "result", id, usherd, answers_xml(answer_xml("r1", "subscribed"))));
            }
            // The daemon has read all that when it answers a ping; it has asked nothing back. (Messages that
            // the server has refused come back as errors.)
            (void)forger->request("get", usherd, "<ping xmlns='urn:xmpp:ping'/>");
            round_trip({forger.get()});
            BOOST_TEST(count_received(*forger, {"an iq", [](const Element& s) { return s.name == "iq"; }}) ==
                       1);
        }
    }

    stage.round_trip();
    BOOST_TEST(item_in(juliet.roster(), kRomeo) == "");
    BOOST_TEST(item_in(juliet.roster(), "benvolio@montague.lit") == "");
    BOOST_TEST(!romeo.has_received(presence("subscribed", kJuliet)));
    // The daemon still serves.
    romeo.send(to(kJuliet, "subscribe"));
    romeo.expect(presence("subscribed", kJuliet));
}

// Only a server of our own can show the daemon the right id from the wrong address.
struct DaemonOnAScriptedServer {
    ScriptedServer server{"capulet.lit"};
    Usherd usherd{{server.port(), "usher.capulet.lit", {}}, two_domains()};

    DaemonOnAScriptedServer()
    {
        usherd.start();
        server.connect();
    }

    static UsherdOptions two_domains()
    {
        UsherdOptions options = approve_all();
        options.domains = {"capulet.lit", "verona.lit"};
        return options;
    }

    Element next_query(const std::string& name)
    {
        return server.expect({"a query: " + name, [=](const Element& stanza) {
                                  return stanza.attribute("type") == "get" && stanza.child(name) != nullptr &&
                                         stanza.attribute("to") == "capulet.lit";
                              }});
    }

    void reply(const Element& query, const std::string& from, const std::string& payload)
    {
        server.send("<iq type='result' id='" + escaped(query.attribute("id")) + "' from='" + from +
                    "' to='usher.capulet.lit'>" + payload + "</iq>");
    }

    /// What the daemon has replied to a `<requests/>` from that address.
    Element ask(const std::string& from, const std::string& user)
    {
        static int last = 0;
        const std::string id = "ask" + std::to_string(++last);
        server.send("<iq type='set' id='" + id + "' from='" + from + "' to='usher.capulet.lit'>" +
                    requests_xml("r1", user, kRomeo) + "</iq>");
        return server.expect(
            {"a reply to " + from, [&](const Element& s) { return s.attribute("id") == id; }});
    }
};

BOOST_FIXTURE_TEST_CASE(daemon_heeds_no_reply_but_from_whom_it_asked, DaemonOnAScriptedServer)
{
    const std::string info =
        "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='" + kRequestsNs + "'/></query>";
    std::string list = requests_xml("p1", kJuliet, kRomeo);
    list.replace(list.find("<requests"), 9, "<pending");
    list.replace(
        list.find("</requests>"), 11,
        "<set xmlns='http://jabber.org/protocol/rsm'><first>p1</first><last>p1</last></set></pending>");

    const Element disco = next_query("query");
    reply(disco, "mallory@montague.lit/x", info);
    reply(disco, "montague.lit", info);
    reply(disco, "capulet.lit", info);
    const Element pending = next_query("pending");
    for (const std::string from :
         {"mallory@montague.lit/x", "montague.lit", "juliet@capulet.lit", "usher.capulet.lit",
          "evil-capulet.lit", "x.capulet.lit", "capulet.lit/x"}) {
        reply(pending, from, list);
    }
    // What the daemon has to say to that, it says before it answers this.
    server.request("get", "usher.capulet.lit", "<ping xmlns='urn:xmpp:ping'/>");
    const Matcher answer{"an answer",
                         [](const Element& s) { return s.child("answer", kRequestsNs) != nullptr; }};
    BOOST_TEST(!server.has_received(answer));
    reply(pending, "capulet.lit", list);
    const Element given = server.expect(answer);
    BOOST_TEST(given.attribute("to") == "capulet.lit");
    BOOST_TEST(given.child("answer")->attribute("contact") == kRomeo);
}

BOOST_FIXTURE_TEST_CASE(daemon_heeds_no_request_but_its_domains_for_its_users, DaemonOnAScriptedServer)
{
    for (const std::string from :
         {"montague.lit", "juliet@capulet.lit", "juliet@capulet.lit/balcony", "usher.capulet.lit",
          "evil-capulet.lit", "x.capulet.lit", "capulet.lit/x"}) {
        BOOST_TEST_CONTEXT(from)
        {
            BOOST_TEST(refused(ask(from, kJuliet)));
        }
    }
    for (const std::string user : {"juliet@montague.lit", "juliet@x.capulet.lit", "juliet@verona.lit"}) {
        BOOST_TEST_CONTEXT(user)
        {
            BOOST_TEST(refused(ask("capulet.lit", user)));
        }
    }
    const Element reply = ask("capulet.lit", kJuliet);
    BOOST_REQUIRE(reply.child("answers") != nullptr);
    BOOST_TEST(reply.child("answers")->child("answer")->attribute("type") == "subscribed");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
