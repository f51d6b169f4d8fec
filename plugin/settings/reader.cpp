#include "plugin/settings/reader.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "plugin/files/regular_file.h"
#include "plugin/settings/group_names.h"
#include "plugin/settings/host_port.h"
#include "plugin/settings/ldap_url.h"
#include "plugin/settings/settings_table.h"
#include "plugin/settings/spelling.h"
#include "plugin/settings/syntax.h"
#include "plugin/settings/toml_file.h"
#include "plugin/settings/toml_value.h"
#include "plugin/text/lists.h"

namespace usher
{

namespace
{

/// A file of megabytes may have as many errors; whoever mends these sees the next ones.
constexpr std::size_t kMaxErrors = 100;

constexpr std::size_t kMaxBytes = std::size_t{16} * 1024 * 1024;

std::vector<std::string> headers_with(std::string_view key)
{
    std::vector<std::string> headers;
    settings_table().each([&](const auto& section) {
        if (section.find(key) != nullptr) {
            headers.push_back(header(section));
        }
    });
    return headers;
}

/// What may stand instead of an unknown key.
std::string instead_of(std::string_view key, const std::vector<std::string_view>& names)
{
    if (const std::string_view near = nearest(key, names); !near.empty()) {
        return std::string(near) + " (is that what was meant?)";
    }
    if (const auto headers = headers_with(key); !headers.empty()) {
        return joined(names) + " (" + std::string(key) + " belongs in " + joined(headers) + ")";
    }
    return joined(names);
}

/// The key as it would be written, so that an odd one cannot be mistaken.
std::string written_key(const std::string& key)
{
    const bool bare = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
    });
    return shortened(bare ? key : toml_string(key));
}

const toml::value* find(const toml::table& table, const std::string& key)
{
    const auto found = table.find(key);
    return found == table.end() ? nullptr : &found->second;
}

/// Reads one file: what the table of settings says of each value, then what settings mean together.
class Reader
{
  public:
    Reader(const TomlFile& file, const std::string& path) : file_(file), path_(path)
    {
        settings_.file = path;
    }

    ReadSettings read()
    {
        read_root(file_.root().as_table(std::nothrow));
        return outcome();
    }

    ReadSettings read_policy()
    {
        const toml::table& table = file_.root().as_table(std::nothrow);
        refuse_unknown(table, "", {"organization", "limits"});
        has_ldap_ = true;  // where the policy was in force
        read_organizations(find(table, "organization"));
        read_plain(table, "limits", settings_table().limits, settings_.limits);
        return outcome();
    }

  private:
    ReadSettings outcome()
    {
        if (errors_.empty()) {
            return std::move(settings_);
        }
        std::stable_sort(errors_.begin(), errors_.end(), [](const SettingError& a, const SettingError& b) {
            return std::tie(a.line, a.key) < std::tie(b.line, b.key);
        });
        return tl::unexpected(std::move(errors_));
    }

    void refuse(std::uint32_t line, const std::string& key, const std::string& found,
                const std::string& accepted)
    {
        if (errors_.size() < kMaxErrors) {
            errors_.push_back({path_, line, key, found, accepted});
        }
    }

    [[nodiscard]] std::uint32_t line_of(const toml::value& value) const { return file_.line_of(value); }
    [[nodiscard]] std::string found_in(const toml::value& value) const { return file_.found_in(value); }

    /// Reads the settings of `section` from `table`; `subsections` are read elsewhere. `place` is the
    /// section's name among the lines, where it is another than that for people.
    template <typename Owner>
    void read_section(const Section<Owner>& section, const toml::value& value, Owner& owner,
                      const std::vector<std::string_view>& subsections = {}, const std::string& place = {})
    {
        const toml::table& table = value.as_table(std::nothrow);
        const std::string prefix = std::string(section.name) + ".";
        std::vector<std::string_view> names;
        for (const Setting<Owner>& setting : section.settings) {
            names.push_back(setting.key);
            const std::string key = prefix + std::string(setting.key);
            const toml::value* given = find(table, std::string(setting.key));
            if (given != nullptr) {
                settings_.lines.set((place.empty() ? prefix : place + ".") + std::string(setting.key),
                                    line_of(*given));
                setting.kind.read(owner, TomlFile::plain(*given),
                                  [&](std::optional<std::size_t> element, const std::string& accepted) {
                                      const toml::value& at =
                                          element ? given->as_array(std::nothrow)[*element] : *given;
                                      unsound_.insert(given);
                                      refuse(line_of(at), key, found_in(at), accepted);
                                  });
            } else if (setting.presence == Presence::required) {
                refuse(line_of(value), key, "nothing", setting.kind.accepted);
            }
        }
        names.insert(names.end(), subsections.begin(), subsections.end());
        refuse_unknown(table, prefix, names);
    }

