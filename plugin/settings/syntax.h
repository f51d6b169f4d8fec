// What texts in a settings file may look like: hosts, paths, addresses, domains, patterns.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/address.h"
#include "policy/pattern.h"
#include "policy/people_search.h"

namespace usher::syntax
{

/// A host name or an IP address.
[[nodiscard]] bool is_host(std::string_view host);
/// An absolute path of a file.
[[nodiscard]] bool is_path(std::string_view path);
/// An absolute path that a socket's address can hold.
[[nodiscard]] bool is_socket_path(std::string_view path);
/// One line of text.
[[nodiscard]] bool is_name(std::string_view name);
/// The same, as servers take it (ContactLabel).
[[nodiscard]] bool is_contact_group(std::string_view name);
/// `sqlite3://FILE` or `postgresql://KEY=VALUE ...`. It is printed by `--check` and written to the log, so no
/// password may stand in it.
inline constexpr const char* kStoreUrl =
    "sqlite3://FILE, or postgresql://KEY=VALUE ... without a password (use passfile=FILE)";
[[nodiscard]] bool is_store_url(std::string_view url);

/// As parse_ldap_url() takes it.
inline constexpr const char* kLdapUrl = "ldaps://HOST or ldap://HOST, with :PORT where it is not 636 or 389";
[[nodiscard]] bool is_ldap_url(std::string_view url);

/// An IP address and a port to listen at.
inline constexpr const char* kListen = "an IP address and a port such as 127.0.0.1:5281 or [::1]:5281";
[[nodiscard]] bool is_listen(std::string_view text);

/// Of a server, as browsers call it: without a path, since the page asks from the root.
inline constexpr const char* kWebUrl =
    "https://HOST or http://HOST, with :PORT where it is not 443 or 80, without a path";
[[nodiscard]] bool is_web_url(std::string_view url);

// What is a slip for sure is refused; the rest is for the server to say.

/// A filter (RFC 4515), whose parentheses fit.
[[nodiscard]] bool is_ldap_filter(std::string_view filter);
/// A distinguished name (RFC 4514).
[[nodiscard]] bool is_dn(std::string_view name);
/// A filter, or the name of a group.
[[nodiscard]] bool is_ldap_group(std::string_view text);
/// The name of an attribute (RFC 4512 section 2.5).
[[nodiscard]] bool is_ldap_attribute(std::string_view name);
[[nodiscard]] bool is_ldap_attribute_or_empty(std::string_view name);
/// As read_domain() takes it.
[[nodiscard]] bool is_domain(std::string_view text);

// Prepared for comparison (address.h); nothing where the text is no such thing, or what no server could have.

/// Without resource.
[[nodiscard]] std::optional<Address> read_address(std::string_view text);
/// Exact, without `*`.
[[nodiscard]] std::optional<std::string> read_domain(std::string_view text);
[[nodiscard]] std::optional<Pattern> read_pattern(std::string_view text);
[[nodiscard]] std::optional<AccountPattern> read_account_pattern(std::string_view text);
[[nodiscard]] std::optional<PersonField> read_person_field(std::string_view text);
/// Neither `*`, nor an address, nor a group.
[[nodiscard]] std::optional<Pattern> read_domain_pattern(std::string_view text);

/// Of a text with an A-label in its domain (`xn--bcher-kva.example`, RFC 3490), which none of these takes: how
/// it is to be written (`bücher.example`). Nothing for any other text.
[[nodiscard]] std::optional<std::string> in_u_labels(std::string_view text);

}  // namespace usher::syntax
