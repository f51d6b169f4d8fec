#include "protocol_archive.h"

#include <algorithm>

namespace usher::test
{

namespace
{

std::string message_xml(const std::string& from, const std::string& to)
{
    return "<message" + (from.empty() ? "" : " from='" + from + "'") + " to='" + to +
           "' type='chat'><body>from " + from + " to " + to + "</body></message>";
}

Matcher message_from(const std::string& address)
{
    return {"a message from " + address, [address](const Element& stanza) {
                return stanza.name == "message" && stanza.child("body") != nullptr &&
                       stanza.attribute("from").starts_with(address);
            }};
}

std::string addresses_in(const Element* list, const std::string& sign)
{
    std::string all;
    for (const Element& jid : list == nullptr ? std::vector<Element>{} : list->children) {
        all += " " + sign + jid.text;
    }
    return all;
}

}  // namespace

ServerOptions archive_options(Login login)
{
    ServerOptions options = ScriptedStage::options({entity_address(login)});
    options.archive_entities = options.entities;
    options.archive = true;
    return options;
}

Element ask_for_archive(WireStream& asker, const std::string& content)
{
    return asker.request("get", "capulet.lit",
                         "<archive xmlns='" + kArchiveNs + "'>" + content + "</archive>");
}

Element set_archive(WireStream& asker, const std::string& user, const std::string& default_,
                    const std::string& lock)
{
    return asker.request("set", "capulet.lit",
                         "<archive xmlns='" + kArchiveNs + "' user='" + escaped(user) + "' default='" +
                             default_ + "'" + (lock.empty() ? "" : " lock='" + lock + "'") + "/>");
}

void must_set_archive(WireStream& asker, const std::string& user, const std::string& default_,
                      const std::string& lock)
{
    const Element reply = set_archive(asker, user, default_, lock);
    BOOST_TEST_REQUIRE(reply.attribute("type") == "result", reply.str());
    BOOST_TEST(reply.children.empty(), reply.str());
}

std::vector<std::string> preferences_on(const Element& reply)
{
    const Element* archive = reply.child("archive", kArchiveNs);
    BOOST_REQUIRE_MESSAGE(reply.attribute("type") == "result" && archive != nullptr, reply.str());
    std::vector<std::string> all;
    for (const Element& person : archive->children) {
        if (person.name != "person") {
            continue;
        }
        std::string words = person.attribute("jid");
        const bool locked = person.attribute("lock") == "true";
        for (const std::string& word : {person.attribute("default"), std::string(locked ? "locked" : "")}) {
            words += word.empty() ? "" : " " + word;
        }
        BOOST_TEST(person.attribute("since").empty() != locked, person.str());
        BOOST_TEST(person.children.empty(), person.str());
        all.push_back(words);
    }
    return all;
}

std::string preferences_of(WireStream& asker, const std::string& address)
{
    const std::vector<std::string> all = preferences_on(ask_for_archive(asker, persons_xml({address})));
    BOOST_TEST(all.size() <= 1U);
    return all.empty() ? "" : all.front();
}

std::string seen_by(WireClient& user)
{
    const Element reply = user.request("get", {}, "<prefs xmlns='" + kMamNs + "'/>");
    const Element* prefs = reply.child("prefs", kMamNs);
    BOOST_REQUIRE_MESSAGE(prefs != nullptr, reply.str());
    return prefs->attribute("default") + addresses_in(prefs->child("always"), "+") +
           addresses_in(prefs->child("never"), "-");
}

std::string prefs_xml(const std::string& default_, const std::string& lists, const std::string& ns)
{
    return "<prefs xmlns='" + ns + "' default='" + default_ + "'>" +
           (lists.empty() ? "<always/><never/>" : lists) + "</prefs>";
}

void change(WireClient& user, const std::string& default_, const std::string& lists)
{
    const Element reply = user.request("set", {}, prefs_xml(default_, lists));
    BOOST_TEST_REQUIRE(reply.attribute("type") == "result", reply.str());
}

std::ptrdiff_t archived(WireClient& user)
{
    const auto before = static_cast<std::ptrdiff_t>(user.received().size());
    const Element reply = user.request("set", {}, "<query xmlns='" + kMamNs + "'/>");
    const Element* fin = reply.child("fin", kMamNs);
    BOOST_REQUIRE_MESSAGE(fin != nullptr && fin->attribute("complete") == "true", reply.str());
    // A count is optional (XEP-0059 section 2.6).
    return std::count_if(user.received().begin() + before, user.received().end(),
                         [](const Element& stanza) { return stanza.child("result", kMamNs) != nullptr; });
}

void talk(ScriptedStage& stage, WireClient& user, WireClient& neighbour, WireClient& stranger)
{
    WireComponent far(stage.server().component_port(), kGossip);
    far.connect();
    user.send(message_xml({}, neighbour.address()) + message_xml({}, stranger.address()));
    neighbour.expect(message_from(user.address()));
    stranger.expect(message_from(user.address()));
    neighbour.send(message_xml({}, user.address()));
    stranger.send(message_xml({}, user.address()));
    far.send(message_xml("paris@" + kGossip, user.address()));
    user.expect_all({message_from(neighbour.address()), message_from(stranger.address()),
                     message_from("paris@" + kGossip)});
}

Matcher archive_changed(const std::string& address)
{
    return {"a hint about " + address, [address](const Element& stanza) {
                const Element* changed = stanza.child("changed", kArchiveNs);
                if (changed == nullptr) {
                    return false;
                }
                const std::vector<std::string> named = persons_in(*changed);
                return std::find(named.begin(), named.end(), address) != named.end();
            }};
}

void delete_archived_account(ScriptedStage& stage, const std::string& address)
{
    WireClient& user = stage.client(address, "last");
    user.connect();
    user.send("<iq type='set' id='remove'><query xmlns='jabber:iq:register'><remove/></query></iq>");
    user.expect_end();
}

}  // namespace usher::test
