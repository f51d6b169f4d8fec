// Passwords and secrets: kept in files that only those who need them may read.
#pragma once

#include <string>

#include <tl/expected.hpp>

namespace usher
{

/// Reads a password or secret: the file's first line, without the line break.
/// Refused (the error is the message) if it cannot be read, is empty, or others than owner and group may read
/// it.
[[nodiscard]] tl::expected<std::string, std::string> read_secret(const std::string& path);

/// A secret that nobody can guess, of letters and digits.
[[nodiscard]] std::string new_secret();

}  // namespace usher
