// Whether a certificate is for a domain with letters beyond ASCII.
//
// Not here: the certificate's signatures and times, and domains in ASCII, which the TLS library looks at.
#pragma once

#include <string_view>

namespace usher
{

/// Compares a certificate's DNS name with `domain`, label by label, after the domain's U-labels were converted to
/// A-labels (RFC 6125 section 6.4.2). `*` in place of the name's whole first label stands for any one label in front of
/// two or more (section 6.4.3). False for a domain in ASCII or one that cannot be converted.
[[nodiscard]] bool names_international_domain(std::string_view dns_name, std::string_view domain);

}  // namespace usher
