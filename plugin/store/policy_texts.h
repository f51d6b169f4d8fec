// The numbered policies that were in force, as long as a record of the journal names them or they still are.
//
// Not here: what a policy is; here it is a text, of which each part is kept once however often it came into force.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "plugin/store/database.h"

namespace usher
{

/// Whoever numbers policies, or forgets some, does it one after the other, at whatever process: this comes first in their
/// transaction, and has others wait until it is over.
[[nodiscard]] Statement lock_policies();

/// Numbers the policy that comes into force, whose text is that of its parts one behind the other: with the number of
/// the one before if it is the same, else with the next. To be used in one transaction, in which nobody else does the same.
class PolicyNumbering
{
  public:
    PolicyNumbering(std::vector<std::string> parts, std::chrono::system_clock::time_point now);

    /// What has to be known before.
    [[nodiscard]] std::vector<Statement> questions() const;
    /// The statements that number it, from the answers to the questions. Maybe none.
    [[nodiscard]] std::vector<Statement> statements(const StepRows& answers);
    /// Known after `statements`.
    [[nodiscard]] std::uint64_t generation() const { return static_cast<std::uint64_t>(generation_); }

  private:
    std::vector<std::string> parts_;
    std::vector<std::string> digests_;
    const std::int64_t now_;
    std::int64_t generation_ = 0;
};

/// Gives the text of a policy: a row with each part, in their order; none if it is not kept.
[[nodiscard]] Statement policy_text_query(std::uint64_t generation);

/// The policy of this generation is not in force any more at the process that had it so.
[[nodiscard]] Statement supersede_policy(std::uint64_t generation);
/// It is still in force at this process, whatever another one has said. To be said each hour: what is kept so is forgotten a
/// day after it was last said to be superseded.
[[nodiscard]] Statement keep_policy(std::uint64_t generation);

/// Delete policies that are not in force any more and that no record names, some at a time: those that were superseded before
/// `cutoff`. To be used in one transaction, in which nobody numbers a policy.
[[nodiscard]] std::vector<Statement> forget_unnamed_policies(std::chrono::system_clock::time_point cutoff);

}  // namespace usher
