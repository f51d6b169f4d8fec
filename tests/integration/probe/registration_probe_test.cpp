// Connects for one domain after the other, and stops if no connection is possible.
#include "integration/probe/registration_probe.h"

#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>

#include "doubles.h"

using usher::Failure;
using usher::Registration;
using usher::RegistrationProbe;

namespace
{

struct Scene {
    Scene() { look.start(); }

    void features(const std::string& inside)
    {
        channels.received("<stream:features xmlns:stream='http://etherx.jabber.org/streams'>" + inside +
                          "</stream:features>");
        channels.ended(Failure::Kind::closed);
    }

    usher::test::FakeClock clock;
    usher::test::FakeChannels channels;
    std::optional<RegistrationProbe::Seen> seen;
    RegistrationProbe look{
        {"a.lit", "b.lit", "c.lit"}, "127.0.0.1", 5222, channels, clock, [this](RegistrationProbe::Seen all) {
            seen = std::move(all);
        }};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(registration_probe, Scene)

BOOST_AUTO_TEST_CASE(open_closed_and_foreign)
{
    BOOST_TEST(channels.login.features_only);
    BOOST_TEST(channels.login.address == "a.lit");
    features("<register xmlns='http://jabber.org/features/iq-register'/>");
    BOOST_TEST(channels.login.address == "b.lit");
    features("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    BOOST_TEST(channels.login.address == "c.lit");
    channels.ended(Failure::Kind::unknown_host);
    clock.advance(std::chrono::milliseconds(0));
    BOOST_REQUIRE(seen.has_value());
    BOOST_TEST((*seen == RegistrationProbe::Seen{{"a.lit", Registration::open},
                                                 {"b.lit", Registration::closed},
                                                 {"c.lit", Registration::foreign}}));
    BOOST_TEST(clock.waiting() == 0U);
    BOOST_TEST(channels.sent.empty());
}

BOOST_AUTO_TEST_CASE(registration_by_invitation_is_not_open)
{
    features(
        "<register xmlns='http://jabber.org/features/iq-register'/><register "
        "xmlns='urn:xmpp:ibr-token:0'/>");
    channels.ended(Failure::Kind::unknown_host);
    channels.ended(Failure::Kind::unknown_host);
    clock.advance(std::chrono::milliseconds(0));
    BOOST_REQUIRE(seen.has_value());
    BOOST_TEST((seen->at("a.lit") == Registration::invited));
}

BOOST_AUTO_TEST_CASE(where_nothing_listens_one_attempt_is_enough)
{
    channels.ended(Failure::Kind::unreachable);
    clock.advance(std::chrono::milliseconds(0));
    BOOST_TEST(channels.opens == 1);
    BOOST_REQUIRE(seen.has_value());
    BOOST_TEST((seen->at("c.lit") == Registration::unseen));
}

BOOST_AUTO_TEST_CASE(a_server_that_does_not_answer_is_abandoned)
{
    clock.advance(RegistrationProbe::kProbeDeadline);
    BOOST_REQUIRE(channels.abandoned.has_value());
    channels.turn();
    clock.advance(std::chrono::milliseconds(0));
    BOOST_TEST(seen.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
