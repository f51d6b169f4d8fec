// XML namespaces that Usher reads and writes.
#pragma once

#include <string_view>

namespace usher::ns
{

inline constexpr std::string_view kClient = "jabber:client";  // RFC 6120
inline constexpr std::string_view kStanzaErrors = "urn:ietf:params:xml:ns:xmpp-stanzas";
inline constexpr std::string_view kStartTls = "urn:ietf:params:xml:ns:xmpp-tls";
inline constexpr std::string_view kRegister = "http://jabber.org/features/iq-register";  // XEP-0077
inline constexpr std::string_view kInvitation = "urn:xmpp:ibr-token:0";                  // XEP-0445
inline constexpr std::string_view kRoster = "jabber:iq:roster";                          // RFC 6121
inline constexpr std::string_view kDiscoInfo = "http://jabber.org/protocol/disco#info";  // XEP-0030
inline constexpr std::string_view kResultSets = "http://jabber.org/protocol/rsm";        // XEP-0059
inline constexpr std::string_view kPing = "urn:xmpp:ping";                               // XEP-0199
inline constexpr std::string_view kVersion = "jabber:iq:version";                        // XEP-0092
inline constexpr std::string_view kBlocking = "urn:xmpp:blocking";                       // XEP-0191
inline constexpr std::string_view kForward = "urn:xmpp:forward:0";                       // XEP-0297
inline constexpr std::string_view kPrivilege1 = "urn:xmpp:privilege:1";            // XEP-0356, before 0.4
inline constexpr std::string_view kPrivilege2 = "urn:xmpp:privilege:2";            // XEP-0356
inline constexpr std::string_view kRequests = "urn:xmpp:subscription-requests:0";  // PROTOCOL.md
inline constexpr std::string_view kPeople = "urn:xmpp:subscription-requests:0#people";
inline constexpr std::string_view kApprovals = "urn:xmpp:subscription-requests:0#approvals";
inline constexpr std::string_view kArchive = "urn:xmpp:subscription-requests:0#archive";

// What users' clients ask.
inline constexpr std::string_view kDiscoItems = "http://jabber.org/protocol/disco#items";
inline constexpr std::string_view kDataForms = "jabber:x:data";                        // XEP-0004
inline constexpr std::string_view kCommands = "http://jabber.org/protocol/commands";   // XEP-0050
inline constexpr std::string_view kSearch = "jabber:iq:search";                        // XEP-0055
inline constexpr std::string_view kVCard = "vcard-temp";                               // XEP-0054
inline constexpr std::string_view kHttpAuth = "http://jabber.org/protocol/http-auth";  // XEP-0070
inline constexpr std::string_view kDelay = "urn:xmpp:delay";                           // XEP-0203
inline constexpr std::string_view kCarbons = "urn:xmpp:carbons:2";                     // XEP-0280
inline constexpr std::string_view kEncryption = "urn:xmpp:eme:0";                      // XEP-0380

}  // namespace usher::ns
