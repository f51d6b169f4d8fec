// `usherd --check --online`.
#pragma once

#include <string>

#include "plugin/check/exit_codes.h"
#include "plugin/settings/settings.h"

namespace usher
{

/// Prints the report. Returns `kStopped` if requests can be answered on every domain of this server;
/// otherwise what the daemon would exit with, or `kFailed`.
[[nodiscard]] ExitCode check_online(const std::string& path, Settings settings);

}  // namespace usher
