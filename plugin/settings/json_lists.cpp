#include "plugin/settings/json_lists.h"

#include <utility>

#include "plugin/settings/settings_table.h"
#include "plugin/settings/toml_file.h"
#include "plugin/text/lists.h"

namespace usher
{

namespace
{

std::string written(const SettingValue& json)
{
    return shortened(json.dump(-1, ' ', false, SettingValue::error_handler_t::replace));
}

std::string found(const std::string& where, const std::string& what, const std::string& accepted)
{
    return where + ": found " + what + "; accepted: " + accepted;
}

/// Reads one value into its owner; the first thing wrong with it, or nothing.
template <typename Owner>
std::string read_value(const Setting<Owner>& setting, const SettingValue& json, const std::string& where,
                       Owner& owner)
{
    std::string error;
    setting.kind.read(owner, json, [&](std::optional<std::size_t> element, const std::string& accepted) {
        if (error.empty()) {
            error = found(where, written(element ? json[*element] : json), accepted);
        }
    });
    return error;
}

tl::expected<Rule, std::string> rule_from(const SettingValue& json, const std::string& where)
{
    const Section<Rule>& section = settings_table().rule;
    const std::string members =
        joined(section.settings, ", ", [](const Setting<Rule>& setting) { return setting.key; });
    if (!json.is_object()) {
        return tl::unexpected(found(where, written(json), "an object with " + members));
    }
    for (const auto& [key, value] : json.items()) {
        if (section.find(key) == nullptr) {
            return tl::unexpected(found(where, written(key), members));
        }
    }
    Rule rule = section.initial;
    for (const Setting<Rule>& setting : section.settings) {
        const auto value = json.find(std::string(setting.key));
        const std::string what = where + ", " + std::string(setting.key);
        if (value == json.end()) {
            if (setting.presence == Presence::required) {
                return tl::unexpected(found(what, "nothing", setting.kind.accepted));
            }
        } else if (const std::string error = read_value(setting, *value, what, rule); !error.empty()) {
            return tl::unexpected(error);
        }
    }
    if (rule.approved_for != std::chrono::seconds(0) && rule.answer != Answer::approve) {
        return tl::unexpected(
            found(where + ", for", written(json.at("for")), "only with the answer \"approve\""));
    }
    return rule;
}

const Setting<OrganizationSettings>& administrators_setting()
{
    return *settings_table().organization.find("administrators");
}

}  // namespace

tl::expected<RuleList, std::string> rules_from(const SettingValue& json)
{
    if (!json.is_array()) {
        return tl::unexpected(found("rules", written(json), "a list of rules"));
    }
    if (json.size() > kMaxSavedRules) {
        return tl::unexpected(
            found("rules", std::to_string(json.size()) + " of them",
                  "at most " + std::to_string(kMaxSavedRules) + "; more can be had in the settings file"));
    }
    RuleList rules;
    std::size_t pairs = 0;
    for (const SettingValue& one : json) {
        auto rule = rule_from(one, "rule " + std::to_string(rules.size() + 1));
        if (!rule) {
            return tl::unexpected(rule.error());
        }
        pairs += rule->from.size() * rule->to.size();
        if (pairs > kMaxSavedPairs) {
            return tl::unexpected(found(
                "rule " + std::to_string(rules.size() + 1),
                std::to_string(pairs) + " pairs of from and to, up to this rule",
                "at most " + std::to_string(kMaxSavedPairs) + "; more can be had in the settings file"));
        }
        rule->place = static_cast<std::uint32_t>(rules.size() + 1);
        rules.push_back(*std::move(rule));
    }
    return rules;
}

SettingValue to_json(const RuleList& rules)
{
    SettingValue list = SettingValue::array();
    for (std::size_t i = 0; i < rules.size(); ++i) {
        SettingValue& rule = list.emplace_back(SettingValue::object());
        for (const Setting<Rule>& setting : settings_table().rule.settings) {
            if (SettingValue value = setting.kind.value(rules[i]); !value.is_null()) {
                rule[std::string(setting.key)] = std::move(value);
            }
        }
    }
    return list;
}

bool can_be_saved(const RuleList& rules)
{
    std::size_t pairs = 0;
    for (std::size_t i = 0; i < rules.size() && i <= kMaxSavedRules; ++i) {
        pairs += rules[i].from.size() * rules[i].to.size();
    }
    return rules.size() <= kMaxSavedRules && pairs <= kMaxSavedPairs;
}

tl::expected<std::vector<Address>, std::string> administrators_from(const SettingValue& json)
{
    OrganizationSettings organization;
    const std::string error = read_value(administrators_setting(), json, "administrators", organization);
    if (!error.empty()) {
        return tl::unexpected(error);
    }
    if (organization.administrators.size() > kMaxSavedAdministrators) {
        return tl::unexpected(found("administrators",
                                    std::to_string(organization.administrators.size()) + " of them",
                                    "at most " + std::to_string(kMaxSavedAdministrators)));
    }
    return std::move(organization.administrators);
}

SettingValue to_json(const std::vector<Address>& administrators)
{
    OrganizationSettings organization;
    organization.administrators = administrators;
    return administrators_setting().kind.value(organization);
}

SettingValue to_json(const Limits& limits)
{
    SettingValue all = SettingValue::object();
    for (const Setting<Limits>& setting : settings_table().limits.settings) {
        all[std::string(setting.key)] = setting.kind.value(limits);
    }
    return all;
}

std::string source_of_limits(const Settings& file)
{
    const Section<Limits>& section = settings_table().limits;
    for (const Setting<Limits>& setting : section.settings) {
        const std::string key = std::string(section.name) + "." + std::string(setting.key);
        if (file.lines.find(key) != nullptr) {
            return source_of(file, key);
        }
    }
    return "default";
}

}  // namespace usher
