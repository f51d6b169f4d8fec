// The settings file: what usherd is told, read from TOML and checked to the last key.
//
// One table (settings_table.h) names every setting with its type, default, range and meaning; it drives the
// reader, `usherd --check`, the sample file and the manual. Adding a setting is one entry there and one
// member here.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

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

/// `[[organization]]`: what its policy is made of, and what is none of policy's business.
struct OrganizationSettings : Organization {
    bool stock = false;  ///< approve by rosters where the server has no connector
};

struct StoreSettings {
    std::string url = "sqlite3:///var/lib/usher/usher.db";
    std::uint32_t journal_days = 365;  ///< 0: kept for ever
};

struct Settings {
    ConnectionSettings connection;
    std::vector<OrganizationSettings> organizations;
    Limits limits;
    StoreSettings store;
    std::string control_socket = "/run/usher/control.sock";
    std::uint16_t metrics_port = 0;  ///< 0: none
    std::string log_level = "info";
    std::string file;  ///< which they were read from
    /// The line of each setting that the file gives, such as `store.url` or `organization[0].option`, and of
    /// each rule, such as `organization[0].rule[1]`.
    std::map<std::string, std::uint32_t> lines;
};

/// Where a repeated section stands, counted from 0: `organization[0]`, `organization[0].rule[1]`.
[[nodiscard]] std::string organization_place(std::size_t organization);
[[nodiscard]] std::string rule_place(std::size_t organization, std::size_t rule);

/// Where a setting's value comes from: `default`, or `FILE:LINE`. `key` as in `Settings::lines`.
[[nodiscard]] std::string source_of(const Settings& settings, const std::string& key);

/// One thing wrong with the file. `line` is 0 where no line can be named (the file cannot be read).
struct SettingError {
    std::string file;
    std::uint32_t line = 0;
    std::string key;       ///< such as `organization.option`; empty for a syntax error
    std::string found;     ///< what stands there
    std::string accepted;  ///< what may stand there
};

/// `FILE:LINE: KEY: found FOUND; accepted: ACCEPTED`
[[nodiscard]] std::string to_string(const SettingError& error);

/// Reads and checks the file. All errors are reported, not only the first, in the order of their lines.
[[nodiscard]] tl::expected<Settings, std::vector<SettingError>> read_settings(const std::string& path);
/// The same from text; `path` is what errors name.
[[nodiscard]] tl::expected<Settings, std::vector<SettingError>> parse_settings(std::string_view toml,
                                                                               const std::string& path);

enum class Sources { omitted, shown };

/// The settings in force as a TOML file that means the same; contains no secret. With sources, a comment
/// behind each setting says where its value comes from.
[[nodiscard]] std::string to_toml(const Settings& settings, Sources sources = Sources::omitted);

/// What a policy is made of, written likewise: the organisations and the limits.
[[nodiscard]] std::string policy_to_toml(const Settings& settings);

/// The keys (such as `store.url`) that differ and take effect only after a restart of the daemon. All others
/// take effect on reload.
[[nodiscard]] std::vector<std::string> need_restart(const Settings& running, const Settings& wanted);

/// The sample configuration: every setting with its meaning, range and default.
[[nodiscard]] std::string sample_settings();

/// The same for usher.toml(5), as mdoc(7).
[[nodiscard]] std::string settings_manual();

/// What is wrong with the files that the settings name (password, secret, certificate authorities), a message
/// each.
[[nodiscard]] std::vector<std::string> check_files(const Settings& settings);

/// The address Usher logs in with, without resource.
[[nodiscard]] std::string own_address(const ConnectionSettings& connection);

/// The file of what Usher logs in with: the component's secret, or the account's password.
[[nodiscard]] const std::string& credentials_file(const ConnectionSettings& connection);

/// Whether that name or address is this machine's own, not only now.
[[nodiscard]] bool is_loopback(std::string_view host);

}  // namespace usher
