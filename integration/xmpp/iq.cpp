#include "integration/xmpp/iq.h"

#include "integration/xmpp/namespaces.h"
#include "integration/xmpp/xml.h"

namespace usher
{

IqReply::IqReply(const Stanza& iq, std::string_view from)
    : id_(iq.attribute("id")), requester_(iq.attribute("from")), responder_(from)
{
}

std::string IqReply::begin(std::string_view type) const
{
    std::string xml = "<iq";
    append_attribute(xml, "type", type);
    append_attribute(xml, "id", id_);
    if (!requester_.empty()) {
        append_attribute(xml, "to", requester_);
    }
    if (!responder_.empty()) {
        append_attribute(xml, "from", responder_);
    }
    return xml;
}

std::string IqReply::result(std::string_view payload) const
{
    std::string xml = begin("result");
    return payload.empty() ? xml + "/>" : (xml += '>').append(payload) + "</iq>";
}

std::string IqReply::error(const StanzaError& error, std::string_view payload) const
{
    std::string xml = (begin("error") += '>').append(payload) + "<error";
    append_attribute(xml, "type", error.type);
    xml += "><" + error.condition;
    append_attribute(xml, "xmlns", ns::kStanzaErrors);
    xml += "/>";
    if (!error.text.empty()) {
        xml += "<text";
        append_attribute(xml, "xmlns", ns::kStanzaErrors);
        xml += '>';
        append_text(xml, error.text);
        xml += "</text>";
    }
    if (!error.specific.empty()) {
        xml += '<' + error.specific;
        append_attribute(xml, "xmlns", error.specific_ns);
        xml += "/>";
    }
    return xml + "</error></iq>";
}

}  // namespace usher
