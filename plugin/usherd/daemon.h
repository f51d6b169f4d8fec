// Runs usherd: one object owns the event loop and everything that runs on it.
#pragma once

#include <string>

#include "plugin/check/exit_codes.h"
#include "plugin/settings/settings.h"

namespace usher
{

/// Runs until SIGTERM, SIGINT or a permanent failure. SIGHUP reads `path` again.
[[nodiscard]] ExitCode run_daemon(const std::string& path, Settings settings);

}  // namespace usher
