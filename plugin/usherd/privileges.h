// What the process may do besides its work: as little as can be.
#pragma once

#include <string>

#include <tl/expected.hpp>

namespace usher
{

/// If this is root: becomes that user, with the user's groups, for good. `root` itself has to be asked for by
/// name. The error is for people.
[[nodiscard]] tl::expected<void, std::string> drop_privileges(const std::string& user);

/// No core files, and no other process of the same user sees the memory (prctl(2), PR_SET_DUMPABLE): the
/// password is in it.
void keep_memory_private();

}  // namespace usher
