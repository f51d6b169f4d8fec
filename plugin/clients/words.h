// Texts that menus and chat share.
#pragma once

#include <cstddef>
#include <string>

#include "plugin/core/operations.h"

namespace usher
{

/// For example `approve: in organization` or `deny: rule 3`.
[[nodiscard]] std::string describe(const Decision& decision);

/// `1 request`, `2 requests`
[[nodiscard]] std::string counted(std::size_t count, const std::string& what);

/// The result of an applied review, in one sentence.
[[nodiscard]] std::string describe(const Review& review);

}  // namespace usher
