// The journal: what was decided, when, for whom, why. Nothing is answered that is not in it.
//
// Not here: free text of strangers; a record has addresses and names of our own only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "integration/requests/judge.h"
#include "plugin/store/database.h"
#include "policy/decide.h"

namespace usher
{

/// One decision with all it depended on: with the policy of that generation it can be made again.
struct JournalRecord {
    std::int64_t id = 0;  ///< unique, and greater than those before it
    std::chrono::system_clock::time_point at;
    Source source = Source::asked;
    std::string organization;
    SubscriptionRequest request;
    Facts facts;
    Decision decision;
    std::uint64_t generation = 0;  ///< of the policy it was decided under
    std::string answered_by = {};  ///< with `Reason::by_hand`: who; otherwise empty
};

/// The least id that a decision made then can have.
[[nodiscard]] std::int64_t first_decision_id(std::chrono::system_clock::time_point time);

class Journal
{
  public:
    explicit Journal(Database& database);
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;
    ~Journal();

    /// The id for a decision made now: milliseconds since 2026, ten bits that tell instances apart, twelve
    /// that count. Never less than those recorded before, whatever the clock does.
    [[nodiscard]] std::int64_t next_id(std::chrono::system_clock::time_point now);

    /// Writes all records or none, in one transaction; they are committed when this returns.
    [[nodiscard]] tl::expected<void, std::string> record(std::span<const JournalRecord> records);

    /// Deletes records from before `cutoff`, at most `most` of them. Returns how many. By their ids: none
    /// goes too early because the clock was behind; after a clock that was ahead they stay for as much
    /// longer.
    [[nodiscard]] tl::expected<std::size_t, std::string> forget_before(
        std::chrono::system_clock::time_point cutoff, std::size_t most);

  private:
    class Insert;

    Database& database_;
    std::unique_ptr<Insert> insert_;
    std::int64_t last_id_ = 0;
    std::int64_t instance_;
};

}  // namespace usher
