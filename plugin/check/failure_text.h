// A failed login in words: what happened, and how to fix it.
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

/// The exit code of a check that could not log in because of this failure.
[[nodiscard]] ExitCode exit_code(const Failure& failure);
}  // namespace usher
