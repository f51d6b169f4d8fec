// What is to be done for one account, so that its archiving preference is the one its organisation wants: the one place
// where that is decided. Pure.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string_view>

#include "integration/archive/wire_format.h"
#include "plugin/store/archive_defaults.h"
#include "policy/archiving.h"

namespace usher
{

/// How it is with an account.
enum class ArchiveState {
    set,         ///< it has what its organisation wants, from usherd
    own,         ///< it has preferences that are not from usherd: the user changed them, or had them before
    waiting,     ///< to be set
    unknown,     ///< usherd could not set them, or not read what they are
    impossible,  ///< the server has no archive for it
};

inline constexpr std::array kArchiveStates{ArchiveState::set, ArchiveState::own, ArchiveState::waiting,
                                           ArchiveState::unknown, ArchiveState::impossible};

/// In one word, for programs: "set".
[[nodiscard]] std::string_view name(ArchiveState state);

/// What the server is to be asked for.
struct ArchiveOrder {
    Archiving preference = Archiving::always;
    bool lock = false;
    bool done_already = false;  ///< it has been: only the store does not know

    friend bool operator==(const ArchiveOrder&, const ArchiveOrder&) = default;
};

struct ArchiveStep {
    ArchiveState state = ArchiveState::waiting;  ///< as it is now
    std::optional<ArchiveOrder> order = {};
    /// What the store has of the account does not hold any more: the user has changed the preferences. From then on they are
    /// theirs, also if they become what they were.
    bool forget = false;

    friend bool operator==(const ArchiveStep&, const ArchiveStep&) = default;
};

/// While a record is not older, another process may be setting what it says.
inline constexpr std::chrono::minutes kArchiveRecent{2};

/// `is`: what the server has; `record`: what the store has, or null. Without a preference in `wish`, locks of ours are taken
/// away and nothing else is changed.
[[nodiscard]] ArchiveStep next_archive_step(const ArchivePreference& is, const ArchiveRecord* record,
                                            const ArchiveWish& wish,
                                            std::chrono::system_clock::time_point now);

}  // namespace usher
