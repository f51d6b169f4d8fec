#include "integration/commands/service_discovery.h"

#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>

#include "doubles.h"
#include "literal.h"

using usher::Address;
using usher::test::Literal;

namespace
{

const std::string kInfo = "http://jabber.org/protocol/disco#info";
const std::string kItems = "http://jabber.org/protocol/disco#items";
const std::string kCommands = "http://jabber.org/protocol/commands";

/// `options` for every account, `general-im` for the nurse only.
struct Host {
    explicit Host(bool component = true)
        : commands(clock, std::chrono::system_clock::now, [](std::string_view) {}),
          discovery({component, "Usher", "1.2.3", "Says who may come in."}, commands,
                    [this](std::string_view xml) { sent = xml; })
    {
        commands.add({"options", "Options", [](const Address&) { return std::nullopt; }, {}});
        commands.add({"general-im",
                      "General IM",
                      [](const Address& user) {
                          return user.local() == "nurse" ? std::nullopt : std::optional<std::string>("No.");
                      },
                      {}});
    }

    /// The content of the reply, or `type condition` of an error.
    std::string ask(const std::string& payload, const std::optional<std::string>& user)
    {
        const Literal iq("<iq xmlns='jabber:client' type='get' id='d1' from='" +
                         user.value_or("capulet.lit") + "' to='usher.capulet.lit'>" + payload + "</iq>");
        sent.clear();
        if (!discovery.received(iq.stanza(), user ? Address::prepare(*user) : std::nullopt)) {
            BOOST_TEST(sent == "");
            return "not answered";
        }
        const Literal reply(sent);
        BOOST_TEST(reply.stanza().attribute("id") == "d1");
        BOOST_TEST(reply.stanza().attribute("from") == "usher.capulet.lit");
        BOOST_TEST(reply.stanza().attribute("to") == user.value_or("capulet.lit"));
        if (reply.stanza().attribute("type") == "error") {
            return std::string(reply.stanza().first().attribute("type")) + " " +
                   std::string(reply.stanza().first().first().name());
        }
        const auto begin = sent.find('>') + 1;
        return sent.substr(begin, sent.size() - begin - std::string("</iq>").size());
    }
    std::string info(const std::string& node, const std::optional<std::string>& user = "juliet@capulet.lit/x")
    {
        return ask("<query xmlns='" + kInfo + "'" + (node.empty() ? "" : " node='" + node + "'") + "/>",
                   user);
    }
    std::string items(const std::string& node,
                      const std::optional<std::string>& user = "juliet@capulet.lit/x")
    {
        return ask("<query xmlns='" + kItems + "'" + (node.empty() ? "" : " node='" + node + "'") + "/>",
                   user);
    }

    usher::test::FakeClock clock;
    usher::Commands commands;
    usher::ServiceDiscovery discovery;
    std::string sent;
};

std::string item(const std::string& node, const std::string& name)
{
    return "<item jid='usher.capulet.lit' node='" + node + "' name='" + name + "'/>";
}

std::string list(const std::string& inside)
{
    return "<query xmlns='" + kItems + "' node='" + kCommands + "'>" + inside + "</query>";
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(service_discovery, Host)

BOOST_AUTO_TEST_CASE(a_component_and_an_account_say_what_they_are)
{
    const std::string features = "<feature var='" + kCommands + "'/><feature var='" + kInfo +
                                 "'/><feature var='" + kItems +
                                 "'/><feature var='jabber:x:data'/><feature var='jabber:iq:version'/>"
                                 "<feature var='urn:xmpp:ping'/><feature var='vcard-temp'/></query>";
    BOOST_TEST(info("") == "<query xmlns='" + kInfo +
                               "'><identity category='component' type='generic' name='Usher'/>" + features);
    BOOST_TEST(Host(false).info("") == "<query xmlns='" + kInfo +
                                           "'><identity category='client' type='bot' name='Usher'/>" +
                                           features);
    BOOST_TEST(info("", std::nullopt) == info(""));
    BOOST_TEST(items("") == "<query xmlns='" + kItems + "'></query>");
}

BOOST_AUTO_TEST_CASE(commands_are_listed_for_those_who_may_run_them)
{
    const std::string options = item("options", "Options");
    BOOST_TEST(items(kCommands) == list(options));
    BOOST_TEST(items(kCommands, "nurse@capulet.lit") == list(options + item("general-im", "General IM")));
    BOOST_TEST(items(kCommands, std::nullopt) == list(""));
}

BOOST_AUTO_TEST_CASE(the_list_and_its_commands_are_described)
{
    BOOST_TEST(info(kCommands).find("<identity category='automation' type='command-list'") !=
               std::string::npos);
    BOOST_TEST(info("options") ==
               "<query xmlns='" + kInfo +
                   "' node='options'><identity category='automation' type='command-node' name='Options'/>"
                   "<feature var='" +
                   kCommands + "'/><feature var='jabber:x:data'/></query>");
    BOOST_TEST(items("options") == "<query xmlns='" + kItems + "' node='options'></query>");
}

BOOST_AUTO_TEST_CASE(a_command_is_not_described_to_those_who_may_not_run_it)
{
    BOOST_TEST(info("general-im") == "auth forbidden");
    BOOST_TEST(items("general-im") == "auth forbidden");
    BOOST_TEST(info("options", std::nullopt) == "auth forbidden");
    BOOST_TEST(info("nothing") == "cancel item-not-found");
}

BOOST_AUTO_TEST_CASE(version_and_card_are_given)
{
    BOOST_TEST(ask("<query xmlns='jabber:iq:version'/>", std::nullopt) ==
               "<query xmlns='jabber:iq:version'><name>Usher</name><version>1.2.3</version></query>");
    BOOST_TEST(ask("<vCard xmlns='vcard-temp'/>", std::nullopt) ==
               "<vCard xmlns='vcard-temp'><FN>Usher</FN><DESC>Says who may come in.</DESC></vCard>");
}

BOOST_AUTO_TEST_CASE(other_queries_are_not_answered_here)
{
    BOOST_TEST(ask("<query xmlns='jabber:iq:last'/>", std::nullopt) == "not answered");
}

BOOST_AUTO_TEST_SUITE_END()
