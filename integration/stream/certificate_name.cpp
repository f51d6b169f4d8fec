#include "integration/stream/certificate_name.h"

#include <unicode/uidna.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

namespace usher
{

namespace
{

struct Close {
    void operator()(UIDNA* idna) const { uidna_close(idna); }
};

/// Empty if it cannot be converted.
std::string a_labels(std::string_view domain)
{
    constexpr std::uint32_t kOptions =
        UIDNA_USE_STD3_RULES | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII;
    UErrorCode error = U_ZERO_ERROR;
    const std::unique_ptr<UIDNA, Close> idna(uidna_openUTS46(kOptions, &error));
    std::array<char, 256> text{};  // a domain has 253 bytes at most
    UIDNAInfo found = UIDNA_INFO_INITIALIZER;
    const std::int32_t size =
        uidna_nameToASCII_UTF8(idna.get(), domain.data(), static_cast<std::int32_t>(domain.size()),
                               text.data(), static_cast<std::int32_t>(text.size()), &found, &error);
    return U_FAILURE(error) || found.errors != 0 ? std::string()
                                                 : std::string(text.data(), static_cast<std::size_t>(size));
}

bool equal(std::string_view one, std::string_view other)
{
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                      [lower](char a, char b) { return lower(a) == lower(b); });
}

}  // namespace

bool names_international_domain(std::string_view dns_name, std::string_view domain)
{
    if (std::all_of(domain.begin(), domain.end(),
                    [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
        return false;
    }
    const std::string wanted = a_labels(domain);
    if (wanted.empty()) {
        return false;
    }
    if (!dns_name.starts_with("*.")) {
        return equal(dns_name, wanted);
    }
    const std::string_view rest = dns_name.substr(1);
    const std::size_t first = wanted.find('.');
    return first != std::string::npos && first > 0 && rest.find('.', 1) != std::string_view::npos &&
           equal(rest, std::string_view(wanted).substr(first));
}

}  // namespace usher
