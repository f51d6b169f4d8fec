// PROTOCOL.md, rules S54 to S63 and section 8: the waiting list.
#include <algorithm>
#include <map>

#include "protocol.h"
#include "transcript.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

/// Requests that wait for users of whom nobody is asked.
struct Waiting {
    explicit Waiting(Login login)
        : stage({entity_address(login)}), component(stage.server().component_port(), kGossip)
    {
        component.connect();
        stage.server().add_account(kJuliet);
        stage.server().add_account(kNurse);
    }

    void add(int first, int count, const std::string& user = kJuliet)
    {
        send_requests(component, first, count, user);
        round_trip({&component});
    }

    ScriptedStage stage;
    WireComponent component;
};

std::vector<std::string> contacts_on(const Element& page)
{
    std::vector<std::string> contacts;
    for (const Element& child : page.child("pending", kRequestsNs)->children) {
        if (child.name == "request") {
            contacts.push_back(child.child("forwarded")->child("presence")->attribute("from"));
        }
    }
    return contacts;
}

std::string last_on(const Element& page)
{
    const Element* last = page.child("pending", kRequestsNs)->child("set")->child("last");
    BOOST_REQUIRE(last != nullptr);
    return last->text;
}

std::string max(int number)
{
    return "<max>" + std::to_string(number) + "</max>";
}

std::string after(const std::string& id)
{
    return "<after>" + escaped(id) + "</after>";
}

std::string of(const std::string& user)
{
    return " user='" + escaped(user) + "'";
}

