// What the suites of the protocol's third part share (PROTOCOL.md, S106 to S115).
#pragma once

#include <string>
#include <vector>

#include "protocol.h"

namespace usher::test
{

inline const std::string kApprovalsNs = "urn:xmpp:subscription-requests:0#approvals";
/// A contact of another server, for whom the component kGossip speaks.
inline const std::string kBenvolio = "benvolio@" + kGossip;

/// A server with the connector and one entity that is granted the first part and the third.
[[nodiscard]] ServerOptions approvals_options(Login login);

struct Pair {
    std::string user;
    std::string contact;
    std::string mark = {};  ///< for `<revoke/>` only
};

/// `<approvals/>` about these pairs, and `<revoke/>`: the reply.
Element ask_for_approvals(WireStream& asker, const std::vector<Pair>& pairs);
Element ask_to_revoke(WireStream& asker, const std::vector<Pair>& pairs);
/// `<revoke/>` as it is sent.
[[nodiscard]] std::string revoke_xml(const std::vector<Pair>& pairs);

/// The `<approval/>` elements of a reply, which must be a result.
[[nodiscard]] std::vector<Element> approvals_in(const Element& reply, const std::string& payload);
/// Those that are in force.
[[nodiscard]] std::vector<Element> in_force(WireStream& asker, const std::vector<Pair>& pairs);
/// Its mark, which must be in force.
[[nodiscard]] std::string mark_of(WireStream& asker, const std::string& user, const std::string& contact);
/// The outcome for each.
[[nodiscard]] std::vector<std::string> outcomes(const Element& reply);
/// Of one pair with that mark.
std::string revoke(WireStream& asker, const std::string& user, const std::string& contact,
                   const std::string& mark);

/// The user, online, approves a request of that contact, who is online or a component; no entity may be asked.
/// `mutual`: the user is subscribed to the contact as well.
void approve(WireClient& user, WireStream& speaker, const std::string& contact, bool mutual = false);

}  // namespace usher::test
