// How much one user may search, so that nobody copies the directory by searching for one name after another.
//
// In memory only: after a restart, and on each of several usherd, the count begins anew. So the limits are what one usherd
// shows at most from its start on; who may restart it can read the store anyway.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "integration/base/clock.h"
#include "plugin/people/person.h"

namespace usher
{

class SearchLimits
{
  public:
    /// Users who are counted at a time, in 50 MB at most if each may be shown 300 people. One more may not search until the day
    /// of another is over.
    static constexpr std::size_t kMaxUsers = 20'000;

    explicit SearchLimits(Clock& clock) : clock_(clock) {}

    /// Counts a search. False if these are too many in a minute.
    [[nodiscard]] bool allows_search(const Address& user, std::uint32_t per_minute);
    /// Removes from `people` who may not be shown to the user, and counts the others, each once in 24 hours. Returns whether
    /// none had to be removed.
    [[nodiscard]] bool keep_allowed(const Address& user, std::uint32_t per_day, std::vector<Person>& people);

  private:
    struct Searcher {
        Clock::Time day;     // when these 24 hours began
        Clock::Time minute;  // and this minute
        std::uint32_t searches = 0;
        std::vector<std::uint64_t>
            shown;  // sorted hashes of addresses; of two that have the same, one is not counted
    };

    /// Null if there are too many. A count whose time is over begins anew.
    [[nodiscard]] Searcher* searcher(const Address& user);
    void forget_yesterdays();

    Clock& clock_;
    Clock::Time forgotten_;  // when it was looked for searchers whose day is over
    std::unordered_map<Address, Searcher> searchers_;
};

}  // namespace usher
