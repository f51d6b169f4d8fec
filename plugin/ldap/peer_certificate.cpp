#include "plugin/ldap/peer_certificate.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

namespace usher
{

namespace
{

struct FreeCertificate {
    void operator()(X509* certificate) const { X509_free(certificate); }
};

}  // namespace

bool names_host(std::string_view certificate, const std::string& host)
{
    const auto* from = reinterpret_cast<const unsigned char*>(certificate.data());
    const std::unique_ptr<X509, FreeCertificate> parsed(
        d2i_X509(nullptr, &from, static_cast<long>(certificate.size())));
    return parsed && (X509_check_ip_asc(parsed.get(), host.c_str(), 0) == 1 ||
                      X509_check_host(parsed.get(), host.data(), host.size(), 0, nullptr) == 1);
}

}  // namespace usher
