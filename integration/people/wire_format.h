// The stanzas of the protocol's second part, `urn:xmpp:subscription-requests:0#people` (PROTOCOL.md), to values and back.
//
// What comes from a server's people is read here and made harmless; whose it may be is checked against the domain that
// was asked.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "integration/people/person.h"
#include "integration/xmpp/stanza.h"
#include "policy/address.h"

namespace usher
{

/// In one question or reply.
inline constexpr std::size_t kMaxPersons = 100;
inline constexpr std::size_t kMaxAvailabilities = 50;

/// How available people are: `chat`, `available`, `away`, `xa` or `dnd`, by their addresses. Who is not available to
/// the viewer is absent.
using Shows = std::map<std::string, std::string>;

/// What `<people/>` has.
struct PersonsRead {
    std::vector<Person> persons;  ///< in the order in which they came
    std::size_t refused = 0;      ///< persons whose address is not prepared, or of another domain
    std::string last;             ///< XEP-0059 id of the last item; empty without items
};

/// Reads `<people/>` of an answer of `domain`. Nothing if it is something else.
[[nodiscard]] std::optional<PersonsRead> read_people(const Stanza& people, std::string_view domain);

/// Of whom `<changed/>` in a message of `domain` says that they have changed. Empty: the list is to be read again.
/// Nothing if it says nothing of use.
[[nodiscard]] std::optional<std::vector<Address>> read_changed(const Stanza& message,
                                                               std::string_view domain);

/// Reads `<availability/>` of an answer about `asked`; others in it, and unknown states, are passed over.
[[nodiscard]] Shows read_availability(const Stanza& availability, std::span<const Address> asked);

/// Asks for the page of `kMaxPersons` after the item `after`, empty for the first one.
[[nodiscard]] std::string people_query(std::string_view after);
/// Asks for these persons, `kMaxPersons` at most.
[[nodiscard]] std::string persons_query(std::span<const Address> persons);
/// Asks how available these users, `kMaxAvailabilities` at most, are to `viewer`, a full address.
[[nodiscard]] std::string availability_query(std::string_view viewer, std::span<const Address> users);

}  // namespace usher
