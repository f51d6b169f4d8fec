// Decides which left requests are journalled.
//
// Anybody can make as many as they like, by subscribing and unsubscribing. So one that is left as it was
// before is not recorded again, and the number of records in an hour is limited. Not here: requests that are
// answered, which are always recorded.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_map>

#include "integration/base/clock.h"
#include "plugin/store/journal.h"

namespace usher
{

/// What was recorded since the hour began. Hours are counted from the start: a request left again in the same
/// one is a repetition, in the next it is not.
class RecentLeaves
{
  public:
    /// Most records in an hour: of contacts of one domain, and in all (some 10 MB of memory).
    static constexpr std::size_t kMaxOfDomain = 10'000;
    static constexpr std::size_t kMax = 100'000;

    enum class Worth {
        record,
        repetition,  ///< the last record of this user and contact says the same
        too_many,
    };

    explicit RecentLeaves(Clock& clock) : clock_(clock), hour_(clock.now()) {}

    /// Of a request that is left to its user.
    [[nodiscard]] Worth worth(const JournalRecord& record)
    {
        begin_hour();
        const auto last = last_.find(pair(record.request));
        if (last != last_.end() && last->second == Left(record)) {
            return Worth::repetition;
        }
        const auto of_domain = of_domain_.find(domain(record.request));
        const bool too_many =
            recorded_ >= kMax || (of_domain != of_domain_.end() && of_domain->second >= kMaxOfDomain);
        return too_many ? Worth::too_many : Worth::record;
    }

    /// Of a record that has been committed, whatever the answer.
    void recorded(const JournalRecord& record)
    {
        begin_hour();
        if (record.decision.answer != Answer::leave) {
            last_.erase(pair(record.request));
            return;
        }
        last_.insert_or_assign(pair(record.request), Left(record));
        ++of_domain_[domain(record.request)];
        ++recorded_;
    }

  private:
    /// Why it was left.
    struct Left {
        explicit Left(const JournalRecord& record)
            : generation(record.generation), rule(record.decision.rule), reason(record.decision.reason)
        {
        }
        friend bool operator==(const Left&, const Left&) = default;

        std::uint64_t generation;
        std::uint32_t rule;
        Reason reason;
    };

    // Keys are hashes: addresses may be long. Of two that share one, one may go unrecorded.

    [[nodiscard]] static std::size_t pair(const SubscriptionRequest& request)
    {
        return (std::hash<Party>()(request.user) * 0x9e3779b97f4a7c15U) ^ std::hash<Party>()(request.contact);
    }

    [[nodiscard]] static std::size_t domain(const SubscriptionRequest& request)
    {
        return std::hash<std::string_view>()(request.contact.domain());
    }

    void begin_hour()
    {
        if (const auto now = clock_.now(); now - hour_ >= std::chrono::hours(1)) {
            hour_ = now;
            last_.clear();
            of_domain_.clear();
            recorded_ = 0;
        }
    }

    Clock& clock_;
    Clock::Time hour_;
    std::unordered_map<std::size_t, Left> last_;
    std::unordered_map<std::size_t, std::size_t> of_domain_;
    std::size_t recorded_ = 0;
};

}  // namespace usher
