// What there is to say of approvals that policy would not give any more (automatic_revocation.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "policy/policy.h"

namespace usher
{

struct RevocationStatus {
    Revoking setting = Revoking::never;
    std::size_t found =
        0;              ///< as of the last good look; with `never`, only those that have ended by their rules
    bool more = false;  ///< there may be more
    std::size_t waits = 0;  ///< of those found: how many are to be revoked
    /// The first of these are revoked then, or soon after; nothing: none is to be.
    std::optional<std::chrono::system_clock::time_point> from = {};
    /// When somebody of this process last looked; nothing: not yet.
    std::optional<std::chrono::system_clock::time_point> looked = {};
    std::string problem =
        {};  ///< why that could not be looked at, all or in part, or revoked, as a sentence; empty if it could
};

}  // namespace usher
