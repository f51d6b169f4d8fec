#include "plugin/text/known_servers.h"

#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

namespace usher
{

namespace
{

using Version = std::pair<int, int>;
constexpr Version kFirst{0, 0};
constexpr Version kLast{std::numeric_limits<int>::max(), 0};

/// The first that fits is what is known.
struct Limit {
    std::string_view software;
    Version from;
    Version below;
    bool supported;
    std::string_view note;
};

constexpr std::array kLimits{
    Limit{"Prosody", kFirst, {0, 12}, false, "the connector is made for 0.12 and later"},
    Limit{"Prosody",
          {0, 12},
          {13, 0},
          true,
          "permissions come from mod_privilege of prosody-modules; changes of it take effect at a restart"},
    Limit{
        "Prosody",
        {13, 0},
        kLast,
        true,
        "tried on a development version of 13 only; permissions come from mod_privilege of prosody-modules, "
        "and changes of it take effect at a restart"},
    Limit{"ejabberd", kFirst, {23, 1}, false, "the connector is made for 23.01 and later"},
    Limit{"ejabberd",
          {23, 1},
          {24, 10},
          true,
          "its mod_privilege has no iq permission before 24.10: the connector's own option `entities` says "
          "who may answer"},
    Limit{"ejabberd",
          {24, 10},
          kLast,
          true,
          "its mod_privilege has no permissions for accounts: the connector's own option `entities` says who "
          "may answer"},
};

struct Mends {
    std::string_view software;
    std::string_view connector;
    std::string_view grant;
    std::string_view grant_for_component;  ///< in addition
    std::string_view closing;
};

constexpr std::array kMends{
    Mends{
        "Prosody",
        "put mod_subscription_requests.lua into one of the plugin_paths, add \"subscription_requests\" to "
        "modules_enabled for {domain}, and restart Prosody",
        "privileged_entities = { [\"{own}\"] = { iq = { [\"urn:xmpp:subscription-requests:0\"] = \"both\" } "
        "} } for {domain}, then restart Prosody",
        "; Component \"{own}\" needs modules_enabled = { \"privilege\" }",
        "allow_registration = false, and no \"register_ibr\" in modules_enabled"},
    Mends{"ejabberd",
          "install mod_subscription_requests, and add it to the modules of {domain} with \"{own}\" among its "
          "`entities`",
          "add \"{own}\" to the `entities` of mod_subscription_requests for {domain}, and reload the "
          "configuration",
          "",
          "mod_register: access: none (where its ip_access lets in a trusted network only, that is in order "
          "and "
          "looks the same from here)"},
};

constexpr Mends kOthers{
    "", "there is no connector for this server yet; integration/PROTOCOL.md says how one has to be",
    "grant \"{own}\" the iq permission (XEP-0356) `both` for urn:xmpp:subscription-requests:0 on {domain}",
    "", "turn registration (XEP-0077) off"};

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

std::string filled_in(std::string_view text, const Grantee& grantee)
{
    std::string out(text);
    for (const auto& [name, value] :
         {std::pair<std::string_view, const std::string&>{"{own}", grantee.address},
          {"{domain}", grantee.domain}}) {
        for (auto at = out.find(name); at != std::string::npos; at = out.find(name, at + value.size())) {
            out.replace(at, name.size(), value);
        }
    }
    return out;
}

}  // namespace

KnownServer known_server(std::string_view software, std::string_view version, const Grantee& grantee)
{
    KnownServer known;
    known.supported = false;
    const Mends* mends = &kOthers;
    for (const Mends& candidate : kMends) {
        if (candidate.software == software) {
            mends = &candidate;
        }
    }
    if (mends == &kOthers) {
        known.note = "no connector is known for this server";
    } else if (version.empty() || std::isdigit(static_cast<unsigned char>(version.front())) == 0) {
        known.note = "a version that the connector was not tried with";
    } else {
        const Version number = parsed(version);
        for (const Limit& limit : kLimits) {
            if (limit.software == software && limit.from <= number && number < limit.below) {
                known.supported = limit.supported;
                known.note = limit.note;
            }
        }
    }
    known.connector = filled_in(mends->connector, grantee);
    known.grant = filled_in(
        std::string(mends->grant) + std::string(grantee.component ? mends->grant_for_component : ""),
        grantee);
    known.closing = mends->closing;
    return known;
}

}  // namespace usher
