#include "integration/xmpp/stanza.h"

#include <boost/test/unit_test.hpp>

#include "literal.h"

using usher::Stanza;
using usher::test::Literal;

BOOST_AUTO_TEST_SUITE(stanza)

BOOST_AUTO_TEST_CASE(name_namespace_and_attributes_are_read)
{
    const Literal iq("<iq xmlns='jabber:client' type='get' id='a1'><ping xmlns='urn:xmpp:ping'/></iq>");
    const Stanza stanza = iq.stanza();
    BOOST_TEST(bool(stanza));
    BOOST_TEST(stanza.name() == "iq");
    BOOST_TEST(stanza.ns() == "jabber:client");
    BOOST_TEST(stanza.attribute("type") == "get");
    BOOST_TEST(stanza.attribute("id") == "a1");
    BOOST_TEST(stanza.is("iq", "jabber:client"));
    BOOST_TEST(!stanza.is("iq", "jabber:server"));
    BOOST_TEST(!stanza.is("message", "jabber:client"));
}

BOOST_AUTO_TEST_CASE(an_empty_attribute_is_told_from_an_absent_one)
{
    const Literal iq("<iq to=''/>");
    BOOST_TEST(iq.stanza().attribute("to") == "");
    BOOST_TEST(iq.stanza().has("to"));
    BOOST_TEST(iq.stanza().attribute("from") == "");
    BOOST_TEST(!iq.stanza().has("from"));
}

BOOST_AUTO_TEST_CASE(a_child_without_its_own_namespace_has_its_parents)
{
    const Literal query("<query xmlns='jabber:iq:roster'><item/></query>");
    BOOST_TEST(query.stanza().first().is("item", "jabber:iq:roster"));
}

BOOST_AUTO_TEST_CASE(prefixes_are_of_no_importance)
{
    const Literal iq("<iq xmlns='jabber:client' xmlns:p='urn:xmpp:ping'><p:ping/></iq>");
    BOOST_TEST(iq.stanza().first().is("ping", "urn:xmpp:ping"));
}

BOOST_AUTO_TEST_CASE(children_are_elements_and_text_between_them_is_skipped)
{
    const Literal parent("<a>\n  <b/>text<c/>\n  <d/>\n</a>");
    const Stanza b = parent.stanza().first();
    BOOST_TEST(b.name() == "b");
    BOOST_TEST(b.next().name() == "c");
    BOOST_TEST(b.next().next().name() == "d");
    BOOST_TEST(!b.next().next().next());
}

BOOST_AUTO_TEST_CASE(an_element_with_text_only_has_no_children)
{
    const Literal last("<last>7f3a</last>");
    BOOST_TEST(!last.stanza().first());
}

BOOST_AUTO_TEST_CASE(child_finds_the_first_of_name_and_namespace)
{
    const Literal parent("<a xmlns='urn:a'><b xmlns='urn:b' n='1'/><c/><b n='2'/><b n='3'/></a>");
    BOOST_TEST(parent.stanza().child("b", "urn:a").attribute("n") == "2");
    BOOST_TEST(parent.stanza().child("b", "urn:b").attribute("n") == "1");
    BOOST_TEST(!parent.stanza().child("b", "urn:c"));
    BOOST_TEST(!parent.stanza().child("d", "urn:a"));
}

BOOST_AUTO_TEST_CASE(child_does_not_look_deeper)
{
    const Literal parent("<a xmlns='urn:a'><b><c/></b></a>");
    BOOST_TEST(!parent.stanza().child("c", "urn:a"));
}

BOOST_AUTO_TEST_CASE(text_is_unescaped_and_put_together)
{
    const Literal last("<last>a&lt;b&amp;c<x>not this</x>&#10;d</last>");
    BOOST_TEST(last.stanza().text() == "a<b&c\nd");
    const Literal empty("<last/>");
    BOOST_TEST(empty.stanza().text() == "");
}

BOOST_AUTO_TEST_CASE(an_absent_element_answers_every_question_with_nothing)
{
    const Stanza absent;
    BOOST_TEST(!absent);
    BOOST_TEST(absent.name() == "");
    BOOST_TEST(absent.ns() == "");
    BOOST_TEST(absent.attribute("id") == "");
    BOOST_TEST(!absent.has("id"));
    BOOST_TEST(absent.text() == "");
    BOOST_TEST(!absent.is("a", "b"));
    BOOST_TEST(!absent.first());
    BOOST_TEST(!absent.next());
    BOOST_TEST(!absent.child("a", "b").child("c", "d").first().next());
}

BOOST_AUTO_TEST_SUITE_END()
