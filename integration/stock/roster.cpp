#include "integration/stock/roster.h"

#include "integration/requests/wire_format.h"
#include "integration/xmpp/namespaces.h"
#include "integration/xmpp/xml.h"

namespace usher
{

namespace
{

std::string begin_query()
{
    std::string xml = "<query";
    append_attribute(xml, "xmlns", ns::kRoster);
    return xml;
}

}  // namespace

std::vector<RosterEntry> read_roster(const Stanza& query)
{
    std::vector<RosterEntry> entries;
    for (Stanza item = query.first(); item; item = item.next()) {
        if (!item.is("item", ns::kRoster)) {
            continue;
        }
        auto contact = prepared_address(item.attribute("jid"));
        const auto state = read_roster_item(item);
        if (!contact || !state) {
            continue;
        }
        RosterEntry entry{*std::move(contact), *state, std::string(item.attribute("name")), {}};
        for (Stanza group = item.first(); group; group = group.next()) {
            if (group.is("group", ns::kRoster)) {
                entry.groups.push_back(group.text());
            }
        }
        entries.push_back(std::move(entry));
    }
    return entries;
}

std::string roster_set(const RosterEntry& entry, Subscription subscription)
{
    std::string xml = begin_query();
    xml += "><item";
    append_attribute(xml, "jid", entry.contact.text());
    append_attribute(xml, "subscription", name(subscription));
    if (!entry.name.empty()) {
        append_attribute(xml, "name", entry.name);
    }
    xml += '>';
    for (const std::string& group : entry.groups) {
        xml += "<group>";
        append_text(xml, group);
        xml += "</group>";
    }
    xml += "</item></query>";
    return xml;
}

std::string roster_removal(const Address& contact)
{
    std::string xml = begin_query();
    xml += "><item";
    append_attribute(xml, "jid", contact.text());
    xml += " subscription='remove'/></query>";
    return xml;
}

std::string roster_query()
{
    return begin_query() + "/>";
}

}  // namespace usher
