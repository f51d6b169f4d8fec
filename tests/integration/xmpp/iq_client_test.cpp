// Who may reply to what we ask, until when, and what becomes of replies that nobody waits for.
#include "integration/xmpp/iq_client.h"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "doubles.h"
#include "literal.h"

using namespace std::chrono_literals;
using usher::IqAsker;
using usher::IqClient;
using usher::Stanza;
using usher::test::Literal;
using Strings = std::vector<std::string>;

namespace
{

struct Scene {
    void ask(const std::string& to, std::chrono::milliseconds deadline = 10s)
    {
        iqs.ask("get", to, "<query xmlns='jabber:iq:version'/>", deadline, keep());
    }

    IqClient::Reply keep()
    {
        return
            [this](const Stanza& iq) { replies.push_back(iq ? std::string(iq.attribute("type")) : "none"); };
    }

    bool receive(const std::string& from, const std::string& id, const std::string& type = "result")
    {
        const Literal literal("<iq type='" + type + "' from='" + from + "' id='" + id + "'/>");
        return iqs.received(literal.stanza());
    }

    [[nodiscard]] std::string id(std::size_t place) const
    {
        return usher::test::attribute(sent.at(place), "id");
    }

    usher::test::FakeClock clock;
    Strings sent;
    Strings replies;
    IqClient iqs{clock, [this](std::string_view xml) { sent.emplace_back(xml); }};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(iq_client, Scene)

BOOST_AUTO_TEST_CASE(what_is_sent)
{
    ask("capulet.lit");
    BOOST_REQUIRE(sent.size() == 1U);
    BOOST_TEST(sent[0] ==
               "<iq type='get' id='" + id(0) + "' to='capulet.lit'><query xmlns='jabber:iq:version'/></iq>");

    IqClient component(clock, [this](std::string_view xml) { sent.emplace_back(xml); }, "usher.capulet.lit");
    component.ask("set", "capulet.lit", "<x/>", 10s, keep());
    BOOST_TEST(sent[1] ==
               "<iq type='set' id='" + id(1) + "' to='capulet.lit' from='usher.capulet.lit'><x/></iq>");
}

// PROTOCOL.md E20.
BOOST_AUTO_TEST_CASE(a_reply_counts_once_and_only_from_whom_was_asked)
{
    ask("capulet.lit");
    ask("capulet.lit");
    BOOST_TEST(id(0) != id(1));
    BOOST_TEST(id(0).size() > 32U);
    BOOST_TEST(!receive("evil.lit", id(0)));
    BOOST_TEST(!receive("capulet.lit/usher", id(0)));
    BOOST_TEST(!receive("capulet.lit", "x"));
    BOOST_TEST(replies.empty());
    BOOST_TEST(receive("capulet.lit", id(1), "error"));
    BOOST_TEST(receive("capulet.lit", id(0)));
    BOOST_TEST(!receive("capulet.lit", id(0)));
    BOOST_TEST(replies == (Strings{"error", "result"}), boost::test_tools::per_element());
    BOOST_TEST(clock.waiting() == 0U);
}

BOOST_AUTO_TEST_CASE(after_the_deadline_no_reply_comes)
{
    ask("capulet.lit", 10s);
    ask("capulet.lit", 20s);
    clock.advance(10s - 1ms);
    BOOST_TEST(replies.empty());
    clock.advance(1ms);
    BOOST_TEST(replies == Strings{"none"}, boost::test_tools::per_element());
    BOOST_TEST(!receive("capulet.lit", id(0)));
    BOOST_TEST(receive("capulet.lit", id(1)));
    clock.advance(1min);
    BOOST_TEST(replies == (Strings{"none", "result"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(when_the_stream_ends_nothing_is_replied_to_and_ids_are_new)
{
    ask("capulet.lit");
    ask("verona.lit");
    iqs.give_up();
    BOOST_TEST(replies == (Strings{"none", "none"}), boost::test_tools::per_element());
    BOOST_TEST(!receive("capulet.lit", id(0)));
    ask("capulet.lit");
    BOOST_TEST(id(2).substr(0, 32) != id(0).substr(0, 32));
    BOOST_TEST(clock.waiting() == 1U);
}

BOOST_AUTO_TEST_CASE(one_domain_is_given_up_alone)
{
    ask("capulet.lit");
    ask("verona.lit");
    iqs.give_up("capulet.lit");
    BOOST_TEST(replies == Strings{"none"}, boost::test_tools::per_element());
    BOOST_TEST(receive("verona.lit", id(1)));
}

BOOST_AUTO_TEST_CASE(a_reply_may_ask_again)
{
    iqs.ask("get", "capulet.lit", "<x/>", 10s, [this](const Stanza&) { ask("capulet.lit"); });
    BOOST_TEST(receive("capulet.lit", id(0)));
    BOOST_TEST(receive("capulet.lit", id(1)));
    BOOST_TEST(replies == Strings{"result"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(who_has_gone_or_has_forgotten_hears_nothing)
{
    std::optional<IqAsker> gone(iqs);
    gone->ask("get", "capulet.lit", "<x/>", 10s, keep());
    gone.reset();
    IqAsker asker(iqs);
    asker.ask("get", "capulet.lit", "<x/>", 10s, keep());
    asker.forget();
    asker.ask("get", "capulet.lit", "<x/>", 10s, keep());
    BOOST_TEST(receive("capulet.lit", id(0)));  // it was asked all the same
    clock.advance(10s);
    BOOST_TEST(replies == Strings{"none"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
