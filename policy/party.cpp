#include "policy/party.h"

#include <unicode/ustring.h>

#include <cstdint>
#include <ostream>

namespace usher
{

namespace
{

constexpr std::string_view kUnknown = "\xef\xbf\xbd";  // U+FFFD, which Nameprep prohibits

/// The part between local part and resource (RFC 6122 section 2.1).
std::string_view domain_part(std::string_view address)
{
    address = address.substr(0, address.find('/'));
    return address.substr(address.find('@') + 1);
}

/// The domain of an address that cannot be compared. Whoever controls a domain controls what is below it: of
/// one that cannot be prepared, the longest part that can is kept, so that `*.evil.test` denies it.
std::string domain_for_denial(std::string_view domain)
{
    if (auto whole = comparable_domain(domain)) {
        return *std::move(whole);
    }
    for (std::size_t dot = domain.find('.'); dot != std::string_view::npos; dot = domain.find('.')) {
        domain.remove_prefix(dot + 1);
        if (const auto above = comparable_domain(domain)) {
            return std::string(kUnknown) + "." + *above;
        }
    }
    return std::string(kUnknown);
}

/// UTF-8 without spaces and control characters of ASCII.
bool is_one_word(std::string_view text)
{
    for (const char c : text) {
        if ((c >= 0 && c <= ' ') || c == 0x7f) {
            return false;
        }
    }
    UErrorCode error = U_ZERO_ERROR;
    std::int32_t length = 0;
    u_strFromUTF8(nullptr, 0, &length, text.data(), static_cast<std::int32_t>(text.size()), &error);
    return error == U_BUFFER_OVERFLOW_ERROR;  // only measured: the error of a text that is UTF-8
}

}  // namespace

Party Party::as_written(std::string_view text)
{
    if (auto address = Address::prepare_contact(text); address && address->text() == text) {
        return {*std::move(address)};
    }
    return {text, domain_for_denial(domain_part(text))};
}

std::optional<Party> Party::read(std::string_view text)
{
    constexpr std::size_t kMaxPartBytes = 1023;  // RFC 6122 section 2.1, for each part
    const std::size_t at = text.find('@');
    const std::string_view domain = domain_part(text);
    if (at == 0 || (at != std::string_view::npos && at > kMaxPartBytes) || domain.empty() ||
        domain.size() > kMaxPartBytes || text.find('/') != std::string_view::npos || !is_one_word(text)) {
        return std::nullopt;
    }
    return as_written(text);
}

std::optional<Address> Party::for_denial() const
{
    const std::size_t at = text_.find('@');
    return at == std::string::npos ? std::nullopt
                                   : Address::prepare_contact(text_.substr(0, at + 1) + domain_);
}

std::ostream& operator<<(std::ostream& out, const Party& party)
{
    return out << party.text();
}

}  // namespace usher
