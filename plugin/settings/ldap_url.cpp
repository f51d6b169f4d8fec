#include "plugin/settings/ldap_url.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "plugin/settings/syntax.h"

namespace usher
{

namespace
{

constexpr std::uint16_t kPort = 389;
constexpr std::uint16_t kTlsPort = 636;

}  // namespace

std::string LdapUrl::text() const
{
    const bool v6 = host.find(':') != std::string::npos;
    return (tls ? "ldaps://" : "ldap://") + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::optional<LdapUrl> parse_ldap_url(std::string_view text)
{
    LdapUrl url;
    if (text.starts_with("ldaps://")) {
        url.tls = true;
    } else if (!text.starts_with("ldap://")) {
        return std::nullopt;
    }
    url.port = url.tls ? kTlsPort : kPort;
    text.remove_prefix(text.find("//") + 2);
    if (text.ends_with('/')) {
        text.remove_suffix(1);
    }
    std::string_view port;
    const bool in_brackets = text.starts_with('[');
    if (in_brackets) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        url.host = text.substr(1, end - 1);
        port = text.substr(end + 1);
    } else {
        const auto end = std::min(text.find(':'), text.size());
        url.host = text.substr(0, end);
        port = text.substr(end);
    }
    if (!port.empty()) {
        const char* const end = port.data() + port.size();
        const auto [at, error] = std::from_chars(port.data() + 1, end, url.port);
        if (port.front() != ':' || error != std::errc() || at != end || url.port == 0) {
            return std::nullopt;
        }
    }
    const bool v6 = url.host.find(':') != std::string::npos;
    return syntax::is_host(url.host) && v6 == in_brackets ? std::optional(std::move(url)) : std::nullopt;
}

}  // namespace usher
