// One of the two of a request, user or contact, as the server names it.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "policy/address.h"

namespace usher
{

/// A bare address as it was written, whether it can be compared or not.
///
/// What a server writes is in its own prepared form. Where our preparation refuses or changes that, the two
/// may mean different accounts: the address cannot be compared, and is never approved. Its domain is still
/// good enough to be denied.
class Party
{
  public:
    /// NOLINTNEXTLINE(google-explicit-constructor): an address that can be compared is the usual case.
    Party(Address address) : text_(std::move(address).text()), domain_at_(text_.find('@') + 1) {}
    /// Takes any text.
    [[nodiscard]] static Party as_written(std::string_view text);
    /// What a person wrote for a contact. Empty if it is no bare address, whoever prepares it.
    [[nodiscard]] static std::optional<Party> read(std::string_view text);

    /// As it was written.
    [[nodiscard]] const std::string& text() const { return text_; }
    /// In prepared form. Where it cannot be compared: the domain that it leads to, with U+FFFD, which no
    /// domain has, in place of what cannot be prepared. Never empty.
    [[nodiscard]] std::string_view domain() const
    {
        return is_prepared() ? std::string_view(text_).substr(domain_at_) : std::string_view(domain_);
    }
    /// False if the address cannot be compared.
    [[nodiscard]] bool is_prepared() const { return domain_.empty(); }
    /// The address that preparation makes of it, if it makes one.
    [[nodiscard]] std::optional<Address> prepared() const { return Address::prepare_contact(text_); }

    /// Of an address that cannot be compared: the one that its local part and domain() make, if they make one. It may
    /// be another account's, so it is good enough to deny, and for nothing else.
    [[nodiscard]] std::optional<Address> for_denial() const;

    friend bool operator==(const Party& one, const Party& other) { return one.text_ == other.text_; }

  private:
    Party(std::string_view text, std::string domain) : text_(text), domain_(std::move(domain)) {}

    std::string text_;
    std::size_t domain_at_ = 0;  // of a prepared one
    std::string domain_;         // empty of a prepared one: there it is in `text_`
};

std::ostream& operator<<(std::ostream& out, const Party& party);

}  // namespace usher

template <>
struct std::hash<usher::Party> {
    std::size_t operator()(const usher::Party& party) const noexcept
    {
        return std::hash<std::string>()(party.text());
    }
};
