// A contact's request to see a user's presence, with the facts that the server sent with it.
#pragma once

#include <optional>
#include <string_view>

#include "policy/party.h"

namespace usher
{

/// State of a roster item (RFC 6121 section 2.1.2.5): the user's view of the contact.
enum class Subscription { none, to, from, both };

/// `none`, `to`, `from`, `both`: as a roster item's attribute has it.
[[nodiscard]] std::string_view name(Subscription subscription);
/// The subscription with that name (lower case), or empty.
[[nodiscard]] std::optional<Subscription> subscription_named(std::string_view name);

/// What the user's roster says about the contact.
struct RosterItem {
    Subscription subscription = Subscription::none;
    bool ask = false;  ///< `ask='subscribe'`: the user has asked to see the contact; no answer yet

    friend bool operator==(const RosterItem&, const RosterItem&) = default;
};

/// One subscription request (RFC 6121 section 3.1), as the server received it.
struct SubscriptionRequest {
    Party user;                      ///< owns the roster, receives the request
    Party contact;                   ///< sent it
    std::optional<RosterItem> item;  ///< the user's roster item for the contact, if any
};

}  // namespace usher
