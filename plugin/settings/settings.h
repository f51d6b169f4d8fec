// The settings: what usherd is told, as values.
//
// One table (settings_table.h) names every setting with its type, default, range and meaning; all else is made
// from it: the reader (reader.h), what is in force as a file (writer.h), the sample and the manual
// (documents.h). Adding a setting is one entry there and one member here or, if it is part of the policy, in policy/.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.h"

namespace usher
{

/// `[connection]`: the server, and who Usher is there.
struct ConnectionSettings {
    std::string host = "127.0.0.1";
    std::uint16_t port = 5222;
    std::optional<Address> account;  ///< a privileged account (RFC 6120 client-to-server) ...
    std::string password_file;
    bool tls_required = true;              ///< `off` is accepted for a loopback host only
    std::string ca_file;                   ///< PEM; empty: the system's authorities
    std::optional<std::string> component;  ///< ... or an external component (XEP-0114); exactly one is set
    std::string secret_file;
    std::uint32_t stock_reads_per_second = 10;
};

/// `[[organization]]`: what its policy is made of, and what policy does not need.
struct OrganizationSettings : Organization {
    bool stock = false;  ///< approve by rosters where the server has no connector
    /// Groups and rules as TOML, where make_ready() (writer.h) has written them already; null otherwise.
    std::shared_ptr<const std::string> rules_text = nullptr;
    /// The groups alone, likewise: for other rules beside them.
    std::shared_ptr<const std::string> groups_text = nullptr;
    /// Of the groups with members from a directory, how many they have and which, as comments (group_members.h).
    std::string members_text = {};
};

struct StoreSettings {
    std::string url = "sqlite3:///var/lib/usher/usher.db";
    std::uint32_t journal_days = 365;  ///< 0: kept forever

    /// How long an approval by a rule may be given for, in words: it is found by its record, and that must still be in the
    /// journal when it is to be revoked. Empty: that length is no longer.
    [[nodiscard]] std::string why_not_for(std::chrono::seconds length) const;
};

/// `[ldap]`: a directory with people and groups.
struct LdapSettings {
    std::string url;  ///< `ldaps://HOST[:PORT]` or `ldap://HOST[:PORT]`; empty: no directory
    /// With `ldap://`: StartTLS (RFC 4513). `false` is accepted for a loopback host only.
    bool tls_required = true;
    std::string ca_file;  ///< PEM; empty: the system's authorities
    std::string bind_dn;  ///< empty: anonymous
    std::string password_file;
    std::string base;
    std::string filter = "(objectClass=person)";  ///< who is a person
    /// Who of them is disabled, such as (userAccountControl:1.2.840.113556.1.4.803:=2); empty: nobody.
    std::string disabled_filter;
    std::string address = "mail";           ///< the attribute with the XMPP address, or with its local part
    std::string domain;                     ///< where the attribute has only the local part
    std::string full_name = "displayName";  ///< empty: none, as for all that follow
    std::string given_name = "givenName";
    std::string family_name = "sn";
    std::string nickname;
    std::string email = "mail";
    std::uint32_t refresh_minutes = 60;

    friend bool operator==(const LdapSettings&, const LdapSettings&) = default;
};

/// `[web]`: the administration page.
struct WebSettings {
    std::string listen;  ///< `127.0.0.1:5281`; empty: there is no page
    std::string url;     ///< as browsers reach it; empty: `http://` and `listen`
    std::string files;   ///< the folder of its files; empty: where they were installed to
};

/// Which line of the file a key is in. Copies share the lines until one of them is changed; not for several threads
/// at a time, copies included.
class Lines
{
  public:
    /// Null if the file does not give it.
    [[nodiscard]] const std::uint32_t* find(const std::string& key) const;
    void set(const std::string& key, std::uint32_t line);

    friend bool operator==(const Lines& a, const Lines& b) { return a.all() == b.all(); }

  private:
    using Map = std::map<std::string, std::uint32_t>;
    [[nodiscard]] const Map& all() const;

    std::shared_ptr<Map> shared_;  // null: none
};

struct GroupMembers;

struct Settings {
    ConnectionSettings connection;
    std::vector<OrganizationSettings> organizations;
    Limits limits;
    StoreSettings store;
    LdapSettings ldap;
    /// What groups have members of from the directory (group_members.h); null: it is not known who is in them.
    std::shared_ptr<const GroupMembers> group_members = nullptr;
    std::string control_socket = "/run/usher/control.sock";
    std::uint16_t metrics_port = 0;  ///< 0: none
    WebSettings web;
    std::string log_level = "info";
    std::string file;  ///< which they were read from
    /// The line of each setting that the file gives, such as `store.url` or `organization[0].option`, and of
    /// each group and rule, such as `organization[0].rule[1]`.
    Lines lines;
};

/// Where a repeated section stands, counted from 0: `organization[0]`, `organization[0].rule[1]`.
[[nodiscard]] std::string organization_place(std::size_t organization);
[[nodiscard]] std::string group_place(std::size_t organization, std::size_t group);
[[nodiscard]] std::string rule_place(std::size_t organization, std::size_t rule);

/// Where a setting's value comes from: `default`, or `FILE:LINE`. `key` as in `Settings::lines`.
[[nodiscard]] std::string source_of(const Settings& settings, const std::string& key);

/// The address Usher logs in with, without resource.
[[nodiscard]] std::string own_address(const ConnectionSettings& connection);

/// The file of what Usher logs in with: the component's secret, or the account's password.
[[nodiscard]] const std::string& credentials_file(const ConnectionSettings& connection);

/// Whether that name or address is this machine's own, not only now.
[[nodiscard]] bool is_loopback(std::string_view host);

}  // namespace usher
