// Limits how often each user may do something in a minute.
#pragma once

#include <chrono>
#include <cstddef>
#include <unordered_map>

#include "integration/base/clock.h"
#include "policy/address.h"

namespace usher
{

class RateLimiter
{
  public:
    RateLimiter(Clock& clock, std::size_t max) : clock_(clock), max_(max) {}

    /// Counts one more. Returns whether the user is still within the limit.
    [[nodiscard]] bool allows(const Address& user)
    {
        if (clock_.now() - minute_ >= std::chrono::minutes(1)) {
            minute_ = clock_.now();
            counts_.clear();
        }
        return ++counts_[user] <= max_;
    }

  private:
    Clock& clock_;
    const std::size_t max_;
    Clock::Time minute_;                               // when the current minute began
    std::unordered_map<Address, std::size_t> counts_;  // in the current minute
};

}  // namespace usher
