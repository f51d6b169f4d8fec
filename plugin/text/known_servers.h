// What is known of servers by the name and version that they give. Usher tells servers apart only here and in
// server_recipes.h, and only for what it says to administrators.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "plugin/text/server_recipes.h"

namespace usher
{

struct KnownServer {
    std::optional<ServerKind> kind;
    bool supported = false;  ///< there is a connector, made for this version
    std::string note;        ///< what is limited there; may be empty
};

/// `software` and `version` as the server gives them (XEP-0092); both may be empty.
[[nodiscard]] KnownServer known_server(std::string_view software, std::string_view version);

}  // namespace usher
