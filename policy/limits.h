// Limits against abuse: how many automatic approvals an hour may bring.
//
// Not here: the decision what to do beyond a limit (decide.h). In memory only: a restart starts counting
// anew.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "policy/request.h"

namespace usher
{

/// Most automatic approvals in any hour; 0 means no limit.
struct Limits {
    std::uint32_t per_contact = 60;   ///< from one contact, to whomever
    std::uint32_t per_domain = 1000;  ///< from all contacts of one domain outside the organisation
    std::uint32_t per_user = 1000;    ///< to one user
};

/// Automatic approvals of the last hour that a request would add to.
struct RecentApprovals {
    std::uint32_t from_contact = 0;
    std::uint32_t from_domain = 0;
    std::uint32_t to_user = 0;
    bool complete = true;  ///< false when the counter is full and cannot say: treated as beyond every limit
};

/// Counts approvals over a sliding hour, in steps of five minutes: an approval counts for at least 60 and
/// less than 65 minutes.
///
/// Memory is bounded: at most `capacity` contacts, domains and users together (about 100 bytes each). When it
/// is full of approvals that still count, `recent` says that it cannot tell and `count` counts nothing new.
class ApprovalCounter
{
  public:
    /// Any clock that never runs backwards.
    using Time = std::chrono::steady_clock::time_point;

    explicit ApprovalCounter(std::size_t capacity = 300'000) : capacity_(capacity) {}

    [[nodiscard]] RecentApprovals recent(const SubscriptionRequest& request, Time now);
    void count(const SubscriptionRequest& request, Time now);
    /// Undoes a `count` with the same arguments: the approval did not come about after all.
    void take_back(const SubscriptionRequest& request, Time now);

    /// How many contacts, domains and users are being counted.
    [[nodiscard]] std::size_t size() const { return counts_.size(); }

  private:
    static constexpr std::size_t kSteps =
        13;  // twelve whole steps of five minutes, and the one that is running

    struct Count {
        std::int64_t step = 0;  // of the newest entry
        std::array<std::uint32_t, kSteps> in_step{};
    };

    [[nodiscard]] std::uint32_t sum(std::uint64_t key, std::int64_t step) const;
    void add(std::uint64_t key, std::int64_t step);
    [[nodiscard]] bool full(std::int64_t step);

    std::unordered_map<std::uint64_t, Count> counts_;
    std::size_t capacity_;
    std::int64_t swept_step_ = -1;
};

}  // namespace usher
