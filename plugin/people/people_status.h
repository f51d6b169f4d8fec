// What there is to say of a domain's people.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace usher
{

struct PeopleStatus {
    std::size_t people = 0;  ///< who are known
    /// When the list was last read to its end, here or by another process of the same store.
    std::optional<std::chrono::system_clock::time_point> listed;
    std::string problem;  ///< why it could not be read the last time, as a clause; empty if it could
};

}  // namespace usher
