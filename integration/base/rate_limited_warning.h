// A warning that outsiders can cause: logged at most once a minute, with a count.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "integration/base/clock.h"

namespace usher
{

class RateLimitedWarning
{
  public:
    /// `what` completes "N ...". It must be constant text, nothing that a stranger wrote.
    RateLimitedWarning(Clock& clock, std::string what) : clock_(clock), what_(std::move(what)) {}

    /// Counts one more, and logs if the last log line is a minute old; otherwise the next line includes it.
    /// `detail`, if given, describes this occurrence and is logged unchanged. Returns whether it was logged.
    bool count(const std::string& detail = {});

  private:
    Clock& clock_;
    std::string what_;
    std::uint64_t total_ = 0;
    std::uint64_t unlogged_ = 0;
    std::optional<Clock::Time> logged_;
};

}  // namespace usher
