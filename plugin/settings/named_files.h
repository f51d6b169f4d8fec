// The files that the settings name.
#pragma once

#include <string>
#include <vector>

#include "plugin/settings/settings.h"

namespace usher
{

/// What is wrong with the files that the settings name (password, secret, certificate authorities), a message
/// each.
[[nodiscard]] std::vector<std::string> check_files(const Settings& settings);

}  // namespace usher
