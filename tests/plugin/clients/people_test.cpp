// What users are sent who search for people, by each way that their clients have. The literal stanzas are XEP-0055's.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "people_scene.h"
#include "plugin/clients/client_service.h"
#include "plugin/clients/words.h"

namespace usher
{

namespace
{

const std::string kJuliet = "juliet@capulet.lit/balcony";
const std::string kInstructions =
    "<instructions>Give at least two letters of a name or an address. No more than 25 people are shown.</instructions>";

/// What stands between the two; empty if they are not there.
std::string between(const std::string& text, const std::string& begin, const std::string& end)
{
    const std::size_t from = text.find(begin);
    return from == std::string::npos
               ? std::string()
               : text.substr(from + begin.size(), text.find(end, from + begin.size()) - from - begin.size());
}

void check_contains(const std::string& xml, const std::string& what)
{
    BOOST_TEST(xml.find(what) != std::string::npos, xml << " has no " << what);
}

void check_lacks(const std::string& xml, const std::string& what)
{
    BOOST_TEST(xml.find(what) == std::string::npos, xml << " has " << what);
}

struct Served : test::PeopleScene {
    Served()
    {
        entity.start();
        channels.opened("usher.capulet.lit");
        channels.sent.clear();
        shows = {{"nurse@capulet.lit", "away"}};
    }

    std::string only_sent()
    {
        clock.advance(Operations::kSearchStep);
        const std::vector<std::string> sent = channels.take_sent();
        BOOST_REQUIRE(sent.size() == 1U);
        return sent.front();
    }
    /// The reply to an IQ with this payload.
    std::string iq(const std::string& type, const std::string& payload, const std::string& from = kJuliet)
    {
        channels.received("<iq type='" + type + "' id='1' from='" + from + "' to='usher.capulet.lit'>" +
                          payload + "</iq>");
        return only_sent();
    }
    std::string search(const std::string& inside, const std::string& from = kJuliet)
    {
        return iq("set", "<query xmlns='jabber:iq:search'>" + inside + "</query>", from);
    }
    static std::string form(const std::string& var, const std::string& value)
    {
        return "<x xmlns='jabber:x:data' type='submit'><field var='" + var + "'><value>" + value +
               "</value></field></x>";
    }
    /// Runs a step of a command; the attributes for the next one are kept.
    std::string command(const std::string& node, const std::string& inside = {})
    {
        const std::string xml = iq(
            "set", "<command xmlns='http://jabber.org/protocol/commands' node='" + node + "'" +
                       (inside.empty() ? "" : " sessionid='" + session + "'") + ">" + inside + "</command>");
        session = between(xml, "sessionid='", "'");
        return xml;
    }
    std::string say(const std::string& text, const std::string& from = kJuliet)
    {
        channels.received("<message type='chat' from='" + from + "' to='usher.capulet.lit'><body>" + text +
                          "</body></message>");
        std::string body = between(only_sent(), "<body>", "</body>");
        for (const auto& [escaped, character] : {std::pair{"&#10;", "\n"}, std::pair{"&quot;", "\""}}) {
            for (auto at = body.find(escaped); at != std::string::npos; at = body.find(escaped)) {
                body.replace(at, std::string(escaped).size(), character);
            }
        }
        return body;
    }

