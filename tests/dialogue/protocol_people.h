// What the suites of the protocol's second part share (PROTOCOL.md, S82 to S101).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "protocol.h"

namespace usher::test
{

inline const std::string kPeopleNs = "urn:xmpp:subscription-requests:0#people";
inline const std::string kTybalt = "tybalt@capulet.lit";

/// A server with the connector and one entity that is granted both parts. Users have vCards and nodes.
[[nodiscard]] ServerOptions people_options(Login login);

/// `<people/>` with that content, from an entity or somebody else: the reply.
Element ask_for_people(WireStream& asker, const std::string& content);
/// A page: what is in its `<set/>`.
Element ask_for_people_page(WireStream& asker, const std::string& set);
/// `<person jid=…/>` for each.
[[nodiscard]] std::string persons_xml(const std::vector<std::string>& addresses);
/// Whom a `<people/>` or a `<changed/>` names, in its order.
[[nodiscard]] std::vector<std::string> persons_in(const Element& list);
/// The same of a reply, which must be a result.
[[nodiscard]] std::vector<std::string> persons_on(const Element& reply);

/// `<availability/>` about these users for this viewer: the reply.
Element ask_for_availability(WireStream& asker, const std::string& viewer,
                             const std::vector<std::string>& users);
/// Users and their `show` in a reply, which must be a result, in its order.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> shows_in(const Element& reply);

}  // namespace usher::test
