// The three options of "Options for contact list requests", and the words for them.
#pragma once

#include <array>
#include <iosfwd>
#include <optional>
#include <string_view>

namespace usher
{

/// How a user's contact requests are handled when no earlier step has decided.
enum class Option {
    all,           ///< approve every contact
    organization,  ///< approve contacts whose domain is one of the organisation's, leave others to the user
    prompt,        ///< leave every request to the user
};

inline constexpr std::array kOptions{Option::all, Option::organization, Option::prompt};

/// The name in configuration, journal and commands: `all`, `organization`, `prompt`.
[[nodiscard]] std::string_view name(Option option);

/// The sentence that users read. Its wording is fixed.
[[nodiscard]] std::string_view sentence(Option option);

/// The option with that name (lower case), or empty.
[[nodiscard]] std::optional<Option> option_named(std::string_view name);

std::ostream& operator<<(std::ostream& out, Option option);

}  // namespace usher
