// What there is to say of the archives of a domain's accounts.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "plugin/archive/account_states.h"
#include "policy/archiving.h"

namespace usher
{

struct ArchiveStatus {
    ArchiveWish wish;
    AccountStates::Counts accounts{};  ///< by state
    std::optional<Archiving>
        server_default;  ///< what the server does for accounts without preferences, if it has said so
    std::optional<std::chrono::system_clock::time_point>
        listed;  ///< when all were last listed, since the start
    /// The server cannot list its accounts: only those that are known to usherd are set.
    bool known_only = false;
    std::string problem;  ///< why that, or setting, failed the last time, as a clause; empty if it did not
};

/// One account, as its server has just said.
struct AccountArchive {
    ArchiveState state = ArchiveState::unknown;
    std::optional<Archiving> preference;  ///< nothing: none of its own
    bool locked = false;
    ArchiveWish wish;  ///< of its organisation

    friend bool operator==(const AccountArchive&, const AccountArchive&) = default;
};

}  // namespace usher
