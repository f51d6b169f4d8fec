#include "plugin/text/known_servers.h"

#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <utility>

namespace usher
{

namespace
{

using Version = std::pair<int, int>;
constexpr Version kFirst{0, 0};
constexpr Version kLast{std::numeric_limits<int>::max(), 0};

/// What is known of the versions `from` on and `below`.
struct Limit {
    ServerKind server;
    Version from;
    Version below;
    bool supported;
    std::string_view note;
};

constexpr std::array kLimits{
    Limit{ServerKind::prosody, kFirst, {0, 12}, false, "the connector is made for 0.12 and later"},
    Limit{ServerKind::prosody,
          {0, 12},
          kLast,
          true,
          "permissions come from mod_privilege of prosody-modules; changes to it take effect at a restart"},
    Limit{ServerKind::ejabberd, kFirst, {23, 1}, false, "the connector is made for 23.01 and later"},
    Limit{ServerKind::ejabberd,
          {23, 1},
          {24, 10},
          true,
          "its mod_privilege has no iq permission before 24.10: the connector's own option `entities` says "
          "who may answer"},
    Limit{ServerKind::ejabberd,
          {24, 10},
          kLast,
          true,
          "its mod_privilege has no permissions for accounts: the connector's own option `entities` says who "
          "may answer"},
};

Version parsed(std::string_view text)
{
    Version version{0, 0};
    const char* const end = text.data() + text.size();
    const auto major = std::from_chars(text.data(), end, version.first);
    if (major.ec == std::errc() && major.ptr != end && *major.ptr == '.') {
        std::from_chars(major.ptr + 1, end, version.second);
    }
    return version;
}

std::optional<ServerKind> kind_of(std::string_view software)
{
    if (software == "Prosody") {
        return ServerKind::prosody;
    }
    return software == "ejabberd" ? std::optional(ServerKind::ejabberd) : std::nullopt;
}

}  // namespace

KnownServer known_server(std::string_view software, std::string_view version)
{
    KnownServer known{kind_of(software), false, "no connector is known for this server"};
    if (!known.kind) {
        return known;
    }
    if (version.empty() || std::isdigit(static_cast<unsigned char>(version.front())) == 0) {
        known.note = "a version that the connector was not tried with";
        return known;
    }
    const Version number = parsed(version);
    for (const Limit& limit : kLimits) {
        if (limit.server == *known.kind && limit.from <= number && number < limit.below) {
            known.supported = limit.supported;
            known.note = limit.note;
        }
    }
    return known;
}

}  // namespace usher
