// Addresses (RFC 6122 "JIDs") as the servers see them: prepared once, where they come in, and compared as
// bytes afterwards.
//
// Not here: resources (a subscription is between bare addresses, RFC 6121 section 3) and XEP-0106 escaping,
// which concerns display only.
#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace usher
{

/// A prepared bare address: that of an account, `local@domain`, or a bare domain, such as a gateway's.
///
/// Preparation follows RFC 6122: Nodeprep for the local part, Nameprep for the domain, unassigned code points
/// allowed. An accepted address has the form that Prosody and ejabberd give it, so two addresses are equal
/// here exactly when they are the same account there. Refused are addresses that the two servers prepare
/// differently (a final dot of the domain, U+33C6, several combining marks on one letter), and domains with
/// spaces, control characters or, after preparation, a separator; also domains in a form that a name server
/// takes for another one's (A-labels, which begin with `xn--`, and the ideographic full stop U+3002): what is
/// one domain would be two here. Plain ASCII is prepared without ICU.
class Address
{
  public:
    /// Prepares the address of an account, bare or full; a resource must be valid and is dropped. Empty if
    /// `text` is not valid UTF-8, has no local part or no domain, contains a prohibited character, or a part
    /// is longer than 1023 bytes before or after preparation.
    [[nodiscard]] static std::optional<Address> prepare(std::string_view text);
    /// The same for a contact, which may be a bare domain.
    [[nodiscard]] static std::optional<Address> prepare_contact(std::string_view text);

    /// `local@domain`, or the domain alone.
    [[nodiscard]] const std::string& text() const& { return text_; }
    [[nodiscard]] std::string text() && { return std::move(text_); }
    /// Empty for a bare domain.
    [[nodiscard]] std::string_view local() const
    {
        return std::string_view(text_).substr(0, domain_at_ == 0 ? 0 : domain_at_ - 1);
    }
    [[nodiscard]] std::string_view domain() const { return std::string_view(text_).substr(domain_at_); }

    friend bool operator==(const Address&, const Address&) = default;

  private:
    Address(std::string text, std::size_t domain_at) : text_(std::move(text)), domain_at_(domain_at) {}

    std::string text_;
    std::size_t domain_at_;  // 0 for a bare domain
};

std::ostream& operator<<(std::ostream& out, const Address& address);

/// The bare address of an account `text`, if it is already in prepared form. If our preparation would change
/// it, the server prepares differently: an answer might then apply to another account than the one that was
/// decided about.
[[nodiscard]] std::optional<Address> prepared_address(std::string_view text);

/// Prepares a domain without a local part (Nameprep). Empty under the conditions of `Address::prepare`, or if
/// it contains `@` or `/`.
[[nodiscard]] std::optional<std::string> prepare_domain(std::string_view text);

/// The domain `text` in the form in which domains are compared: prepared, with U-labels for its A-labels
/// (RFC 3490; `xn--bcher-kva.example` is `bücher.example`), without final dots. Empty if it has none.
/// For what is said to people, and for what is never approved: nothing here approves a domain in another form.
[[nodiscard]] std::optional<std::string> comparable_domain(std::string_view text);

}  // namespace usher

template <>
struct std::hash<usher::Address> {
    std::size_t operator()(const usher::Address& address) const noexcept
    {
        return std::hash<std::string>()(address.text());
    }
};
