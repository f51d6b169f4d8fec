// Words for people, where menus and chat say the same.
#pragma once

#include <cstddef>
#include <string>

#include "plugin/core/operations.h"

namespace usher
{

/// `approve: the contact is of the organization`; with a rule, which one.
[[nodiscard]] std::string in_words(const Decision& decision);

/// `1 request`, `2 requests`
[[nodiscard]] std::string counted(std::size_t count, const std::string& what);

/// What came of a review that was to be applied, one sentence.
[[nodiscard]] std::string in_words(const Review& review);

}  // namespace usher
