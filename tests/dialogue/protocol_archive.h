// What the suites of the protocol's part about archiving share (PROTOCOL.md, S120 to S133).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "protocol_people.h"

namespace usher::test
{

inline const std::string kArchiveNs = "urn:xmpp:subscription-requests:0#archive";
inline const std::string kMamNs = "urn:xmpp:mam:2";

/// A server with the connector and an archive, and one entity that may read and set preferences.
[[nodiscard]] ServerOptions archive_options(Login login);

/// `<archive/>` with that content, from an entity or somebody else: the reply.
Element ask_for_archive(WireStream& asker, const std::string& content);
/// `<archive …/>` in a `set`: the reply. `lock` may be empty: no such attribute.
Element set_archive(WireStream& asker, const std::string& user, const std::string& default_,
                    const std::string& lock = {});
/// The same, which must be a result.
void must_set_archive(WireStream& asker, const std::string& user, const std::string& default_,
                      const std::string& lock = {});

/// What a reply, which must be a result, says of each, in its order: "juliet@capulet.lit never locked". A lock must have a
/// time.
[[nodiscard]] std::vector<std::string> preferences_on(const Element& reply);
/// The same of one account, read again; empty if there is no such account.
[[nodiscard]] std::string preferences_of(WireStream& asker, const std::string& address);

/// The user's preferences as the client sees them (XEP-0441): "never +romeo@montague.lit -paris@verona.lit", with the addresses
/// for always and for never.
[[nodiscard]] std::string seen_by(WireClient& user);
/// `<prefs/>` with that default and those lists, in that namespace.
[[nodiscard]] std::string prefs_xml(const std::string& default_, const std::string& lists = {},
                                    const std::string& ns = kMamNs);
/// The user's client sets its preferences, which must work.
void change(WireClient& user, const std::string& default_, const std::string& lists = {});

/// How many messages are in the user's archive, as the client sees it (XEP-0313).
[[nodiscard]] std::ptrdiff_t archived(WireClient& user);
/// Messages from and to the user: a neighbour on this host, one on another, and a component's; each way one, five in all (nothing
/// reaches a component's user). All have arrived.
void talk(ScriptedStage& stage, WireClient& user, WireClient& neighbour, WireClient& stranger);

/// The hint that preferences have changed.
[[nodiscard]] Matcher archive_changed(const std::string& address);

/// The user deletes the account (XEP-0077 section 3.2).
void delete_archived_account(ScriptedStage& stage, const std::string& address);

}  // namespace usher::test
