// What is said of message archives, in usherctl and in administrators' menus. The page has the same words (words.js).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "policy/archiving.h"

namespace usher
{

/// A state of accounts: its name for programs, and what people read after the number of accounts.
struct ArchiveStateWords {
    std::string_view state;
    std::string_view words;
};

inline constexpr std::array kArchiveStateWords{
    ArchiveStateWords{"set", "set by usherd"}, ArchiveStateWords{"own", "with preferences of their own"},
    ArchiveStateWords{"waiting", "waiting to be set"},
    ArchiveStateWords{"unknown", "FAILED (could not be read or set)"},
    ArchiveStateWords{"impossible", "without an archive on the server"}};

/// How many accounts are in each state, in that order.
using ArchiveCounts = std::array<std::uint64_t, kArchiveStateWords.size()>;

inline constexpr std::string_view kArchivesNotCovered =
    "Not covered: the other side of a conversation keeps its own copy; rooms have archives of their own; what was stored "
    "before stays; and what a client marks not to be stored (XEP-0334) is not stored, whatever is preferred.";

inline constexpr std::string_view kOnlyKnownAccounts =
    "the server cannot list its accounts, so the preference is set only for people who can be found, and for users who "
    "change their preferences";

/// `12 set by usherd, 3 with preferences of their own`: the first always, the others where there are any.
[[nodiscard]] std::string in_words(const ArchiveCounts& counts);

/// What an organisation wants for its users' archives, and whether they can change it: `the server is to store none of the
/// users' messages, and users cannot change this`.
[[nodiscard]] std::string in_words(const ArchiveWish& wish);

}  // namespace usher
