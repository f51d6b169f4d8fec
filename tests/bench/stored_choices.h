// A store with the choices of many users.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace usher::test
{

/// The address of one of these users, in `domain`.
[[nodiscard]] std::string chooser(std::size_t number, const std::string& domain);

/// Makes the store, an SQLite file, with choices of the users 0 to `count` - 1 of each domain.
void store_choices(const std::string& path, std::size_t count, const std::vector<std::string>& domains);

}  // namespace usher::test
