#include "integration/xmpp/stanza.h"

#include <strophe.h>

#include "integration/xmpp/namespaces.h"

namespace usher
{

namespace
{

std::string_view view(const char* text)
{
    return text == nullptr ? std::string_view() : std::string_view(text);
}

xmpp_stanza_t* skip_text(xmpp_stanza_t* node)
{
    while (node != nullptr && xmpp_stanza_is_tag(node) == 0) {
        node = xmpp_stanza_get_next(node);
    }
    return node;
}

}  // namespace

std::string_view Stanza::name() const
{
    return element_ == nullptr ? std::string_view() : view(xmpp_stanza_get_name(element_));
}

std::string_view Stanza::ns() const
{
    return element_ == nullptr ? std::string_view() : view(xmpp_stanza_get_ns(element_));
}

std::string_view Stanza::attribute(const char* name) const
{
    return element_ == nullptr ? std::string_view() : view(xmpp_stanza_get_attribute(element_, name));
}

bool Stanza::has(const char* name) const
{
    return element_ != nullptr && xmpp_stanza_get_attribute(element_, name) != nullptr;
}

bool Stanza::is(std::string_view wanted, std::string_view wanted_ns) const
{
    return name() == wanted && ns() == wanted_ns;
}

Stanza Stanza::child(std::string_view wanted, std::string_view wanted_ns) const
{
    Stanza element = first();
    while (element && !element.is(wanted, wanted_ns)) {
        element = element.next();
    }
    return element;
}

Stanza Stanza::first() const
{
    return element_ == nullptr ? Stanza() : Stanza(skip_text(xmpp_stanza_get_children(element_)));
}

Stanza Stanza::next() const
{
    return element_ == nullptr ? Stanza() : Stanza(skip_text(xmpp_stanza_get_next(element_)));
}

std::string Stanza::text() const
{
    std::string text;
    if (element_ == nullptr) {
        return text;
    }
    for (xmpp_stanza_t* node = xmpp_stanza_get_children(element_); node != nullptr;
         node = xmpp_stanza_get_next(node)) {
        if (xmpp_stanza_is_text(node) != 0) {
            text += view(xmpp_stanza_get_text_ptr(node));
        }
    }
    return text;
}

std::string_view error_condition(const Stanza& stanza)
{
    for (Stanza child = stanza.first(); child; child = child.next()) {
        if (child.name() == "error") {
            for (Stanza inner = child.first(); inner; inner = inner.next()) {
                if (inner.ns() == ns::kStanzaErrors && inner.name() != "text") {
                    return inner.name();
                }
            }
        }
    }
    return "undefined-condition";
}

}  // namespace usher
