// Who logs in, as the settings say.
#pragma once

#include <string>
#include <string_view>

#include "integration/stream/channel.h"
#include "plugin/settings/settings.h"

namespace usher
{

/// `resource` is an account's; a component has none.
[[nodiscard]] Login login(const ConnectionSettings& connection, std::string password,
                          std::string_view resource);

}  // namespace usher
