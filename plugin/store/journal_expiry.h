// Deletes what the journal has had for long enough.
//
// Not here: which time is relied on (trusted_time.h).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "integration/base/callback_scope.h"
#include "integration/base/clock.h"
#include "plugin/store/journal.h"
#include "plugin/store/trusted_time.h"

namespace usher
{

class JournalExpiry
{
  public:
    using WallClock = std::function<std::chrono::system_clock::time_point()>;
    /// For how long records are kept, asked each time; zero: without end.
    using Kept = std::function<std::chrono::days()>;

    /// Deletes from now on, each `TrustedTime::kTrial`. After a forward clock jump nothing is deleted by the
    /// new time for that long.
    JournalExpiry(Journal& journal, Clock& clock, WallClock wall_clock, Kept kept)
        : journal_(journal), clock_(clock), wall_clock_(std::move(wall_clock)), kept_(std::move(kept))
    {
        check_time();
    }
    JournalExpiry(const JournalExpiry&) = delete;
    JournalExpiry& operator=(const JournalExpiry&) = delete;

  private:
    void check_time();
    /// Deletes the first portion now, the next ones soon.
    void delete_old();
    void delete_policies();

    Journal& journal_;
    Clock& clock_;
    const WallClock wall_clock_;
    const Kept kept_;
    TrustedTime trusted_time_;
    std::optional<std::chrono::system_clock::time_point> now_;
    std::unique_ptr<Timer> next_check_;
    std::unique_ptr<Timer> next_portion_;
    CallbackScope callbacks_;
};

}  // namespace usher
