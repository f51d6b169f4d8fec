#include "integration/xmpp/xml.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "literal.h"

namespace bdata = boost::unit_test::data;

namespace
{

struct Case {
    const char* plain;
    const char* written;
};

std::ostream& operator<<(std::ostream& out, const Case& c)
{
    return out << c.written;
}

const Case cases[] = {
    {"", ""},
    {"juliet@capulet.lit", "juliet@capulet.lit"},
    {"a&b", "a&amp;b"},
    {"&amp;", "&amp;amp;"},
    {"<tag/>", "&lt;tag/&gt;"},
    {"it's \"so\"", "it&apos;s &quot;so&quot;"},
    {"]]>", "]]&gt;"},
    {"a\tb\nc\rd", "a&#9;b&#10;c&#13;d"},
    {"J\xc3\xbcrgen \xf0\x9f\x98\x80", "J\xc3\xbcrgen \xf0\x9f\x98\x80"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(xml)

BOOST_DATA_TEST_CASE(text_is_escaped, bdata::make(cases), c)
{
    std::string xml = "before ";
    usher::append_text(xml, c.plain);
    BOOST_TEST(xml == std::string("before ") + c.written);
}

BOOST_DATA_TEST_CASE(an_attribute_is_escaped_and_set_off, bdata::make(cases), c)
{
    std::string xml = "<iq";
    usher::append_attribute(xml, "id", c.plain);
    BOOST_TEST(xml == std::string("<iq id='") + c.written + "'");
}

BOOST_DATA_TEST_CASE(what_was_written_is_read_back, bdata::make(cases), c)
{
    std::string xml = "<iq";
    usher::append_attribute(xml, "id", c.plain);
    xml += '>';
    usher::append_text(xml, c.plain);
    xml += "</iq>";
    const usher::test::Literal iq(xml);
    BOOST_TEST(iq.stanza().attribute("id") == c.plain);
    BOOST_TEST(iq.stanza().text() == c.plain);
}

BOOST_AUTO_TEST_SUITE_END()
