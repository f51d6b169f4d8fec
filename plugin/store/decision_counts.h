// How many decisions the journal has, by answer and reason.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plugin/store/database.h"

namespace usher
{

/// Counts the decisions in records with ids from `first` to `last`, those that are counted in a record among them; if there is
/// `own`, only where the user is of one of these domains. A row is a reason, and how many were approved, denied and left for it.
[[nodiscard]] Statement decision_counts_query(Dialect dialect,
                                              const std::optional<std::vector<std::string>>& own,
                                              std::int64_t first, std::int64_t last);

}  // namespace usher
