// What is asked of the domains, in which order, and what is kept of the answers.
#include "integration/probe/survey.h"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "doubles.h"
#include "literal.h"

using namespace std::chrono_literals;
using usher::DomainFacts;
using usher::Survey;
using Kind = usher::DomainFacts::Answer::Kind;

namespace
{

struct Scene {
    explicit Scene(const std::vector<std::string>& domains = {"capulet.lit"})
        : survey(domains, iqs, clock, [this] { ++ends; })
    {
        survey.start();
    }

    void send(std::string_view xml)
    {
        const usher::test::Literal literal{std::string(xml)};
        const usher::Stanza iq = literal.stanza();
        const std::string payload(xml.substr(xml.find('>') + 1, xml.rfind("</iq>") - xml.find('>') - 1));
        sent.push_back(std::string(iq.attribute("type")) + " " + std::string(iq.attribute("to")) + " " +
                       payload);
        ids.emplace_back(iq.attribute("id"));
    }
    void receive_message(const std::string& xml)
    {
        const usher::test::Literal literal(xml);
        survey.received_message(literal.stanza());
    }
    bool receive(const std::string& xml)
    {
        const usher::test::Literal literal(xml);
        return iqs.received(literal.stanza());
    }
    /// `q1` is the id of the first question.
    [[nodiscard]] std::string real(const std::string& id) const
    {
        const std::size_t number = std::stoul(id.substr(1));
        return number <= ids.size() ? ids[number - 1] : id;
    }
    bool result(const std::string& id, const std::string& payload, const std::string& from = "capulet.lit")
    {
        return receive("<iq type='result' from='" + from + "' id='" + real(id) + "'>" + payload + "</iq>");
    }
    bool error(const std::string& id, const std::string& condition)
    {
        return receive("<iq type='error' from='capulet.lit' id='" + real(id) + "'><error type='cancel'><" +
                       condition + " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    }
    [[nodiscard]] const DomainFacts& facts() const { return survey.facts().at("capulet.lit"); }

    static std::string features(const std::string& var)
    {
        return "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='" + var + "'/></query>";
    }
    static std::string version()
    {
        return "<query xmlns='jabber:iq:version'><name>Prosody</name><version>0.12.3</version></query>";
    }

    usher::test::FakeClock clock;
    std::vector<std::string> sent;
    std::vector<std::string> ids;
    usher::IqClient iqs{clock, [this](std::string_view xml) { send(xml); }};
    int ends = 0;
    Survey survey;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(survey, Scene)

BOOST_AUTO_TEST_CASE(the_list_is_asked_for_with_one_item_and_where_there_is_a_connector_only)
{
    BOOST_TEST(sent == (std::vector<std::string>{
                           "get capulet.lit <query xmlns='http://jabber.org/protocol/disco#info'/>",
                           "get capulet.lit <query xmlns='jabber:iq:version'/>"}),
               boost::test_tools::per_element());
    BOOST_TEST(result("q1", features("urn:xmpp:subscription-requests:0")));
    BOOST_REQUIRE(sent.size() == 3U);
    BOOST_TEST(sent[2] ==
               "get capulet.lit <pending xmlns='urn:xmpp:subscription-requests:0'><set "
               "xmlns='http://jabber.org/protocol/rsm'><max>1</max></set></pending>");
    BOOST_TEST(result("q2", version()));
    BOOST_TEST(ends == 0);
    BOOST_TEST(result("q3",
                      "<pending xmlns='urn:xmpp:subscription-requests:0'><set "
                      "xmlns='http://jabber.org/protocol/rsm'><count>7</count></set></pending>"));
    BOOST_TEST(ends == 1);
    BOOST_TEST(facts().connector);
    BOOST_TEST(facts().waiting.value_or(0) == 7U);
    BOOST_TEST(facts().software == "Prosody");
    BOOST_TEST(facts().software_version == "0.12.3");
    BOOST_TEST(clock.waiting() == 0U);
}

BOOST_AUTO_TEST_CASE(no_connector)
{
    result("q1", features("jabber:iq:version"));
    error("q2", "service-unavailable");
    BOOST_TEST(ends == 1);
    BOOST_TEST(sent.size() == 2U);
    BOOST_TEST(!facts().connector);
    BOOST_TEST(facts().version.condition == "service-unavailable");
}

BOOST_AUTO_TEST_CASE(connector_of_another_version)
{
    result("q1", features("urn:xmpp:subscription-requests:1"));
    BOOST_TEST(!facts().connector);
    BOOST_TEST(facts().other_connector == "urn:xmpp:subscription-requests:1");
    BOOST_TEST(sent.size() == 2U);
}

BOOST_AUTO_TEST_CASE(connector_with_other_parts)
{
    result("q1",
           "<query xmlns='http://jabber.org/protocol/disco#info'>"
           "<feature var='urn:xmpp:subscription-requests:0#people'/>"
           "<feature var='urn:xmpp:subscription-requests:0#approvals'/>"
           "<feature var='urn:xmpp:subscription-requests:0#archive'/>"
           "<feature var='urn:xmpp:subscription-requests:0'/></query>");
    BOOST_TEST(facts().connector);
    BOOST_TEST(facts().people);
    BOOST_TEST(facts().approvals);
    BOOST_TEST(facts().archive);
    BOOST_TEST(facts().other_connector.empty());
    BOOST_TEST(sent.size() == 3U);  // nothing about archives
}

BOOST_AUTO_TEST_CASE(a_message_archive_is_asked_for_where_that_is_wanted_and_there_is_the_part)
{
    survey.ask_archive("capulet.lit");
    result("q1",
           "<query xmlns='http://jabber.org/protocol/disco#info'>"
           "<feature var='urn:xmpp:subscription-requests:0#archive'/>"
           "<feature var='urn:xmpp:subscription-requests:0'/></query>");
    BOOST_TEST_REQUIRE(sent.size() == 4U);
    BOOST_TEST(sent[3] ==
               "get capulet.lit <archive xmlns='urn:xmpp:subscription-requests:0#archive'><person "
               "jid='usher@capulet.lit'/></archive>");
    result("q2", version());
    result("q3", "<pending xmlns='urn:xmpp:subscription-requests:0'/>");
    BOOST_TEST(ends == 0);
    error("q4", "feature-not-implemented");
    BOOST_TEST(ends == 1);
    BOOST_TEST(facts().archived.condition == "feature-not-implemented");
}

BOOST_AUTO_TEST_CASE(a_connector_without_the_part_is_not_asked_for_a_message_archive)
{
    survey.ask_archive("capulet.lit");
    result("q1", features("urn:xmpp:subscription-requests:0"));
    BOOST_TEST(sent.size() == 3U);
}

BOOST_AUTO_TEST_CASE(refusal)
{
    result("q1", features("urn:xmpp:subscription-requests:0"));
    result("q2", version());
    error("q3", "forbidden");
    BOOST_TEST(ends == 1);
    BOOST_TEST((facts().pending.kind == Kind::error));
    BOOST_TEST(facts().pending.condition == "forbidden");
}

BOOST_AUTO_TEST_CASE(an_answer_counts_from_the_domain_that_was_asked_only)
{
    BOOST_TEST(!result("q1", features("urn:xmpp:subscription-requests:0"), "evil.lit"));
    BOOST_TEST(!result("q9", features("urn:xmpp:subscription-requests:0")));
    BOOST_TEST(!facts().connector);
    BOOST_TEST(result("q1", features("urn:xmpp:subscription-requests:0")));
    BOOST_TEST(!result("q1", features("x")));  // once
}

BOOST_AUTO_TEST_CASE(silence_ends_in_time)
{
    clock.advance(Survey::kAnswer - 1ms);
    BOOST_TEST(ends == 0);
    clock.advance(1ms);
    BOOST_TEST(ends == 1);
    BOOST_TEST((facts().features.kind == Kind::silent));
}

BOOST_AUTO_TEST_CASE(the_list_is_given_the_time_to_read_all_rosters)
{
    result("q1", features("urn:xmpp:subscription-requests:0"));
    result("q2", version());
    clock.advance(Survey::kList - 1ms);
    BOOST_TEST(ends == 0);
    clock.advance(1ms);
    BOOST_TEST(ends == 1);
    BOOST_TEST((facts().pending.kind == Kind::silent));
}

BOOST_AUTO_TEST_CASE(advertisements_of_both_versions_are_kept_from_the_domains_asked)
{
    const auto privilege = [](const std::string& from, const std::string& version) {
        return "<message from='" + from + "'><privilege xmlns='urn:xmpp:privilege:" + version +
               "'><perm access='iq'><namespace ns='urn:xmpp:subscription-requests:0' "
               "type='both'/></perm></privilege></message>";
    };
    receive_message(privilege("evil.lit", "2"));
    BOOST_TEST(survey.facts().size() == 1U);
    BOOST_TEST(!facts().granted.has_value());
    receive_message(privilege("capulet.lit", "1"));
    BOOST_REQUIRE(facts().granted.has_value());
    BOOST_TEST(facts().granted->requests);
    BOOST_TEST(facts().granted->version == 1);
    receive_message(privilege("capulet.lit", "2"));
    BOOST_TEST(facts().granted->version == 2);
}

BOOST_AUTO_TEST_SUITE_END()
