#include "plugin/usherd/store_watch.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace usher
{

using std::chrono::milliseconds;

StoreWatch::StoreWatch(Database& database, PolicyInForce& policy, LostRecords& lost_records, Clock& clock,
                       std::function<void()> writable_again)
    : database_(database),
      policy_(policy),
      lost_records_(lost_records),
      clock_(clock),
      writable_again_(std::move(writable_again))
{
}

void StoreWatch::begin()
{
    checkpoint();
    look();
    look_at_settings();
    keep_policy();
}

/// Requests that could not be recorded were left to their users. When the store is writable again the waiting requests are
/// read again to answer them; otherwise that would happen only at the next login.
void StoreWatch::await()
{
    constexpr milliseconds kRetryInterval{5'000};
    if (awaiting_) {
        return;
    }
    awaiting_ = clock_.after(kRetryInterval,
                             [this] { database_.writable([this](bool writable) { tried(writable); }); });
}

void StoreWatch::tried(bool writable)
{
    const std::unique_ptr<Timer> done = std::move(awaiting_);
    if (!writable) {
        await();
        return;
    }
    spdlog::info("the store can be written again: reading the waiting requests");
    writable_again_();
}

/// A store that was removed or moved is noticed by the next write at the latest. Where nothing is written, it is to be seen
/// too.
void StoreWatch::look()
{
    constexpr milliseconds kInterval{5'000};
    if (!awaiting_ && !database_.in_place()) {
        spdlog::error("the store cannot be used, and requests are left to their users: {}",
                      database_.last_write_error());
        await();
    }
    next_look_ = clock_.after(kInterval, [this] { look(); });
}

/// Menus show what another usherd has saved within a second. Requests are decided by it at once (answerer.h).
void StoreWatch::look_at_settings()
{
    constexpr milliseconds kInterval{1'000};
    if (database_.dialect() == Dialect::postgresql) {
        policy_.look();
        next_look_at_settings_ = clock_.after(kInterval, [this] { look_at_settings(); });
    }
}

/// Others may have superseded the policy that is in force here.
void StoreWatch::keep_policy()
{
    constexpr milliseconds kInterval{3'600'000};
    next_keeping_ = clock_.after(kInterval, [this] {
        policy_.keep();
        keep_policy();
    });
}

/// Checkpoints regularly, so that up to a hundred requests a second only those wait for the disk that arrive during a
/// checkpoint.
void StoreWatch::checkpoint()
{
    constexpr milliseconds kInterval{30'000};
    if (database_.checkpoint()) {
        lost_records_.remember();
    } else {
        spdlog::error("the store cannot be written: {}", database_.last_write_error());
        await();
    }
    next_checkpoint_ = clock_.after(kInterval, [this] { checkpoint(); });
}

}  // namespace usher
