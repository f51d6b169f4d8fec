// Tries to read the directory: a part of `usherd --check --online`.
#pragma once

#include "plugin/settings/settings.h"

namespace usher
{

/// Reads the directory as usherd would, and prints what came of it, with what there is to remark. False if it cannot be read.
/// True where nothing is wanted of one.
[[nodiscard]] bool check_ldap(const Settings& settings);

}  // namespace usher