std::vector<std::string> contacts(const std::vector<AskedRequest>& requests)
{
    std::vector<std::string> all;
    for (const AskedRequest& request : requests) {
        all.push_back(request.contact);
    }
    std::sort(all.begin(), all.end());
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(protocol_list)

BOOST_DATA_TEST_CASE(S54_others_are_forbidden_whatever_they_ask_for, kLogins, login)
{
    ScriptedStage stage(login);
    WireComponent component(stage.server().component_port(), kGossip);
    component.connect();
    WireClient& mallory = stage.enter("mallory@capulet.lit");
    WireClient& romeo = stage.enter(kRomeo);
    for (WireStream* stranger : std::initializer_list<WireStream*>{&mallory, &component, &romeo}) {
        for (const std::string& attributes :
             {std::string(), of("mallory@capulet.lit"), of("nobody@capulet.lit"), of("@")}) {
            for (const std::string& set : {max(1), std::string("<max>many</max>"), after("nowhere")}) {
                const Element reply = stranger->request("get", "capulet.lit",
                                                        "<pending xmlns='" + kRequestsNs + "'" + attributes +
                                                            "><set xmlns='http://jabber.org/protocol/rsm'>" +
                                                            set + "</set></pending>");
                BOOST_TEST(is_error(reply, "auth", "forbidden"), reply.str());
            }
        }
    }
}

BOOST_DATA_TEST_CASE(S55_list_is_what_the_rosters_say, kLogins, login)
{
    ScriptedStage stage(login, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& nurse = stage.enter(kNurse);
    WireClient& tybalt = stage.enter("tybalt@capulet.lit");
    ScriptedEntity& entity = stage.entity();
    const auto list = [&] { return contacts(entity.pending()); };
    const auto expect_list = [&](std::vector<std::string> expected, const std::string& when) {
        stage.round_trip();
        std::sort(expected.begin(), expected.end());
        BOOST_TEST_CONTEXT(when)
        {
            BOOST_TEST(list() == expected, boost::test_tools::per_element());
        }
    };
    const auto leave = [&](WireClient& contact, const std::string& user) {
        contact.send(to(user, "subscribe"));
        entity.answer(entity.next_ask_about(contact.address(), user), "none");
    };

    romeo.send(to(kJuliet, "subscribe"));
    const Ask held = entity.next_ask_about(kRomeo, kJuliet);
    expect_list({}, "held");
    entity.answer(held, "none");
    expect_list({kRomeo}, "left");
    leave(nurse, kJuliet);
    leave(tybalt, kJuliet);
    leave(romeo, kNurse);
    expect_list({kRomeo, kRomeo, kNurse, tybalt.address()}, "four");
    BOOST_TEST(contacts(entity.pending(kNurse)) == std::vector<std::string>{kRomeo},
               boost::test_tools::per_element());
    BOOST_TEST(contacts(entity.pending("Nurse@CAPULET.lit")) == std::vector<std::string>{kRomeo},
               boost::test_tools::per_element());
    BOOST_TEST(entity.pending(tybalt.address()).empty());
    juliet.send(to(kNurse, "subscribed"));
    juliet.send(to(tybalt.address(), "unsubscribed"));
    expect_list({kRomeo, kRomeo}, "she has answered two");
    stage.server().reload_connector();
    entity.stream().expect(advertisement());
    expect_list({kRomeo, kRomeo}, "the connector has forgotten everything");
    nurse.send("<iq type='set' id='remove'><query xmlns='jabber:iq:register'><remove/></query></iq>");
    nurse.expect_end();
    expect_list({kRomeo}, "an account is gone");
    romeo.send(to(kJuliet, "unsubscribe"));
    expect_list({}, "withdrawn");
    leave(romeo, kJuliet);
    expect_list({kRomeo}, "and asked again");
    block(juliet, kRomeo);
    unblock(juliet, kRomeo);
    stage.round_trip();
    // Whether blocking cancels what is pending is the server's own business; the list says what it did.
    WireClient& second = stage.client(kJuliet, "second");
    second.connect();
    second.appear();
    stage.round_trip();
    expect_list(std::vector<std::string>(static_cast<std::size_t>(count_received(second, kPrompt)), kRomeo),
                "blocked and let in again");
}

BOOST_DATA_TEST_CASE(S55_what_was_blocked_while_held_is_there_when_it_is_let_in_again,
                     kLogins* bdata::make({"subscribed", "none"}), login, answer)
{
    ScriptedStage stage(login, kNoTimeout);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    (void)stage.entity().pending();  // whoever keeps an index has it now
    romeo.send(to(kJuliet, "subscribe"));
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    block(juliet, "montague.lit");
    stage.entity().answer(ask, answer);
    stage.round_trip();
    unblock(juliet, "montague.lit");
    BOOST_TEST(stage.entity().pending().size() == 1U);
}

BOOST_DATA_TEST_CASE(S56_requests_are_as_in_an_ask_under_their_item_ids, kLogins, login)
{
    ScriptedStage stage(login);
    stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    const std::string text(1030, '<');
    romeo.send("<presence type='subscribe' to='" + kJuliet + "' xml:lang='it'><status xml:lang='de'>" +
               escaped(text) +
               "</status><nick xmlns='http://jabber.org/protocol/nick'>R'o</nick><x xmlns='urn:x'/>"
               "</presence>");
    const Ask ask = stage.entity().next_ask_about(kRomeo, kJuliet);
    stage.entity().answer(ask, "none");
    stage.expect_acknowledgement(romeo, kJuliet);
    const Element page = ask_for_page(stage.entity(), {}, max(10));
    const Element& request = *page.child("pending")->child("request");
    const Element& listed = *request.child("forwarded")->child("presence");
    Element asked = *ask.requests.front().element.child("forwarded")->child("presence");
    if (listed.child("nick") == nullptr) {
        std::erase_if(asked.children, [](const Element& child) { return child.name == "nick"; });
    }
    BOOST_TEST(listed.str() == asked.str());
    BOOST_TEST(request.child("forwarded")->child("presence")->child("status")->text == text.substr(0, 1024));
    BOOST_TEST(request.children.size() == 1U);
    BOOST_TEST(request.attributes.size() == 1U);
    BOOST_TEST(request.attribute("id") == last_on(page));
}

BOOST_DATA_TEST_CASE(S57_S58_pages_are_as_large_as_asked_and_no_larger_than_100, kLogins, login)
{
    Waiting waiting(login);
    waiting.add(0, 130);
    ScriptedEntity entity(waiting.stage.server(), entity_address(login));
    const auto check = [&](const Element& page, std::size_t most) {
        const std::vector<std::string> ids = ids_on(page);
        BOOST_TEST_REQUIRE(!ids.empty());
        BOOST_TEST(ids.size() <= most);
        const Element* set = page.child("pending")->child("set", "http://jabber.org/protocol/rsm");
        BOOST_TEST_REQUIRE(set != nullptr);
        BOOST_TEST_REQUIRE(set->child("first") != nullptr);
        BOOST_TEST(set->child("first")->text == ids.front());
        BOOST_TEST(set->child("last")->text == ids.back());
        BOOST_TEST(page.child("pending")->attributes.empty());
        return ids;
    };
    const std::vector<std::string> first = check(ask_for_page(entity, {}, max(2)), 2);
    check(ask_for_page(entity, {}, max(1000)), 100);
    check(ask_for_page(entity, of(kJuliet), max(1000)), 100);
    // Neither <set/> nor <max/>: the first page.
    for (const std::string set : {"", "<set xmlns='http://jabber.org/protocol/rsm'/>"}) {
        const Element page = entity.stream().request(
            "get", "capulet.lit", "<pending xmlns='" + kRequestsNs + "'>" + set + "</pending>");
        const std::vector<std::string> ids = check(page, 100);
        BOOST_TEST(ids.front() == first.front());
    }
    const std::vector<std::string> second = check(ask_for_page(entity, {}, max(3) + after(first.back())), 3);
    BOOST_TEST(std::count(first.begin(), first.end(), second.front()) == 0);
}

BOOST_DATA_TEST_CASE(S59_page_for_nobody_is_empty, kLogins, login)
{
    Waiting waiting(login);
    waiting.add(0, 3);
    ScriptedEntity entity(waiting.stage.server(), entity_address(login));
    const Element page = ask_for_page(entity, {}, max(0));
    BOOST_TEST(page.attribute("type") == "result");
    BOOST_TEST(ids_on(page).empty());
}

BOOST_DATA_TEST_CASE(S60_S61_S62_what_waits_throughout_a_reading_is_read_once,
                     kLogins* bdata::make({1, 2, 5}), login, size)
{
    Waiting waiting(login);
    waiting.add(0, 12);
    waiting.add(12, 12, kNurse);
    ScriptedEntity entity(waiting.stage.server(), entity_address(login));
    // Of each page's contacts the last is answered before the next page is asked for, so that <after/> is an
    // item that is gone; and so are two of those to come.
    const auto answer = [&](const std::string& contact) {
        const int number = std::stoi(contact.substr(1));
        const Element reply =
            entity.answer_later(number >= 12 && number < 24 ? kNurse : kJuliet, contact, "unsubscribed");
        BOOST_TEST(reply.attribute("type") == "result", contact << ": " << reply.str());
    };
    std::map<std::string, int> read;
    std::map<std::string, int> expected;
    for (int i = 0; i < 24; ++i) {
        expected["c" + std::to_string(i) + "@" + kGossip] = 1;
    }
    std::string place;
    for (int pages = 0;; ++pages) {
        BOOST_TEST_REQUIRE(pages < 60);
        const Element page = ask_for_page(entity, {}, max(size) + (place.empty() ? "" : after(place)));
        const std::vector<std::string> here = contacts_on(page);
        if (here.empty()) {
            break;
        }
        for (const std::string& contact : here) {
            ++read[contact];
        }
        place = last_on(page);
        answer(here.back());
        int gone = 0;
        for (auto it = expected.begin(); it != expected.end() && gone < 2;) {
            if (read.count(it->first) == 0) {
                answer(it->first);
                it = expected.erase(it);
                ++gone;
            } else {
                ++it;
            }
        }
        if (pages == 1) {
            waiting.add(100, 1, kJuliet);  // new, and asked: it may be on a page or not
            entity.answer(entity.next_ask(), "none");
            round_trip({&entity.stream(), &waiting.component});
        }
    }
    read.erase("c100@" + kGossip);
    BOOST_TEST((read == expected));
}

BOOST_DATA_TEST_CASE(S61_page_is_not_empty_while_there_is_more, kLogins, login)
{
    Waiting waiting(login);
    waiting.add(0, 8);
    ScriptedEntity entity(waiting.stage.server(), entity_address(login));
    const Element first = ask_for_page(entity, {}, max(2));
    // Whatever the order: all that is neither on this page nor the last of the list.
    std::string place = last_on(first);
    const std::vector<std::string> others = contacts_on(ask_for_page(entity, {}, max(100) + after(place)));
    BOOST_TEST_REQUIRE(others.size() == 6U);
    for (std::size_t i = 0; i + 1 < others.size(); ++i) {
        (void)entity.answer_later(kJuliet, others[i], "unsubscribed");
    }
    const Element next = ask_for_page(entity, {}, max(2) + after(place));
    BOOST_TEST(contacts_on(next) == std::vector<std::string>{others.back()},
               boost::test_tools::per_element());
    BOOST_TEST(contacts_on(ask_for_page(entity, {}, max(2) + after(last_on(next)))).empty());
}

BOOST_DATA_TEST_CASE(S62_place_of_an_item_that_was_answered_is_known, kLogins, login)
{
    Waiting waiting(login);
    waiting.add(0, 3);
    ScriptedEntity entity(waiting.stage.server(), entity_address(login));
    const Element first = ask_for_page(entity, {}, max(2));
    for (const std::string& contact : contacts_on(first)) {
        (void)entity.answer_later(kJuliet, contact, "subscribed");
    }
    for (const std::string& attributes : {std::string(), of(kJuliet)}) {
        BOOST_TEST(ids_on(ask_for_page(entity, attributes, max(2) + after(last_on(first)))).size() == 1U);
    }
}

BOOST_DATA_TEST_CASE(S63_unknown_place_is_an_error, kLogins, login)
{
    Waiting waiting(login);
    waiting.add(0, 3);
    ScriptedEntity entity(waiting.stage.server(), entity_address(login));
    const std::string known = last_on(ask_for_page(entity, {}, max(1)));
    const auto is_unknown = [&](const std::string& id) {
        return is_error(ask_for_page(entity, {}, max(1) + after(id)), "cancel", "item-not-found") &&
               is_error(ask_for_page(entity, {}, max(0) + after(id)), "cancel", "item-not-found");
    };
    for (const std::string& id : {std::string("nowhere"), std::string("0"), std::string(), known + "0000",
                                  "x" + known, known.substr(0, known.size() - 1)}) {
        BOOST_TEST(is_unknown(id), "'" << id << "'");
    }
    // After the connector was loaded again it is either still the same place, or unknown.
    waiting.stage.server().reload_connector();
    entity.stream().expect(advertisement());
    const std::vector<std::string> all = contacts(entity.pending());
    BOOST_TEST(all.size() == 3U);
    const Element page = ask_for_page(entity, {}, max(3) + after(known));
    BOOST_TEST((is_error(page, "cancel", "item-not-found") || ids_on(page).size() == 2U));
}

struct WrongQuery {
    std::string attributes;
    std::string set;
    std::string type;
    std::string condition;
};

BOOST_AUTO_TEST_CASE(S54_S57_what_is_wrong_with_a_query_is_said)
{
    ScriptedStage stage(Login::component);
    stage.server().add_account(kJuliet);
    const std::vector<WrongQuery> wrong = {
        {{}, "<max>many</max>", "modify", "bad-request"},
        {{}, "<max>-1</max>", "modify", "bad-request"},
        {{}, "<max/>", "modify", "bad-request"},
        {of("@"), max(1), "modify", "jid-malformed"},
        {of("nobody@capulet.lit"), max(1), "cancel", "item-not-found"},
        {of("juliet@montague.lit"), max(1), "cancel", "item-not-found"},
        {of("capulet.lit"), max(1), "cancel", "item-not-found"},
        {of(kJuliet), after("nowhere"), "cancel", "item-not-found"},
        {{}, "<before/>", "cancel", "feature-not-implemented"},
        {{}, "<index>0</index>", "cancel", "feature-not-implemented"},
    };
    for (const WrongQuery& query : wrong) {
        const Element reply = ask_for_page(stage.entity(), query.attributes, query.set);
        BOOST_TEST(is_error(reply, query.type, query.condition),
                   query.attributes << " " << query.set << " got " << reply.str());
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
