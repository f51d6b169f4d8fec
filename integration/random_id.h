// Ids that others must not be able to guess.
#pragma once

#include <string>

namespace usher
{

/// 128 bits of the kernel's, in hexadecimal.
[[nodiscard]] std::string random_id();

}  // namespace usher
