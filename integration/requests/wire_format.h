// The stanzas of the connector protocol, `urn:xmpp:subscription-requests:0` (PROTOCOL.md), to values and
// back.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "integration/requests/contact_label.h"
#include "integration/xmpp/stanza.h"
#include "policy/decide.h"
#include "policy/request.h"

namespace usher
{

/// The state in an `<item xmlns='jabber:iq:roster'/>`; an absent `subscription` means none. Nothing if it is
/// no state of RFC 6121 section 2.1.2.5. The item's address is not looked at.
[[nodiscard]] std::optional<RosterItem> read_roster_item(const Stanza& item);

/// One `<request/>`.
struct AskedRequest {
    std::string id;
    /// Nothing if the element lacks something or has it wrong: such a request is left to the user. Addresses
    /// that cannot be compared are not wrong (E15).
    std::optional<SubscriptionRequest> request;
};

/// Reads the `<request/>` children of `<requests/>` or `<pending/>`, in order; other children are ignored.
/// Nothing if a request has no id: it could not be answered.
[[nodiscard]] std::optional<std::vector<AskedRequest>> read_requests(const Stanza& parent);

/// A page of the list of waiting requests.
struct PendingPage {
    std::vector<AskedRequest> requests;
    std::string last;  ///< XEP-0059 id of the last item; empty on an empty page
};

/// Reads `<pending/>` of an answer. Nothing if it is malformed.
[[nodiscard]] std::optional<PendingPage> read_pending(const Stanza& pending);

/// `subscribed`, `unsubscribed` or `none`: how an answer is written (RFC 6121 section 3.1.4).
[[nodiscard]] std::string_view wire_name(Answer answer);

/// Appends `<answer id='…' type='…'/>`, for the reply to an ask. An approval has the label as an `<item/>`.
void append_answer(std::string& xml, std::string_view id, const Decision& decision,
                   const ContactLabel& label = {});

/// The child of a later answer: `<answer xmlns='…' user='…' contact='…' type='…'/>`.
[[nodiscard]] std::string later_answer(const SubscriptionRequest& request, const Decision& decision,
                                       const ContactLabel& label = {});

/// The child that asks for the page of `max` waiting requests after the item `after`, empty for the first
/// page; of one user, or of all.
[[nodiscard]] std::string pending_query(std::string_view after, int max,
                                        const std::optional<Address>& user = std::nullopt);

}  // namespace usher
