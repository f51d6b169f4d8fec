// The target of an HTTP request: path and query.
#pragma once

#include <string_view>

#include "plugin/control/http_server.h"

namespace usher
{

/// Reads path and query into `request`. False if the target is malformed, or has a parameter twice.
[[nodiscard]] bool read_target(std::string_view target, HttpRequest& request);

}  // namespace usher
