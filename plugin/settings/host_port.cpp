#include "plugin/settings/host_port.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "plugin/settings/syntax.h"

namespace usher
{

namespace
{

bool is_v6(std::string_view host)
{
    return host.find(':') != std::string_view::npos;
}

}  // namespace

std::string HostPort::text() const
{
    return (is_v6(host) ? "[" + host + "]" : host) + (port ? ":" + std::to_string(*port) : std::string());
}

std::optional<HostPort> parse_host_port(std::string_view text)
{
    HostPort parsed;
    std::string_view port;
    const bool in_brackets = text.starts_with('[');
    if (in_brackets) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        parsed.host = text.substr(1, end - 1);
        port = text.substr(end + 1);
    } else {
        const auto end = std::min(text.find(':'), text.size());
        parsed.host = text.substr(0, end);
        port = text.substr(end);
    }
    if (!port.empty()) {
        std::uint16_t number = 0;
        const char* const end = port.data() + port.size();
        const auto [at, error] = std::from_chars(port.data() + 1, end, number);
        if (port.front() != ':' || error != std::errc() || at != end || number == 0) {
            return std::nullopt;
        }
        parsed.port = number;
    }
    if (!syntax::is_host(parsed.host) || is_v6(parsed.host) != in_brackets) {
        return std::nullopt;
    }
    return parsed;
}

}  // namespace usher
