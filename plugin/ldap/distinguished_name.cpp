#include "plugin/ldap/distinguished_name.h"

#include <ldap.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <vector>

namespace usher
{

namespace
{

struct FreeName {
    void operator()(LDAPRDN* name) const { ldap_dnfree(name); }
};

using Name = std::unique_ptr<LDAPRDN, FreeName>;

/// Appends it with its length, so that no two names become one text.
void append_part(std::string& key, std::string_view text)
{
    (key += std::to_string(text.size()) += ':') += text;
}

std::string folded(const berval& value)
{
    const std::string_view text(value.bv_val, value.bv_len);
    std::string spaced;
    for (const char c : text) {
        if (c != ' ' || (!spaced.empty() && spaced.back() != ' ')) {
            spaced += c;
        }
    }
    if (spaced.ends_with(' ')) {
        spaced.pop_back();
    }
    std::string out;
    return icu::UnicodeString::fromUTF8(spaced).foldCase().toUTF8String(out);
}

/// Null if it is no name, or the empty one, which is not that of an entry.
Name parse(const std::string& dn)
{
    LDAPDN parsed = nullptr;
    const int code = ldap_str2dn(dn.c_str(), &parsed, LDAP_DN_FORMAT_LDAPV3);
    return Name(code == LDAP_SUCCESS ? parsed : nullptr);
}

}  // namespace

std::optional<std::string> name_key(const std::string& dn)
{
    const Name name = parse(dn);
    if (!name) {
        return std::nullopt;
    }
    std::string key;
    for (LDAPRDN* relative = name.get(); *relative != nullptr; ++relative) {
        std::vector<std::string> parts;
        for (LDAPAVA** part = *relative; *part != nullptr; ++part) {
            std::string& text = parts.emplace_back();
            append_part(text, folded((*part)->la_attr));
            append_part(text, folded((*part)->la_value));
        }
        std::sort(parts.begin(), parts.end());
        for (const std::string& part : parts) {
            key += part;
        }
        key += ';';
    }
    return key;
}

std::string key_of(const std::string& dn)
{
    return name_key(dn).value_or(dn);
}

std::string parent_of(const std::string& dn)
{
    const Name name = parse(dn);
    char* text = nullptr;
    if (!name || ldap_dn2str(name.get() + 1, &text, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS ||
        text == nullptr) {
        return {};
    }
    std::string parent(text);
    ldap_memfree(text);
    return parent;
}

std::string named_by_uid(const std::string& uid, const std::string& parent)
{
    constexpr std::array<char, 17> digits{"0123456789abcdef"};
    std::string name = "uid=";
    for (const char c : uid) {  // RFC 4514 section 2.4
        const auto byte = static_cast<unsigned char>(c);
        ((name += '\\') += digits.at(byte >> 4U)) += digits.at(byte & 0xfU);
    }
    return parent.empty() ? name : name + "," + parent;
}

bool is_named_by_uid(const std::string& dn)
{
    return !uid_in_name(dn).empty();
}

std::string uid_in_name(const std::string& dn)
{
    const Name name = parse(dn);
    if (!name) {
        return {};
    }
    LDAPAVA** const parts = *name.get();
    if (parts[0] == nullptr || parts[1] != nullptr) {
        return {};
    }
    const std::string type = folded(parts[0]->la_attr);
    const bool is_uid = type == "uid" || type == "userid" || type == "0.9.2342.19200300.100.1.1";
    return is_uid ? std::string(parts[0]->la_value.bv_val, parts[0]->la_value.bv_len) : std::string();
}

}  // namespace usher
