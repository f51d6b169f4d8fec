#include "plugin/usherd/domain_log.h"

#include <spdlog/spdlog.h>

namespace usher
{

void log_domain_state(const std::string& domain, DomainState state, const std::string& own)
{
    switch (state) {
        case DomainState::answering:
            spdlog::info("{}: answering", domain);
            break;
        case DomainState::no_connector:
            spdlog::warn(
                "{}: the server has no connector for this domain, so usherd sees no requests: load "
                "mod_subscription_requests there",
                domain);
            break;
        case DomainState::not_granted:
            spdlog::error(
                "{}: the server grants {} no permission for this domain, so usherd sees no requests: add "
                "it to the server's privileged_entities and restart the server (Prosody; not needed for a host that was "
                "added with it while Prosody ran), or to the connector's entities (ejabberd); usherd logs in again by "
                "itself",
                domain, own);
            break;
        case DomainState::stock:
            spdlog::warn(
                "{}: the server has no connector for this domain; stock = \"approve\": requests between "
                "users of this server are found in rosters and approved. usherd cannot see requests from "
                "other servers, cannot deny, and cannot clear the stored request: users receive every "
                "request, and Prosody 0.12 shows it again at the next login, where an answer can end the "
                "subscription or make it mutual",
                domain);
            break;
        case DomainState::stock_not_granted:
            spdlog::error(
                "{}: the server has no connector for this domain, and stock = \"approve\" cannot start "
                "without the permissions roster = \"both\", presence = \"managed_entity\" and iq "
                "urn:xmpp:blocking = \"get\" for {}, so usherd sees no requests: grant all three in the "
                "server's privileged_entities (XEP-0356) for this domain",
                domain, own);
            break;
        case DomainState::stock_ineffective:
            spdlog::error(
                "{}: the server has no connector for this domain, and stock = \"approve\" cannot work: "
                "on this server a roster set by a privileged entity never changes the subscription (as "
                "on ejabberd). So usherd sees no requests: load the connector",
                domain);
            break;
        case DomainState::unreachable:
            spdlog::warn("{}: no reply: does this server host the domain?", domain);
            break;
        case DomainState::offline:
        case DomainState::asking:
        case DomainState::reading:
            break;
    }
}

}  // namespace usher
