// A warning that somebody outside can cause: logged once a minute at most, with a count.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "integration/time/clock.h"

namespace usher
{

class RateLimitedWarning
{
  public:
    /// `what` completes "N ...": constant text, nothing that a stranger wrote.
    RateLimitedWarning(Clock& clock, std::string what) : clock_(clock), what_(std::move(what)) {}

    /// Counts one more, and logs if the last line is a minute old. What was counted since comes with the next
    /// line.
    /// `detail`, if there is one, says more about this one; it is logged as it is.
    void count(const std::string& detail = {});

    [[nodiscard]] std::uint64_t total() const { return total_; }

  private:
    Clock& clock_;
    std::string what_;
    std::uint64_t total_ = 0;
    std::uint64_t unlogged_ = 0;
    std::optional<Clock::Time> logged_;
};

}  // namespace usher
