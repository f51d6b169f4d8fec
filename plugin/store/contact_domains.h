// What the journal has of requests from other domains.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plugin/store/database.h"

namespace usher
{

/// Counts records with ids from `first` to `last` whose user is of `own`, and whose contact is not: by the contact's domain,
/// source and answer. A row is these three, how many requests, and when the last of them was. A record of many (Covers) is of
/// its domain's, or counts as one. Revocations are no requests.
[[nodiscard]] Statement contact_domains_query(Dialect dialect, const std::vector<std::string>& own,
                                              std::int64_t first, std::int64_t last);

}  // namespace usher
