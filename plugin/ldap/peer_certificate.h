// Looks into a certificate after it was refused, because libldap does not say why.
#pragma once

#include <string>
#include <string_view>

namespace usher
{

/// Whether the certificate, in DER, is for that name or numeric address. Says nothing of its signatures.
[[nodiscard]] bool names_host(std::string_view certificate, const std::string& host);

}  // namespace usher
