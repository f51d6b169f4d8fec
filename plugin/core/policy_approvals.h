// Whom policy has let see users' presence, by the journal: the pairs of user and contact of which the last word there is an
// approval by policy.
//
// Reads the journal by a connection of its own and waits for it, as replay.h does. Not here: whether the approval is still in
// force, which only the server knows (integration/approvals), and who may ask (operations.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "integration/approvals/approvals.h"
#include "policy/decide.h"

namespace usher
{

/// Whether an approval for this reason is policy's, and not a person's.
[[nodiscard]] bool is_policys(Reason reason);

/// An approval by policy, and what policy did with it in the user's roster.
struct PolicyApproval {
    ApprovedPair pair;
    std::int64_t record = 0;                   ///< the journal's
    std::chrono::system_clock::time_point at;  ///< when it was given, or last given again
    std::string organization;                  ///< as it was called then
    Reason reason = Reason::rule;
    std::uint32_t rule = 0;  ///< its number then; see Decision
    /// False if a person may have answered since, in a way that the journal does not tell: a request of the two may be among
    /// those that are only counted (Covers) and were left to their users, records contradict each other about which is newer, or
    /// newer ones are lost (lost_records.h).
    bool last_word = true;
    // By the policy that it was given under; all as if policy did nothing where that is not kept.
    bool asked_back = false;  ///< it has subscribed the user to the contact in return
    bool named = false;       ///< it may have given the contact a name (`name_contacts`)
    std::string group = {};   ///< which it may have put the contact in; empty: none
    /// When it ends, by the rule that has given it; nothing: it does not.
    std::optional<std::chrono::system_clock::time_point> ends = {};
};

/// Which approvals; what is not given does not matter.
struct ApprovalFilter {
    std::optional<std::string> organization = {};
    std::optional<Address> user = {};
    std::optional<Address> contact = {};
    std::optional<std::uint32_t> rule = {};  ///< its number when it decided
    std::optional<Reason> reason = {};
    std::optional<std::chrono::system_clock::time_point> since =
        {};  ///< given, or given again, then or later
    bool no_longer =
        false;  ///< only those that have ended, or that the policy in force would not give any more, for certain (approval_review.h)
    std::optional<std::set<std::int64_t>> records = {};  ///< of the journal; PolicyApproval::record
    std::optional<std::int64_t> before = {};             ///< only records with lesser ids
    std::optional<std::chrono::system_clock::time_point> ended_by =
        {};                     ///< only those that have, by their rule
    bool policys_only = false;  ///< those that a person has made their own are not listed, nor counted
};

struct ApprovalOrder {
    ApprovalFilter filter;
    /// Of the users: those of one organisation beside each other.
    std::vector<std::vector<std::string>> domains;
};

struct PolicyApprovals {
    /// So many are looked at, at most, for what is given.
    static constexpr std::size_t kMax = 100'000;

    std::vector<PolicyApproval> approvals;    ///< the newest first
    std::optional<std::int64_t> more_before;  ///< there are more, with lesser ids (ApprovalFilter::before)
    std::int64_t newest = 0;  ///< the id of the newest record of the journal, whatever it is of; 0: none
};

/// `stop` as in replay(). The error is for people.
[[nodiscard]] tl::expected<PolicyApprovals, std::string> policy_approvals(const std::string& store_url,
                                                                          const ApprovalOrder& order,
                                                                          int stop = -1);

}  // namespace usher
