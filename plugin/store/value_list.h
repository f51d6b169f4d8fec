// Lists in statements: `IN ($3, $4, ...)`.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <span>
#include <string>

#include "plugin/store/database.h"

namespace usher
{

/// Appends the list of these values, at least one. There are few forms of it, so that the databases have few statements to prepare:
/// what is left over in one has the last value again.
inline void append_list(Statement& statement, std::span<const std::string> values)
{
    const std::size_t places = std::bit_ceil(values.size());
    for (std::size_t i = 0; i < places; ++i) {
        statement.values.emplace_back(values[std::min(i, values.size() - 1)]);
        statement.sql += (i == 0 ? "($" : ", $") + std::to_string(statement.values.size());
    }
    statement.sql += ")";
}

}  // namespace usher
