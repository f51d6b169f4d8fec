#include "protocol.h"

#include <algorithm>

namespace usher::test
{

namespace
{

const std::string kRsm = "http://jabber.org/protocol/rsm";

/// mod_privilege of Prosody nests the second namespace in the first (E7).
bool has_grant(const Element& element)
{
    return (element.name == "namespace" && element.attribute("ns") == kRequestsNs &&
            (element.attribute("type") == "both" || element.attribute("type") == "set")) ||
           std::any_of(element.children.begin(), element.children.end(), has_grant);
}

}  // namespace

Matcher advertisement()
{
    return {"an advertisement", [](const Element& stanza) {
                const Element* privilege =
                    stanza.name == "message" ? stanza.child("privilege", "urn:xmpp:privilege:2") : nullptr;
                return privilege != nullptr && stanza.attribute("from") == "capulet.lit" &&
                       std::any_of(privilege->children.begin(), privilege->children.end(),
                                   [](const Element& permission) {
                                       return permission.attribute("access") == "iq" && has_grant(permission);
                                   });
            }};
}

bool is_error(const Element& reply, const std::string& type, const std::string& condition)
{
    const Element* error = reply.child("error");
    return reply.attribute("type") == "error" && error != nullptr && error->attribute("type") == type &&
           error->child(condition, "urn:ietf:params:xml:ns:xmpp-stanzas") != nullptr;
}

void block(WireClient& user, const std::string& address)
{
    (void)user.request("set", {},
                       "<block xmlns='urn:xmpp:blocking'><item jid='" + escaped(address) + "'/></block>");
}

void unblock(WireClient& user, const std::string& address)
{
    (void)user.request("set", {},
                       "<unblock xmlns='urn:xmpp:blocking'><item jid='" + escaped(address) + "'/></unblock>");
}

Element ask_for_page(ScriptedEntity& entity, const std::string& attributes, const std::string& set)
{
    return entity.stream().request("get", entity.organization(),
                                   "<pending xmlns='" + kRequestsNs + "'" + attributes + "><set xmlns='" +
                                       kRsm + "'>" + set + "</set></pending>");
}

std::vector<std::string> ids_on(const Element& page)
{
    const Element* list = page.child("pending", kRequestsNs);
    BOOST_REQUIRE(list != nullptr);
    std::vector<std::string> ids;
    for (const Element& child : list->children) {
        if (child.name == "request") {
            ids.push_back(child.attribute("id"));
        }
    }
    return ids;
}

void leave_romeo_to_juliet(ScriptedStage& stage, WireClient& romeo)
{
    romeo.send(to(kJuliet, "subscribe"));
    stage.entity().answer(stage.entity().next_ask_about(kRomeo, kJuliet), "none");
    stage.expect_acknowledgement(romeo, kJuliet);
}

std::string request_xml(const std::string& contact, const std::string& user)
{
    return "<presence type='subscribe' from='" + escaped(contact) + "' to='" + escaped(user) + "'/>";
}

void send_requests(WireComponent& component, int first, int count, const std::string& user)
{
    std::string requests;
    for (int i = first; i < first + count; ++i) {
        requests += request_xml("c" + std::to_string(i) + "@" + component.address(), user);
    }
    component.send(requests);
}

}  // namespace usher::test
