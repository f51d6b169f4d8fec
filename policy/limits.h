// Limits against abuse: how many automatic approvals are given in an hour.
//
// Not here: what is decided beyond a limit (decide.h), and what was approved before a restart: the counts are in memory only.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "policy/request.h"

namespace usher
{

/// The highest number of automatic approvals in any hour; 0 means no limit.
struct Limits {
    std::uint32_t per_contact = 60;   ///< from one contact to all users
    std::uint32_t per_domain = 1000;  ///< from all contacts of one domain outside the organisation
    std::uint32_t per_user = 1000;    ///< to one user
};

/// Automatic approvals in the last hour for a request's contact, its domain and its user.
struct RecentApprovals {
    std::uint32_t from_contact = 0;
    std::uint32_t from_domain = 0;
    std::uint32_t to_user = 0;
    bool complete = true;  ///< false if the counter is full: treated as beyond every limit
};

/// Counts approvals over a sliding hour, in steps of five minutes: an approval counts for at least 60 and
/// less than 65 minutes.
///
/// Memory is bounded: at most `capacity` contacts, domains and users together (about 100 bytes each). While
/// it is full, `recent` reports that its numbers are not complete, and `count` counts nothing.
class ApprovalCounter
{
  public:
    /// Any monotonic clock.
    using Time = std::chrono::steady_clock::time_point;

    explicit ApprovalCounter(std::size_t capacity = 300'000) : capacity_(capacity) {}

    [[nodiscard]] RecentApprovals recent(const SubscriptionRequest& request, Time now);
    void count(const SubscriptionRequest& request, Time now);
    /// Undoes a `count` with the same arguments, now or earlier, for an approval that was not given after all.
    void take_back(const SubscriptionRequest& request, Time now);

    /// How many contacts, domains and users are being counted.
    [[nodiscard]] std::size_t size() const { return counts_.size(); }

  private:
    // Twelve whole steps of five minutes, and the current one.
    static constexpr std::size_t kSteps = 13;

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
