#include "plugin/store/journal_expiry.h"

#include <spdlog/spdlog.h>

namespace usher
{

void JournalExpiry::check_time()
{
    const auto wall = wall_clock_();
    now_ = trusted_time_.check(wall, clock_.now());
    if (now_ && wall - *now_ > std::chrono::days(1)) {
        constexpr auto kHours = TrustedTime::kTrial.count();
        spdlog::warn(
            "the clock jumped forward by {} days: nothing is deleted from the journal by the new time for {} "
            "hours",
            std::chrono::floor<std::chrono::days>(wall - *now_).count(), kHours);
    }
    delete_old();
    next_check_ = clock_.after(TrustedTime::kTrial, [this] { check_time(); });
}

void JournalExpiry::delete_old()
{
    constexpr std::size_t kAtATime = 1'000;  // some milliseconds; requests come in between
    static constexpr std::chrono::milliseconds kNext{100};
    const std::chrono::days kept = kept_();
    if (!now_ || kept == std::chrono::days(0)) {
        return;
    }
    journal_.forget_before(*now_ - kept, kAtATime, callbacks_.bind([this](const auto& deleted) {
        if (!deleted) {
            spdlog::warn("old journal records could not be deleted: {}", deleted.error());
        } else if (*deleted == kAtATime) {
            next_portion_ = clock_.after(kNext, [this] { delete_old(); });
        } else {
            delete_policies();
        }
    }));
}

/// Not those of the last day: another process that has one in force says so each hour (policy_texts.h).
void JournalExpiry::delete_policies()
{
    journal_.forget_policies(*now_ - std::chrono::days(1), [](const auto& deleted) {
        if (!deleted) {
            spdlog::warn("old policies could not be deleted: {}", deleted.error());
        }
    });
}

}  // namespace usher
