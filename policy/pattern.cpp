#include "policy/pattern.h"

#include <algorithm>
#include <cctype>
#include <tuple>

namespace usher
{

namespace
{

constexpr std::string_view kGroup =
    "group:";  // no domain has a colon, and no local part (RFC 6122 appendix A.5)

}  // namespace

bool is_group_name(std::string_view name)
{
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte >= 0x80 || std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.';
    });
}

std::optional<Pattern> Pattern::read(std::string_view text)
{
    if (text.starts_with(kGroup)) {
        text.remove_prefix(kGroup.size());
        return is_group_name(text) ? std::optional(Pattern{Kind::group, std::string(text)}) : std::nullopt;
    }
    if (text == "*") {
        return Pattern{Kind::everybody, {}};
    }
    const bool below = text.starts_with("*.");
    if (below) {
        text.remove_prefix(2);
    }
    if (text.find_first_of("*/") != std::string_view::npos) {
        return std::nullopt;
    }
    if (text.find('@') != std::string_view::npos) {
        auto address = Address::prepare(text);
        if (below || !address) {
            return std::nullopt;
        }
        return Pattern{Kind::address, address->text()};
    }
    auto domain = prepare_domain(text);
    if (!domain) {
        return std::nullopt;
    }
    return Pattern{below ? Kind::subdomains : Kind::domain, *std::move(domain)};
}

std::string to_string(const Pattern& pattern)
{
    switch (pattern.kind) {
        case Pattern::Kind::everybody:
            return "*";
        case Pattern::Kind::subdomains:
            return "*." + pattern.text;
        case Pattern::Kind::domain:
        case Pattern::Kind::address:
            return pattern.text;
        case Pattern::Kind::group:
            return std::string(kGroup) + pattern.text;
    }
    return pattern.text;
}

void DomainSet::insert(const Pattern& pattern)
{
    (pattern.kind == Pattern::Kind::subdomains ? below_ : exact_).insert(pattern.text);
}

bool DomainSet::contains(std::string_view domain) const
{
    if (exact_.contains(domain)) {
        return true;
    }
    return !below_.empty() &&
           any_parent(domain, [this](std::string_view parent) { return below_.contains(parent); });
}

std::vector<Pattern> DomainSet::patterns() const
{
    std::vector<Pattern> patterns;
    for (const std::string& domain : exact_) {
        patterns.push_back({Pattern::Kind::domain, domain});
    }
    for (const std::string& parent : below_) {
        patterns.push_back({Pattern::Kind::subdomains, parent});
    }
    std::sort(patterns.begin(), patterns.end(), [](const Pattern& a, const Pattern& b) {
        return std::tie(a.text, a.kind) < std::tie(b.text, b.kind);
    });
    return patterns;
}

}  // namespace usher
