// Users search for each other (XEP-0055), and see who is available to them: from the connector's list to the client's table.
#include <boost/test/unit_test.hpp>

#include <map>
#include <vector>

#include "protocol_people.h"
#include "stage.h"

namespace usher::test
{

namespace
{

const std::string kUsher = entity_address(Login::component);
const std::string kAngelica = "nurse@capulet.lit";
const std::string kOffline = "not available";

UsherdOptions searchable()
{
    UsherdOptions options;
    options.option = "organization";
    options.organization =
        "name_contacts = true\ncontact_group = \"Colleagues\"\n[organization.people]\nlisted = \"opt-out\"\nsearches_per_minute = 1000\n";
    return options;
}

/// Where people can be found.
struct SearchStage : Stage {
    SearchStage() : Stage(people_options(Login::component)), usherd(connection_to(server()), searchable())
    {
        nurse = &enter(kAngelica);
        const Element reply = nurse->request(
            "set", {},
            "<vCard xmlns='vcard-temp'><FN>Angelica M\u00fcller</FN><NICKNAME>Nurse</NICKNAME></vCard>");
        BOOST_TEST_REQUIRE(reply.attribute("type") == "result", reply.str());
        server().add_account(kTybalt);
        juliet = &enter(kJuliet);
        usherd.start();
        usherd.wait_until_answering();
        usherd.wait_for_log("capulet.lit: 3 people are listed by its server");
    }

    /// What Juliet is shown for these words: "nurse@capulet.lit available" for each row.
    std::vector<std::string> found(const std::string& words)
    {
        const Element reply = juliet->request(
            "set", kUsher,
            "<query xmlns='jabber:iq:search'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
            "<value>jabber:iq:search</value></field><field var='search'><value>" +
                words + "</value></field></x></query>");
        BOOST_TEST_REQUIRE(reply.attribute("type") == "result", reply.str());
        std::vector<std::string> rows;
        for (const Element& item : reply.child("query")->child("x")->children) {
            if (item.name == "item") {
                std::map<std::string, std::string> row;
                for (const Element& field : item.children) {
                    row[field.attribute("var")] = field.child("value")->text;
                }
                rows.push_back(row["jid"] + " " + row["availability"]);
            }
        }
        return rows;
    }

    /// The words find that person, and nobody else.
    void expect_only(const std::string& words, const std::string& address, const std::string& availability)
    {
        const std::vector<std::string> rows = found(words);
        BOOST_TEST_REQUIRE(rows.size() == 1U);
        BOOST_TEST(rows.front() == address + " " + availability);
    }

    Usherd usherd;
    WireClient* nurse = nullptr;
    WireClient* juliet = nullptr;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(search)

BOOST_FIXTURE_TEST_CASE(people_are_found_and_blocks_look_like_absence, SearchStage)
{
    expect_only("muller", kAngelica, "available");
    expect_only("tyb", kTybalt, kOffline);
    BOOST_TEST(found("nobody").empty());

    nurse->send("<presence><show>dnd</show></presence>");
    round_trip();
    expect_only("angelica", kAngelica, "do not disturb");

    const Element blocked = nurse->request(
        "set", {}, "<block xmlns='urn:xmpp:blocking'><item jid='" + juliet->address() + "'/></block>");
    BOOST_TEST_REQUIRE(blocked.attribute("type") == "result", blocked.str());
    expect_only("angelica", kAngelica, kOffline);
}

BOOST_FIXTURE_TEST_CASE(what_a_user_decides_holds_at_once, SearchStage)
{
    const auto say = [this](const std::string& text) {
        nurse->send("<message type='chat' to='" + kUsher + "'><body>" + text + "</body></message>");
        return nurse->expect({"a reply to " + text, [](const Element& stanza) {
                                  return stanza.name == "message" && stanza.child("body") != nullptr;
                              }});
    };
    say("availability no");
    expect_only("angelica", kAngelica, kOffline);
    say("listed no");
    BOOST_TEST(found("angelica").empty());
}

// The nurse asks Juliet, who has never seen her name.
BOOST_FIXTURE_TEST_CASE(approved_colleague_is_named_in_the_users_roster, SearchStage)
{
    nurse->send(to(juliet->address(), "subscribe"));
    nurse->expect(presence("subscribed", juliet->address()));
    juliet->expect({"a push of the nurse's name", [](const Element& stanza) {
                        const Element* query = stanza.child("query", "jabber:iq:roster");
                        const Element* item = query != nullptr ? query->child("item") : nullptr;
                        return item != nullptr && item->attribute("jid") == kAngelica &&
                               item->attribute("subscription") == "from" &&
                               item->attribute("name") == "Angelica M\u00fcller" &&
                               item->child("group") != nullptr && item->child("group")->text == "Colleagues";
                    }});
}

BOOST_FIXTURE_TEST_CASE(strangers_search_for_nobody, SearchStage)
{
    WireClient& romeo = enter(kRomeo);
    const Element reply =
        romeo.request("set", kUsher, "<query xmlns='jabber:iq:search'><first>angelica</first></query>");
    BOOST_TEST(reply.attribute("type") == "error");
    BOOST_TEST(reply.child("error")->child("forbidden") != nullptr, reply.str());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
