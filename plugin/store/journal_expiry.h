// Deletes what the journal has had for long enough.
//
// Not here: which time is believed (settled_time.h).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "integration/time/clock.h"
#include "plugin/store/journal.h"
#include "plugin/store/trusted_time.h"

namespace usher
{

class JournalExpiry
{
  public:
    using WallClock = std::function<std::chrono::system_clock::time_point()>;
    /// For how long records are kept, asked each time; zero: for ever.
    using Kept = std::function<std::chrono::days()>;

    /// From now on, each `TrustedTime::kTrial`.
    JournalExpiry(Journal& journal, Clock& clock, WallClock wall_clock, Kept kept)
        : journal_(journal), clock_(clock), wall_clock_(std::move(wall_clock)), kept_(std::move(kept))
    {
        look_at_time();
    }
    JournalExpiry(const JournalExpiry&) = delete;
    JournalExpiry& operator=(const JournalExpiry&) = delete;

  private:
    void look_at_time();
    /// Some now, the next soon.
    void forget();

    Journal& journal_;
    Clock& clock_;
    const WallClock wall_clock_;
    const Kept kept_;
    TrustedTime trusted_time_;
    std::optional<std::chrono::system_clock::time_point> now_;
    std::unique_ptr<Timer> looking_;
    std::unique_ptr<Timer> forgetting_;
};

}  // namespace usher
