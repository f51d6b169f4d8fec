// What a user's roster is to call a contact.
#pragma once

#include <cstddef>
#include <string>

namespace usher
{

/// Sent with an approval (PROTOCOL.md section 4.3): the server puts each into the user's item for the contact if that has
/// none. Both are valid UTF-8 of at most `kMaxBytes` bytes without control characters; empty: none.
struct ContactLabel {
    static constexpr std::size_t kMaxBytes = 256;

    std::string name;
    std::string group;

    [[nodiscard]] bool empty() const { return name.empty() && group.empty(); }
    friend bool operator==(const ContactLabel&, const ContactLabel&) = default;
};

}  // namespace usher
