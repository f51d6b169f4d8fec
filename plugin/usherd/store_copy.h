// `usherd --copy-store`.
#pragma once

#include <string>

#include "plugin/check/exit_codes.h"

namespace usher
{

/// Copies the store `from` to `to`; what they are, and how that fails, is copy_store()'s. Says on standard error how far it is
/// as soon as that takes long, and what has become of it.
[[nodiscard]] ExitCode copy_store_and_report(const std::string& from, const std::string& to);

}  // namespace usher
