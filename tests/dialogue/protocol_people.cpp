// PROTOCOL.md, rules S82 to S91: who may read who the users are, and the list of them.
#include "protocol_people.h"

#include <algorithm>

namespace usher::test
{

namespace
{

/// Another entity, with the second grant only.
const std::string kFinder = "finder.capulet.lit";

bool has_feature(WireStream& who)
{
    const Element reply =
        who.request("get", "capulet.lit", "<query xmlns='http://jabber.org/protocol/disco#info'/>");
    const Element* query = reply.child("query");
    BOOST_REQUIRE(query != nullptr);
    return std::any_of(query->children.begin(), query->children.end(), [](const Element& child) {
        return child.name == "feature" && child.attribute("var") == kPeopleNs;
    });
}

/// What anybody might try, right and wrong.
std::vector<Element> everything(WireStream& asker)
{
    return {
        ask_for_people(asker, {}),
        ask_for_people_page(asker, "<max>0</max>"),
        ask_for_people_page(asker, "<max>many</max>"),
        ask_for_people_page(asker, "<after>nowhere</after>"),
        ask_for_people(asker, persons_xml({kJuliet})),
        ask_for_people(asker, persons_xml({"nobody@capulet.lit"})),
        ask_for_people(asker, persons_xml({"@"})),
        ask_for_availability(asker, kRomeo + "/orchard", {kJuliet}),
        ask_for_availability(asker, kRomeo + "/orchard", {"nobody@capulet.lit"}),
        ask_for_availability(asker, "@", {}),
    };
}

void expect_forbidden(WireStream& asker)
{
    for (const Element& reply : everything(asker)) {
        BOOST_TEST(is_error(reply, "auth", "forbidden"), asker.address() << " got " << reply.str());
    }
}

std::string max(int number)
{
    return "<max>" + std::to_string(number) + "</max>";
}

std::string after(const std::string& id)
{
    return "<after>" + escaped(id) + "</after>";
}

std::string in_set(const Element& page, const std::string& name)
{
    const Element* set = page.child("people", kPeopleNs)->child("set", "http://jabber.org/protocol/rsm");
    BOOST_REQUIRE_MESSAGE(set != nullptr, page.str());
    return set->child(name) == nullptr ? "" : set->child(name)->text;
}

/// The whole list, in pages of that size, which are checked.
std::vector<std::string> read_list(WireStream& asker, int size)
{
    std::vector<std::string> all;
    std::string place;
    for (;;) {
        const Element page = ask_for_people_page(asker, max(size) + (place.empty() ? "" : after(place)));
        const std::vector<std::string> here = persons_on(page);
        BOOST_TEST(here.size() <= std::min<std::size_t>(static_cast<std::size_t>(size), 100U));
        BOOST_TEST(in_set(page, "first").empty() == here.empty());
        if (here.empty()) {
            return all;
        }
        BOOST_TEST(!in_set(page, "count").empty());
        all.insert(all.end(), here.begin(), here.end());
        BOOST_TEST_REQUIRE(in_set(page, "last") != place);
        place = in_set(page, "last");
    }
}

std::string numbered(int number)
{
    return "p" + std::to_string(number) + "@capulet.lit";
}

/// The user deletes the account (XEP-0077 section 3.2).
void delete_account(ScriptedStage& stage, const std::string& address)
{
    WireClient& user = stage.client(address, "last");
    user.connect();
    user.send("<iq type='set' id='remove'><query xmlns='jabber:iq:register'><remove/></query></iq>");
    user.expect_end();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(protocol_people)

BOOST_AUTO_TEST_CASE(S82_feature_is_there_while_the_connector_is_loaded)
{
    ScriptedStage stage(people_options(Login::component));
    stage.admit_entity();
    BOOST_TEST(has_feature(stage.entity().stream()));
    stage.server().unload_connector();
    BOOST_TEST(!has_feature(stage.entity().stream()));
    stage.server().load_connector();
    BOOST_TEST(has_feature(stage.entity().stream()));
}

BOOST_DATA_TEST_CASE(S83_S84_nobody_has_more_than_they_are_granted, kLogins, login)
{
    ServerOptions options = people_options(login);
    options.people_entities = {kFinder};
    ScriptedStage stage(options);
    stage.admit_entity();
    WireComponent finder(stage.server().component_port(), kFinder);
    finder.connect();
    finder.expect({"the second grant alone", [](const Element& stanza) {
                       const Element* privilege = stanza.child("privilege");
                       return privilege != nullptr && privilege->str().find(kPeopleNs) != std::string::npos &&
                              privilege->str().find(kRequestsNs + "'") == std::string::npos &&
                              privilege->str().find(kRequestsNs + "\"") == std::string::npos;
                   }});
    WireComponent gossip(stage.server().component_port(), kGossip);
    gossip.connect();
    WireClient& juliet = stage.enter(kJuliet);
    BOOST_TEST(!persons_on(ask_for_people(finder, {})).empty());
    expect_forbidden(stage.entity().stream());
    expect_forbidden(gossip);
    expect_forbidden(juliet);
    const Element pending = finder.request("get", "capulet.lit", "<pending xmlns='" + kRequestsNs + "'/>");
    BOOST_TEST(is_error(pending, "auth", "forbidden"), pending.str());
}

BOOST_DATA_TEST_CASE(S83_S70_grant_ends_when_it_is_withdrawn, kLogins, login)
{
    ScriptedStage stage(people_options(login));
    stage.admit_entity();
    BOOST_TEST(ask_for_people(stage.entity().stream(), {}).attribute("type") == "result");
    stage.server().withdraw_grant();
    expect_forbidden(stage.entity().stream());
}

BOOST_DATA_TEST_CASE(S85_S86_S87_list_has_every_account_in_order, kLogins, login)
{
    ScriptedStage stage(people_options(login));
    std::vector<std::string> expected;
    for (int i = 0; i < 250; ++i) {
        expected.push_back(numbered(i));
    }
    // In the order of addresses, where '.' and '-' come before '@'.
    for (const char* other : {"p1.x@capulet.lit", "p1-x@capulet.lit", "juliet@capulet.lit"}) {
        expected.emplace_back(other);
    }
    for (const std::string& address : expected) {
        stage.server().add_account(address);
    }
    stage.server().add_account(kRomeo);  // of another host
    if (login == Login::account) {
        expected.push_back(entity_address(login));
    }
    std::sort(expected.begin(), expected.end());
    stage.admit_entity();
    for (const int size : {7, 100, 1000}) {
        BOOST_TEST(read_list(stage.entity().stream(), size) == expected, boost::test_tools::per_element());
    }
    // Neither <set/> nor <max/>: the first page.
    for (const Element& page :
         {ask_for_people(stage.entity().stream(), {}), ask_for_people_page(stage.entity().stream(), {})}) {
        BOOST_TEST(persons_on(page).size() == 100U);
        BOOST_TEST(persons_on(page).front() == expected.front());
        BOOST_TEST(in_set(page, "count") == std::to_string(expected.size()));
    }
    BOOST_TEST(persons_on(ask_for_people_page(stage.entity().stream(), max(0))).empty());
}

BOOST_AUTO_TEST_CASE(S85_S87_S88_who_comes_and_goes_moves_nobody_to_another_page)
{
    ScriptedStage stage(people_options(Login::component));
    for (int i = 10; i < 26; ++i) {
        stage.server().add_account(numbered(i));
    }
    stage.admit_entity();
    WireStream& asker = stage.entity().stream();
    const Element first = ask_for_people_page(asker, max(4));
    std::vector<std::string> read = persons_on(first);
    delete_account(stage, numbered(10));  // has been read
    delete_account(stage, numbered(13));  // the item for <after/>
    stage.server().add_account("a@capulet.lit");
    stage.server().add_account("p15.new@capulet.lit");
    // A whole page, and one of the next.
    for (const int number : {14, 15, 16, 17, 19}) {
        delete_account(stage, numbered(number));
    }
    std::string place = in_set(first, "last");
    for (;;) {
        const Element page = ask_for_people_page(asker, max(4) + after(place));
        const std::vector<std::string> here = persons_on(page);
        if (here.empty()) {
            break;
        }
        BOOST_TEST(in_set(page, "count") == in_set(first, "count"));
        read.insert(read.end(), here.begin(), here.end());
        place = in_set(page, "last");
    }
    std::vector<std::string> expected;
    for (const int number : {10, 11, 12, 13, 18, 20, 21, 22, 23, 24, 25}) {
        expected.push_back(numbered(number));
    }
    BOOST_TEST(read == expected, boost::test_tools::per_element());
    // And those who have come are in the next reading.
    BOOST_TEST(persons_on(ask_for_people_page(asker, max(1))).front() == "a@capulet.lit");
}

BOOST_AUTO_TEST_CASE(S88_place_is_known_to_its_owner_and_in_its_reading)
{
    ServerOptions options = people_options(Login::component);
    options.people_entities.push_back(kFinder);
    ScriptedStage stage(options);
    for (int i = 0; i < 3; ++i) {
        stage.server().add_account(numbered(i));
    }
    stage.admit_entity();
    WireStream& asker = stage.entity().stream();
    WireComponent finder(stage.server().component_port(), kFinder);
    finder.connect();
    const auto is_known = [](WireStream& who, const std::string& id) {
        const Element page = ask_for_people_page(who, max(1) + after(id));
        const bool known = page.attribute("type") == "result";
        BOOST_TEST((known || is_error(page, "cancel", "item-not-found")), page.str());
        return known;
    };
    const std::string place = in_set(ask_for_people_page(asker, max(1)), "last");
    BOOST_TEST(is_known(asker, place));
    BOOST_TEST(!is_known(finder, place));
    for (const std::string& id : {std::string("nowhere"), std::string("0"), std::string(), place + "0000",
                                  "x" + place, place.substr(0, place.size() - 1), std::string("-1")}) {
        BOOST_TEST(!is_known(asker, id), "'" << id << "'");
    }
    // Instances share the address, and each may read.
    for (int i = 0; i < 3; ++i) {
        (void)ask_for_people_page(asker, max(1));
    }
    BOOST_TEST(is_known(asker, place));
    stage.server().reload_connector();
    BOOST_TEST(!is_known(asker, place));
}

BOOST_AUTO_TEST_CASE(S91_some_are_read_again)
{
    ScriptedStage stage(people_options(Login::component));
    stage.server().add_account(kJuliet);
    stage.server().add_account(kNurse);
    stage.admit_entity();
    WireStream& asker = stage.entity().stream();
    const Element reply =
        ask_for_people(asker, persons_xml({"Nurse@CAPULET.lit", kTybalt, kJuliet, kJuliet}) +
                                  "<set xmlns='http://jabber.org/protocol/rsm'><max>1</max></set>");
    const std::vector<std::string> expected = {kNurse, kJuliet};
    BOOST_TEST(persons_on(reply) == expected, boost::test_tools::per_element());
    BOOST_TEST(reply.child("people")->child("set") == nullptr);
    BOOST_TEST(persons_on(ask_for_people(asker, persons_xml({kTybalt}))).empty());
    delete_account(stage, kJuliet);
    BOOST_TEST(persons_on(ask_for_people(asker, persons_xml({kJuliet}))).empty());
    stage.server().add_account(kJuliet);
    std::vector<std::string> many = {kJuliet, kNurse};
    for (int i = 2; i < 100; ++i) {
        many.push_back(numbered(i));
    }
    BOOST_TEST(persons_on(ask_for_people(asker, persons_xml(many))).size() == 2U);
}

struct WrongQuery {
    std::string content;
    std::string type;
    std::string condition;
};

BOOST_AUTO_TEST_CASE(S84_S86_S91_what_is_wrong_with_a_query_is_said)
{
    ScriptedStage stage(people_options(Login::component));
    stage.server().add_account(kJuliet);
    stage.admit_entity();
    const auto set = [](const std::string& inside) {
        return "<set xmlns='http://jabber.org/protocol/rsm'>" + inside + "</set>";
    };
    std::vector<WrongQuery> wrong = {
        {set("<max>many</max>"), "modify", "bad-request"},
        {set("<max>-1</max>"), "modify", "bad-request"},
        {set("<max/>"), "modify", "bad-request"},
        {set("<before/>"), "cancel", "feature-not-implemented"},
        {set("<index>0</index>"), "cancel", "feature-not-implemented"},
        {set("<max>0</max><after>nowhere</after>"), "cancel", "item-not-found"},
        {persons_xml(std::vector<std::string>(101, kJuliet)), "modify", "bad-request"},
        {persons_xml({kJuliet}) + "<person/>", "modify", "bad-request"},
    };
    for (const std::string& address : {std::string("@"), std::string("capulet.lit"), kRomeo,
                                       kJuliet + "/balcony", std::string("juliet@sub.capulet.lit")}) {
        wrong.push_back({persons_xml({kJuliet, address}), "modify", "bad-request"});
    }
    for (const WrongQuery& query : wrong) {
        const Element reply = ask_for_people(stage.entity().stream(), query.content);
        BOOST_TEST(is_error(reply, query.type, query.condition), query.content << " got " << reply.str());
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
