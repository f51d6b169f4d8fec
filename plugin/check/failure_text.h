// What the log says when there is no login: what happened, and what mends it.
#pragma once

#include <string>

#include "integration/stream/channel.h"
#include "plugin/check/exit_codes.h"
#include "plugin/settings/settings.h"

namespace usher
{

struct FailureText {
    std::string what;
    std::string fix;  ///< empty where there is nothing to do but wait
};
[[nodiscard]] FailureText explain(const Failure& failure, const ConnectionSettings& connection);

/// Both, as one line.
[[nodiscard]] std::string to_string(const Failure& failure, const ConnectionSettings& connection);

/// What the daemon exits with when this failure ends it.
[[nodiscard]] ExitCode exit_code(const Failure& failure);
}  // namespace usher
