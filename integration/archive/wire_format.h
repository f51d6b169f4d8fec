// The stanzas of the protocol's part for archives, `urn:xmpp:subscription-requests:0#archive` (PROTOCOL.md), to values and
// back.
//
// Whose preferences a reply may have is checked here against the domain that was asked.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "integration/xmpp/stanza.h"
#include "policy/address.h"
#include "policy/archiving.h"

namespace usher
{

/// Of one question or reply.
inline constexpr std::size_t kMaxArchiveAccounts = 100;

/// The archiving preferences of an account, as its server has them.
struct ArchivePreference {
    Address account;
    std::optional<Archiving> preference;  ///< nothing: it has none of its own, what the server does applies
    bool locked = false;                  ///< the user cannot change them
    std::string mark =
        {};  ///< of all that the server has of this; empty: an older connector, which gives none

    friend bool operator==(const ArchivePreference&, const ArchivePreference&) = default;
};

/// What `<archive/>` in a reply has.
struct ArchiveRead {
    std::optional<Archiving> server_default;  ///< for accounts without preferences; nothing: not said
    std::vector<ArchivePreference> accounts;  ///< in the order in which they came
    /// Whose address is not prepared or of another domain, or whose preferences are none that there are.
    std::size_t refused = 0;
    std::string last;  ///< XEP-0059 id of the last item; empty without items
};

/// Reads `<archive/>` of an answer of `domain`. Nothing if it is something else.
[[nodiscard]] std::optional<ArchiveRead> read_archive(const Stanza& archive, std::string_view domain);

/// Of whom `<changed/>` in a message of `domain` says that they have changed their preferences, or are new. Empty: the list is
/// to be read again. Nothing if it says nothing of use.
[[nodiscard]] std::optional<std::vector<Address>> read_archive_changed(const Stanza& message,
                                                                       std::string_view domain);

/// Asks for the page behind the item `after`, empty for the first one.
[[nodiscard]] std::string archive_query(std::string_view after);
/// Asks for the preferences of these accounts, `kMaxArchiveAccounts` at most.
[[nodiscard]] std::string archive_query(std::span<const Address> accounts);
/// Sets the account's preference, and sets or takes away the lock, if `mark` is that of what the server has; empty: in any case.
[[nodiscard]] std::string archive_setting(const Address& account, Archiving preference, bool lock,
                                          std::string_view mark);

}  // namespace usher
