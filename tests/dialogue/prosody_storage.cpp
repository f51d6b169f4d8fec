// PROTOCOL.md, rules S55 and S78, where what Prosody has stored is odd, or its accounts are in a directory.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "private_prosody.h"
#include "protocol.h"

namespace usher::test
{

namespace
{

PrivateProsody& prosody(Stage& stage)
{
    return dynamic_cast<PrivateProsody&>(stage.server());
}

/// "contact to user" for each.
std::vector<std::string> pairs(const std::vector<AskedRequest>& requests)
{
    std::vector<std::string> all;
    for (const AskedRequest& request : requests) {
        all.push_back(request.contact + " to " + request.user);
    }
    std::sort(all.begin(), all.end());
    return all;
}

bool logs(const Server& server, const std::string& text)
{
    return server.log_text().find(text) != std::string::npos;
}

/// A roster of Prosody's with these pending requests and, perhaps, items: both as Lua has them in a table.
std::string roster(const std::string& pending, const std::string& items = {})
{
    return "{ [false] = { version = 1, pending = { " + pending + " } }, " + items + " }";
}

ServerOptions with(const std::string& for_organization)
{
    ServerOptions options = ScriptedStage::options({entity_address(Login::component)});
    options.for_organization = for_organization;
    return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(prosody_storage)

BOOST_AUTO_TEST_CASE(S78_odd_rosters_keep_nothing_else_from_the_list)
{
    ScriptedStage stage(with({}));
    PrivateProsody& server = prosody(stage);
    const std::string nul("\0@capulet.lit", 13);
    const std::vector<std::pair<std::string, std::string>> odd = {
        {nul, roster("['romeo@montague.lit'] = true")},
        {"number@capulet.lit", "5"},
        {"broken@capulet.lit", "} nothing"},
        {"metadata@capulet.lit", "{ [false] = 5 }"},
        {"pending@capulet.lit", "{ [false] = { pending = 'romeo@montague.lit' } }"},
        {kJuliet,
         roster(
             "['romeo@montague.lit'] = true; ['montague.lit'] = true; [5] = true; ['@'] = true; "
             "['paris@verona.lit/tomb'] = true; ['a\\0@verona.lit'] = true; ['a\\255@verona.lit'] = true; "
             "['one@verona.lit'] = { name = 'presence', attr = {}, 'a\\1b' }; "
             "['tag@verona.lit'] = { name = 'presence', attr = 'none' }; "
             "['text@verona.lit'] = { name = 'presence', attr = {}, { name = 'status', attr = {}, 'a\\20b' } }; "
             "['string@verona.lit'] = 'x'; ['item@verona.lit'] = true; ['half@verona.lit'] = true; "
             "['new@verona.lit'] = true; ['bare@verona.lit'] = true",
             "['item@verona.lit'] = 5; ['half@verona.lit'] = { subscription = {} }; "
             "['new@verona.lit'] = { subscription = 'friend' }; ['bare@verona.lit'] = {}")},
        {kNurse, roster("['romeo@montague.lit'] = true")},
    };
    for (const auto& [user, content] : odd) {
        server.add_account(user);
        server.store("roster", user, content);
    }
    stage.admit_entity();
    const std::vector<std::string> expected = {
        "montague.lit to " + kJuliet,      kRomeo + " to " + kJuliet,       kRomeo + " to " + kNurse,
        "string@verona.lit to " + kJuliet, "text@verona.lit to " + kJuliet,
    };
    BOOST_TEST(pairs(stage.entity().pending()) == expected, boost::test_tools::per_element());
    for (const std::string user : {"number", "broken", "metadata", "pending"}) {
        BOOST_TEST(logs(server, "The roster of " + user + " cannot be read"), user);
    }
    for (const std::string contact : {"one@verona.lit", "tag@verona.lit", "item@verona.lit",
                                      "half@verona.lit", "new@verona.lit", "bare@verona.lit"}) {
        BOOST_TEST(logs(server, "The request from " + contact + " in the roster of juliet cannot be read"),
                   contact);
    }
    // The rest can be answered.
    BOOST_TEST(stage.entity().answer_later(kNurse, kRomeo, "subscribed").attribute("type") == "result");
    BOOST_TEST(stage.entity().answer_later(kJuliet, "text@verona.lit", "unsubscribed").attribute("type") ==
               "result");
    // What cannot be read is no reason to be silent, nor to store something else.
    for (const std::string contact :
         {"tag@verona.lit", "item@verona.lit", "half@verona.lit", "new@verona.lit", "bare@verona.lit"}) {
        for (const std::string verdict : {"subscribed", "unsubscribed"}) {
            const Element reply = stage.entity().answer_later(kJuliet, contact, verdict);
            BOOST_TEST(is_error(reply, "wait", "internal-server-error"), contact << ": " << reply.str());
        }
    }
}

BOOST_AUTO_TEST_CASE(S14_request_with_an_item_that_cannot_be_read_is_the_servers)
{
    ScriptedStage stage(with({}));
    prosody(stage).add_account(kJuliet);
    prosody(stage).store("roster", kJuliet, roster({}, "[\"" + kRomeo + "\"] = { subscription = {} }"));
    stage.admit_entity();
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    romeo.expect(kReceipt);
    stage.settle();
    BOOST_TEST(stage.asked().empty());
}

BOOST_AUTO_TEST_CASE(S55_list_of_a_storage_that_keeps_nothing_is_empty)
{
    ScriptedStage stage(with("storage = { roster = \"none\" }\n"));
    stage.admit_entity();
    BOOST_TEST(stage.entity().pending().empty());
}

BOOST_AUTO_TEST_CASE(S55_storage_that_cannot_list_is_not_an_empty_list)
{
    ScriptedStage stage(with("storage = { roster = \"nowhere\" }\n"));
    WireComponent component(stage.server().component_port(), entity_address(Login::component));
    component.connect();
    const Element reply = component.request("get", "capulet.lit", "<pending xmlns='" + kRequestsNs + "'/>");
    BOOST_TEST(is_error(reply, "wait", "internal-server-error"), reply.str());
}

// S42. Somebody else's module fails for one of the users.
BOOST_AUTO_TEST_CASE(S42_verdict_that_fails_for_one_user_is_applied_for_others)
{
    ScriptedStage stage(Login::component, kNoTimeout);
    prosody(stage).order(
        "> prosody.hosts['capulet.lit'].events.add_handler('pre-presence/bare', function (event) "
        "if event.stanza.attr.from == 'juliet@capulet.lit' and event.stanza.attr.type == 'subscribed' then "
        "error('no') end end, 10)");
    WireClient& juliet = stage.enter(kJuliet);
    stage.server().add_account(kNurse);
    WireComponent gossip(stage.server().component_port(), kGossip);
    gossip.connect();
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    const Ask first = stage.entity().next_ask_about(kRomeo, kJuliet);
    gossip.send(request_xml("a@" + kGossip, kJuliet) + request_xml("b@" + kGossip, kNurse));
    round_trip({&gossip});
    stage.entity().answer(first, "none");
    const Ask both = stage.entity().next_ask();
    BOOST_TEST_REQUIRE(both.requests.size() == 2U);
    stage.entity().answer(both, "subscribed");
    const Element approval = gossip.expect(presence("subscribed", kNurse));
    BOOST_TEST(approval.attribute("to") == "b@" + kGossip);
    juliet.expect(presence("subscribe", "a@" + kGossip));
    BOOST_TEST(item_in(juliet.roster(), "a@" + kGossip).empty());
}

// S55. As after an administrator has taken somebody off the directory.
BOOST_AUTO_TEST_CASE(S55_user_who_is_gone_from_the_directory_is_not_listed)
{
    const TemporaryDirectory place;
    const auto directory = [&](const std::string& names) { std::ofstream(place.path() / "names") << names; };
    directory("juliet\nnurse\n");
    ScriptedStage stage(with("authentication = \"directory\"\ndirectory_file = \"" +
                             (place.path() / "names").string() + "\"\n"));
    for (const std::string& user : {kJuliet, kNurse}) {
        prosody(stage).store("roster", user, roster("['romeo@montague.lit'] = true"));
    }
    stage.admit_entity();
    BOOST_TEST(stage.entity().pending().size() == 2U);
    directory("nurse\n");
    const std::vector<std::string> nurses = {kRomeo + " to " + kNurse};
    BOOST_TEST(pairs(stage.entity().pending()) == nurses, boost::test_tools::per_element());
    const Element reply = stage.entity().answer_later(kJuliet, kRomeo, "subscribed");
    BOOST_TEST(is_error(reply, "cancel", "item-not-found"), reply.str());
    directory("juliet\nnurse\n");
    BOOST_TEST(stage.entity().pending().size() == 2U);
}

// S55, S50: no answer is no proof that the user is gone. Nobody is online, who could show it.
BOOST_AUTO_TEST_CASE(S55_directory_that_does_not_answer_hides_nothing)
{
    const TemporaryDirectory place;
    const auto names = place.path() / "names";
    const auto directory = [&](const std::string& lines) { std::ofstream(names) << lines; };
    directory("juliet\nnurse\n");
    ScriptedStage stage(
        with("authentication = \"directory\"\ndirectory_file = \"" + names.string() + "\"\n"));
    for (const std::string& user : {kJuliet, kNurse}) {
        prosody(stage).store("roster", user, roster("['romeo@montague.lit'] = true"));
    }
    stage.admit_entity();
    ScriptedEntity& entity = stage.entity();
    BOOST_TEST(entity.pending().size() == 2U);
    std::filesystem::remove(names);
    BOOST_TEST(entity.pending().size() == 2U);
    for (const std::string& user : {kJuliet, std::string("tybalt@capulet.lit")}) {
        for (const Element& reply : {ask_for_page(entity, " user='" + user + "'", "<max>5</max>"),
                                     entity.answer_later(user, kRomeo, "subscribed")}) {
            BOOST_TEST(is_error(reply, "wait", "internal-server-error"), user << ": " << reply.str());
        }
    }
    directory("juliet\nnurse\n");
    BOOST_TEST(entity.pending(kJuliet).size() == 1U);
    for (const Element& reply : {ask_for_page(entity, " user='tybalt@capulet.lit'", "<max>5</max>"),
                                 entity.answer_later("tybalt@capulet.lit", kRomeo, "subscribed")}) {
        BOOST_TEST(is_error(reply, "cancel", "item-not-found"), reply.str());
    }
    BOOST_TEST(entity.answer_later(kJuliet, kRomeo, "subscribed").attribute("type") == "result");
}

BOOST_AUTO_TEST_CASE(S55_account_that_cannot_be_read_hides_nothing)
{
    ScriptedStage stage(with({}));
    prosody(stage).store("accounts", kNurse, "} nothing");
    prosody(stage).store("roster", kNurse, roster("['romeo@montague.lit'] = true"));
    prosody(stage).store("roster", kJuliet, roster("['romeo@montague.lit'] = true"));
    stage.admit_entity();
    const std::vector<std::string> nurses = {kRomeo + " to " + kNurse};
    BOOST_TEST(pairs(stage.entity().pending()) == nurses, boost::test_tools::per_element());
    const Element reply = stage.entity().answer_later(kNurse, kRomeo, "subscribed");
    BOOST_TEST(is_error(reply, "wait", "internal-server-error"), reply.str());
}

// S59. Juliet's roster is read until the test lets it end.
BOOST_AUTO_TEST_CASE(S59_empty_page_waits_for_no_roster)
{
    ScriptedStage stage(with({}));
    PrivateProsody& server = prosody(stage);
    server.add_account(kJuliet);
    server.store("roster", kJuliet, roster("['romeo@montague.lit'] = true"));
    WireComponent entity(server.component_port(), entity_address(Login::component));
    entity.connect();
    server.order(
        "> local manager, async = require('core.rostermanager'), require('util.async') "
        "local load = manager.load_roster "
        "manager.load_roster = function (...) "
        "if not prosody.go_on then local wait, done = async.waiter(); prosody.go_on = done; wait() end "
        "return load(...) end");
    const auto ask = [&](int max) {
        return entity.request("get", "capulet.lit",
                              "<pending xmlns='" + kRequestsNs +
                                  "'><set xmlns='http://jabber.org/protocol/rsm'><max>" +
                                  std::to_string(max) + "</max></set></pending>");
    };
    const auto count = [](const Element& page) {
        const Element* found = page.child("pending", kRequestsNs)->child("set")->child("count");
        return found == nullptr ? "none" : found->text;
    };
    BOOST_TEST(count(ask(0)) == "none");
    entity.send("<iq type='get' id='list' from='" + entity.address() + "' to='capulet.lit'><pending xmlns='" +
                kRequestsNs + "'/></iq>");
    BOOST_TEST(count(ask(0)) == "none");
    const Matcher list = {"the list", [](const Element& stanza) { return stanza.attribute("id") == "list"; }};
    BOOST_TEST(!entity.has_received(list));
    server.order("> prosody.go_on()");
    BOOST_TEST(count(entity.expect(list)) == "1");
    BOOST_TEST(count(ask(0)) == "1");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
