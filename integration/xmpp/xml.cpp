#include "integration/xmpp/xml.h"

namespace usher
{

void append_text(std::string& xml, std::string_view text)
{
    for (const char c : text) {
        switch (c) {
            case '&':
                xml += "&amp;";
                break;
            case '<':
                xml += "&lt;";
                break;
            case '>':
                xml += "&gt;";
                break;
            case '\'':
                xml += "&apos;";
                break;
            case '"':
                xml += "&quot;";
                break;
            // A parser makes a space of these inside an attribute (XML 1.0 section 3.3.3): an id would not
            // match.
            case '\t':
                xml += "&#9;";
                break;
            case '\n':
                xml += "&#10;";
                break;
            case '\r':
                xml += "&#13;";
                break;
            default:
                xml.push_back(c);
        }
    }
}

void append_attribute(std::string& xml, std::string_view name, std::string_view value)
{
    xml.push_back(' ');
    xml += name;
    xml += "='";
    append_text(xml, value);
    xml.push_back('\'');
}

std::string empty_query(std::string_view xmlns)
{
    std::string xml = "<query";
    append_attribute(xml, "xmlns", xmlns);
    return xml + "/>";
}

}  // namespace usher
