#include "plugin/store/journal_expiry.h"

#include <spdlog/spdlog.h>

namespace usher
{

void JournalExpiry::look_at_time()
{
    const auto wall = wall_clock_();
    now_ = trusted_time_.look(wall, clock_.now());
    if (now_ && wall - *now_ > std::chrono::days(1)) {
        constexpr auto kHours = TrustedTime::kTrial.count();
        spdlog::warn(
            "the clock is {} days ahead of where it was {} hours ago: if it stays so, what is too old by "
            "it will be deleted from the journal in {} hours",
            std::chrono::floor<std::chrono::days>(wall - *now_).count(), kHours, kHours);
    }
    forget();
    looking_ = clock_.after(TrustedTime::kTrial, [this] { look_at_time(); });
}

void JournalExpiry::forget()
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

}  // namespace usher
