#include "plugin/ldap/ldap_url.h"

#include <algorithm>
#include <charconv>

namespace usher
{

namespace
{

constexpr std::uint16_t kPort = 389;
constexpr std::uint16_t kTlsPort = 636;

bool is_host_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == ':';
}

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
    if (text.starts_with('[')) {
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
    if (url.host.empty() || !std::all_of(url.host.begin(), url.host.end(), is_host_character)) {
        return std::nullopt;
    }
    return url;
}

}  // namespace usher
