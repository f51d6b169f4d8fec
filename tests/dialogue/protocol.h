// What the protocol suite's files share. A case is named after the rule of PROTOCOL.md section 6 that it
// shows; tests/rules_are_covered.py finds it by that.
#pragma once

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <string>

#include "stage.h"

namespace usher::test
{

inline const Matcher kPrompt = presence("subscribe", kRomeo);
inline const Matcher kReceipt = presence("unavailable", kJuliet);
inline const Matcher kApproval = presence("subscribed", kJuliet);
inline const Matcher kDenial = presence("unsubscribed", kJuliet);

inline const std::string kNurse = "nurse@capulet.lit";

/// The advertisement of section 4.2 from the organisation's host.
[[nodiscard]] Matcher advertisement();

/// Whether it is an error of that type with that condition (section 8).
[[nodiscard]] bool is_error(const Element& reply, const std::string& type, const std::string& condition);

/// Blocks by XEP-0191; unblocks.
void block(WireClient& user, const std::string& address);
void unblock(WireClient& user, const std::string& address);

/// One page of the waiting list, or the error: `attributes` of `<pending/>`, and what its `<set/>` has.
Element ask_for_page(ScriptedEntity& entity, const std::string& attributes, const std::string& set);
/// Ids of the requests on that page.
[[nodiscard]] std::vector<std::string> ids_on(const Element& page);

/// Romeo has asked Juliet, and the entity has left it to her.
void leave_romeo_to_juliet(ScriptedStage& stage, WireClient& romeo);

/// A request of somebody for whom a component speaks.
[[nodiscard]] std::string request_xml(const std::string& contact, const std::string& user);
/// That many requests to this user, by contacts that the component speaks for: c0@…, c1@…
void send_requests(WireComponent& component, int first, int count, const std::string& user);

}  // namespace usher::test
