// XEP-0356 advertisements: what the server says it grants us.
#pragma once

#include <optional>

#include "integration/xmpp/stanza.h"

namespace usher
{

/// What an advertisement says that concerns Usher.
struct Advertisement {
    int version = 2;        ///< of the protocol: `urn:xmpp:privilege:1` or `:2`
    bool requests = false;  ///< iq permission for the subscription-requests namespace
    bool roster_get = false;
    bool roster_set = false;
    bool roster_pushes = false;  ///< announced as `push='true'`; servers that do not say so do not send them
    bool user_presence = false;  ///< presence of the server's own users
    bool blocklist_get = false;  ///< iq permission to read whom a user has blocked (XEP-0191)
};

/// Reads `<message><privilege/></message>` of `urn:xmpp:privilege:1` or `:2`. Nothing if `message` carries
/// none. Who sent it is not looked at. `<namespace/>` elements are found at any depth inside `<perm
/// access='iq'/>`: mod_privilege of 2023 nests the second one in the first.
[[nodiscard]] std::optional<Advertisement> read_advertisement(const Stanza& message);

}  // namespace usher
