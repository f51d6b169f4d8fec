#include "plugin/settings/kinds.h"

#include "plugin/settings/syntax.h"
#include "plugin/settings/toml_value.h"

namespace usher::kinds
{

std::string accepted_beside(const SettingValue& value, const std::string& accepted, bool text_expected)
{
    if (!text_expected && value.is_string()) {
        return accepted + " (without quotes)";
    }
    if (text_expected && !value.is_string() && !value.is_array() && !value.is_object()) {
        return accepted + " (in quotes)";
    }
    return accepted;
}

std::string accepted_address_beside(const SettingValue& value, const std::string& accepted)
{
    const std::string* text = string_in(value);
    if (const auto written = text != nullptr ? syntax::in_u_labels(*text) : std::nullopt) {
        return toml_string(*written) + " (as the server writes it, without xn--)";
    }
    return accepted_beside(value, accepted, true);
}

const std::string* string_in(const SettingValue& value)
{
    return value.get_ptr<const std::string*>();
}

std::string text_of(const std::string& domain)
{
    return domain;
}

std::string text_of(const Address& address)
{
    return address.text();
}

std::string text_of(const Pattern& pattern)
{
    return to_string(pattern);
}

std::string text_of(const AccountPattern& pattern)
{
    return pattern.text();
}

std::string text_of(PersonField field)
{
    return std::string(name(field));
}

Kind<Federation> domain_set(DomainSet Federation::* member, const Accepted& accepted)
{
    return {accepted.list,
            [=](Federation& owner, const SettingValue& value, const Refuse& refuse) {
                read_list(value, refuse, accepted, &syntax::read_domain_pattern,
                          [&](const Pattern& pattern) { (owner.*member).insert(pattern); });
            },
            [=](const Federation& owner) {
                SettingValue texts = SettingValue::array();
                for (const Pattern& pattern : (owner.*member).patterns()) {
                    texts.push_back(text_of(pattern));
                }
                return texts;
            }};
}

}  // namespace usher::kinds
