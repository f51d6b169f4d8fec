#include "transcript.h"

#include <algorithm>

namespace usher::test
{

std::string normalised(Element stanza)
{
    stanza.remove_attribute("id");
    for (Element& child : stanza.children) {
        if (child.ns == "jabber:iq:roster") {
            child.remove_attribute("ver");
            std::sort(child.children.begin(), child.children.end(),
                      [](const Element& a, const Element& b) { return a.str() < b.str(); });
        } else if (child.ns == "urn:xmpp:delay") {
            child.remove_attribute("stamp");
        }
    }
    return stanza.str();
}

std::string transcript(const std::vector<Element>& received)
{
    std::string out;
    for (const Element& stanza : received) {
        out += normalised(stanza) + "\n";
    }
    return out;
}

}  // namespace usher::test
