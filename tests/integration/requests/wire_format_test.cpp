// The connector protocol's elements, written as PROTOCOL.md shows them.
#include "integration/requests/wire_format.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <string>

#include "literal.h"

namespace bdata = boost::unit_test::data;
using usher::Answer;
using usher::Subscription;
using usher::test::Literal;

namespace
{

std::string presence(const std::string& attributes, const std::string& inside = {})
{
    return "<presence xmlns='jabber:client' " + attributes + ">" + inside + "</presence>";
}

constexpr const char* kAsked = "type='subscribe' from='romeo@montague.lit' to='juliet@capulet.lit'";

std::string forwarded(const std::string& inside)
{
    return "<forwarded xmlns='urn:xmpp:forward:0'>" + inside + "</forwarded>";
}

std::string request(const std::string& inside, const std::string& id = "7f3a")
{
    return "<request id='" + id + "'>" + inside + "</request>";
}

std::string item(const std::string& attributes)
{
    return "<item xmlns='jabber:iq:roster' " + attributes + "/>";
}

std::string requests(const std::string& inside)
{
    return "<requests xmlns='urn:xmpp:subscription-requests:0'>" + inside + "</requests>";
}

std::string pending(const std::string& inside)
{
    return "<pending xmlns='urn:xmpp:subscription-requests:0'>" + inside + "</pending>";
}

std::optional<std::vector<usher::AskedRequest>> read(const std::string& inside)
{
    const Literal literal(requests(inside));
    return usher::read_requests(literal.stanza());
}

/// The only request in `inside`, which has an id.
std::optional<usher::SubscriptionRequest> read_one(const std::string& inside)
{
    const auto asked = read(request(inside));
    BOOST_TEST_REQUIRE(asked.has_value());
    BOOST_TEST_REQUIRE(asked->size() == 1U);
    BOOST_TEST(asked->front().id == "7f3a");
    return asked->front().request;
}

std::optional<usher::PendingPage> read_page(const std::string& xml)
{
    const Literal literal(xml);
    return usher::read_pending(literal.stanza());
}

usher::SubscriptionRequest juliet_from_romeo()
{
    return {*usher::Address::prepare("juliet@capulet.lit"), *usher::Address::prepare("romeo@montague.lit"),
            std::nullopt};
}

usher::Decision decision(Answer answer, bool ask_back = false)
{
    usher::Decision decision;
    decision.answer = answer;
    decision.ask_back = ask_back;
    return decision;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(wire_format)

BOOST_AUTO_TEST_CASE(the_specifications_example_is_read)
{
    const auto asked = read_one(forwarded(presence(kAsked, "<status>It&apos;s me</status>")) +
                                item("jid='romeo@montague.lit' subscription='none' ask='subscribe'"));
    BOOST_TEST_REQUIRE(asked.has_value());
    BOOST_TEST(asked->user.text() == "juliet@capulet.lit");
    BOOST_TEST(asked->contact.text() == "romeo@montague.lit");
    BOOST_TEST_REQUIRE(asked->item.has_value());
    BOOST_TEST((asked->item->subscription == Subscription::none));
    BOOST_TEST(asked->item->ask);
}

// E16
BOOST_AUTO_TEST_CASE(without_an_item_there_is_none)
{
    const auto asked = read_one(forwarded(presence(kAsked)));
    BOOST_TEST_REQUIRE(asked.has_value());
    BOOST_TEST(!asked->item.has_value());
}

struct SubscriptionCase {
    const char* attributes;
    Subscription subscription;
    bool ask;
};

std::ostream& operator<<(std::ostream& out, const SubscriptionCase& c)
{
    return out << c.attributes;
}

const SubscriptionCase kItems[] = {
    {"subscription='none'", Subscription::none, false},
    {"subscription='to'", Subscription::to, false},
    {"subscription='from'", Subscription::from, false},
    {"subscription='both'", Subscription::both, false},
    {"subscription='none' ask='subscribe'", Subscription::none, true},
    {"subscription='from' ask='subscribe'", Subscription::from, true},
    {"", Subscription::none, false},  // RFC 6121 section 2.1.2.5
    {"ask='unsubscribe'", Subscription::none, false},
    {"ask='SUBSCRIBE'", Subscription::none, false},
    {"subscription='both' name='R' approved='true'", Subscription::both, false},
};

BOOST_DATA_TEST_CASE(the_roster_item_is_read, bdata::make(kItems), c)
{
    const auto asked =
        read_one(forwarded(presence(kAsked)) + item(std::string("jid='romeo@montague.lit' ") + c.attributes));
    BOOST_TEST_REQUIRE(asked.has_value());
    BOOST_TEST_REQUIRE(asked->item.has_value());
    BOOST_TEST((asked->item->subscription == c.subscription));
    BOOST_TEST(asked->item->ask == c.ask);
}

// Each of these requests has an id, so it is answered, but cannot be decided.
const std::string kUnreadable[] = {
    "",
    forwarded(""),
    presence(kAsked),
    "<forwarded>" + presence(kAsked) + "</forwarded>",
    "<forwarded xmlns='urn:xmpp:forward:1'>" + presence(kAsked) + "</forwarded>",
    forwarded("<presence xmlns='jabber:server' " + std::string(kAsked) + "/>"),
    forwarded("<presence " + std::string(kAsked) + "/>"),
    forwarded("<message xmlns='jabber:client' " + std::string(kAsked) + "/>"),
    forwarded(forwarded(presence(kAsked))),
    forwarded(presence("from='romeo@montague.lit' to='juliet@capulet.lit'")),
    forwarded(presence("type='subscribed' from='romeo@montague.lit' to='juliet@capulet.lit'")),
    forwarded(presence("type='unsubscribe' from='romeo@montague.lit' to='juliet@capulet.lit'")),
    forwarded(presence("type='Subscribe' from='romeo@montague.lit' to='juliet@capulet.lit'")),
    forwarded(presence("type='subscribe' to='juliet@capulet.lit'")),
    forwarded(presence("type='subscribe' from='romeo@montague.lit'")),
    forwarded(presence("type='subscribe' from='' to='juliet@capulet.lit'")),
    forwarded(presence("type='subscribe' from='romeo@montague.lit' to='capulet.lit'")),
    forwarded(presence(kAsked)) + item("jid='romeo@montague.lit/orchard' subscription='both'"),
    forwarded(presence(kAsked)) + item("subscription='both'"),
    forwarded(presence(kAsked)) + item("jid='' subscription='both'"),
    forwarded(presence(kAsked)) + item("jid='mercutio@montague.lit' subscription='both'"),
    forwarded(presence(kAsked)) + item("jid='montague.lit' subscription='both'"),
    forwarded(presence(kAsked)) + item("jid='juliet@capulet.lit' subscription='both'"),
    forwarded(presence(kAsked)) + item("jid='romeo@montague.lit' subscription='remove'"),
    forwarded(presence(kAsked)) + item("jid='romeo@montague.lit' subscription='Both'"),
};

// E12, E16
BOOST_DATA_TEST_CASE(an_unreadable_request_keeps_its_id, bdata::make(kUnreadable), inside)
{
    BOOST_TEST(!read_one(inside).has_value());
}

BOOST_AUTO_TEST_CASE(a_contact_may_be_a_domain_alone)
{
    const auto asked =
        read_one(forwarded(presence("type='subscribe' from='icq.montague.lit' to='juliet@capulet.lit'")) +
                 item("jid='icq.montague.lit' subscription='none' ask='subscribe'"));
    BOOST_TEST_REQUIRE(asked.has_value());
    BOOST_TEST(asked->contact.text() == "icq.montague.lit");
    BOOST_TEST(asked->contact.domain() == "icq.montague.lit");
    BOOST_TEST(asked->contact.is_prepared());
    BOOST_TEST(asked->item.has_value());
}

struct UnpreparedCase {
    const char* contact;
    const char* user;
    const char* contact_domain;
};

std::ostream& operator<<(std::ostream& out, const UnpreparedCase& c)
{
    return out << c.contact << " to " << c.user;
}

const UnpreparedCase kUnprepared[] = {
    {"Romeo@montague.lit", "juliet@capulet.lit", "montague.lit"},
    {"ro meo@montague.lit", "juliet@capulet.lit", "montague.lit"},
    {"r\u0300\u0323\u0321@montague.lit", "juliet@capulet.lit", "montague.lit"},
    {"romeo@montague.lit.", "juliet@capulet.lit", "montague.lit"},
    {"montague.lit.", "juliet@capulet.lit", "montague.lit"},
    {"@montague.lit", "juliet@capulet.lit", "montague.lit"},
    {"romeo@montague.lit/orchard", "juliet@capulet.lit", "montague.lit"},
    {"romeo@mont@ague.lit", "juliet@capulet.lit", "\ufffd.lit"},
    {"romeo@montague.lit", "juliet@Capulet.lit", "montague.lit"},
    {"romeo@montague.lit", "juliet@capulet.lit/balcony", "montague.lit"},
};

// E15: they are decided, so that what is denied for its domain is denied, and recorded as the server wrote them.
BOOST_DATA_TEST_CASE(an_address_that_cannot_be_compared_is_read_as_the_server_wrote_it,
                     bdata::make(kUnprepared), c)
{
    const auto asked = read_one(forwarded(presence("type='subscribe' from='" + std::string(c.contact) +
                                                   "' to='" + std::string(c.user) + "'")) +
                                item("jid='" + std::string(c.contact) + "' subscription='to'"));
    BOOST_TEST_REQUIRE(asked.has_value());
    BOOST_TEST(asked->contact.text() == c.contact);
    BOOST_TEST(asked->contact.domain() == c.contact_domain);
    BOOST_TEST(asked->user.text() == c.user);
    BOOST_TEST(asked->user.domain() == "capulet.lit");
    BOOST_TEST(!(asked->contact.is_prepared() && asked->user.is_prepared()));
    // E27
    BOOST_TEST(usher::later_answer(*asked, decision(Answer::deny))
                   .find("contact='" + std::string(c.contact) + "'") != std::string::npos);
}

// Text from a stranger never counts as the user's roster item.
BOOST_AUTO_TEST_CASE(an_item_of_another_namespace_or_place_is_none_of_the_users)
{
    const auto other = read_one(forwarded(presence(kAsked)) +
                                "<item xmlns='urn:other' jid='romeo@montague.lit' subscription='both'/>");
    BOOST_TEST_REQUIRE(other.has_value());
    BOOST_TEST(!other->item.has_value());
    const auto inside =
        read_one(forwarded(presence(kAsked, item("jid='romeo@montague.lit' subscription='both'"))));
    BOOST_TEST_REQUIRE(inside.has_value());
    BOOST_TEST(!inside->item.has_value());
}

BOOST_AUTO_TEST_CASE(requests_keep_their_order)
{
    const auto asked = read(request(forwarded(presence(kAsked)), "c") + request("", "a") +
                            request(forwarded(presence(kAsked)), "b"));
    BOOST_TEST_REQUIRE(asked.has_value());
    BOOST_TEST_REQUIRE(asked->size() == 3U);
    BOOST_TEST(asked->at(0).id == "c");
    BOOST_TEST(asked->at(0).request.has_value());
    BOOST_TEST(asked->at(1).id == "a");
    BOOST_TEST(!asked->at(1).request.has_value());
    BOOST_TEST(asked->at(2).id == "b");
    BOOST_TEST(asked->at(2).request.has_value());
}

BOOST_AUTO_TEST_CASE(the_same_id_twice_is_two_requests)
{
    const auto asked = read(request(forwarded(presence(kAsked)), "a") + request("", "a"));
    BOOST_TEST_REQUIRE(asked.has_value());
    BOOST_TEST_REQUIRE(asked->size() == 2U);
    BOOST_TEST(asked->at(0).request.has_value());
    BOOST_TEST(!asked->at(1).request.has_value());
}

BOOST_AUTO_TEST_CASE(no_requests_are_no_requests)
{
    const auto asked = read("\n  ");
    BOOST_TEST_REQUIRE(asked.has_value());
    BOOST_TEST(asked->empty());
}

BOOST_AUTO_TEST_CASE(a_request_without_an_id_spoils_the_whole)
{
    const std::string good = request(forwarded(presence(kAsked)));
    BOOST_TEST(!read(good + "<request>" + forwarded(presence(kAsked)) + "</request>").has_value());
    BOOST_TEST(!read(good + "<request id=''>" + forwarded(presence(kAsked)) + "</request>").has_value());
}

// E13
BOOST_AUTO_TEST_CASE(what_is_unknown_is_ignored)
{
    const auto asked = read("<other/><request xmlns='urn:other' id='x'/>text" +
                            request("<urgent/>" + forwarded("<delay xmlns='urn:xmpp:delay'/>" +
                                                            presence(std::string("new='1' ") + kAsked))) +
                            "<answer id='a' type='subscribed'/>");
    BOOST_TEST_REQUIRE(asked.has_value());
    BOOST_TEST_REQUIRE(asked->size() == 1U);
    BOOST_TEST(asked->front().id == "7f3a");
    BOOST_TEST(asked->front().request.has_value());
}

BOOST_AUTO_TEST_CASE(an_id_may_be_anything)
{
    const auto asked = read("<request id='&apos;&quot;&lt;&amp;&gt;&#10;&#9;\xc3\xa9'/>");
    BOOST_TEST_REQUIRE(asked.has_value());
    BOOST_TEST(asked->at(0).id == "'\"<&>\n\t\xc3\xa9");
}

// --- Pages of XEP-0059

BOOST_AUTO_TEST_CASE(a_page_tells_its_last_item)
{
    const auto page = read_page(pending(request(forwarded(presence(kAsked)), "a") + request("", "b") +
                                        "<set xmlns='http://jabber.org/protocol/rsm'><first index='0'>a"
                                        "</first><last>b&lt;2</last><count>7</count></set>"));
    BOOST_TEST_REQUIRE(page.has_value());
    BOOST_TEST(page->requests.size() == 2U);
    BOOST_TEST(page->last == "b<2");
}

BOOST_AUTO_TEST_CASE(a_page_without_a_set_ends_at_its_last_request)
{
    const auto page = read_page(pending(request("", "a") + request("", "b")));
    BOOST_TEST_REQUIRE(page.has_value());
    BOOST_TEST(page->last == "b");
}

BOOST_AUTO_TEST_CASE(an_empty_page_has_no_last_item)
{
    for (const char* inside : {"", "<set xmlns='http://jabber.org/protocol/rsm'><count>0</count></set>",
                               "<set xmlns='http://jabber.org/protocol/rsm'/>"}) {
        const auto page = read_page(pending(inside));
        BOOST_TEST_REQUIRE(page.has_value());
        BOOST_TEST(page->requests.empty());
        BOOST_TEST(page->last == "");
    }
}

BOOST_AUTO_TEST_CASE(what_is_not_a_page_is_none)
{
    BOOST_TEST(!usher::read_pending(usher::Stanza()).has_value());
    BOOST_TEST(!read_page(requests("")).has_value());
    BOOST_TEST(!read_page("<pending xmlns='urn:other'/>").has_value());
    BOOST_TEST(!read_page(pending("<request/>")).has_value());
}

// --- What is written

BOOST_AUTO_TEST_CASE(answers_are_called_by_their_names_on_the_wire)
{
    BOOST_TEST(usher::wire_name(Answer::approve) == "subscribed");
    BOOST_TEST(usher::wire_name(Answer::deny) == "unsubscribed");
    BOOST_TEST(usher::wire_name(Answer::leave) == "none");
}

BOOST_AUTO_TEST_CASE(an_answer_is_appended)
{
    std::string xml = "<answers>";
    usher::append_answer(xml, "7f3a", decision(Answer::approve));
    usher::append_answer(xml, "7f3b", decision(Answer::deny));
    usher::append_answer(xml, "7f3c", decision(Answer::leave));
    usher::append_answer(xml, "7f3d", decision(Answer::approve, true));
    BOOST_TEST(xml ==
               "<answers>"
               "<answer id='7f3a' type='subscribed'/>"
               "<answer id='7f3b' type='unsubscribed'/>"
               "<answer id='7f3c' type='none'/>"
               "<answer id='7f3d' type='subscribed' ask-back='true'/>");
}

// E44
BOOST_AUTO_TEST_CASE(only_an_approval_has_an_item)
{
    const usher::ContactLabel label{"Juliet <3", "Rock & Roll"};
    std::string xml;
    usher::append_answer(xml, "1", decision(Answer::approve), label);
    usher::append_answer(xml, "2", decision(Answer::approve, true), {"Juliet", ""});
    usher::append_answer(xml, "3", decision(Answer::approve), {"", "Friends"});
    usher::append_answer(xml, "4", decision(Answer::deny), label);
    usher::append_answer(xml, "5", decision(Answer::leave), label);
    BOOST_TEST(
        xml ==
        "<answer id='1' type='subscribed'><item xmlns='jabber:iq:roster' name='Juliet &lt;3'>"
        "<group>Rock &amp; Roll</group></item></answer>"
        "<answer id='2' type='subscribed' ask-back='true'><item xmlns='jabber:iq:roster' name='Juliet'/></answer>"
        "<answer id='3' type='subscribed'><item xmlns='jabber:iq:roster'><group>Friends</group></item></answer>"
        "<answer id='4' type='unsubscribed'/>"
        "<answer id='5' type='none'/>");
    BOOST_TEST(
        usher::later_answer(juliet_from_romeo(), decision(Answer::approve), {"Romeo", ""}) ==
        "<answer xmlns='urn:xmpp:subscription-requests:0' user='juliet@capulet.lit' "
        "contact='romeo@montague.lit' type='subscribed'><item xmlns='jabber:iq:roster' name='Romeo'/></answer>");
}

BOOST_AUTO_TEST_CASE(an_answers_id_comes_back_as_it_was)
{
    const std::string id = "'\"<&>\n\t\r\xc3\xa9 ";
    std::string xml;
    usher::append_answer(xml, id, decision(Answer::leave));
    BOOST_TEST(usher::test::attribute(xml, "id") == id);
}

BOOST_AUTO_TEST_CASE(a_later_answer_names_user_and_contact)
{
    BOOST_TEST(usher::later_answer(juliet_from_romeo(), decision(Answer::approve)) ==
               "<answer xmlns='urn:xmpp:subscription-requests:0' user='juliet@capulet.lit' "
               "contact='romeo@montague.lit' type='subscribed'/>");
    BOOST_TEST(usher::later_answer(juliet_from_romeo(), decision(Answer::deny)) ==
               "<answer xmlns='urn:xmpp:subscription-requests:0' user='juliet@capulet.lit' "
               "contact='romeo@montague.lit' type='unsubscribed'/>");
    BOOST_TEST(usher::later_answer(juliet_from_romeo(), decision(Answer::approve, true)) ==
               "<answer xmlns='urn:xmpp:subscription-requests:0' user='juliet@capulet.lit' "
               "contact='romeo@montague.lit' type='subscribed' ask-back='true'/>");
}

// E27
BOOST_AUTO_TEST_CASE(a_later_answers_addresses_are_escaped)
{
    // Servers that do not follow RFC 6122 exactly accept such local parts; preparation does not.
    BOOST_TEST(!usher::Address::prepare("o'hara@capulet.lit").has_value());
    const usher::SubscriptionRequest odd{*usher::Address::prepare("a*b|c@capulet.lit"),
                                         *usher::Address::prepare("\xc3\xa9@montague.lit"), std::nullopt};
    const std::string xml = usher::later_answer(odd, decision(Answer::approve));
    BOOST_TEST(usher::test::attribute(xml, "user") == "a*b|c@capulet.lit");
    BOOST_TEST(usher::test::attribute(xml, "contact") == "\xc3\xa9@montague.lit");
}

BOOST_AUTO_TEST_CASE(the_list_is_asked_for_in_pages)
{
    BOOST_TEST(usher::pending_query("", 100) ==
               "<pending xmlns='urn:xmpp:subscription-requests:0'>"
               "<set xmlns='http://jabber.org/protocol/rsm'><max>100</max></set></pending>");
    BOOST_TEST(
        usher::pending_query("a<b", 5) ==
        "<pending xmlns='urn:xmpp:subscription-requests:0'>"
        "<set xmlns='http://jabber.org/protocol/rsm'><max>5</max><after>a&lt;b</after></set></pending>");
}

BOOST_AUTO_TEST_SUITE_END()
