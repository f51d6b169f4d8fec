// A first installation in texts: the settings file, and what to do next.
//
// Not here: what belongs in the server's configuration (text/server_recipes.h), and asking for all that and
// writing it (setup_command.h).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "plugin/settings/settings.h"
#include "plugin/text/server_recipes.h"

namespace usher
{

/// The address that setup proposes for Usher: `usher.DOMAIN` or `usher@DOMAIN`.
[[nodiscard]] std::string usual_address(LoginKind login, std::string_view domain);

/// The installation that settings describe; which server it is they do not say.
[[nodiscard]] Installation installation(const Settings& settings, ServerKind server);

/// A small settings file with comments, which is valid if domains and address are. `secret_file` has the
/// component's secret or the account's password. `page`: with the administration page, else as a comment that shows how.
[[nodiscard]] std::string settings_text(const Installation& wanted, const std::string& secret_file,
                                        bool page);

/// For people: where the server's configuration goes, and the commands to run then, in order.
[[nodiscard]] std::string next_steps(const Installation& installed, const std::string& secret_file,
                                     bool page);

}  // namespace usher