    void refuse_unknown(const toml::table& table, const std::string& prefix,
                        const std::vector<std::string_view>& known)
    {
        for (const auto& [key, value] : table) {
            if (std::find(known.begin(), known.end(), key) == known.end()) {
                refuse(line_of(value), prefix + written_key(key), "an unknown key", instead_of(key, known));
            }
        }
    }

    /// Calls `visit` with every text of a list, even if the list has other faults.
    template <typename Visit>
    static void each_text(const toml::value* list, Visit visit)
    {
        if (list == nullptr || !list->is_array()) {
            return;
        }
        for (const toml::value& element : list->as_array(std::nothrow)) {
            if (element.is_string()) {
                visit(element, TomlFile::text_of(element));
            }
        }
    }

    /// Given, and of a kind and value that can stand there.
    bool sound(const toml::value* value) const { return value != nullptr && !unsound_.contains(value); }

    template <typename Owner>
    bool is_table(const Section<Owner>& section, const toml::value& value)
    {
        if (value.is_table()) {
            return true;
        }
        refuse(line_of(value), std::string(section.name), found_in(value), "the table " + header(section));
        return false;
    }

    using Tables = std::vector<const toml::value*>;

    /// The tables of `[[section]]`, in file order.
    template <typename Owner>
    Tables tables(const Section<Owner>& section, const toml::value* value)
    {
        Tables found;
        if (value == nullptr) {
            return found;
        }
        if (!value->is_array()) {
            refuse(line_of(*value), std::string(section.name), found_in(*value), header(section));
            return found;
        }
        for (const toml::value& element : value->as_array(std::nothrow)) {
            if (is_table(section, element)) {
                found.push_back(&element);
            }
        }
        return found;
    }

    void read_root(const toml::table& table)
    {
        const SettingsTable& all = settings_table();
        refuse_unknown(table, "",
                       {"connection", "organization", "limits", "ldap", "store", "control", "web", "log"});

        has_ldap_ = find(table, "ldap") != nullptr;
        const toml::value* connection = find(table, "connection");
        if (connection == nullptr) {
            refuse(0, "connection", "nothing", "[connection] with account or component");
        } else if (is_table(all.connection, *connection)) {
            read_connection(*connection);
        }
        read_organizations(find(table, "organization"));
        read_plain(table, "limits", all.limits, settings_.limits);
        read_plain(table, "ldap", all.ldap, settings_.ldap);
        read_plain(table, "store", all.store, settings_.store);
        read_plain(table, "control", all.control, settings_);
        read_plain(table, "web", all.web, settings_.web);
        read_plain(table, "log", all.log, settings_);
        if (connection != nullptr && connection->is_table()) {
            refuse_component_of_organization(*connection);
        }
        for (const auto& [value, length] : lengths_) {
            if (const std::string accepted = settings_.store.why_not_for(length); !accepted.empty()) {
                refuse(line_of(*value), "organization.rule.for", found_in(*value), accepted);
            }
        }
        if (const toml::value* ldap = find(table, "ldap"); ldap != nullptr && ldap->is_table()) {
            check_ldap(ldap->as_table(std::nothrow));
        }
        if (const toml::value* web = find(table, "web"); web != nullptr && web->is_table()) {
            check_web(web->as_table(std::nothrow));
        }
    }

