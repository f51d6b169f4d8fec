// A first installation in texts: the settings file, what belongs into the server's configuration, what to do
// next.
//
// Not here: asking for it and writing it (setup_command.h).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/settings/settings.h"

namespace usher
{

enum class ServerKind { prosody, ejabberd };
enum class LoginKind { component, account };

struct Installation {
    ServerKind server = ServerKind::prosody;
    LoginKind login = LoginKind::component;
    std::string own;                   ///< Usher's address: a domain for a component
    std::vector<std::string> domains;  ///< the users'; at least one
};

/// Usher's address beside that domain: `usher.DOMAIN` or `usher@DOMAIN`.
[[nodiscard]] std::string usual_address(LoginKind login, std::string_view domain);

/// What settings say of it; they do not say which server.
[[nodiscard]] Installation installation(const Settings& settings, ServerKind server);

/// A small settings file with comments. It is valid if domains and address are. `secret_file` is the file of
/// the component's secret, or of the account's password.
[[nodiscard]] std::string settings_text(const Installation& wanted, const std::string& secret_file);

/// For the server's configuration: Lua, or YAML that ejabberd's `include_config_file` takes.
[[nodiscard]] std::string server_part(const Installation& installed, const std::string& secret);

/// For people: where the server's part belongs, and the commands to run then, in that order.
[[nodiscard]] std::string next_steps(const Installation& installed, const std::string& secret_file);

}  // namespace usher