    ClientService service{entity, operations, clock, true};
    std::string session;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(people, Served)

// --- XEP-0055

BOOST_AUTO_TEST_CASE(search_is_announced_to_those_who_may_search)
{
    const std::string query = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
    const std::string own = iq("get", query);
    BOOST_TEST(between(own, "<identity ", "/>") == "category='directory' type='user' name='Usher'");
    check_contains(own, "<feature var='jabber:iq:search'/>");
    const std::string strangers = iq("get", query, "eve@example.net/hut");
    check_lacks(strangers, "directory");
    check_lacks(strangers, "jabber:iq:search");
}

BOOST_AUTO_TEST_CASE(form_and_older_fields_are_offered)
{
    const std::string xml = iq("get", "<query xmlns='jabber:iq:search'/>");
    check_contains(xml, kInstructions);
    check_contains(xml, "<first/><last/><nick/><email/>");
    check_contains(xml, "<x xmlns='jabber:x:data' type='form'><title>Find people</title>");
    check_contains(xml, "<field var='search' type='text-single' label='Name or address'><required/></field>");
}

BOOST_AUTO_TEST_CASE(form_is_answered_with_a_table)
{
    const std::string xml = search(form("search", "Muller"));
    check_contains(xml, "<iq type='result'");
    check_contains(xml,
                   "<field var='FORM_TYPE' type='hidden'><value>jabber:iq:search</value></field>"
                   "<reported><field var='jid' type='jid-single' label='Address'/>"
                   "<field var='availability' type='text-single' label='Availability'/>"
                   "<field var='nick' type='text-single' label='Name'/></reported>"
                   "<item><field var='jid'><value>nurse@capulet.lit</value></field>"
                   "<field var='availability'><value>away</value></field>"
                   "<field var='nick'><value>Angelica Müller</value></field></item>"
                   "<item><field var='jid'><value>tybalt@capulet.example</value></field>"
                   "<field var='availability'><value>not available</value></field>"
                   "<field var='nick'><value>Tybalt Muller</value></field></item></x>");
}

BOOST_AUTO_TEST_CASE(table_has_columns_where_nobody_is_found_and_a_name_in_each_cell)
{
    check_contains(search(form("search", "nobody")), "</reported></x>");
    put("peter@capulet.lit", "");
    check_contains(search(form("search", "peter")), "<field var='nick'><value>peter</value></field>");
}

// Gajim cuts what is longer, in its window as it opens.
BOOST_AUTO_TEST_CASE(availability_is_said_in_a_few_words)
{
    for (const auto& [show, words] :
         {std::pair{"available", "available"}, std::pair{"chat", "free for chat"}, std::pair{"away", "away"},
          std::pair{"xa", "away for long"}, std::pair{"dnd", "do not disturb"}}) {
        shows = {{"nurse@capulet.lit", show}};
        check_contains(search(form("search", "angelica")),
                       "<field var='availability'><value>" + std::string(words) + "</value></field>");
    }
}

BOOST_AUTO_TEST_CASE(older_fields_are_answered_with_items)
{
    directory.put({Address::prepare("nurse@capulet.lit").value(), "Angelica Müller", "Angelica", "Müller",
                   "Angie", "nurse@example.org"});
    const std::string xml = search("<first>Angelica</first><last>Muller</last>");
    check_contains(xml,
                   "<query xmlns='jabber:iq:search'><item jid='nurse@capulet.lit'><first>Angelica</first>"
                   "<last>Müller</last><nick>Angie</nick><email>nurse@example.org</email></item></query>");
    BOOST_TEST(between(search("<last>Nobody</last>"), "<query ", "/") == "xmlns='jabber:iq:search'><");
}

BOOST_AUTO_TEST_CASE(strangers_are_forbidden_to_search)
{
    for (const char* type : {"get", "set"}) {
        const std::string xml = iq(type, "<query xmlns='jabber:iq:search'/>", "eve@example.net/hut");
        check_contains(xml, "<error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>");
    }
    check_contains(search("", "montague.lit"), "<forbidden ");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_searched_for_is_an_error)
{
    check_contains(search("<first>a</first>"), "<error type='modify'><not-acceptable ");
    for (int i = 0; i < 10; ++i) {
        check_contains(search("<first>nobody</first>"), "type='result'");
    }
    check_contains(search("<first>nobody</first>"), "<error type='wait'><resource-constraint ");
}

BOOST_AUTO_TEST_CASE(names_that_strangers_would_choose_are_text)
{
    put("peter@capulet.lit", "<b>&amp;\"Peter'\n\u202e");
    check_contains(search(form("search", "peter")), "<value>&lt;b&gt;&amp;amp;&quot;Peter&apos;</value>");
}

// --- Commands

BOOST_AUTO_TEST_CASE(command_finds_people)
{
    const std::string offered = command("find");
    check_contains(offered, kInstructions);
    check_contains(offered,
                   "<field var='search' type='text-single' label='Name or address'><required/></field>");
    const std::string xml = command("find", form("search", "muller"));
    check_contains(xml, "status='completed'");
    check_contains(xml, "label='Angelica Müller, away'");
    check_contains(xml, "<value>nurse@capulet.lit</value>");
    BOOST_TEST(viewers == std::vector{kJuliet}, boost::test_tools::per_element());
    command("find");
    check_contains(command("find", form("search", "nobody")), "Nobody was found.");
}

BOOST_AUTO_TEST_CASE(command_changes_what_the_user_has_changed)
{
    check_contains(command("listed"), "Others find you in search, and see there whether you are available.");
    check_contains(command("listed", form("availability", "0")),
                   "Saved. Others find you in search, but do not see there whether you are available.");
    BOOST_TEST((choices.stored["juliet@capulet.lit"] == PersonChoice{std::nullopt, false}));
    command("listed");
    check_contains(command("listed", form("listed", "1")), "Nothing was changed.");
}

BOOST_AUTO_TEST_CASE(commands_are_not_there_where_search_is_off)
{
    set_people_settings("listed = \"off\"");
    const std::string items = iq(
        "get",
        "<query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'/>");
    check_lacks(items, "node='find'");
    check_lacks(items, "node='listed'");
    check_contains(command("find"), "<forbidden ");
    check_contains(command("listed"), "<forbidden ");
    check_contains(iq("get", "<query xmlns='jabber:iq:search'/>"), "<forbidden ");
}

// --- The chat

BOOST_AUTO_TEST_CASE(chat_finds_people_and_says_how_to_ask_them)
{
    BOOST_TEST(say("Find Müller") ==
               "1. nurse@capulet.lit (Angelica Müller), away\n"
               "2. tybalt@capulet.example (Tybalt Muller), not available\n"
               "Send \"ask 1\" for a link that adds the first to your contacts.");
    BOOST_TEST(
        say("ask 2") ==
        "To ask tybalt@capulet.example, open xmpp:tybalt@capulet.example?roster;name=Tybalt%20Muller or add "
        "that address to your contacts.");
    const std::string unknown =
        "I do not know whom you mean. Send \"find\" with a name first, then \"ask\" with a number.";
    BOOST_TEST(say("ask 3") == unknown);
    BOOST_TEST(say("ask") == unknown);
    BOOST_TEST(say("ask 1", "nurse@capulet.lit/kitchen") == unknown);
    BOOST_TEST(
        say("ask romeo@montague.lit") ==
        "To ask romeo@montague.lit, open xmpp:romeo@montague.lit?roster or add that address to your contacts.");
    BOOST_TEST(say("find nobody") == "Nobody was found.");
    BOOST_TEST(say("ask 1") == unknown);
    BOOST_TEST(say("find") == "Please give at least two letters of a name or an address.");
}

BOOST_AUTO_TEST_CASE(chat_says_that_there_are_more)
{
    for (int i = 100; i < 130; ++i) {
        put("servant" + std::to_string(i) + "@capulet.lit", "Peter");
    }
    check_contains(say("find peter"),
                   "25. servant124@capulet.lit (Peter), not available\n"
                   "There are more: please give more of the name.\n");
}

BOOST_AUTO_TEST_CASE(users_decide_in_the_chat)
{
    BOOST_TEST(say("listed no") == "Saved. Others do not find you in search.");
    BOOST_TEST(say("listed") == "Others do not find you in search.\nSend \"help\" to see how to change it.");
    BOOST_TEST(say("availability no") == "Saved. Others do not find you in search.");
    BOOST_TEST(say("listed yes") ==
               "Saved. Others find you in search, but do not see there whether you are available.");
    BOOST_TEST((choices.stored["juliet@capulet.lit"] == PersonChoice{true, false}));
    BOOST_TEST(say("listed maybe") == "Please send \"listed yes\" or \"listed no\".");
}

BOOST_AUTO_TEST_CASE(help_has_what_the_user_can_use)
{
    check_contains(say("help"), "find NAME: people by their name or address");
    check_contains(say("help"), "listed: whether others find you");
    set_people_settings("listed = \"off\"");
    check_lacks(say("help"), "find");
    check_lacks(say("help"), "listed");
    check_contains(say("find muller"), "I do not understand that.");
}

BOOST_AUTO_TEST_CASE(links_are_of_ascii)
{
    const Person person{Address::prepare("jürgen+o@bücher.example").value(), "Jürgen; O", {}, {}, {}, {}};
    BOOST_TEST(link_to_add(person) ==
               "xmpp:j%C3%BCrgen%2Bo@b%C3%BCcher.example?roster;name=J%C3%BCrgen%3B%20O");
}

// --- Archives

BOOST_AUTO_TEST_CASE(what_is_wanted_for_archives_is_shown_to_whom_it_concerns)
{
    const std::string menu =
        "<query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'/>";
    check_lacks(iq("get", menu), "node='archive'");
    check_contains(command("archive"), "Your organization has set nothing for message archives.");
    BOOST_TEST(say("archive") == "Your organization has set nothing for message archives.");
    set_people_settings("[organization.archive]\ndefault = \"roster\"");
    check_contains(iq("get", menu), "node='archive' name='Message archive'");
    const std::string notice =
        "Policy of Capulet: your server is to store your messages with people in your contact list";
    check_contains(command("archive"), notice);
    check_contains(say("archive"), notice);
    check_contains(say("help"), "archive: what your server keeps of your messages");
    check_lacks(iq("get", menu, "romeo@montague.lit/orchard"), "node='archive'");
}

BOOST_AUTO_TEST_CASE(administrators_see_how_many_have_the_archiving_that_is_wanted)
{
    const auto want = [this](const std::string& archive) {
        set_people_settings("[organization.archive]\n" + archive,
                            "administrators = [\"juliet@capulet.lit\"]");
    };
    std::map<std::string, ArchiveStatus, std::less<>> archives;
    operations.set_archive({[&archives](std::string_view domain) -> std::optional<ArchiveStatus> {
                                const auto found = archives.find(domain);
                                return found == archives.end() ? std::nullopt : std::optional(found->second);
                            },
                            {}});
    const std::string not_covered = "Not covered: the other side of a conversation keeps its own copy";
    want("default = \"server\"");
    const std::string nothing = command("general-im");
    check_contains(
        nothing,
        "Message archives (only the settings file changes this): Usher sets "
        "nothing: the server&apos;s default and the users&apos; own preferences apply. Source: usher.toml:");
    check_lacks(nothing, "Accounts: ");
    check_lacks(nothing, not_covered);

    want("default = \"never\"\nlock = true");
    ArchiveStatus& here = archives["capulet.lit"];
    here.accounts = {1, 2, 3, 4, 5};
    here.listed = std::chrono::system_clock::time_point();
    ArchiveStatus& there = archives["capulet.example"];
    there.accounts = {10, 0, 0, 0, 0};
    there.problem = "its server did not answer";
    const std::string form = command("general-im");
    check_contains(form,
                   ": the server is to store none of the users&apos; messages, and users cannot "
                   "change this. Source: usher.toml:");
    check_contains(form,
                   "<value>Accounts: 11 set by usherd, 2 with preferences of their own, 3 waiting to be "
                   "set, 4 FAILED (could not be read or set), 5 without an archive on the server.</value>");
    check_contains(
        form,
        "<value>capulet.example: the last attempt failed: its server did not answer; not all accounts "
        "are counted yet.</value>");
    check_lacks(form, "capulet.lit: ");
    check_contains(form, "<value>" + not_covered);

    want("default = \"roster\"");
    there.problem.clear();
    there.known_only = true;
    const std::string other = command("general-im");
    check_contains(other,
                   ": the server is to store the users&apos; messages with people in their contact "
                   "lists, and no others, and users can change this for themselves. Source: ");
    check_contains(
        other,
        "<value>capulet.example: the server cannot list its accounts, so the preference is set only "
        "for people who can be found, and for users who change their preferences.</value>");
}

BOOST_AUTO_TEST_CASE(remarks_on_many_domains_are_cut)
{
    OrganizationArchives archives{"Capulet", {Archiving::never, false}};
    for (const std::string number : {"1", "2", "3", "4", "5"}) {
        archives.domains.push_back({"capulet" + number + ".lit", {}});
    }
    std::vector<std::string> lines = describe(archives);
    BOOST_TEST_REQUIRE(lines.size() == 6U);
    lines.pop_back();  // what is not covered
    const std::string not_yet = ": not all accounts are counted yet.";
    BOOST_TEST(lines == (std::vector<std::string>{
                            "Accounts: 0 set by usherd.", "capulet1.lit" + not_yet, "capulet2.lit" + not_yet,
                            "capulet3.lit" + not_yet,
                            "There are remarks on 2 more domains: see the administration page, "
                            "or \"usherctl archive\" on Usher's machine."}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
