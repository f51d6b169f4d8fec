// The kinds that settings are of, each made for one member: how its values are read, checked and written.
//
// Not here: which settings there are (settings_table.cpp).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin/settings/kind.h"
#include "plugin/text/lists.h"
#include "policy/address.h"
#include "policy/pattern.h"
#include "policy/policy.h"

namespace usher::kinds
{

/// `accepted`, and a word about quotes where they are what is wrong with `value`: `port = "5222"`,
/// `level = info`.
[[nodiscard]] std::string accepted_beside(const SettingValue& value, const std::string& accepted,
                                          bool text_expected);
/// The same of an address, a domain or a pattern; for one with A-labels, how it is to be written.
[[nodiscard]] std::string accepted_address_beside(const SettingValue& value, const std::string& accepted);
/// The text, or null where the value is none.
[[nodiscard]] const std::string* string_in(const SettingValue& value);

[[nodiscard]] std::string text_of(const std::string& domain);
[[nodiscard]] std::string text_of(const Address& address);
[[nodiscard]] std::string text_of(const Pattern& pattern);
[[nodiscard]] std::string text_of(const AccountPattern& pattern);
[[nodiscard]] std::string text_of(PersonField field);

template <typename Value>
using Names = std::vector<std::pair<std::string, Value>>;

/// The names that policy has for the values.
template <typename Value, std::size_t size>
Names<Value> names_of(const std::array<Value, size>& values)
{
    Names<Value> names;
    for (const Value value : values) {
        names.emplace_back(name(value), value);
    }
    return names;
}

/// What a list takes: as a whole, and each element.
struct Accepted {
    std::string list;
    std::string element;
    std::size_t least;  ///< elements
};

template <typename Owner>
Kind<Owner> flag(bool Owner::* member)
{
    const std::string accepted = "true, false";
    return {accepted,
            [=](Owner& owner, const SettingValue& value, const Refuse& refuse) {
                if (value.is_boolean()) {
                    owner.*member = value.template get<bool>();
                } else {
                    refuse(std::nullopt, accepted_beside(value, accepted, false));
                }
            },
            [=](const Owner& owner) { return SettingValue(owner.*member); }};
}

template <typename Owner, typename Number>
Kind<Owner> number(Number Owner::* member, std::int64_t least, std::int64_t most,
                   const std::string& note = {})
{
    const std::string accepted =
        "a whole number from " + std::to_string(least) + " to " + std::to_string(most) + note;
    return {accepted,
            [=](Owner& owner, const SettingValue& value, const Refuse& refuse) {
                const std::int64_t found =
                    value.is_number_integer() ? value.template get<std::int64_t>() : least - 1;
                if (found < least || found > most) {
                    refuse(std::nullopt, accepted_beside(value, accepted, false));
                } else {
                    owner.*member = static_cast<Number>(found);
                }
            },
            [=](const Owner& owner) { return SettingValue(std::int64_t{owner.*member}); }};
}

template <typename Owner, typename Value>
Kind<Owner> choice(Value Owner::* member, const Names<Value>& names)
{
    const std::string accepted = joined(names, ", ", [](const auto& name) { return name.first; });
    return {accepted,
            [=](Owner& owner, const SettingValue& value, const Refuse& refuse) {
                const std::string* text = string_in(value);
                const auto found = std::find_if(names.begin(), names.end(), [text](const auto& name) {
                    return text != nullptr && name.first == *text;
                });
                if (found == names.end()) {
                    refuse(std::nullopt, accepted_beside(value, accepted, true));
                } else {
                    owner.*member = found->second;
                }
            },
            [=](const Owner& owner) {
                const auto found = std::find_if(names.begin(), names.end(), [&](const auto& name) {
                    return name.second == owner.*member;
                });
                return found == names.end() ? SettingValue() : SettingValue(found->first);
            }};
}

template <typename Owner>
Kind<Owner> text(std::string Owner::* member, const std::string& accepted, bool (*fits)(std::string_view))
{
    return {accepted,
            [=](Owner& owner, const SettingValue& value, const Refuse& refuse) {
                const std::string* found = string_in(value);
                if (found == nullptr || !fits(*found)) {
                    refuse(std::nullopt, accepted_beside(value, accepted, true));
                } else {
                    owner.*member = *found;
                }
            },
            [=](const Owner& owner) {
                return (owner.*member).empty() ? SettingValue() : SettingValue(owner.*member);
            }};
}

/// A text that is prepared, and may be unset.
template <typename Owner, typename Value>
Kind<Owner> prepared(std::optional<Value> Owner::* member, const std::string& accepted,
                     std::optional<Value> (*read)(std::string_view))
{
    return {accepted,
            [=](Owner& owner, const SettingValue& value, const Refuse& refuse) {
                const std::string* found = string_in(value);
                if (found != nullptr) {
                    owner.*member = read(*found);
                }
                if (!(owner.*member)) {
                    refuse(std::nullopt, accepted_address_beside(value, accepted));
                }
            },
            [=](const Owner& owner) {
                return owner.*member ? SettingValue(text_of(*(owner.*member))) : SettingValue();
            }};
}

/// Calls `insert` with every element that `read` takes, refuses the others.
template <typename Value, typename Insert>
void read_list(const SettingValue& value, const Refuse& refuse, const Accepted& accepted,
               std::optional<Value> (*read)(std::string_view), Insert insert)
{
    if (!value.is_array() || value.size() < accepted.least) {
        refuse(std::nullopt, accepted.list);
        return;
    }
    for (std::size_t i = 0; i < value.size(); ++i) {
        const SettingValue& element = value[i];
        const std::string* found = string_in(element);
        std::optional<Value> member = found != nullptr ? read(*found) : std::nullopt;
        if (member) {
            insert(*std::move(member));
        } else {
            refuse(i, accepted_address_beside(element, accepted.element));
        }
    }
}

template <typename Owner, typename Value>
Kind<Owner> list(std::vector<Value> Owner::* member, const Accepted& accepted,
                 std::optional<Value> (*read)(std::string_view))
{
    return {accepted.list,
            [=](Owner& owner, const SettingValue& value, const Refuse& refuse) {
                (owner.*member).clear();
                read_list(value, refuse, accepted, read,
                          [&](Value element) { (owner.*member).push_back(std::move(element)); });
            },
            [=](const Owner& owner) {
                SettingValue texts = SettingValue::array();
                for (const Value& element : owner.*member) {
                    texts.push_back(text_of(element));
                }
                return texts;
            }};
}

[[nodiscard]] Kind<Federation> domain_set(DomainSet Federation::* member, const Accepted& accepted);

}  // namespace usher::kinds
