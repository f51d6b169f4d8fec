#include "plugin/settings/ldap_url.h"

#include <utility>

#include "plugin/settings/host_port.h"

namespace usher
{

namespace
{

constexpr std::uint16_t kPort = 389;
constexpr std::uint16_t kTlsPort = 636;

}  // namespace

std::string LdapUrl::text() const
{
    return (tls ? "ldaps://" : "ldap://") + HostPort{host, port}.text();
}

std::optional<LdapUrl> parse_ldap_url(std::string_view text)
{
    LdapUrl url;
    if (text.starts_with("ldaps://")) {
        url.tls = true;
    } else if (!text.starts_with("ldap://")) {
        return std::nullopt;
    }
    text.remove_prefix(text.find("//") + 2);
    if (text.ends_with('/')) {
        text.remove_suffix(1);
    }
    auto where = parse_host_port(text);
    if (!where) {
        return std::nullopt;
    }
    url.host = std::move(where->host);
    url.port = where->port.value_or(url.tls ? kTlsPort : kPort);
    return url;
}

}  // namespace usher
