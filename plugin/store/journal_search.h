// Finding records of the journal.
//
// Not here: who may see them (operations.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "integration/base/callback_scope.h"
#include "plugin/store/database.h"
#include "plugin/store/journal.h"

namespace usher
{

/// Which records; what is not given does not matter.
struct JournalFilter {
    std::optional<std::int64_t> id = {};
    std::optional<Address> user = {};
    std::optional<Party> contact = {};                     ///< as it is recorded, or as preparation makes it
    std::optional<std::vector<std::string>> domains = {};  ///< of the users
    std::optional<std::chrono::system_clock::time_point> since = {};  ///< made, or made again, then or later
    std::optional<std::int64_t> after =
        {};  ///< only greater ids; then the oldest `most` come, else the newest
    /// Only records behind which none with a lesser id can come any more. Where several processes write, one may commit a
    /// lesser id later: on PostgreSQL those of the last two seconds are not settled.
    bool settled = false;
    std::size_t most = 100;
};

/// Looks at the journal's records a portion at a time, so that requests are answered in between: of a user or
/// contact they are found by looking at all, and there may be millions.
class JournalSearch
{
  public:
    /// How many records are looked at in one go, which takes some milliseconds.
    static constexpr std::size_t kPortion = 20'000;

    JournalSearch(Database& database, JournalFilter filter);

    /// Looks at the next portion. Gives whether it was the last one. `then` is not called once the search is gone.
    void search_portion(StoreCallback<bool> then);
    /// What was found, in the order of ids. To be called once.
    [[nodiscard]] std::vector<JournalRecord> take_found();

  private:
    struct Portion;
    [[nodiscard]] bool upwards() const { return filter_.after.has_value(); }
    [[nodiscard]] Statement query_of(const Portion& portion) const;
    /// Returns whether it was the last one.
    [[nodiscard]] bool take(const Portion& portion, const StepRows& given);

    Database& database_;
    const JournalFilter filter_;
    // The ids that have not been looked at.
    std::int64_t first_ = 0;
    std::int64_t last_;
    std::vector<JournalRecord> found_;
    CallbackScope callbacks_;
};

}  // namespace usher
