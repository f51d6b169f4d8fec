// `usherctl setup`: asks for what its options do not say, writes settings and secret, and prints what belongs
// into the server's configuration.
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
    std::optional<bool> page;          ///< with the administration page
    bool replace = false;              ///< replace settings that differ, without asking
};

/// Standard output gets the server's configuration and nothing else, so that it can be sent to a file;
/// questions and messages go to standard error. Existing settings are kept unless somebody agrees to replace
/// them, and are then moved aside; an existing secret is always used again.
///
/// Returns usherctl's exit status: 0; 1 if it was refused or failed; 2 if there is a question and no terminal
/// to ask it in.
[[nodiscard]] int set_up(SetupOrder order);

}  // namespace usher