    template <typename Owner>
    void read_plain(const toml::table& table, const char* name, const Section<Owner>& section, Owner& owner)
    {
        const toml::value* value = find(table, name);
        if (value != nullptr && is_table(section, *value)) {
            read_section(section, *value, owner);
        }
    }

    void check_ldap(const toml::table& table)
    {
        const LdapSettings& ldap = settings_.ldap;
        require_both(table, "bind_dn", "password_file",
                     "the DN whose password it is, because password_file is given");
        require_both(table, "password_file", "bind_dn", "an absolute path, because bind_dn is given");
        const toml::value* tls = find(table, "tls");
        if (sound(tls) && sound(find(table, "url")) && !ldap.tls_required) {
            if (ldap.url.starts_with("ldaps:")) {
                refuse(line_of(*tls), "ldap.tls", "\"off\" with " + toml_string(ldap.url),
                       "required, or a URL with ldap://");
            } else if (const std::string host = parse_ldap_url(ldap.url)->host; !is_loopback(host)) {
                refuse(line_of(*tls), "ldap.tls", "\"off\" with the host " + toml_string(host),
                       "required, or a loopback host (127.0.0.1, ::1, localhost)");
            }
        }
        if (const toml::value* domain = find(table, "domain"); sound(domain)) {
            settings_.ldap.domain = *syntax::read_domain(ldap.domain);
            const auto has_it = [&](const Organization& organization) {
                const auto& all = organization.domains;
                return std::find(all.begin(), all.end(), ldap.domain) != all.end();
            };
            const auto& all = settings_.organizations;
            if (std::none_of(all.begin(), all.end(), has_it)) {
                refuse(line_of(*domain), "ldap.domain", found_in(*domain), "a domain of an organization");
            }
        }
    }

    /// A cookie that everybody on the way can read would be everybody's: beyond this machine there has to be TLS.
    void check_web(const toml::table& table)
    {
        const toml::value* listen = find(table, "listen");
        if (!sound(listen) || is_loopback(parse_host_port(settings_.web.listen)->host)) {
            return;
        }
        const toml::value* url = find(table, "url");
        if (url == nullptr || (sound(url) && !settings_.web.url.starts_with("https://"))) {
            refuse(line_of(url != nullptr ? *url : *listen), "web.url",
                   url != nullptr ? found_in(*url) : "nothing",
                   "a URL with https://, because listen is no loopback address");
        }
    }

    /// `wanted` is given if `given` is.
    void require_both(const toml::table& table, const std::string& wanted, const std::string& given,
                      const std::string& accepted)
    {
        const toml::value* one = find(table, given);
        if (one != nullptr && find(table, wanted) == nullptr) {
            refuse(line_of(*one), "ldap." + wanted, "nothing", accepted);
        }
    }

    /// `value` makes sense with `[ldap]` only.
    void refuse_without_ldap(const toml::value& value, const std::string& key)
    {
        if (!has_ldap_) {
            refuse(line_of(value), key, found_in(value) + " without [ldap]",
                   "the section [ldap], with url and base");
        }
    }

    void read_connection(const toml::value& value)
    {
        ConnectionSettings& connection = settings_.connection;
        read_section(settings_table().connection, value, connection);

        constexpr std::uint16_t kClientPort = 5222;
        constexpr std::uint16_t kComponentPort = 5347;
        const toml::table& table = value.as_table(std::nothrow);
        const toml::value* account = find(table, "account");
        const toml::value* component = find(table, "component");
        if (find(table, "port") == nullptr) {
            connection.port = account != nullptr ? kClientPort : kComponentPort;
        }
        if (account == nullptr && component == nullptr) {
            refuse(line_of(value), "connection", "neither account nor component", "one of them");
        } else if (account != nullptr && component != nullptr) {
            refuse(line_of(*component), "connection.component", "both component and account", "one of them");
        } else {
            require_file(table, "account", "password_file");
            require_file(table, "component", "secret_file");
        }

        const toml::value* tls = find(table, "tls");
        if (!sound(tls)) {
            return;
        }
        const toml::value* host = find(table, "host");
        if (!connection.tls_required && (host == nullptr || sound(host)) && !is_loopback(connection.host)) {
            refuse(line_of(*tls), "connection.tls", "\"off\" with the host " + toml_string(connection.host),
                   "required, or a loopback host (127.0.0.1, ::1, localhost)");
        }
        if (connection.tls_required && component != nullptr && account == nullptr) {
            refuse(line_of(*tls), "connection.tls", "\"required\" with a component",
                   "no such setting: components connect without TLS (XEP-0114)");
        }
    }

