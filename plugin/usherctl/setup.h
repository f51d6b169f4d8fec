// A first installation in texts: the settings file, and what to do next.
//
// Not here: what belongs into the server's configuration (text/server_recipes.h), and asking for all that and
// writing it (setup_command.h).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "plugin/settings/settings.h"
#include "plugin/text/server_recipes.h"

namespace usher
{

/// Usher's address beside that domain: `usher.DOMAIN` or `usher@DOMAIN`.
[[nodiscard]] std::string usual_address(LoginKind login, std::string_view domain);

/// What settings say of it; they do not say which server.
[[nodiscard]] Installation installation(const Settings& settings, ServerKind server);

/// A small settings file with comments. It is valid if domains and address are. `secret_file` is the file of
/// the component's secret, or of the account's password.
[[nodiscard]] std::string settings_text(const Installation& wanted, const std::string& secret_file);

/// For people: where the server's part belongs, and the commands to run then, in that order.
[[nodiscard]] std::string next_steps(const Installation& installed, const std::string& secret_file);

}  // namespace usher
