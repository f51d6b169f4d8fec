// What a check sends on the stream, in which order, and that it ends.
#include "plugin/check/check.h"
#include "plugin/check/exit_codes.h"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "doubles.h"
#include "literal.h"

using namespace std::chrono_literals;

namespace usher
{

namespace
{

const std::string kAdvertisement =
    "<message from='capulet.lit'><privilege xmlns='urn:xmpp:privilege:2'><perm access='iq'><namespace "
    "ns='urn:xmpp:subscription-requests:0' type='both'/></perm></privilege></message>";

Settings settings(bool component)
{
    Settings settings;
    if (component) {
        settings.connection.component = "usher.capulet.lit";
        settings.connection.port = 5347;
    } else {
        settings.connection.account = Address::prepare("usher@capulet.lit");
    }
    OrganizationSettings organization;
    organization.domains = {"capulet.lit"};
    settings.organizations = {organization};
    return settings;
}

struct Scene {
    void start(bool component = false)
    {
        check.emplace("usher.toml", settings(component), channels, clock,
                      [this](CheckReport found) { result = std::move(found); });
        check->start("secret");
    }

    void log_in() { channels.opened(channels.login.address); }

    /// Answers the last question that was sent to the domain about this.
    void answer(const std::string& about, const std::string& payload)
    {
        for (const std::string& stanza : channels.sent) {
            if (stanza.find(about) != std::string::npos) {
                channels.received("<iq type='result' from='capulet.lit' id='" +
                                  test::attribute(stanza, "id") + "'>" + payload + "</iq>");
                return;
            }
        }
        BOOST_FAIL("not asked: " + about);
    }

    void answer_all()
    {
        answer("jabber:iq:version",
               "<query xmlns='jabber:iq:version'><name>Prosody</name><version>0.12.3</version></query>");
        answer("disco#info",
               "<query xmlns='http://jabber.org/protocol/disco#info'><feature "
               "var='urn:xmpp:subscription-requests:0'/></query>");
        answer("<pending", "<pending xmlns='urn:xmpp:subscription-requests:0'/>");
    }

    /// The check has logged out and runs the registration probe.
    void leave()
    {
        channels.turn();
        clock.advance(0ms);
        if (channels.is_open()) {
            channels.received("<features xmlns='http://etherx.jabber.org/streams'/>");
            channels.ended(Failure::Kind::closed);
        }
        clock.advance(0ms);
    }

