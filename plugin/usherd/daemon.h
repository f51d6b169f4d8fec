// usherd while it runs: one object that owns the event loop and everything on it.
#pragma once

#include <string>

#include "plugin/check/exit_codes.h"
#include "plugin/settings/settings.h"

namespace usher
{

/// Runs until it is told to stop (SIGTERM, SIGINT) or cannot go on. SIGHUP reads `path` again.
[[nodiscard]] ExitCode run_daemon(const std::string& path, Settings settings);

}  // namespace usher
