// XEP-0356 advertisements: what the server says it grants us.
#pragma once

#include <optional>

#include "integration/xmpp/stanza.h"

namespace usher
{

/// What an advertisement says that concerns Usher.
struct Advertisement {
    int version = 2;         ///< of the protocol: `urn:xmpp:privilege:1` or `:2`
    bool requests = false;   ///< iq permission for the subscription-requests namespace
    bool people = false;     ///< iq permission to list the people of the server (integration/people)
    bool approvals = false;  ///< iq permission to read which approvals are in force (integration/approvals)
    bool revoking = false;   ///< the same to revoke them
    bool archive = false;    ///< iq permission to read and set archiving preferences (integration/archive)
    bool roster_get = false;
    bool roster_set = false;
    bool roster_pushes = false;  ///< announced as `push='true'`; servers that do not say so do not send them
    bool user_presence = false;  ///< presence of the server's own users
    bool blocklist_get = false;  ///< iq permission to read whom a user has blocked (XEP-0191)

    /// Whether requests can be approved without a connector. Blocklists are needed, too: a contact whom the user has
    /// blocked must not be approved.
    [[nodiscard]] bool enough_for_stock() const
    {
        return roster_get && roster_set && (roster_pushes || user_presence) && blocklist_get;
    }
};

/// Reads `<message><privilege/></message>` of `urn:xmpp:privilege:1` or `:2`. Nothing if `message` carries
/// none. Who sent it is not looked at. `<namespace/>` elements are found at any depth inside `<perm
/// access='iq'/>`: mod_privilege of 2023 nests the second one in the first.
[[nodiscard]] std::optional<Advertisement> read_advertisement(const Stanza& message);

}  // namespace usher
