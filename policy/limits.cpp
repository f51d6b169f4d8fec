#include "policy/limits.h"

#include <algorithm>
#include <functional>
#include <string_view>

namespace usher
{

namespace
{

std::int64_t step_of(ApprovalCounter::Time now)
{
    return std::chrono::duration_cast<std::chrono::minutes>(now.time_since_epoch()).count() / 5;
}

/// Keys are hashes: if two names share one, their counts are too high, never too low.
std::uint64_t key(char kind, std::string_view name)
{
    const std::uint64_t hash = std::hash<std::string_view>()(name);
    return (hash ^ static_cast<unsigned char>(kind)) * 0x9e3779b97f4a7c15U;
}

struct Keys {
    std::uint64_t contact;
    std::uint64_t domain;
    std::uint64_t user;
};

Keys keys(const SubscriptionRequest& request)
{
    return {key('c', request.contact.text()), key('d', request.contact.domain()),
            key('u', request.user.text())};
}

}  // namespace

std::uint32_t ApprovalCounter::sum(std::uint64_t name, std::int64_t step) const
{
    const auto found = counts_.find(name);
    if (found == counts_.end()) {
        return 0;
    }
    const Count& count = found->second;
    std::uint32_t total = 0;
    // Not below 0: a steady clock may start at zero when the machine starts.
    const std::int64_t oldest = std::max<std::int64_t>(0, step - static_cast<std::int64_t>(kSteps) + 1);
    for (std::int64_t entry = oldest; entry <= count.step; ++entry) {
        total += count.in_step[static_cast<std::size_t>(entry) % kSteps];
    }
    return total;
}

void ApprovalCounter::add(std::uint64_t name, std::int64_t step)
{
    Count& count = counts_[name];
    const std::int64_t passed = std::min<std::int64_t>(step - count.step, kSteps);
    for (std::int64_t i = 0; i < passed; ++i) {
        count.in_step[static_cast<std::size_t>(step - i) % kSteps] = 0;
    }
    count.step = std::max(count.step, step);
    ++count.in_step[static_cast<std::size_t>(step) % kSteps];
}

bool ApprovalCounter::full(std::int64_t step)
{
    constexpr std::size_t kOneRequest = 3;
    if (counts_.size() + kOneRequest <= capacity_) {
        return false;
    }
    if (swept_step_ != step) {  // once in five minutes, because the sweep reads everything
        swept_step_ = step;
        std::erase_if(counts_, [step](const auto& entry) {
            return entry.second.step <= step - static_cast<std::int64_t>(kSteps);
        });
    }
    return counts_.size() + kOneRequest > capacity_;
}

RecentApprovals ApprovalCounter::recent(const SubscriptionRequest& request, Time now)
{
    const std::int64_t step = step_of(now);
    const Keys names = keys(request);
    return {sum(names.contact, step), sum(names.domain, step), sum(names.user, step), !full(step)};
}

void ApprovalCounter::count(const SubscriptionRequest& request, Time now)
{
    const std::int64_t step = step_of(now);
    if (full(step)) {
        return;
    }
    const Keys names = keys(request);
    add(names.contact, step);
    add(names.domain, step);
    add(names.user, step);
}

void ApprovalCounter::take_back(const SubscriptionRequest& request, Time now)
{
    const std::int64_t step = step_of(now);
    constexpr std::size_t kOneRequest = 3;
    if (counts_.size() + kOneRequest > capacity_) {
        return;  // perhaps nothing was counted: a count too high is safer than one too low
    }
    const Keys names = keys(request);
    for (const std::uint64_t name : {names.contact, names.domain, names.user}) {
        const auto found = counts_.find(name);
        if (found == counts_.end() || found->second.step < step ||
            found->second.step - step >= static_cast<std::int64_t>(kSteps)) {
            continue;
        }
        std::uint32_t& count = found->second.in_step[static_cast<std::size_t>(step) % kSteps];
        count -= count > 0 ? 1U : 0U;
    }
}

}  // namespace usher
