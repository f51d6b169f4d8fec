// How much of something each user may have in a minute.
#pragma once

#include <chrono>
#include <cstddef>
#include <unordered_map>

#include "integration/time/clock.h"
#include "policy/address.h"

namespace usher
{

class RateLimiter
{
  public:
    RateLimiter(Clock& clock, std::size_t most) : clock_(clock), most_(most) {}

    /// Counts one more; whether she may have it.
    [[nodiscard]] bool allows(const Address& user)
    {
        if (clock_.now() - minute_ >= std::chrono::minutes(1)) {
            minute_ = clock_.now();
            counts_.clear();
        }
        return ++counts_[user] <= most_;
    }

  private:
    Clock& clock_;
    const std::size_t most_;
    Clock::Time minute_;
    std::unordered_map<Address, std::size_t> counts_;  // since then
};

}  // namespace usher
