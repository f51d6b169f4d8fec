#include "plugin/ldap/filters.h"

#include <array>

namespace usher
{

std::string both(std::string_view filter, std::string_view other)
{
    return std::string("(&").append(filter).append(other) + ")";
}

std::string filter_value(std::string_view value)
{
    constexpr std::array<char, 17> digits{"0123456789abcdef"};
    std::string out;
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '(' || c == ')' || c == '*' || c == '\\' || byte < 0x20U || byte == 0x7fU) {
            ((out += '\\') += digits.at(byte >> 4U)) += digits.at(byte & 0xfU);
        } else {
            out += c;
        }
    }
    return out;
}

std::string in_chain_filter(std::string_view group_dn)
{
    return "(memberOf:1.2.840.113556.1.4.1941:=" + filter_value(group_dn) + ")";
}

}  // namespace usher
