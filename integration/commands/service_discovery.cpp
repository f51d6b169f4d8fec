#include "integration/commands/service_discovery.h"

#include <array>

#include "integration/xmpp/iq.h"
#include "integration/xmpp/namespaces.h"
#include "integration/xmpp/xml.h"

namespace usher
{

namespace
{

void append_identity(std::string& xml, std::string_view category, std::string_view type,
                     std::string_view name)
{
    xml += "<identity";
    append_attribute(xml, "category", category);
    append_attribute(xml, "type", type);
    append_attribute(xml, "name", name);
    xml += "/>";
}

void append_feature(std::string& xml, std::string_view feature)
{
    xml += "<feature";
    append_attribute(xml, "var", feature);
    xml += "/>";
}

std::string begin_query(std::string_view ns, std::string_view node)
{
    std::string xml = "<query";
    append_attribute(xml, "xmlns", ns);
    if (!node.empty()) {
        append_attribute(xml, "node", node);
    }
    return xml + ">";
}

void append_element(std::string& xml, std::string_view name, std::string_view text)
{
    xml.append("<").append(name).append(">");
    append_text(xml, text);
    xml.append("</").append(name).append(">");
}

constexpr std::string_view kListName = "What you can do here";

}  // namespace

std::string ServiceDiscovery::self(bool search) const
{
    std::string xml = begin_query(ns::kDiscoInfo, {});
    if (search) {
        append_identity(xml, "directory", "user", self_.name);  // clients look at the first one only
    }
    append_identity(xml, self_.component ? "component" : "client", self_.component ? "generic" : "bot",
                    self_.name);
    for (const std::string_view feature : std::array{ns::kCommands, ns::kDiscoInfo, ns::kDiscoItems,
                                                     ns::kDataForms, ns::kVersion, ns::kPing, ns::kVCard}) {
        append_feature(xml, feature);
    }
    if (search) {
        append_feature(xml, ns::kSearch);
    }
    return xml + "</query>";
}

bool ServiceDiscovery::received(const Stanza& iq, const std::optional<Address>& user)
{
    const Stanza query = iq.first();
    const IqReply reply(iq);
    const std::string_view node = query.attribute("node");
    const auto send = [&](const std::string& payload) {
        send_(reply.result(payload));
        return true;
    };
    const auto refuse = [&](std::string type, std::string condition) {
        send_(reply.error({std::move(type), std::move(condition), {}, {}, {}}));
        return true;
    };

    if (query.is("query", ns::kVersion)) {
        std::string xml = begin_query(ns::kVersion, {});
        append_element(xml, "name", self_.name);
        append_element(xml, "version", self_.version);
        return send(xml + "</query>");
    }
    if (query.is("vCard", ns::kVCard)) {
        std::string xml = "<vCard";
        append_attribute(xml, "xmlns", ns::kVCard);
        xml += '>';
        append_element(xml, "FN", self_.name);
        append_element(xml, "DESC", self_.purpose);
        return send(xml + "</vCard>");
    }
    const bool info = query.is("query", ns::kDiscoInfo);
    if (!info && !query.is("query", ns::kDiscoItems)) {
        return false;
    }
    if (node.empty()) {
        const bool search = self_.offers_search && user && self_.offers_search(*user);
        return send(info ? self(search) : begin_query(ns::kDiscoItems, {}) + "</query>");
    }
    if (node == ns::kCommands) {
        std::string xml = begin_query(query.ns(), node);
        if (info) {
            append_identity(xml, "automation", "command-list", kListName);
            append_feature(xml, ns::kCommands);
        } else if (user) {
            for (const Command* command : commands_.allowed_for(*user)) {
                xml += "<item";
                append_attribute(xml, "jid", iq.attribute("to"));
                append_attribute(xml, "node", command->node);
                append_attribute(xml, "name", command->name);
                xml += "/>";
            }
        }
        return send(xml + "</query>");
    }
    const Command* command = commands_.named(node);
    if (command == nullptr) {
        return refuse("cancel", "item-not-found");
    }
    // XEP-0050 section 2.2.
    if (!user || command->why_refused(*user)) {
        return refuse("auth", "forbidden");
    }
    std::string xml = begin_query(query.ns(), node);
    if (info) {
        append_identity(xml, "automation", "command-node", command->name);
        append_feature(xml, ns::kCommands);
        append_feature(xml, ns::kDataForms);
    }
    return send(xml + "</query>");
}

}  // namespace usher
