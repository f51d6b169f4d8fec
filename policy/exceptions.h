// A user's own exceptions from the option: contacts and whole domains whose requests are handled otherwise.
//
// Not here: where they are kept (plugin/store/exceptions.h), and when they are tried (decide.h).
#pragma once

#include <array>
#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/party.h"

namespace usher
{

/// How the requests that an exception is for are handled.
enum class Handling { always_accept, never_accept, always_ask };

inline constexpr std::array kHandlings{Handling::always_accept, Handling::never_accept, Handling::always_ask};

/// The name in journal and commands: `always_accept`, `never_accept`, `always_ask`.
[[nodiscard]] std::string_view name(Handling handling);
/// What users read: `Always accept`, `Never accept`, `Always ask me`.
[[nodiscard]] std::string_view label(Handling handling);
/// The handling of exactly this name.
[[nodiscard]] std::optional<Handling> handling_named(std::string_view name);
std::ostream& operator<<(std::ostream& out, Handling handling);

struct ContactException {
    /// How many a user may have of each handling.
    static constexpr std::size_t kMaxOfHandling = 100;

    Handling handling = Handling::always_ask;
    /// The contact's address, or a domain, as preparation makes it. A domain stands for every address of exactly this domain, and
    /// for the bare domain itself.
    std::string entry;

    friend bool operator==(const ContactException&, const ContactException&) = default;
};

/// `always_accept romeo@montague.lit`, as the journal has it.
[[nodiscard]] std::string to_string(const ContactException& exception);
/// The exception of exactly this text.
[[nodiscard]] std::optional<ContactException> exception_from(std::string_view text);

/// Reads and prepares what an exception may be for. Empty if it is neither a bare address nor a domain.
[[nodiscard]] std::optional<std::string> exception_entry(std::string_view text);

/// What an exception for this contact may have as its entry: the one that comes first in the list applies. Of a contact that
/// cannot be compared, the first is the address by which it may be denied, if there is one.
[[nodiscard]] std::vector<std::string> exception_entries(const Party& contact);

}  // namespace usher
