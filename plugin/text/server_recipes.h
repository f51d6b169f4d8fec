// What Prosody's and ejabberd's configuration has to look like for Usher. This is the one place that knows:
// usherctl setup prints it, the check's fixes quote it, and a test compares the documents with it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace usher
{

enum class ServerKind { prosody, ejabberd };
enum class LoginKind { component, account };

/// The namespace of the connector protocol (integration/PROTOCOL.md), which is what has to be granted.
inline constexpr std::string_view kGrantedNamespace = "urn:xmpp:subscription-requests:0";
/// The same for its second part, about people.
inline constexpr std::string_view kGrantedPeople = "urn:xmpp:subscription-requests:0#people";
/// The same for its third part, about approvals in force.
inline constexpr std::string_view kGrantedApprovals = "urn:xmpp:subscription-requests:0#approvals";
/// The same for its fourth part, about archiving preferences.
inline constexpr std::string_view kGrantedArchive = "urn:xmpp:subscription-requests:0#archive";

/// What `stock = "approve"` has to be granted, as Prosody's mod_privilege takes it.
inline constexpr std::string_view kStockGrants[] = {
    R"(roster = "both")",
    R"(presence = "managed_entity")",
    R"(iq = { ["urn:xmpp:blocking"] = "get" })",
};

struct Installation {
    ServerKind server = ServerKind::prosody;
    LoginKind login = LoginKind::component;
    std::string own;                               ///< Usher's address: a domain for a component
    std::vector<std::string> domains;              ///< the users'; at least one
    std::vector<std::string> people_domains = {};  ///< those of them whose people may be searched for
};

/// For the server's configuration: Lua, or YAML that ejabberd's `include_config_file` takes. `secret` is a
/// component's, and has no quotes or backslashes.
[[nodiscard]] std::string server_configuration(const Installation& wanted, std::string_view secret);

/// What an administrator has to do on one domain, each as a sentence or part of one.
struct ServerSteps {
    std::string connector;            ///< how the connector gets there
    std::string grant;                ///< how Usher is allowed to answer
    std::string people;               ///< how Usher is allowed to see who the users are
    std::string approvals;            ///< how Usher is allowed to read and revoke approvals
    std::string archive;              ///< how Usher is allowed to set archiving preferences
    std::string message_archive;      ///< how the server gets a message archive
    std::string closed_registration;  ///< how registration is closed
};
/// Without `server`: for one that no recipe is known for.
[[nodiscard]] ServerSteps server_steps(std::optional<ServerKind> server, LoginKind login,
                                       std::string_view own, std::string_view domain);
/// What to do where `stock = "approve"` lacks permissions.
[[nodiscard]] std::string stock_step();

}  // namespace usher
