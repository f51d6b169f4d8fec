#include "integration/roster.h"

#include "integration/namespaces.h"
#include "integration/xml.h"

namespace usher
{

namespace
{

std::string_view wire_name(Subscription subscription)
{
    switch (subscription) {
        case Subscription::none:
            return "none";
        case Subscription::to:
            return "to";
        case Subscription::from:
            return "from";
        case Subscription::both:
            return "both";
    }
    return "none";
}

std::string begin_query()
{
    std::string xml = "<query";
    append_attribute(xml, "xmlns", ns::kRoster);
    return xml;
}

}  // namespace

std::optional<Subscription> subscription_named(std::string_view name)
{
    if (name == "none" || name.empty()) {
        return Subscription::none;
    }
    if (name == "to") {
        return Subscription::to;
    }
    if (name == "from") {
        return Subscription::from;
    }
    if (name == "both") {
        return Subscription::both;
    }
    return std::nullopt;
}

std::optional<Address> prepared_address(std::string_view text)
{
    auto address = Address::prepare(text);
    if (address && address->text() != text) {
        address.reset();
    }
    return address;
}

std::vector<RosterEntry> read_roster(const Stanza& query)
{
    std::vector<RosterEntry> entries;
    for (Stanza item = query.first(); item; item = item.next()) {
        if (!item.is("item", ns::kRoster)) {
            continue;
        }
        auto contact = prepared_address(item.attribute("jid"));
        const auto subscription = subscription_named(item.attribute("subscription"));
        if (!contact || !subscription) {
            continue;
        }
        RosterEntry entry{*std::move(contact),
                          {*subscription, item.attribute("ask") == "subscribe"},
                          std::string(item.attribute("name")),
                          {}};
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
    append_attribute(xml, "subscription", wire_name(subscription));
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
