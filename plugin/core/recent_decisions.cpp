#include "plugin/core/recent_decisions.h"

#include <functional>
#include <string_view>
#include <utility>

namespace usher
{

namespace
{

std::size_t pair(const SubscriptionRequest& request)
{
    return (std::hash<Party>()(request.user) * 0x9e3779b97f4a7c15U) ^ std::hash<Party>()(request.contact);
}

std::size_t domain(const SubscriptionRequest& request)
{
    return std::hash<std::string_view>()(request.contact.domain());
}

bool is_by_hand(const JournalRecord& record)
{
    return record.decision.reason == Reason::by_hand || record.decision.reason == Reason::revoked;
}

/// Whether the number of such records in an hour has a limit.
bool is_limited(const JournalRecord& record)
{
    return record.decision.answer != Answer::approve && !is_by_hand(record);
}

}  // namespace

bool RecentDecisions::Last::repeated_by(const JournalRecord& record) const
{
    if (source != record.source || answer != record.decision.answer || reason != record.decision.reason ||
        outcome == Outcome::confirmed) {
        return false;
    }
    // The record of a rule's approval names that rule, which says when it ends.
    const bool may_end = answer == Answer::approve && reason == Reason::rule;
    return (outcome == Outcome::refused && !may_end) ||
           (rule == record.decision.rule && generation == record.generation &&
            chosen == record.facts.chosen && exception == record.facts.exception);
}

void RecentDecisions::place(JournalEntry& entry)
{
    JournalRecord& record = entry.record;
    begin_hour(record.id);
    const std::size_t key = pair(record.request);
    const auto last = last_.find(key);
    if (last != last_.end() && !is_by_hand(record) && last->second.repeated_by(record)) {
        record.id = last->second.id;
        entry.repeat = true;
        last->second.outcome.reset();
        return;
    }
    if (is_limited(record)) {
        if (recorded_ >= kMax) {  // nothing more is remembered, not even the domain
            count_with_others(entry, Covers::organization);
            return;
        }
        std::size_t& of_domain = of_domain_[domain(record.request)];
        if (of_domain >= kMaxOfDomain) {
            count_with_others(entry, Covers::domain);
            return;
        }
        ++of_domain;
        ++recorded_;
    }
    remember(key, record);
}

void RecentDecisions::count_with_others(JournalEntry& entry, Covers covers)
{
    JournalRecord& record = entry.record;
    std::string what = record.organization + "\n" + std::string(name(record.decision.answer)) + "\n" +
                       std::string(name(record.decision.reason));
    if (covers == Covers::domain) {
        what += "\n" + std::string(record.request.contact.domain()) + "\n" +
                std::to_string(record.decision.rule) + "\n" + std::to_string(record.generation);
    }
    const auto [known, added] = of_others_.try_emplace(what, record.id);
    record.id = known->second;
    record.covers = covers;
    entry.repeat = !added;
}

void RecentDecisions::remember(std::size_t key, const JournalRecord& record)
{
    const Last last{record.id,           record.generation,      record.decision.rule,
                    record.source,       record.decision.answer, record.decision.reason,
                    record.facts.chosen, record.facts.exception};
    const bool approved = record.decision.answer == Answer::approve;
    if (approved && approved_ >= kMax && !last_.contains(key)) {
        return;
    }
    const auto [known, added] = last_.try_emplace(key, last);
    if (!added) {
        const bool counted = known->second.counted;
        known->second = last;
        known->second.counted = counted;
    } else if (approved) {
        known->second.counted = true;
        ++approved_;
    }
}

void RecentDecisions::withdraw(const JournalEntry& entry)
{
    if (entry.repeat) {
        return;
    }
    const JournalRecord& record = entry.record;
    if (record.covers != Covers::request) {
        std::erase_if(of_others_, [&](const auto& one) { return one.second == record.id; });
        return;
    }
    if (is_limited(record) && record.id >= first_) {
        --recorded_;
        --of_domain_[domain(record.request)];
    }
    if (const auto last = last_.find(pair(record.request));
        last != last_.end() && last->second.id == record.id) {
        approved_ -= last->second.counted ? 1 : 0;
        last_.erase(last);
    }
}

bool RecentDecisions::knows(const SubscriptionRequest& request) const
{
    return last_.contains(pair(request));
}

void RecentDecisions::renumber(const JournalRecord& record)
{
    if (record.covers == Covers::request) {
        remember(pair(record.request), record);
    } else {
        of_others_.clear();  // a new one is begun for each
    }
}

bool RecentDecisions::settled(const SubscriptionRequest& request, std::int64_t id, Outcome outcome)
{
    const bool refused = outcome == Outcome::refused;
    const auto last = last_.find(pair(request));
    if (last == last_.end() || last->second.id != id) {
        return refused;
    }
    last->second.outcome = outcome;
    return refused && !std::exchange(last->second.refused, true);
}

void RecentDecisions::begin_hour(std::int64_t first)
{
    if (const auto now = clock_.now(); now - hour_ >= std::chrono::hours(1)) {
        hour_ = now;
        first_ = first;
        last_.clear();
        of_domain_.clear();
        of_others_.clear();
        recorded_ = 0;
        approved_ = 0;
    }
}

}  // namespace usher
