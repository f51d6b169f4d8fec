// Gives up the privileges that the process does not need.
#pragma once

#include <string>

#include <tl/expected.hpp>

namespace usher
{

/// If started as root, becomes `user` with the user's groups, irrevocably; `root` stays root. The error is a
/// text for the administrator.
[[nodiscard]] tl::expected<void, std::string> drop_privileges(const std::string& user);

/// Prevents core files and access to the memory by other processes of the same user (prctl(2),
/// PR_SET_DUMPABLE), because the password is in it.
void keep_memory_private();

}  // namespace usher
