// The groups of a record (policy/groups.h) as the journal keeps them: a JSON object, without what is empty.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/groups.h"

namespace usher
{

[[nodiscard]] std::string to_json(const OutsideGroups& groups);
/// Nothing if it is none of to_json().
[[nodiscard]] std::optional<OutsideGroups> outside_groups_from_json(std::string_view text);

}  // namespace usher
