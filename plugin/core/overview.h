// How many requests got which answer over a day, a week or a month, and why: from this an administrator sees whether things are
// as they should be.
//
// Reads the journal by a connection of its own and waits for it, as replay.h does.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "policy/answer.h"

namespace usher
{

enum class OverviewPeriod { day, week, month };

/// `day`, `week`, `month`.
[[nodiscard]] std::string_view name(OverviewPeriod period);
[[nodiscard]] std::optional<OverviewPeriod> overview_period_named(std::string_view name);

struct OverviewOrder {
    /// Those of their users; nothing: all, also those for domains that nobody has any more.
    std::optional<std::vector<std::string>> domains;
    OverviewPeriod period = OverviewPeriod::week;
    std::chrono::system_clock::time_point until;  ///< now
};

/// What is counted are decisions. One that was made again within the hour counts each time, in the step of the first time. A
/// request that was left and answered later has had two decisions.
struct Overview {
    struct Step {
        std::chrono::system_clock::time_point from;
        std::uint64_t approve = 0;
        std::uint64_t deny = 0;
        std::uint64_t leave = 0;
        std::uint64_t by_hand = 0;  ///< people's answers, which are none of the others
    };
    struct ReasonCount {
        Answer answer = Answer::leave;
        std::string reason;  ///< for people; as it is stored where no reason has that name any more
        std::uint64_t count = 0;
    };

    OverviewPeriod period = OverviewPeriod::week;
    std::chrono::system_clock::time_point until;  ///< the end of the last step
    std::chrono::seconds step{0};
    std::vector<Step> steps;           ///< without gaps, the oldest first
    std::vector<ReasonCount> reasons;  ///< of all of them, people's answers too; the most frequent first
    std::uint64_t limited = 0;         ///< how many of those left were left because of limits
};

/// `stop` as in replay(). The error is for people.
[[nodiscard]] tl::expected<Overview, std::string> overview(const std::string& store_url,
                                                           const OverviewOrder& order, int stop = -1);

}  // namespace usher
