// What becomes of a changed settings file while the daemon runs.
#pragma once

#include <string>
#include <vector>

#include "plugin/settings/settings.h"

namespace usher
{

/// The keys (such as `store.url`) that differ and take effect only after a restart of the daemon. All others
/// take effect on reload.
[[nodiscard]] std::vector<std::string> need_restart(const Settings& running, const Settings& wanted);

}  // namespace usher
