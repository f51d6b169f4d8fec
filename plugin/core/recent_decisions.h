// Which decisions share a record of the journal.
//
// Anybody can have as many decisions made as they like, by subscribing and unsubscribing, with as many addresses as
// they like. So a decision that is made again within the hour is counted in the record that there is, and the number of
// new records in an hour is limited: beyond it, decisions of one kind are counted in a record for all of them. An
// approval always has a record that is its own, or that of the same request.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "integration/base/clock.h"
#include "plugin/store/journal.h"

namespace usher
{

/// What was recorded since the hour began. Hours are counted from the start: a decision that is made again in the same
/// one is a repetition, in the next it is not.
class RecentDecisions
{
  public:
    /// Most records in an hour of requests that are denied or left: of contacts of one domain, and in all. So many
    /// approvals are remembered besides (some 20 MB of memory for both).
    static constexpr std::size_t kMaxOfDomain = 10'000;
    static constexpr std::size_t kMax = 100'000;

    explicit RecentDecisions(Clock& clock) : clock_(clock), hour_(clock.now()) {}

    /// Completes what is to be written of a decision, whose record has an id of its own: it stays new, becomes the
    /// repetition of another, or counts others from then on (`covers`).
    void place(JournalEntry& entry);
    /// It was not written.
    void withdraw(const JournalEntry& entry);
    /// Whether there is a decision on this request.
    [[nodiscard]] bool knows(const SubscriptionRequest& request) const;
    /// It was written, under another id than it was placed with.
    void renumber(const JournalRecord& record);
    /// What the server said of the verdict in that record. Returns whether it has refused it for the first time.
    bool settled(const SubscriptionRequest& request, std::int64_t id, Outcome outcome);

  private:
    /// The last decision on a request.
    struct Last {
        /// Whether the other one is the same again. What the server has applied, it is not asked to apply again: if it
        /// is, the request was another one. What it has refused is the same verdict under any policy, but for approvals by rules.
        [[nodiscard]] bool repeated_by(const JournalRecord& record) const;

        std::int64_t id;
        std::uint64_t generation;
        std::uint32_t rule;
        Source source;
        Answer answer;
        Reason reason;
        std::optional<Option> chosen;  // by the user then
        std::optional<ContactException> exception;
        std::optional<Outcome> outcome = {};
        bool refused = false;  // once, or more often
        bool counted = false;  // in approved_
    };

    /// If the last one is over. `first` is the id of the first record that is placed in it.
    void begin_hour(std::int64_t first);
    void count_with_others(JournalEntry& entry, Covers covers);
    /// `key` is that of the record's request.
    void remember(std::size_t key, const JournalRecord& record);

    Clock& clock_;
    Clock::Time hour_;
    std::int64_t first_ = 0;  // of those before it nothing is counted any more
    // Keys are hashes, as addresses may be long. Of two requests that share one, the journal makes two records
    // (JournalEntry::repeat).
    std::unordered_map<std::size_t, Last> last_;
    std::unordered_map<std::size_t, std::size_t> of_domain_;
    std::map<std::string, std::int64_t> of_others_;  // ids by what is counted together
    std::size_t recorded_ = 0;
    std::size_t approved_ = 0;
};

}  // namespace usher
