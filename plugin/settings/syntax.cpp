#include "plugin/settings/syntax.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "plugin/files/unix_socket.h"
#include "plugin/settings/host_port.h"
#include "plugin/settings/ldap_url.h"

namespace usher::syntax
{

namespace
{

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
bool is_possible_domain(std::string_view domain)
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

}  // namespace

bool is_host(std::string_view host)
{
    constexpr std::size_t kLongestName = 253;  // RFC 1035 section 2.3.4, without the root
    if (one_of(host, ':')) {
        return is_ip_address(AF_INET6, host);
    }
    if (host.find_first_not_of("0123456789.") == std::string_view::npos) {
        return is_ip_address(AF_INET, host);
    }
    return host.size() <= kLongestName && is_possible_domain(host) &&
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

bool is_contact_group(std::string_view name)
{
    constexpr std::size_t kMaxBytes = 256;  // ContactLabel::kMaxBytes, in a room that is not below this one
    const auto is_c1_control = [](char first, char second) {  // U+0080 to U+009F
        return first == '\xc2' && static_cast<unsigned char>(second) < 0xa0;
    };
    return is_name(name) && name.size() <= kMaxBytes &&
           std::adjacent_find(name.begin(), name.end(), is_c1_control) == name.end();
}

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

bool is_listen(std::string_view text)
{
    const auto where = parse_host_port(text);
    return where && where->port &&
           (is_ip_address(AF_INET, where->host) || is_ip_address(AF_INET6, where->host));
}

bool is_web_url(std::string_view url)
{
    const auto scheme = {std::string_view("https://"), std::string_view("http://")};
    return std::any_of(scheme.begin(), scheme.end(), [url](std::string_view begin) {
        if (!url.starts_with(begin)) {
            return false;
        }
        const std::string_view rest = url.substr(begin.size());
        return parse_host_port(rest.ends_with('/') ? rest.substr(0, rest.size() - 1) : rest).has_value();
    });
}

bool is_ldap_url(std::string_view url)
{
    return parse_ldap_url(url).has_value();
}

bool is_ldap_filter(std::string_view filter)
{
    int open = 0;
    for (std::size_t i = 0; i < filter.size(); ++i) {
        open += filter[i] == '(' ? 1 : 0;
        open -= filter[i] == ')' ? 1 : 0;
        if (open < 1 && i + 1 < filter.size()) {
            return false;
        }
    }
    return !filter.empty() && open == 0 && one_of(filter, '=') && !has_control_character(filter);
}

bool is_dn(std::string_view name)
{
    const std::size_t equals = name.find('=');
    return equals != 0 && equals != std::string_view::npos && !name.starts_with('(') &&
           !name.starts_with(' ') && !name.ends_with(' ') && !has_control_character(name);
}

bool is_ldap_group(std::string_view text)
{
    return text.starts_with('(') ? is_ldap_filter(text) : is_dn(text);
}

bool is_ldap_attribute(std::string_view name)
{
    return !name.empty() && std::all_of(name.begin(), name.end(),
                                        [](char c) { return is_letter_or_digit(c) || one_of("-.;", c); });
}

bool is_ldap_attribute_or_empty(std::string_view name)
{
    return name.empty() || is_ldap_attribute(name);
}

bool is_domain(std::string_view text)
{
    return read_domain(text).has_value();
}

std::optional<Address> read_address(std::string_view text)
{
    auto address = Address::prepare(text);
    if (!address || one_of(text, '/') || !is_possible_domain(address->domain())) {
        return std::nullopt;
    }
    return address;
}

std::optional<std::string> read_domain(std::string_view text)
{
    auto domain = prepare_domain(text);
    if (!domain || !is_possible_domain(*domain)) {
        return std::nullopt;
    }
    return domain;
}

std::optional<Pattern> read_pattern(std::string_view text)
{
    auto pattern = Pattern::read(text);
    if (!pattern || pattern->kind == Pattern::Kind::everybody || pattern->kind == Pattern::Kind::group) {
        return pattern;
    }
    const std::size_t at = pattern->text.rfind('@');
    if (!is_possible_domain(at == std::string::npos ? pattern->text : pattern->text.substr(at + 1))) {
        return std::nullopt;
    }
    return pattern;
}

std::optional<AccountPattern> read_account_pattern(std::string_view text)
{
    auto pattern = AccountPattern::read(text);
    if (!pattern) {
        return std::nullopt;
    }
    const std::string_view domain = std::string_view(pattern->text()).substr(pattern->text().rfind('@') + 1);
    return domain == "*" || is_possible_domain(domain) ? std::move(pattern) : std::nullopt;
}

std::optional<PersonField> read_person_field(std::string_view text)
{
    const auto* const found = std::find_if(kPersonFields.begin(), kPersonFields.end(),
                                           [text](PersonField field) { return name(field) == text; });
    return found == kPersonFields.end() ? std::nullopt : std::optional(*found);
}

std::optional<Pattern> read_domain_pattern(std::string_view text)
{
    auto pattern = read_pattern(text);
    const bool of_domains =
        pattern && (pattern->kind == Pattern::Kind::domain || pattern->kind == Pattern::Kind::subdomains);
    return of_domains ? pattern : std::nullopt;
}

std::optional<std::string> in_u_labels(std::string_view text)
{
    const std::size_t at = text.rfind('@');
    std::size_t before = at == std::string_view::npos ? 0 : at + 1;
    if (text.starts_with("*.")) {
        before = 2;
    }
    const std::string_view domain = text.substr(before);
    auto comparable = comparable_domain(domain);
    std::string lower_case(domain);
    std::transform(lower_case.begin(), lower_case.end(), lower_case.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (("." + lower_case).find(".xn--") == std::string::npos || !comparable ||
        !is_possible_domain(*comparable)) {
        return std::nullopt;
    }
    return std::string(text.substr(0, before)) + *std::move(comparable);
}

}  // namespace usher::syntax
