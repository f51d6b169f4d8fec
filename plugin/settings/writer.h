// Writes the settings in force as a settings file.
#pragma once

#include <string>
#include <vector>

#include "plugin/settings/settings.h"

namespace usher
{

enum class Sources { omitted, shown };

/// The settings in force as a TOML file that means the same; contains no secret. With sources, a comment
/// behind each setting says where its value comes from.
[[nodiscard]] std::string to_toml(const Settings& settings, Sources sources = Sources::omitted);

/// What a policy is made of, written likewise: the organisations and the limits. In parts, which make a file one
/// behind the other: many groups and rules are a part of their own, for they seldom change with the rest.
[[nodiscard]] std::vector<std::string> policy_to_toml(const Settings& settings);

/// Makes what takes a second for a hundred thousand rules: the indexes of groups and rules, and their text for
/// policy_to_toml(). Copies of the settings, and the policy made of them, have it too.
void make_ready(Settings& settings);

}  // namespace usher
