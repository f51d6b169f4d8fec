// The login that the settings describe.
#pragma once

#include <string>
#include <string_view>

#include "integration/stream/channel.h"
#include "plugin/settings/settings.h"

namespace usher
{

/// `resource` is for an account; a component has none.
[[nodiscard]] Login login(const ConnectionSettings& connection, std::string password,
                          std::string_view resource);

}  // namespace usher
