// Rosters of users, as a privileged entity reads and changes them (XEP-0356 section 4, RFC 6121 section 2).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "integration/xmpp/stanza.h"
#include "policy/request.h"

namespace usher
{

/// One `<item/>` with all that a roster set replaces: what is not sent again is lost.
struct RosterEntry {
    Address contact;
    RosterItem item;
    std::string name;
    std::vector<std::string> groups;
};

/// The items of a roster's `<query/>`, but for those that cannot be read and those of addresses that
/// `prepared_address` refuses.
[[nodiscard]] std::vector<RosterEntry> read_roster(const Stanza& query);

/// The child of an IQ that gives the entry this subscription and leaves name and groups as they are.
[[nodiscard]] std::string roster_set(const RosterEntry& entry, Subscription subscription);
/// The child of an IQ that removes the entry.
[[nodiscard]] std::string roster_removal(const Address& contact);
/// The child of an IQ that asks for the roster.
[[nodiscard]] std::string roster_query();

}  // namespace usher
