// The journal: what was decided, when, for whom, why. Nothing is answered that is not in it.
//
// Not here: free text of strangers; a record has addresses and words of our own only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "integration/entity.h"
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
};

/// The database, SQLite or PostgreSQL, through SOCI. Not for more than one thread.
class Journal
{
  public:
    /// Opens the database, creating what is missing and migrating what is older. The error is for people.
    [[nodiscard]] static tl::expected<Journal, std::string> open(const std::string& url);

    Journal(Journal&&) noexcept;
    Journal& operator=(Journal&&) noexcept;
    ~Journal();

    /// The id for a decision made now: milliseconds since 2026, ten bits that tell instances apart, twelve
    /// that count. Never less than the one before, whatever the clock does.
    [[nodiscard]] std::int64_t next_id(std::chrono::system_clock::time_point now);

    /// Writes all records or none, in one transaction; they are committed when this returns. A connection
    /// that was lost is opened again by the next call.
    [[nodiscard]] tl::expected<void, std::string> record(std::span<const JournalRecord> records);

    /// Deletes records from before `cutoff`, at most `most` of them. How many it were.
    [[nodiscard]] tl::expected<std::size_t, std::string> forget_before(
        std::chrono::system_clock::time_point cutoff, std::size_t most);

  private:
    class Database;
    explicit Journal(std::unique_ptr<Database> database);

    std::unique_ptr<Database> database_;
    std::int64_t last_id_ = 0;
    std::int64_t instance_;
};

}  // namespace usher