    /// `file` is given exactly when `identity` is.
    void require_file(const toml::table& table, const std::string& identity, const std::string& file)
    {
        const toml::value* who = find(table, identity);
        const toml::value* where = find(table, file);
        if (who != nullptr && where == nullptr) {
            refuse(line_of(*who), "connection." + file, "nothing",
                   "an absolute path, because " + identity + " is given");
        }
        if (who == nullptr && where != nullptr) {
            refuse(line_of(*where), "connection." + file, found_in(*where),
                   "no such setting without " + identity);
        }
    }

    void read_organizations(const toml::value* value)
    {
        const auto organizations = tables(settings_table().organization, value);
        if (organizations.empty() && (value == nullptr || value->is_array())) {
            refuse(value == nullptr ? 0 : line_of(*value), "organization", "nothing",
                   "at least one [[organization]] with name and domains");
        }
        std::map<std::string, std::uint32_t> names;
        std::map<std::string, std::uint32_t> domains;
        for (const toml::value* organization : organizations) {
            settings_.organizations.push_back(read_organization(*organization, names, domains));
        }
    }

    /// `names` and `domains` remember the line of each that was seen, over all organisations.
    OrganizationSettings read_organization(const toml::value& value,
                                           std::map<std::string, std::uint32_t>& names,
                                           std::map<std::string, std::uint32_t>& domains)
    {
        const SettingsTable& all = settings_table();
        const toml::table& table = value.as_table(std::nothrow);
        const std::size_t index = settings_.organizations.size();
        const std::string place = organization_place(index);
        OrganizationSettings organization;
        read_section(all.organization, value, organization,
                     {"group", "rule", "federation", "people", "archive"}, place);

        if (const toml::value* name = find(table, "name"); sound(name)) {
            const auto [first, fresh] = names.try_emplace(organization.name, line_of(*name));
            if (!fresh) {
                refuse(line_of(*name), "organization.name",
                       found_in(*name) + ", as in line " + std::to_string(first->second),
                       "a name of its own for each organization");
            }
        }
        const toml::value* given = find(table, "domains");
        each_text(given, [&](const toml::value& element, const std::string& domain) {
            const auto [first, fresh] =
                domains.try_emplace(prepare_domain(domain).value_or(domain), line_of(element));
            if (!fresh) {
                refuse(line_of(element), "organization.domains",
                       found_in(element) + ", as in line " + std::to_string(first->second),
                       "each domain once, in one organization");
            }
        });
        if (sound(given)) {
            refuse_foreign(find(table, "administrators"), organization);
        }
        if (const toml::value* group = find(table, "contact_group");
            sound(group) && !organization.name_contacts) {
            refuse(line_of(*group), "organization.contact_group", found_in(*group),
                   "only with name_contacts = true");
        }
        const Tables groups = tables(all.group, find(table, "group"));
        const Tables rules = tables(all.rule, find(table, "rule"));
        read_groups(groups, organization, index);
        read_rules(rules, organization, index);
        refuse_group_names(groups, rules, organization);
        if (const toml::value* federation = find(table, "federation")) {
            if (is_table(all.federation, *federation)) {
                read_federation(*federation, organization.federation, place + ".federation");
            }
        }
        if (const toml::value* people = find(table, "people")) {
            if (is_table(all.people, *people)) {
                read_people(*people, organization.people, place + ".people");
            }
        }
        if (const toml::value* archive = find(table, "archive")) {
            if (is_table(all.archive, *archive)) {
                read_archive(*archive, organization.archive, place + ".archive");
            }
        }
        return organization;
    }

