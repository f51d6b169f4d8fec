// The entity where there is no connector: stock approval. Numbers such as E2 are the rules of PROTOCOL.md.
#include "entity_scene.h"
#include "integration/stock/stock_approval.h"

using namespace std::chrono_literals;
using namespace usher;
using namespace usher::test;

BOOST_FIXTURE_TEST_SUITE(entity, Scene)

// --- Without a connector: stock approval

namespace
{

const std::string kVersion = "<query xmlns='jabber:iq:version'><name>Prosody</name></query>";

std::string rosters_granted(const std::string& from)
{
    return "<message from='" + from +
           "' to='usher.capulet.lit'><privilege xmlns='urn:xmpp:privilege:2'>"
           "<perm access='roster' type='both'/><perm access='presence' type='managed_entity'/>"
           "<perm access='iq'><namespace ns='urn:xmpp:blocking' type='get'/></perm>"
           "</privilege></message>";
}

struct StockScene : ComponentScene {
    StockScene()
    {
        entity->set_stock_mode(&stock);
        entity->set_stock({"capulet.lit"});
    }

    void learn_that_there_is_no_connector(const std::string& version = kVersion)
    {
        reply(take("capulet.lit", "query"), kWithoutConnector);
        BOOST_TEST(state() == "asking");
        reply(take("capulet.lit", "query"), version);
    }

    void start_stock()
    {
        log_in();
        channels.received(rosters_granted("capulet.lit"));
        learn_that_there_is_no_connector();
        BOOST_TEST_REQUIRE(state() == "stock");
        expect_nothing_sent();
    }

    void present(const std::string& from, const std::string& type = {})
    {
        channels.received("<presence from='" + from + "' to='usher.capulet.lit'" +
                          (type.empty() ? "" : " type='" + type + "'") + "/>");
    }

    void push(const std::string& from)
    {
        ask("<query xmlns='jabber:iq:roster'><item jid='juliet@capulet.lit' subscription='none' "
            "ask='subscribe'/></query>",
            from);
    }

    StockApproval stock{clock, judge, entity->iqs(),
                        [this](const std::string& domain, StockMode::Refusal refusal) {
                            entity->stock_refused(domain, refusal);
                        }};
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(stock_reads_the_rosters_of_own_users_who_are_online, StockScene)
{
    log_in();
    channels.received(rosters_granted("capulet.lit"));
    present("nurse@capulet.lit/balcony");  // before it is known that there is no connector
    learn_that_there_is_no_connector();
    const Literal iq(take("nurse@capulet.lit", "query"));
    BOOST_TEST(iq.stanza().attribute("type") == "get");
    BOOST_TEST(iq.stanza().attribute("from") == "usher.capulet.lit");
    BOOST_TEST(iq.stanza().first().ns() == "jabber:iq:roster");
}

BOOST_FIXTURE_TEST_CASE(stock_takes_no_notice_of_strangers_and_of_other_presence, StockScene)
{
    start_stock();
    present("romeo@montague.lit/orchard");
    present("nurse@capulet.lit/balcony", "error");
    present("nurse@capulet.lit/balcony", "probe");
    present("nurse@capulet.lit");
    present("capulet.lit");
    clock.advance(10s);
    expect_nothing_sent();
}

BOOST_FIXTURE_TEST_CASE(roster_push_is_acknowledged_and_the_roster_read, StockScene)
{
    start_stock();
    push("nurse@capulet.lit");
    BOOST_TEST(channels.sent.at(0) ==
               "<iq type='result' id='a1' to='nurse@capulet.lit' "
               "from='usher.capulet.lit'/>");
    take("nurse@capulet.lit", "query");
}

BOOST_FIXTURE_TEST_CASE(roster_push_of_anybody_but_the_server_is_refused, StockScene)
{
    start_stock();
    for (const std::string from : {"nurse@capulet.lit/balcony", "romeo@montague.lit", "capulet.lit"}) {
        push(from);
        expect_sent({"<iq type='error' id='a1' to='" + from +
                     "' from='usher.capulet.lit'><error type='cancel'><service-unavailable "
                     "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"});
    }
}

BOOST_FIXTURE_TEST_CASE(stock_does_not_start_where_permissions_are_missing, StockScene)
{
    log_in();
    channels.received(rosters_granted("montague.lit"));
    learn_that_there_is_no_connector();
    BOOST_TEST(state() == "stock_not_granted");
}

BOOST_FIXTURE_TEST_CASE(stock_does_not_start_on_ejabberd, StockScene)
{
    log_in();
    channels.received(rosters_granted("capulet.lit"));
    learn_that_there_is_no_connector("<query xmlns='jabber:iq:version'><name>ejabberd</name></query>");
    BOOST_TEST(state() == "stock_ineffective");
    pass(60s);
    reply(take("capulet.lit", "query"), kWithoutConnector);  // it keeps looking for a connector
    BOOST_TEST(state() == "stock_ineffective");
    expect_nothing_sent();
}

BOOST_FIXTURE_TEST_CASE(ejabberd_is_known_by_disco_too, StockScene)
{
    log_in();
    channels.received(rosters_granted("capulet.lit"));
    reply(take("capulet.lit", "query"),
          "<query xmlns='http://jabber.org/protocol/disco#info'>"
          "<identity category='server' type='im' name='ejabberd'/></query>");
    BOOST_TEST(state() == "stock_ineffective");
    expect_nothing_sent();
}

BOOST_FIXTURE_TEST_CASE(connector_that_appears_ends_stock, StockScene)
{
    start_stock();
    pass(60s);
    has_connector();
    page("");
    BOOST_TEST(state() == "answering");
    present("nurse@capulet.lit/balcony");
    clock.advance(10s);
    expect_nothing_sent();
}

BOOST_FIXTURE_TEST_CASE(stock_goes_on_while_the_connector_is_looked_for, StockScene)
{
    start_stock();
    pass(60s);
    present("nurse@capulet.lit/balcony");
    take("nurse@capulet.lit", "query");
    learn_that_there_is_no_connector();
    BOOST_TEST(state() == "stock");
}

BOOST_FIXTURE_TEST_CASE(stock_is_begun_and_ended_by_a_reload, StockScene)
{
    start_stock();
    entity->set_stock({});
    reply(take("capulet.lit", "query"), kWithoutConnector);
    BOOST_TEST(state() == "no_connector");
    present("nurse@capulet.lit/balcony");
    clock.advance(10s);
    expect_nothing_sent();
    entity->set_stock({"capulet.lit"});
    learn_that_there_is_no_connector();
    BOOST_TEST(state() == "stock");
    take("nurse@capulet.lit", "query");
}

BOOST_AUTO_TEST_SUITE_END()
