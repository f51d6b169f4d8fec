// `usherctl setup`: asks for what it is not told, writes settings and secret, prints the server's part.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "plugin/usherctl/setup.h"

namespace usher
{

struct SetupOrder {
    std::filesystem::path settings_file = "/etc/usher/usher.toml";
    std::optional<ServerKind> server;
    std::optional<LoginKind> login;
    std::vector<std::string> domains;  ///< empty: asked for, or those of the settings that are there
    bool replace = false;              ///< settings that say otherwise, without asking
};

/// Standard output gets the server's part and nothing else, so that it can be sent to a file; questions and
/// news go to standard error. Settings that are there are kept unless somebody agrees to replace them, and
/// are moved aside then; a secret that is there is always used again.
///
/// Returns usherctl's exit status: 0, 1 refused or failed, 2 something has to be asked and nobody is there.
[[nodiscard]] int set_up(SetupOrder order);

}  // namespace usher