    void read_people(const toml::value& value, PeopleSearch& people, const std::string& place)
    {
        read_section(settings_table().people, value, people, {}, place);
        const toml::table& table = value.as_table(std::nothrow);
        const toml::value* names = find(table, "names");
        const toml::value* file = find(table, "file");
        if (people.names == NamesFrom::ldap) {
            refuse_without_ldap(*names, "organization.people.names");
        }
        if (people.names == NamesFrom::file && file == nullptr) {
            refuse(line_of(*names), "organization.people.file", "nothing",
                   "an absolute path, because names is file");
        }
        if (people.names != NamesFrom::file && sound(file) && (names == nullptr || sound(names))) {
            refuse(line_of(*file), "organization.people.file", found_in(*file), "only with names = \"file\"");
        }
    }

    void read_archive(const toml::value& value, ArchiveWish& archive, const std::string& place)
    {
        read_section(settings_table().archive, value, archive, {}, place);
        const toml::table& table = value.as_table(std::nothrow);
        const toml::value* preference = find(table, "default");
        const toml::value* lock = find(table, "lock");
        if (archive.lock && sound(lock) && !archive.preference &&
            (preference == nullptr || sound(preference))) {
            refuse(line_of(*lock), "organization.archive.lock", "true with default = \"server\"",
                   "false, or another default: always, roster, never");
        }
    }

    void refuse_foreign(const toml::value* administrators, const Organization& organization)
    {
        const std::set<std::string_view> own(organization.domains.begin(), organization.domains.end());
        each_text(administrators, [&](const toml::value& element, const std::string& text) {
            const auto address = Address::prepare(text);
            if (address && !own.contains(address->domain())) {
                refuse(
                    line_of(element), "organization.administrators", found_in(element),
                    "an address of the organization's domains: " + shortened(joined(organization.domains)));
            }
        });
    }

    void read_groups(const Tables& tables, Organization& organization, std::size_t index)
    {
        const auto& section = settings_table().group;
        std::map<std::string, std::uint32_t> names;
        for (const toml::value* table : tables) {
            Group group = section.initial;
            const std::string place = group_place(index, organization.groups.size());
            settings_.lines.set(place, line_of(*table));
            read_section(section, *table, group, {}, place);
            const toml::table& keys = table->as_table(std::nothrow);
            const toml::value* ldap = find(keys, "ldap");
            if (ldap == nullptr && find(keys, "members") == nullptr) {
                refuse(line_of(*table), "organization.group.members", "nothing",
                       section.find("members")->kind.accepted + ", or ldap");
            }
            if (sound(ldap)) {
                refuse_without_ldap(*ldap, "organization.group.ldap");
            }
            if (const toml::value* name = find(keys, "name"); sound(name)) {
                const auto [first, fresh] = names.try_emplace(group.name, line_of(*name));
                if (!fresh) {
                    refuse(line_of(*name), "organization.group.name",
                           found_in(*name) + ", as in line " + std::to_string(first->second),
                           "a name of its own for each group of an organization");
                }
            }
            organization.groups.push_back(std::move(group));
        }
    }

    void refuse_group_names(const Tables& groups, const Tables& rules, const Organization& organization)
    {
        for (const GroupNameError& error : group_name_errors(organization, kMaxErrors)) {
            const toml::value& table = *(error.in_rule ? rules : groups).at(error.place);
            const toml::value* list = find(table.as_table(std::nothrow), std::string(error.key));
            if (sound(list)) {  // else its elements are not those that were read
                const toml::value& element = list->as_array(std::nothrow)[error.element];
                refuse(
                    line_of(element),
                    (error.in_rule ? "organization.rule." : "organization.group.") + std::string(error.key),
                    found_in(element) + error.found, error.accepted);
            }
        }
    }

