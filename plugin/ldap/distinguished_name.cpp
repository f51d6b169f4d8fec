#include "plugin/ldap/distinguished_name.h"

#include <ldap.h>
#include <unicode/unistr.h>

#include <algorithm>
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

}  // namespace

std::optional<std::string> name_key(const std::string& dn)
{
    LDAPDN parsed = nullptr;
    if (ldap_str2dn(dn.c_str(), &parsed, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS || parsed == nullptr) {
        return std::nullopt;  // nor is the empty name that of an entry
    }
    const std::unique_ptr<LDAPRDN, FreeName> name(parsed);
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

}  // namespace usher
