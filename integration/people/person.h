// A person as the server's list of people has them (PROTOCOL.md, `urn:xmpp:subscription-requests:0#people`).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "policy/address.h"

namespace usher
{

/// What everybody may read of an account. A field is empty where the server does not know it or does not show it to
/// all. Fields are what people wrote about themselves: valid UTF-8 without control characters, no longer than
/// `kMaxField` bytes, and not to be trusted beyond that.
struct Person {
    static constexpr std::size_t kMaxField = 256;

    Address address;  ///< of the account
    std::string full_name;
    std::string given_name;
    std::string family_name;
    std::string nickname;
    std::string email;

    friend bool operator==(const Person&, const Person&) = default;
};

/// What is kept of a field, which must be UTF-8: no control characters (C0, DEL and, in UTF-8 behind 0xC2, C1), and
/// no more than `kMaxField` bytes, cut between characters; no blanks around it.
[[nodiscard]] std::string person_field(std::string_view text);

}  // namespace usher
