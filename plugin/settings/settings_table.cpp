#include "plugin/settings/settings_table.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <span>
#include <utility>

#include "plugin/files/unix_socket.h"

namespace usher
{

namespace
{

// ---- what a text may be --------------------------------------------------------------------------------

bool one_of(std::string_view characters, char c)
{
    return characters.find(c) != std::string_view::npos;
}

bool is_letter_or_digit(char c)
{
    return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

bool has_control_character(std::string_view text)
{
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

bool is_ip_address(int family, std::string_view text)
{
    std::array<unsigned char, sizeof(in6_addr)> address{};
    return inet_pton(family, std::string(text).c_str(), address.data()) == 1;
}

/// A prepared domain that a server could have. Preparation lets pass what can only be a slip here: a list in
/// one text, a port, a URL.
bool is_domain(std::string_view domain)
{
    if (domain.starts_with('[') && domain.ends_with(']')) {
        return is_ip_address(AF_INET6, domain.substr(1, domain.size() - 2));
    }
    const bool plain = std::all_of(domain.begin(), domain.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x80 || is_letter_or_digit(c) || one_of("-_.", c);
    });
    return plain && !domain.empty() && !domain.starts_with('.') && !domain.ends_with('.') &&
           domain.find("..") == std::string_view::npos;
}

bool is_host(std::string_view host)
{
    constexpr std::size_t kLongestName = 253;  // RFC 1035 section 2.3.4, without the root
    if (one_of(host, ':')) {
        return is_ip_address(AF_INET6, host);
    }
    if (host.find_first_not_of("0123456789.") == std::string_view::npos) {
        return is_ip_address(AF_INET, host);
    }
    return host.size() <= kLongestName && is_domain(host) &&
           std::all_of(host.begin(), host.end(),
                       [](char c) { return is_letter_or_digit(c) || one_of("-_.", c); });
}

bool is_path(std::string_view path)
{
    return path.starts_with('/') && !path.ends_with('/') && !has_control_character(path);
}

bool is_socket_path(std::string_view path)
{
    return is_path(path) && path.size() <= kMaxSocketPathBytes;
}

bool is_name(std::string_view name)
{
    return !name.empty() && !name.starts_with(' ') && !name.ends_with(' ') && !has_control_character(name);
}

/// A connection string is printed by `--check` and written to the log, so no password may stand in it.
bool is_store_url(std::string_view url)
{
    constexpr std::string_view kSqlite = "sqlite3://";
    constexpr std::string_view kPostgres = "postgresql://";
    if (has_control_character(url)) {
        return false;
    }
    if (url.starts_with(kSqlite)) {
        // A path with white space would be taken for options of the database library.
        return url.size() > kSqlite.size() + 1 && url[kSqlite.size()] == '/' && !one_of(url, ' ');
    }
    if (!url.starts_with(kPostgres)) {
        return false;
    }
    url.remove_prefix(kPostgres.size());
    std::string compact(url);
    std::erase(compact, ' ');
    const std::size_t first_key = url.find_first_not_of("abcdefghijklmnopqrstuvwxyz_");
    return first_key != 0 && first_key != std::string_view::npos && one_of("= ", url[first_key]) &&
           compact.find("password=") == std::string::npos;
}

std::optional<Address> read_address(std::string_view text)
{
    auto address = Address::prepare(text);
    if (!address || one_of(text, '/') || !is_domain(address->domain())) {
        return std::nullopt;
    }
    return address;
}

std::optional<std::string> read_domain(std::string_view text)
{
    auto domain = prepare_domain(text);
    if (!domain || !is_domain(*domain)) {
        return std::nullopt;
    }
    return domain;
}

std::optional<Pattern> read_pattern(std::string_view text)
{
    auto pattern = Pattern::read(text);
    if (!pattern || pattern->kind == Pattern::Kind::everybody) {
        return pattern;
    }
    const std::size_t at = pattern->text.rfind('@');
    if (!is_domain(at == std::string::npos ? pattern->text : pattern->text.substr(at + 1))) {
        return std::nullopt;
    }
    return pattern;
}

std::optional<Pattern> read_domain_pattern(std::string_view text)
{
    auto pattern = read_pattern(text);
    if (!pattern || pattern->kind == Pattern::Kind::everybody || pattern->kind == Pattern::Kind::address) {
        return std::nullopt;
    }
    return pattern;
}

const std::string& text_of(const std::string& domain)
{
    return domain;
}

const std::string& text_of(const Address& address)
{
    return address.text();
}

// ---- kinds of values -----------------------------------------------------------------------------------

/// Whoever wrote `port = "5222"` or `option = true` wants to know about the quotes, too.
std::string accepted_beside(const toml::value& value, const std::string& accepted, bool text_expected)
{
    if (!text_expected && value.is_string()) {
        return accepted + " (without quotes)";
    }
    if (text_expected && !value.is_string() && !value.is_array() && !value.is_table()) {
        return accepted + " (in quotes)";
    }
    return accepted;
}

const std::string* string_in(const toml::value& value)
{
    return value.is_string() ? &value.as_string(std::nothrow).str : nullptr;
}

template <typename Owner>
Kind<Owner> flag(bool Owner::*member)
{
    const std::string accepted = "true, false";
    return {accepted,
            [=](Owner& owner, const toml::value& value, const Refuse& refuse) {
                if (value.is_boolean()) {
                    owner.*member = value.as_boolean(std::nothrow);
                } else {
                    refuse(value, accepted_beside(value, accepted, false));
                }
            },
            [=](const Owner& owner) { return std::string(owner.*member ? "true" : "false"); }};
}

template <typename Owner, typename Number>
Kind<Owner> number(Number Owner::*member, std::int64_t least, std::int64_t most, const std::string& note = {})
{
    const std::string accepted =
        "a whole number from " + std::to_string(least) + " to " + std::to_string(most) + note;
    return {accepted,
            [=](Owner& owner, const toml::value& value, const Refuse& refuse) {
                const std::int64_t found = value.is_integer() ? value.as_integer(std::nothrow) : least - 1;
                if (found < least || found > most) {
                    refuse(value, accepted_beside(value, accepted, false));
                } else {
                    owner.*member = static_cast<Number>(found);
                }
            },
            [=](const Owner& owner) { return std::to_string(owner.*member); }};
}

template <typename Value>
using Names = std::vector<std::pair<std::string, Value>>;

template <typename Owner, typename Value>
Kind<Owner> choice(Value Owner::*member, const Names<Value>& names)
{
    std::string accepted;
    for (const auto& name : names) {
        accepted += (accepted.empty() ? "" : ", ") + name.first;
    }
    return {accepted,
            [=](Owner& owner, const toml::value& value, const Refuse& refuse) {
                const std::string* text = string_in(value);
                const auto found = std::find_if(names.begin(), names.end(), [text](const auto& name) {
                    return text != nullptr && name.first == *text;
                });
                if (found == names.end()) {
                    refuse(value, accepted_beside(value, accepted, true));
                } else {
                    owner.*member = found->second;
                }
            },
            [=](const Owner& owner) {
                const auto found = std::find_if(names.begin(), names.end(), [&](const auto& name) {
                    return name.second == owner.*member;
                });
                return found == names.end() ? std::string() : toml_string(found->first);
            }};
}

template <typename Owner>
Kind<Owner> text(std::string Owner::*member, const std::string& accepted, bool (*fits)(std::string_view))
{
    return {accepted,
            [=](Owner& owner, const toml::value& value, const Refuse& refuse) {
                const std::string* found = string_in(value);
                if (found == nullptr || !fits(*found)) {
                    refuse(value, accepted_beside(value, accepted, true));
                } else {
                    owner.*member = *found;
                }
            },
            [=](const Owner& owner) {
                return (owner.*member).empty() ? std::string() : toml_string(owner.*member);
            }};
}

/// A text that is prepared, and may be unset.
template <typename Owner, typename Value>
Kind<Owner> prepared(std::optional<Value> Owner::*member, const std::string& accepted,
                     std::optional<Value> (*read)(std::string_view))
{
    return {accepted,
            [=](Owner& owner, const toml::value& value, const Refuse& refuse) {
                const std::string* found = string_in(value);
                if (found != nullptr) {
                    owner.*member = read(*found);
                }
                if (!(owner.*member)) {
                    refuse(value, accepted_beside(value, accepted, true));
                }
            },
            [=](const Owner& owner) {
                return owner.*member ? toml_string(text_of(*(owner.*member))) : std::string();
            }};
}

/// In one line where it is short, else one element a line.
std::string list_of(const std::vector<std::string>& texts)
{
    constexpr std::size_t kLongestLine = 80;
    std::string line;
    std::string lines;
    for (const std::string& text : texts) {
        const std::string element = toml_string(text);
        line += (line.empty() ? "" : ", ") + element;
        lines += "    " + element + ",\n";
    }
    return line.size() <= kLongestLine ? "[" + line + "]" : "[\n" + lines + "]";
}

/// What a list takes: as a whole, and each element.
struct Accepted {
    std::string list;
    std::string element;
    std::size_t least;  ///< elements
};

/// Calls `insert` with every element that `read` takes, refuses the others.
template <typename Value, typename Insert>
void read_list(const toml::value& value, const Refuse& refuse, const Accepted& accepted,
               std::optional<Value> (*read)(std::string_view), Insert insert)
{
    if (!value.is_array() || value.size() < accepted.least) {
        refuse(value, accepted.list);
        return;
    }
    for (const toml::value& element : value.as_array(std::nothrow)) {
        const std::string* found = string_in(element);
        std::optional<Value> member = found != nullptr ? read(*found) : std::nullopt;
        if (member) {
            insert(*std::move(member));
        } else {
            refuse(element, accepted_beside(element, accepted.element, true));
        }
    }
}

template <typename Owner, typename Value>
Kind<Owner> list(std::vector<Value> Owner::*member, const Accepted& accepted,
                 std::optional<Value> (*read)(std::string_view))
{
    return {accepted.list,
            [=](Owner& owner, const toml::value& value, const Refuse& refuse) {
                (owner.*member).clear();
                read_list(value, refuse, accepted, read,
                          [&](Value element) { (owner.*member).push_back(std::move(element)); });
            },
            [=](const Owner& owner) {
                std::vector<std::string> texts;
                for (const Value& element : owner.*member) {
                    if constexpr (std::is_same_v<Value, Pattern>) {
                        texts.push_back(to_string(element));
                    } else {
                        texts.push_back(text_of(element));
                    }
                }
                return list_of(texts);
            }};
}

Kind<Federation> domain_set(DomainSet Federation::*member, const Accepted& accepted)
{
    return {accepted.list,
            [=](Federation& owner, const toml::value& value, const Refuse& refuse) {
                read_list(value, refuse, accepted, &read_domain_pattern,
                          [&](const Pattern& pattern) { (owner.*member).insert(pattern); });
            },
            [=](const Federation& owner) {
                std::vector<std::string> texts;
                for (const Pattern& pattern : (owner.*member).patterns()) {
                    texts.push_back(to_string(pattern));
                }
                return list_of(texts);
            }};
}

template <typename Value, std::size_t size>
Names<Value> names_of(const std::array<Value, size>& values)
{
    Names<Value> names;
    for (const Value value : values) {
        names.emplace_back(name(value), value);
    }
    return names;
}

/// XEP-0114 knows no TLS: for a component there is nothing to require.
Kind<ConnectionSettings> tls()
{
    auto kind = choice<ConnectionSettings, bool>(&ConnectionSettings::tls_required,
                                                 {{"required", true}, {"off", false}});
    kind.write = [write = kind.write](const ConnectionSettings& connection) {
        return connection.component && connection.tls_required ? std::string() : write(connection);
    };
    return kind;
}

// ---- the settings --------------------------------------------------------------------------------------

using enum Presence;
using enum Change;

constexpr std::int64_t kMaxApprovals = 1'000'000;
constexpr std::int64_t kMaxDays = 36'500;
constexpr std::int64_t kMaxReads = 1'000;

constexpr const char* kPath = "an absolute path";
constexpr const char* kNoLimit = " (0: no limit)";

Section<ConnectionSettings> connection()
{
    using C = ConnectionSettings;
    return {
        "connection",
        false,
        false,
        "The server, and who Usher is there: a privileged account, or an external component.",
        {
            {"host", defaulted, on_restart, text(&C::host, "a host name or an IP address", is_host),
             "Where the server listens for clients, or for components."},
            {"port", optional, on_restart, number(&C::port, 1, 65535),
             "Without this setting: 5222 for an account, 5347 for a component."},
            {"account", optional, on_restart,
             prepared(&C::account, "an address such as usher@example.org", read_address),
             "The address of the privileged account (XEP-0356). Either this or component must be given.",
             "\"usher@example.org\"", true},
            {"password_file", optional, on_restart, text(&C::password_file, kPath, is_path),
             "The account's password: the file's first line. Others than owner and group must not be able "
             "to read the file.",
             "\"/etc/usher/password\"", true},
            {"tls", defaulted, on_restart, tls(),
             "Whether an account's connection must be encrypted. off is accepted for a loopback host only. "
             "Components connect without TLS (XEP-0114)."},
            {"ca_file", optional, on_restart, text(&C::ca_file, kPath, is_path),
             "The certificate authorities to trust, as a PEM file. Without this setting: the system's.",
             "\"/etc/ssl/certs/ca-certificates.crt\""},
            {"component", optional, on_restart,
             prepared(&C::component, "a domain such as usher.example.org", read_domain),
             "The domain of the external component (XEP-0114), instead of account.", "\"usher.example.org\""},
            {"secret_file", optional, on_restart, text(&C::secret_file, kPath, is_path),
             "The component's secret, kept like a password.", "\"/etc/usher/secret\""},
            {"stock_reads_per_second", defaulted, on_reload, number(&C::stock_reads_per_second, 1, kMaxReads),
             "With stock = \"approve\" in an organization: how many rosters are read per second at most to "
             "find requests."},
        },
    };
}

Section<OrganizationSettings> organization()
{
    using O = OrganizationSettings;
    return {
        "organization",
        true,
        false,
        "Domains under one administration, and how requests to their users are handled. May be repeated.",
        {
            {"name", required, on_reload, text<O>(&O::name, "a name, one line of text", is_name),
             "What users, journal and log call it. Each organization has a name of its own.", "\"Example\""},
            {"domains", required, on_reload,
             list<O, std::string>(
                 &O::domains,
                 {"a list of at least one domain, such as [\"example.org\", \"example.com\"]",
                  "a domain such as example.org, each exact, without *", 1},
                 read_domain),
             "Its domains, each exact: a subdomain is another domain. A domain is of one organization only.",
             "[\"example.org\", \"example.com\"]"},
            {"users_may_choose", defaulted, on_reload, flag<O>(&O::users_may_choose),
             "Allow users to set \"Options for contact list requests\". If not, the option below is in force "
             "for everybody."},
            {"option", defaulted, on_reload, choice<O, Option>(&O::option, names_of(kOptions)),
             "The option in force; with users_may_choose the one that users start from. all: accept requests "
             "automatically from all contacts. organization: accept requests automatically from contacts in "
             "the organization. prompt: prompt users for each request."},
            {"approve_contacts_users_asked_for", defaulted, on_reload,
             flag<O>(&O::approve_contacts_users_asked_for),
             "Approve the requests of contacts whom the user herself has asked to see."},
            {"ask_back", defaulted, on_reload, flag<O>(&O::ask_back),
             "After an automatic approval, subscribe the user to the contact in return."},
            {"stock", defaulted, on_reload, choice<O, bool>(&O::stock, {{"off", false}, {"approve", true}}),
             "For those of the domains where the server has no connector. off: no requests are seen there. "
             "approve: a makeshift for servers with XEP-0356. Requests between users of the server are found "
             "in "
             "rosters and approved by changing rosters. Requests from other servers are not seen, nothing is "
             "denied, users are sent every request, and the stored request is not cleared: Prosody 0.12 "
             "shows "
             "it again at the next login. Needs the permissions roster = \"both\" and presence = "
             "\"managed_entity\". Not for ejabberd."},
            {"administrators", defaulted, on_reload,
             list<O, Address>(&O::administrators,
                              {"a list of addresses such as [\"admin@example.org\"]",
                               "an address such as admin@example.org", 0},
                              read_address),
             "Who may change the organization's settings in an XMPP client. Addresses of its own domains.",
             "[\"admin@example.org\"]"},
        },
    };
}

Section<Rule> rule()
{
    constexpr std::string_view kForms = "* or *.example.org or example.org or eve@example.org";
    const Accepted patterns{
        "a list of at least one of \"*\", \"*.example.org\", \"example.org\", \"eve@example.org\"",
        std::string(kForms), 1};
    return {
        "organization.rule",
        true,
        true,
        "A rule, tried before everything else. May be repeated; the first that matches decides. * is "
        "everybody, example.org every address of exactly this domain, *.example.org of all domains below "
        "it, eve@example.org one address.",
        {
            {"from", required, on_reload, list(&Rule::from, patterns, read_pattern),
             "The contacts: who sends the request.", "[\"*.spam.example\", \"eve@example.net\"]"},
            {"to", defaulted, on_reload, list(&Rule::to, patterns, read_pattern),
             "The users: who receives it."},
            {"answer", required, on_reload,
             choice(&Rule::answer, names_of(std::array{Answer::approve, Answer::deny, Answer::leave})),
             "approve and deny on the user's behalf, or leave the request to the user.", "\"deny\""},
        },
        Rule{{}, {Pattern{Pattern::Kind::everybody, {}}}},
    };
}

Section<Federation> federation()
{
    using F = Federation;
    return {
        "organization.federation",
        false,
        false,
        "Requests from other domains than the organization's.",
        {
            {"mode", defaulted, on_reload,
             choice<F, FederationMode>(&F::mode, {{"open", FederationMode::open},
                                                  {"closed", FederationMode::closed},
                                                  {"listed", FederationMode::listed}}),
             "open: handled like all others. closed: shut out. listed: shut out but for the domains listed."},
            {"domains", defaulted, on_reload,
             domain_set(&F::domains, {"a list of domains such as [\"example.net\", \"*.example.net\"]",
                                      "a domain such as example.net or *.example.net", 0}),
             "With mode = \"listed\": the domains let in. *.example.net is every domain below example.net, "
             "not example.net itself."},
            {"answer", defaulted, on_reload,
             choice(&F::answer, names_of(std::array{Answer::leave, Answer::deny})),
             "For requests that are shut out: leave them to the user, or deny them."},
        },
    };
}

Section<Limits> limits()
{
    using L = Limits;
    return {
        "limits",
        false,
        false,
        "Against abuse: automatic approvals within an hour. Requests beyond a limit are left to the users.",
        {
            {"approvals_per_contact_per_hour", defaulted, on_reload,
             number(&L::per_contact, 0, kMaxApprovals, kNoLimit), "From one contact, to whomever."},
            {"approvals_per_domain_per_hour", defaulted, on_reload,
             number(&L::per_domain, 0, kMaxApprovals, kNoLimit),
             "From all contacts of one domain outside the organization."},
            {"approvals_per_user_per_hour", defaulted, on_reload,
             number(&L::per_user, 0, kMaxApprovals, kNoLimit), "To one user."},
        },
    };
}

Section<StoreSettings> store()
{
    using S = StoreSettings;
    return {
        "store",
        false,
        false,
        "Where users' choices and the journal are kept.",
        {
            {"url", defaulted, on_restart,
             text(&S::url,
                  "sqlite3://FILE, or postgresql://KEY=VALUE ... without a password (use passfile=FILE)",
                  is_store_url),
             "For example postgresql://host=db.example.org dbname=usher passfile=/etc/usher/pgpass"},
            {"journal_days", defaulted, on_reload, number(&S::journal_days, 0, kMaxDays, " (0: for ever)"),
             "How long decisions are kept in the journal. What is older is deleted every twelve hours, the "
             "first time twelve hours after the start. A clock that is set ahead is not believed for as "
             "long, with a warning in the log: put right by then, it has deleted nothing."},
        },
    };
}

Section<Settings> control()
{
    return {
        "control",
        false,
        false,
        "How usherctl, and programs that speak HTTP and JSON, reach the daemon.",
        {
            {"socket", defaulted, on_restart,
             text(&Settings::control_socket,
                  std::string(kPath) + " of at most " + std::to_string(kMaxSocketPathBytes) + " bytes",
                  is_socket_path),
             "The Unix socket, in a directory that exists. Owner and group of usherd can open it, and "
             "whoever "
             "can may do everything."},
            {"metrics_port", defaulted, on_restart, number(&Settings::metrics_port, 0, 65535, " (0: none)"),
             "A port at 127.0.0.1 for Prometheus, which everybody on this machine can read. The metrics name "
             "no user and no contact."},
        },
    };
}

Section<Settings> log()
{
    return {
        "log",
        false,
        false,
        "What the daemon says on its standard error output.",
        {
            {"level", defaulted, on_reload,
             choice<Settings, std::string>(&Settings::log_level, {{"trace", "trace"},
                                                                  {"debug", "debug"},
                                                                  {"info", "info"},
                                                                  {"warning", "warning"},
                                                                  {"error", "error"}}),
             "The least important messages that are written."},
        },
    };
}

}  // namespace

std::string toml_string(std::string_view text)
{
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < ' ' || byte == 0x7f) {
            std::array<char, 8> escape{};
            std::snprintf(escape.data(), escape.size(), "\\u%04X", static_cast<unsigned>(byte));
            out += escape.data();
        } else {
            out += c;
        }
    }
    return out + '"';
}

const SettingsTable& settings_table()
{
    static const SettingsTable table{connection(), organization(), rule(),    federation(),
                                     limits(),     store(),        control(), log()};
    return table;
}

}  // namespace usher
