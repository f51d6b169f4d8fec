// The three answers that policy can give. integration/ translates them to stanzas.
#pragma once

#include <iosfwd>
#include <optional>
#include <string_view>

namespace usher
{

enum class Answer {
    approve,  ///< the contact is subscribed on the user's behalf
    deny,     ///< the request is refused on the user's behalf
    leave,    ///< the user is asked, as without Usher
};

/// `approve`, `deny`, `leave`.
[[nodiscard]] std::string_view name(Answer answer);
[[nodiscard]] std::optional<Answer> answer_named(std::string_view name);
std::ostream& operator<<(std::ostream& out, Answer answer);

}  // namespace usher
