// The stanzas of the protocol's third part, `urn:xmpp:subscription-requests:0#approvals` (PROTOCOL.md), to values and back.
//
// A reply counts as a whole or not at all: one that is about anything but what was asked is refused, as nobody could say
// which approval is meant.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "integration/xmpp/stanza.h"
#include "policy/address.h"
#include "policy/request.h"

namespace usher
{

/// A user and a contact whose subscription the user may have approved.
struct ApprovedPair {
    Address user;     ///< owns the roster
    Address contact;  ///< sees the user's presence; may be a bare domain

    friend bool operator==(const ApprovedPair&, const ApprovedPair&) = default;
};

/// An approval that is in force, as the user's roster has it (RFC 6121 section 2.1.2).
///
/// Name and groups are what the user, or anybody who may write to the roster, has written: valid UTF-8 without control
/// characters, of at most `Person::kMaxField` bytes each, and not to be trusted beyond that.
struct StandingApproval {
    ApprovedPair pair;
    Subscription subscription = Subscription::from;  ///< `from` or `both`
    bool ask = false;                                ///< the user has asked to see the contact; no answer yet
    std::string name;                                ///< empty: the user has given none
    std::vector<std::string> groups;                 ///< the first `kMaxApprovalGroups`
    std::string mark;  ///< says the item as it was when it was read; only the server can tell how

    friend bool operator==(const StandingApproval&, const StandingApproval&) = default;
};

/// What became of an approval that was to be revoked.
enum class Revoked {
    revoked,  ///< the server cancelled it as the user would (RFC 6121 section 3.2)
    changed,  ///< the item is another one than the mark says, or gone: nothing was done
    failed,   ///< it could not be read or stored: nothing was done
};

inline constexpr std::size_t kMaxApprovalGroups = 8;
/// Longer than a server has reason for; in bytes.
inline constexpr std::size_t kMaxMark = 128;

/// Asks which of these pairs are in force.
[[nodiscard]] std::string approvals_query(std::span<const ApprovedPair> pairs);
/// Reads `<approvals/>` of the answer about `asked`: those that are in force, in the same order. Nothing if it is
/// something else, or has anything but some of these pairs, each once, in their order, with subscription and mark.
[[nodiscard]] std::optional<std::vector<StandingApproval>> read_approvals(
    const Stanza& approvals, std::span<const ApprovedPair> asked);

/// Asks to revoke these.
[[nodiscard]] std::string revoke_query(std::span<const StandingApproval> approvals);
/// Reads `<revoke/>` of the answer about `asked`: one outcome for each. Nothing if it is something else, or has anything
/// but all of these pairs in their order.
[[nodiscard]] std::optional<std::vector<Revoked>> read_revoked(const Stanza& revoke,
                                                               std::span<const StandingApproval> asked);

}  // namespace usher