    test::FakeClock clock;
    test::FakeChannels channels;
    std::optional<CheckReport> result;
    std::optional<Check> check;
};

bool contains(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(check, Scene)

// PROTOCOL.md S7: a resource that has asked for the list is asked as long as it is available.
BOOST_AUTO_TEST_CASE(an_account_is_never_available_after_it_has_asked_for_the_list)
{
    start();
    BOOST_TEST(channels.login.address == "usher@capulet.lit/check");  // the daemon has /usher
    log_in();
    answer_all();
    const auto sent = channels.take_sent();
    BOOST_REQUIRE(sent.size() == 4U);
    BOOST_TEST(contains(sent[2], "<pending"));
    BOOST_TEST(sent[3] == "<presence><priority>-1</priority></presence>");
    channels.received(kAdvertisement);
    BOOST_TEST(channels.take_sent() == std::vector<std::string>{"<presence type='unavailable'/>"},
               boost::test_tools::per_element());
    BOOST_TEST(channels.closes == 1);
    leave();
    BOOST_REQUIRE(result.has_value());
    BOOST_TEST(result->all_answered());
    BOOST_TEST(clock.waiting() == 0U);
}

BOOST_AUTO_TEST_CASE(what_a_component_is_asked_meanwhile_is_refused_at_once)
{
    start(true);
    log_in();
    channels.sent.clear();
    channels.received(
        "<iq type='set' id='a1' from='capulet.lit' to='usher.capulet.lit'><requests "
        "xmlns='urn:xmpp:subscription-requests:0'/></iq>");
    const auto sent = channels.take_sent();
    BOOST_REQUIRE(sent.size() == 1U);
    BOOST_TEST(sent[0] ==
               "<iq type='error' id='a1' to='capulet.lit' from='usher.capulet.lit'><error type='cancel'>"
               "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
}

BOOST_AUTO_TEST_CASE(a_component_sends_no_presence)
{
    start(true);
    log_in();
    channels.received(kAdvertisement);
    answer_all();
    for (const std::string& stanza : channels.sent) {
        BOOST_TEST(!contains(stanza, "<presence"));
    }
    leave();
    BOOST_REQUIRE(result.has_value());
    BOOST_TEST(result->all_answered());
}

BOOST_AUTO_TEST_CASE(an_advertisement_that_does_not_come_is_not_waited_for_long)
{
    start();
    log_in();
    answer_all();
    clock.advance(Check::kAdvertisement);
    BOOST_TEST(channels.closes == 1);
    leave();
    BOOST_REQUIRE(result.has_value());
    BOOST_TEST(result->all_answered());
}

BOOST_AUTO_TEST_CASE(a_message_archive_is_asked_for_where_the_settings_want_something_of_it)
{
    for (const bool wanted : {false, true}) {
        Settings archiving = settings(false);
        if (wanted) {
            archiving.organizations[0].archive.preference = Archiving::never;
        }
        check.emplace("usher.toml", archiving, channels, clock, [](const CheckReport&) {});
        check->start("secret");
        log_in();
        answer("disco#info",
               "<query xmlns='http://jabber.org/protocol/disco#info'><feature "
               "var='urn:xmpp:subscription-requests:0'/><feature "
               "var='urn:xmpp:subscription-requests:0#archive'/></query>");
        const auto sent = channels.take_sent();
        BOOST_TEST(contains(sent.back(), "<archive") == wanted);
    }
}

BOOST_AUTO_TEST_CASE(a_failed_login_is_not_tried_again)
{
    start();
    channels.ended(Failure::Kind::unreachable);
    clock.advance(1h);
    BOOST_TEST(channels.opens == 1);
    BOOST_REQUIRE(result.has_value());
    BOOST_TEST(!result->all_answered());
    BOOST_TEST(result->exit_code == kFailed);
}

BOOST_AUTO_TEST_CASE(a_server_that_never_answers_does_not_keep_it)
{
    start();
    log_in();
    clock.advance(Survey::kAnswer);
    clock.advance(Check::kAdvertisement);
    clock.advance(Connection::kCloseDeadline);
    leave();
    BOOST_REQUIRE(result.has_value());
    BOOST_TEST(!result->all_answered());
    BOOST_TEST(clock.waiting() == 0U);
}

BOOST_AUTO_TEST_CASE(a_server_that_never_stops_sending_does_not_keep_it)
{
    start();
    log_in();
    answer("disco#info",
           "<query xmlns='http://jabber.org/protocol/disco#info'><feature "
           "var='urn:xmpp:subscription-requests:0'/></query>");
    for (auto spent = 0ms; spent < Check::kAll; spent += 1s) {
        clock.advance(1s);
        if (channels.is_open()) {
            channels.received("<message from='capulet.lit'/>");  // and the stream never ends
        }
    }
    BOOST_TEST(result.has_value());
}

BOOST_AUTO_TEST_CASE(a_broken_stream_is_reported)
{
    start();
    log_in();
    channels.ended(Failure::Kind::lost);
    clock.advance(0ms);
    BOOST_REQUIRE(result.has_value());
    BOOST_TEST(result->exit_code == kFailed);
    BOOST_TEST(channels.opens == 1);
}

BOOST_AUTO_TEST_CASE(on_a_stream_that_is_there_nothing_but_the_questions_is_sent)
{
    std::vector<std::string> ids;
    IqClient iqs(clock,
                 [&ids](std::string_view xml) { ids.push_back(test::attribute(std::string(xml), "id")); });
    check.emplace("usher.toml", settings(true), channels, clock,
                  [this](CheckReport found) { result = std::move(found); });
    Advertisement granted;
    granted.requests = true;
    check->start_on(iqs, {{"capulet.lit", granted}}, {});
    BOOST_TEST(channels.opens == 0);
    const auto receive = [&](const std::string& xml) {
        const test::Literal literal(xml);
        check->received(literal.stanza());
        iqs.received(literal.stanza());
    };
    const auto reply = [&](std::size_t place, const std::string& payload) {
        receive("<iq type='result' from='capulet.lit' id='" + ids.at(place) + "'>" + payload + "</iq>");
    };
    reply(0,
          "<query xmlns='http://jabber.org/protocol/disco#info'><feature "
          "var='urn:xmpp:subscription-requests:0'/></query>");
    reply(1, "");
    receive("<iq type='set' from='capulet.lit' id='a1'/>");  // the daemon's
    reply(2, "<pending xmlns='urn:xmpp:subscription-requests:0'/>");
    BOOST_TEST(ids.size() == 3U);
    BOOST_TEST(channels.login.features_only);
    BOOST_TEST(channels.login.port == 5222);
    channels.ended(Failure::Kind::unreachable);
    clock.advance(0ms);
    BOOST_REQUIRE(result.has_value());
    BOOST_TEST(result->all_answered());
    BOOST_TEST(channels.sent.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
