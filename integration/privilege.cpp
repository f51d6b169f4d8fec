#include "integration/privilege.h"

#include "integration/namespaces.h"

namespace usher
{

namespace
{

/// Deeper nesting than a server would have reason for; a bound for the recursion.
constexpr int kDeepest = 16;

bool grants_requests(const Stanza& parent, int depth)
{
    if (depth == kDeepest) {
        return false;
    }
    for (Stanza element = parent.first(); element; element = element.next()) {
        if (element.name() != "namespace") {
            continue;
        }
        const std::string_view type = element.attribute("type");
        if (element.attribute("ns") == ns::kRequests && (type == "set" || type == "both")) {
            return true;
        }
        if (grants_requests(element, depth + 1)) {
            return true;
        }
    }
    return false;
}

}  // namespace

std::optional<Advertisement> read_advertisement(const Stanza& message)
{
    Stanza privilege = message.child("privilege", ns::kPrivilege2);
    if (!privilege) {
        privilege = message.child("privilege", ns::kPrivilege1);
    }
    if (!privilege) {
        return std::nullopt;
    }
    Advertisement granted;
    granted.version = privilege.ns() == ns::kPrivilege1 ? 1 : 2;
    for (Stanza perm = privilege.first(); perm; perm = perm.next()) {
        if (perm.name() != "perm") {
            continue;
        }
        const std::string_view access = perm.attribute("access");
        const std::string_view type = perm.attribute("type");
        if (access == "roster") {
            granted.roster_get = type == "get" || type == "both";
            granted.roster_set = type == "set" || type == "both";
        } else if (access == "iq") {
            granted.requests = granted.requests || grants_requests(perm, 0);
        }
    }
    return granted;
}

}  // namespace usher
