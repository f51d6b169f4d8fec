// Users search for each other (XEP-0055), and see who is available to them: from the connector's list to the client's table.
#include <boost/test/unit_test.hpp>

#include <vector>

#include "named_file.h"
#include "people_search.h"
#include "protocol_people.h"
#include "stage.h"
#include "usherctl.h"

namespace usher::test
{

namespace
{

const std::string kUsher = entity_address(Login::component);
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
        nurse = &enter(kNurse);
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
        std::vector<std::string> rows;
        for (auto& row : rows_found(*juliet, kUsher, words)) {
            rows.push_back(row["jid"] + " " + row["availability"]);
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

using Texts = std::vector<std::string>;

std::string person_line(const std::string& address, const std::string& name)
{
    return "{\"address\": \"" + address + "\", \"full_name\": \"" + name + "\"}\n";
}

const std::string kNurseLine = person_line(kNurse, "Angelica M\u00fcller");

/// Where people are those of a file. Its settings stay the same.
struct FileStage : Stage {
    FileStage() : Stage(people_options(Login::component)), usherd(connection_to(server()), in_file())
    {
        server().add_account(kNurse);
        juliet = &enter(kJuliet);
        usherd.start();
        usherd.wait_until_answering();
        usherd.wait_for_log(path + " was read: 2 people");
    }

    void write(const std::string& text) { path = named.file(text); }
    UsherdOptions in_file()
    {
        write(kNurseLine + person_line("friar@capulet.lit", "Friar Laurence"));
        UsherdOptions options;
        options.organization =
            "[organization.people]\nlisted = \"opt-out\"\nnames = \"file\"\nsearches_per_minute = 1000\nfile = \"" +
            path + "\"\n";
        return options;
    }
    /// The names that Juliet is shown for these words.
    Texts names(const std::string& words)
    {
        Texts all;
        for (auto& row : rows_found(*juliet, kUsher, words)) {
            all.push_back(row["nick"]);
        }
        return all;
    }

    NamedFile named;
    std::string path;
    Usherd usherd;
    Usherctl usherctl{usherd.directory() / "control.sock"};
    WireClient* juliet = nullptr;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(search)

BOOST_FIXTURE_TEST_CASE(people_are_found_and_blocks_look_like_absence, SearchStage)
{
    expect_only("muller", kNurse, "available");
    expect_only("tyb", kTybalt, kOffline);
    BOOST_TEST(found("nobody").empty());

    nurse->send("<presence><show>dnd</show></presence>");
    round_trip();
    expect_only("angelica", kNurse, "do not disturb");

    const Element blocked = nurse->request(
        "set", {}, "<block xmlns='urn:xmpp:blocking'><item jid='" + juliet->address() + "'/></block>");
    BOOST_TEST_REQUIRE(blocked.attribute("type") == "result", blocked.str());
    expect_only("angelica", kNurse, kOffline);
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
    expect_only("angelica", kNurse, kOffline);
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
                        return item != nullptr && item->attribute("jid") == kNurse &&
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

BOOST_FIXTURE_TEST_CASE(people_of_a_file_are_found_also_while_it_is_not_valid, FileStage)
{
    BOOST_TEST(usherd.check().status == 0);
    BOOST_TEST(names("muller") == Texts{"Angelica M\u00fcller"}, boost::test_tools::per_element());
    BOOST_TEST(names("friar") == Texts{"Friar Laurence"},
               boost::test_tools::per_element());  // has no account
    BOOST_TEST(names("juliet").empty());           // has one, and is not in the file

    write(kNurseLine + person_line(kRomeo, "Romeo"));
    usherctl.done({"reload"});
    usherd.wait_for_log("the file of people cannot be used, and what was read last stays in force: " + path +
                        ":2: ");
    BOOST_TEST(names("friar").size() == 1U);
    const auto status = usherctl.json("GET", "/v1/status", {"status"});
    const auto people = status["organizations"][0]["domains"][0]["people"];
    BOOST_TEST(people["count"] == 2);
    BOOST_TEST(people["listed"].is_string());
    BOOST_TEST(
        people["problem"].get<std::string>().starts_with(path + ":2: address: found \"romeo@montague.lit\""));
    const auto check = usherd.check();
    BOOST_TEST(check.status == 3);
    BOOST_TEST(check.report.find(path + ":2: address: found") != std::string::npos, check.report);

    write(person_line(kNurse, "Angelica Capulet"));
    usherctl.done({"reload"});
    usherd.wait_for_log(path + " was read: 1 people");
    BOOST_TEST(names("angelica") == Texts{"Angelica Capulet"}, boost::test_tools::per_element());
    BOOST_TEST(names("friar").empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
