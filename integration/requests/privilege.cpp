#include "integration/requests/privilege.h"

#include "integration/xmpp/namespaces.h"

namespace usher
{

namespace
{

/// Deeper nesting than a server would have reason for; a bound for the recursion.
constexpr int kMaxDepth = 16;

void read_namespaces(const Stanza& parent, int depth, Advertisement& granted)
{
    if (depth == kMaxDepth) {
        return;
    }
    for (Stanza element = parent.first(); element; element = element.next()) {
        if (element.name() != "namespace") {
            continue;
        }
        const std::string_view type = element.attribute("type");
        const bool both = type == "both";
        if (element.attribute("ns") == ns::kRequests && (both || type == "set")) {
            granted.requests = true;
        }
        if (element.attribute("ns") == ns::kPeople && (both || type == "get")) {
            granted.people = true;
        }
        if (element.attribute("ns") == ns::kApprovals && (both || type == "get")) {
            granted.approvals = true;
        }
        if (element.attribute("ns") == ns::kApprovals && (both || type == "set")) {
            granted.revoking = true;
        }
        if (element.attribute("ns") == ns::kArchive && both) {
            granted.archive = true;
        }
        if (element.attribute("ns") == ns::kBlocking && (both || type == "get")) {
            granted.blocklist_get = true;
        }
        read_namespaces(element, depth + 1, granted);
    }
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
            granted.roster_pushes = granted.roster_get && perm.attribute("push") == "true";
        } else if (access == "presence") {
            granted.user_presence = type == "managed_entity" || type == "roster";
        } else if (access == "iq") {
            read_namespaces(perm, 0, granted);
        }
    }
    return granted;
}

}  // namespace usher
