// Deletes what the journal has had for long enough.
//
// Not here: which time is believed (settled_time.h).
#pragma once

#include <spdlog/spdlog.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "integration/clock.h"
#include "plugin/journal.h"
#include "plugin/settled_time.h"

namespace usher
{

class OldRecords
{
  public:
    using WallClock = std::function<std::chrono::system_clock::time_point()>;
    /// For how long records are kept, asked each time; zero: for ever.
    using Kept = std::function<std::chrono::days()>;

    /// From now on, each `SettledTime::kTrial`.
    OldRecords(Journal& journal, Clock& clock, WallClock wall_clock, Kept kept)
        : journal_(journal), clock_(clock), wall_clock_(std::move(wall_clock)), kept_(std::move(kept))
    {
        look_at_time();
    }
    OldRecords(const OldRecords&) = delete;
    OldRecords& operator=(const OldRecords&) = delete;

  private:
    void look_at_time()
    {
        const auto wall = wall_clock_();
        now_ = settled_.look(wall, clock_.now());
        if (now_ && wall - *now_ > std::chrono::days(1)) {
            constexpr auto kHours = SettledTime::kTrial.count();
            spdlog::warn(
                "the clock is {} days ahead of where it was {} hours ago: if it stays so, what is too old by "
                "it will be deleted from the journal in {} hours",
                std::chrono::floor<std::chrono::days>(wall - *now_).count(), kHours, kHours);
        }
        forget();
        looking_ = clock_.after(SettledTime::kTrial, [this] { look_at_time(); });
    }

    /// Some now, the next soon.
    void forget()
    {
        constexpr std::size_t kAtATime = 1'000;  // some milliseconds; requests come in between
        constexpr std::chrono::milliseconds kNext{100};
        const std::chrono::days kept = kept_();
        if (!now_ || kept == std::chrono::days(0)) {
            return;
        }
        const auto forgotten = journal_.forget_before(*now_ - kept, kAtATime);
        if (!forgotten) {
            spdlog::warn("old journal records could not be deleted: {}", forgotten.error());
        } else if (*forgotten == kAtATime) {
            forgetting_ = clock_.after(kNext, [this] { forget(); });
        }
    }

    Journal& journal_;
    Clock& clock_;
    const WallClock wall_clock_;
    const Kept kept_;
    SettledTime settled_;
    std::optional<std::chrono::system_clock::time_point> now_;
    std::unique_ptr<Timer> looking_;
    std::unique_ptr<Timer> forgetting_;
};

}  // namespace usher
