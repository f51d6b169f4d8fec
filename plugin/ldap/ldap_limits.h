// How much is read of a directory, and for how long, before it counts as one that cannot be read.
#pragma once

#include <chrono>
#include <cstddef>

namespace usher
{

struct LdapLimits {
    std::size_t entries = 1'000'000;   ///< that match one filter
    std::size_t empty_pages = 1'000;   ///< of one search: some directories send a few
    std::size_t member_reads = 2'000;  ///< of one group, for those of its members who are none of the people
    std::size_t uid_reads = 10'000;    ///< of all groups, for what they have by uid and none of the people is
    /// For the next reply to a search. Longer than the directory's own limit, so that it says itself what is wrong.
    std::chrono::milliseconds patience = std::chrono::minutes(2);
    std::chrono::milliseconds whole = std::chrono::minutes(10);
};

}  // namespace usher