    void read_rules(const Tables& tables, Organization& organization, std::size_t index)
    {
        const auto& section = settings_table().rule;
        std::size_t pairs = 0;
        for (const toml::value* table : tables) {
            Rule rule = section.initial;
            const std::string place = rule_place(index, organization.rules.size());
            const std::uint32_t line = line_of(*table);
            settings_.lines.set(place, line);
            read_section(section, *table, rule, {}, place);
            rule.place = static_cast<std::uint32_t>(organization.rules.size() + 1);
            const toml::table& keys = table->as_table(std::nothrow);
            if (const toml::value* length = find(keys, "for"); rule.approved_for != std::chrono::seconds(0) &&
                                                               rule.answer != Answer::approve &&
                                                               sound(find(keys, "answer"))) {
                refuse(line_of(*length), "organization.rule.for", found_in(*length),
                       "only with answer = \"approve\"");
            } else if (rule.approved_for != std::chrono::seconds(0)) {
                lengths_.emplace_back(length, rule.approved_for);
            }
            const std::size_t before = pairs;
            pairs += rule.from.size() * rule.to.size();
            if (before <= RuleIndex::kMaxPairs && pairs > RuleIndex::kMaxPairs) {
                refuse(line, "organization.rule",
                       std::to_string(pairs) + " pairs of from and to, up to this rule",
                       "at most " + std::to_string(RuleIndex::kMaxPairs) + " in an organization");
            }
            organization.rules.push_back(std::move(rule));
        }
    }

    void read_federation(const toml::value& value, Federation& federation, const std::string& place)
    {
        read_section(settings_table().federation, value, federation, {}, place);
        const toml::table& table = value.as_table(std::nothrow);
        const toml::value* mode = find(table, "mode");
        const toml::value* domains = find(table, "domains");
        if ((mode != nullptr && !sound(mode)) || (domains != nullptr && !sound(domains))) {
            return;
        }
        const bool listed = federation.mode == FederationMode::listed;
        if (listed && federation.domains.empty()) {
            refuse(line_of(domains != nullptr ? *domains : *mode), "organization.federation.domains",
                   domains != nullptr ? found_in(*domains) : "nothing",
                   "at least one domain, because mode is listed");
        }
        if (!listed && !federation.domains.empty()) {
            refuse(line_of(*domains), "organization.federation.domains", found_in(*domains),
                   "[], or mode = \"listed\" (mode is " + (mode != nullptr ? found_in(*mode) : "\"open\"") +
                       ")");
        }
    }

    void refuse_component_of_organization(const toml::value& connection)
    {
        const toml::value* component = find(connection.as_table(std::nothrow), "component");
        if (!sound(component)) {
            return;
        }
        for (const Organization& organization : settings_.organizations) {
            const auto& domains = organization.domains;
            if (std::find(domains.begin(), domains.end(), *settings_.connection.component) != domains.end()) {
                refuse(
                    line_of(*component), "connection.component",
                    found_in(*component) + ", a domain of the organization " + toml_string(organization.name),
                    "a domain of its own, such as usher." + *settings_.connection.component);
            }
        }
    }

    const TomlFile& file_;
    const std::string& path_;
    Settings settings_;
    bool has_ldap_ = false;
    std::vector<SettingError> errors_;  // the first ones
    std::set<const toml::value*> unsound_;
    std::vector<std::pair<const toml::value*, std::chrono::seconds>> lengths_;  // of rules with `for`
};

}  // namespace

ReadSettings read_settings(const std::string& path)
{
    const auto refused = [&path](const std::string& found) {
        return tl::unexpected(
            std::vector{SettingError{path, 0, "", found, "a readable file of at most 16 MiB"}});
    };
    const auto file = read_regular_file(path, kMaxBytes);
    if (!file) {
        return refused(found_instead(file.error()));
    }
    if (!file->whole) {
        return refused("a file of more than 16 MiB");
    }
    return parse_settings(file->text, path);
}

ReadSettings parse_settings(std::string_view toml, const std::string& path)
{
    const auto file = TomlFile::parse(toml, path);
    if (!file) {
        return tl::unexpected(std::vector{file.error()});
    }
    return Reader(*file, path).read();
}

ReadSettings parse_policy(std::string_view toml, const std::string& path)
{
    const auto file = TomlFile::parse(toml, path);
    if (!file) {
        return tl::unexpected(std::vector{file.error()});
    }
    return Reader(*file, path).read_policy();
}

}  // namespace usher
