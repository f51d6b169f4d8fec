// What the log says when there is no login: what happened, and what mends it.
#pragma once

#include <string>

#include "integration/channel.h"
#include "plugin/exit_codes.h"
#include "plugin/settings.h"

namespace usher
{

[[nodiscard]] std::string text(const Failure& failure, const ConnectionSettings& connection);

/// What the daemon exits with when this failure ends it.
[[nodiscard]] ExitCode exit_code(const Failure& failure);

/// The address Usher logs in with, without resource.
[[nodiscard]] std::string own_address(const ConnectionSettings& connection);

}  // namespace usher
