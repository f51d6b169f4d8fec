#include "integration/requests/wire_format.h"

#include "integration/xmpp/namespaces.h"
#include "integration/xmpp/xml.h"

namespace usher
{

namespace
{

std::optional<SubscriptionRequest> read_request(const Stanza& element)
{
    const Stanza presence = element.child("forwarded", ns::kForward).child("presence", ns::kClient);
    if (presence.attribute("type") != "subscribe") {
        return std::nullopt;
    }
    const std::string_view user = presence.attribute("to");
    const std::string_view contact = presence.attribute("from");
    if (user.find('@') == std::string_view::npos || contact.empty()) {
        return std::nullopt;
    }
    SubscriptionRequest request{Party::as_written(user), Party::as_written(contact), std::nullopt};
    if (const Stanza item = element.child("item", ns::kRoster)) {
        request.item = read_roster_item(item);
        if (item.attribute("jid") != contact || !request.item) {
            return std::nullopt;
        }
    }
    return request;
}

void append_label(std::string& xml, const ContactLabel& label)
{
    xml += "<item";
    append_attribute(xml, "xmlns", ns::kRoster);
    if (!label.name.empty()) {
        append_attribute(xml, "name", label.name);
    }
    if (label.group.empty()) {
        xml += "/>";
        return;
    }
    xml += "><group>";
    append_text(xml, label.group);
    xml += "</group></item>";
}

void append_verdict(std::string& xml, const Decision& decision, const ContactLabel& label)
{
    append_attribute(xml, "type", wire_name(decision.answer));
    if (decision.ask_back) {
        append_attribute(xml, "ask-back", "true");
    }
    if (decision.answer != Answer::approve || label.empty()) {
        xml += "/>";
        return;
    }
    xml += '>';
    append_label(xml, label);
    xml += "</answer>";
}

}  // namespace

std::optional<RosterItem> read_roster_item(const Stanza& item)
{
    const std::string_view text = item.attribute("subscription");
    const auto subscription = text.empty() ? Subscription::none : subscription_named(text);
    if (!subscription) {
        return std::nullopt;
    }
    return RosterItem{*subscription, item.attribute("ask") == "subscribe"};
}

std::optional<std::vector<AskedRequest>> read_requests(const Stanza& parent)
{
    std::vector<AskedRequest> requests;
    for (Stanza element = parent.first(); element; element = element.next()) {
        if (!element.is("request", ns::kRequests)) {
            continue;
        }
        if (element.attribute("id").empty()) {
            return std::nullopt;
        }
        requests.push_back({std::string(element.attribute("id")), read_request(element)});
    }
    return requests;
}

std::optional<PendingPage> read_pending(const Stanza& pending)
{
    if (!pending.is("pending", ns::kRequests)) {
        return std::nullopt;
    }
    auto requests = read_requests(pending);
    if (!requests) {
        return std::nullopt;
    }
    std::string last = pending.child("set", ns::kResultSets).child("last", ns::kResultSets).text();
    if (last.empty() && !requests->empty()) {
        last = requests->back().id;  // XEP-0059: `<last/>` names the last item's id
    }
    return PendingPage{*std::move(requests), std::move(last)};
}

std::string_view wire_name(Answer answer)
{
    switch (answer) {
        case Answer::approve:
            return "subscribed";
        case Answer::deny:
            return "unsubscribed";
        case Answer::leave:
            return "none";
    }
    return "none";
}

void append_answer(std::string& xml, std::string_view id, const Decision& decision, const ContactLabel& label)
{
    xml += "<answer";
    append_attribute(xml, "id", id);
    append_verdict(xml, decision, label);
}

std::string later_answer(const SubscriptionRequest& request, const Decision& decision,
                         const ContactLabel& label)
{
    std::string xml = "<answer";
    append_attribute(xml, "xmlns", ns::kRequests);
    append_attribute(xml, "user", request.user.text());
    append_attribute(xml, "contact", request.contact.text());
    append_verdict(xml, decision, label);
    return xml;
}

std::string pending_query(std::string_view after, int max, const std::optional<Address>& user)
{
    std::string xml = "<pending";
    append_attribute(xml, "xmlns", ns::kRequests);
    if (user) {
        append_attribute(xml, "user", user->text());
    }
    xml += "><set";
    append_attribute(xml, "xmlns", ns::kResultSets);
    xml += "><max>" + std::to_string(max) + "</max>";
    if (!after.empty()) {
        xml += "<after>";
        append_text(xml, after);
        xml += "</after>";
    }
    xml += "</set></pending>";
    return xml;
}

}  // namespace usher
