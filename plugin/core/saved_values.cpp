#include "plugin/core/saved_values.h"

#include <algorithm>
#include <set>

#include "integration/base/digest.h"
#include "plugin/settings/group_names.h"
#include "plugin/settings/json_lists.h"
#include "plugin/settings/syntax.h"
#include "plugin/text/lists.h"
#include "plugin/text/timestamp.h"

namespace usher
{

namespace
{

bool has_domain(const Organization& organization, const std::string& domain)
{
    return std::find(organization.domains.begin(), organization.domains.end(), domain) !=
           organization.domains.end();
}

std::optional<std::size_t> owner(const Settings& file, const SavedSetting& saved)
{
    const auto place_of = [&file](const auto& wanted) -> std::optional<std::size_t> {
        const auto& all = file.organizations;
        const auto found = std::find_if(all.begin(), all.end(), wanted);
        return found == all.end() ? std::nullopt : std::optional<std::size_t>(found - all.begin());
    };
    for (const std::string& domain : saved.domains) {
        if (const auto place = place_of([&](const Organization& one) { return has_domain(one, domain); })) {
            return place;
        }
    }
    if (saved.domains.empty()) {
        return place_of([&](const Organization& one) { return one.name == saved.organization; });
    }
    return std::nullopt;
}

nlohmann::json json_in(const std::string& text)
{
    return nlohmann::json::parse(text, nullptr, false);
}

std::string number_of_rules(std::size_t count)
{
    return count == 0 ? "no rules" : count == 1 ? "1 rule" : std::to_string(count) + " rules";
}

std::string addresses(const std::vector<Address>& administrators)
{
    return administrators.empty()
               ? "nobody"
               : joined(administrators, ", ", [](const Address& one) { return one.text(); });
}

/// The value of a setting, for people.
std::string value_of(const Organization& organization, const std::string& setting)
{
    if (setting == kUsersMayChoose) {
        return organization.users_may_choose ? "true" : "false";
    }
    if (setting == kFederation) {
        return to_text(organization.federation);
    }
    if (setting == kRules) {
        return number_of_rules(organization.rules.size());
    }
    if (setting == kAdministrators) {
        return addresses(organization.administrators);
    }
    return setting == kOption ? std::string(name(organization.option)) : joined(organization.domains);
}

/// All requests are left to their users.
RuleList leave_everything()
{
    const Pattern everybody{Pattern::Kind::everybody, {}};
    return {Rule{.from = {everybody}, .to = {everybody}, .answer = Answer::leave, .place = 1}};
}

/// Rules that name a group which the file does not have any more cannot be used: without it, they would be other rules. Nor do
/// the file's count in their place, which may approve what these deny.
bool put_rules(OrganizationSettings& organization, const std::string& saved)
{
    auto rules = rules_from(json_in(saved));
    Organization with = organization;
    with.rules = rules ? *std::move(rules) : leave_everything();
    const bool usable = rules && rule_group_errors(with, 1).empty();
    organization.rules = usable ? std::move(with.rules) : leave_everything();
    organization.rules_text = nullptr;
    return usable;
}

/// As with domains, those count that are the organisation's in the file: one whose domain it has since given to another
/// organisation must not come back; nor may one of the file who was removed.
bool put_administrators(Organization& organization, const Organization& in_file, const std::string& saved)
{
    auto wanted = administrators_from(json_in(saved));
    if (!wanted) {
        organization.administrators.clear();
        return false;
    }
    std::erase_if(*wanted,
                  [&in_file](const Address& one) { return !has_domain(in_file, std::string(one.domain())); });
    organization.administrators = *std::move(wanted);
    return true;
}

/// False, and nothing is changed, if the value makes no sense for this organisation of the file.
bool put(OrganizationSettings& organization, const Organization& in_file, const SavedSetting& saved)
{
    if (saved.setting == kRules) {
        return put_rules(organization, saved.value);
    }
    if (saved.setting == kAdministrators) {
        return put_administrators(organization, in_file, saved.value);
    }
    if (saved.setting == kUsersMayChoose && (saved.value == "true" || saved.value == "false")) {
        organization.users_may_choose = saved.value == "true";
        return true;
    }
    if (saved.setting == kOption && option_named(saved.value)) {
        organization.option = *option_named(saved.value);
        return true;
    }
    if (saved.setting == kFederation) {
        if (auto federation = federation_from(saved.value)) {
            organization.federation = *std::move(federation);
            return true;
        }
        return false;
    }
    if (saved.setting == kDomains) {
        const std::vector<std::string> wanted = words_in(saved.value);
        std::vector<std::string> domains;
        for (const std::string& domain : organization.domains) {
            if (std::find(wanted.begin(), wanted.end(), domain) != wanted.end()) {
                domains.push_back(domain);
            }
        }
        if (!domains.empty()) {
            organization.domains = std::move(domains);
            return true;
        }
    }
    return false;
}

bool is_known(const std::string& setting)
{
    return setting == kUsersMayChoose || setting == kOption || setting == kDomains ||
           setting == kFederation || setting == kRules || setting == kAdministrators;
}

/// The value for people, where it is not in force.
std::string shown_value(const SavedSetting& saved)
{
    if (saved.setting == kRules) {
        const nlohmann::json rules = json_in(saved.value);
        return rules.is_array() ? number_of_rules(rules.size()) : "what is no list of rules";
    }
    if (saved.setting == kAdministrators) {
        const auto administrators = administrators_from(json_in(saved.value));
        return administrators ? addresses(*administrators) : saved.value;
    }
    return saved.value;
}

std::string to_remove(const std::string& organization)
{
    return "; to forget it: usherctl organization --reset \"" + organization + "\"";
}

}  // namespace

std::string line_key(const std::string& setting)
{
    return setting == kFederation ? "federation.mode" : setting == kRules ? "rule[0]" : setting;
}

std::string to_text(const Federation& federation)
{
    std::string text(name(federation.mode));
    if (federation.mode != FederationMode::open) {
        text += " " + std::string(name(federation.answer));
    }
    for (const Pattern& domain : federation.domains.patterns()) {
        text += " " + to_string(domain);
    }
    return text;
}

std::optional<Federation> federation_from(const std::string& text)
{
    const std::vector<std::string> words = words_in(text);
    const auto mode = words.empty() ? std::nullopt : federation_mode_named(words.front());
    const bool open = mode == FederationMode::open;
    const auto answer = words.size() < 2 ? std::nullopt : answer_named(words[1]);
    if (!mode || (open ? words.size() != 1 : !answer || *answer == Answer::approve) ||
        (mode == FederationMode::listed) != (words.size() > 2)) {
        return std::nullopt;
    }
    Federation federation{*mode, {}, answer.value_or(Answer::leave)};
    for (std::size_t i = 2; i < words.size(); ++i) {
        const auto domain = syntax::read_domain_pattern(words[i]);
        if (!domain) {
            return std::nullopt;
        }
        federation.domains.insert(*domain);
    }
    return federation;
}

std::vector<SavedValue> put_saved(Settings& settings, std::span<const SavedSetting> saved)
{
    const Settings file = settings;
    std::vector<SavedValue> values;
    for (const SavedSetting& one : saved) {
        values.push_back({one, owner(file, one), false, {}, {}});
    }
    for (auto value = values.begin(); value != values.end(); ++value) {
        const SavedSetting& one = value->saved;
        const bool superseded =
            value->organization && std::any_of(value + 1, values.end(), [&](const SavedValue& later) {
                return later.organization == value->organization && later.saved.setting == one.setting;
            });
        if (value->organization && !superseded) {
            const std::size_t place = *value->organization;
            value->in_force = put(settings.organizations[place], file.organizations[place], one);
        }
        // Rules in force are not read once more to count them.
        value->value = value->in_force && one.setting == kRules
                           ? value_of(settings.organizations[*value->organization], kRules)
                           : shown_value(one);
        const std::string what = one.setting + " = " + value->value + " (" + saved_by(one) + ")";
        if (!value->organization) {
            const std::string of = one.domains.empty() ? std::string() : " for " + joined(one.domains);
            value->text = one.organization + ": " + what + of +
                          " belongs to no organization of the settings file" + to_remove(one.organization);
            continue;
        }
        const std::size_t place = *value->organization;
        std::string effect = " is not understood";
        if (value->in_force) {
            effect = " is in force instead of ";
        } else if (superseded) {
            effect = " was saved anew later";
        } else if (one.setting == kDomains) {
            effect = " has no domain of this organization in the settings file; in force: ";
        } else if (one.setting == kRules) {
            effect =
                " cannot be used, because a group that they name has gone or because they are not understood: until they "
                "are saved anew or forgotten, all requests are left to their users";
        } else if (one.setting == kAdministrators) {
            effect =
                " is not understood: until it is saved anew or forgotten, nobody administers the organization";
        } else if (is_known(one.setting)) {
            effect = " is not understood; in force: ";
        }
        const bool unusable = !value->in_force && (one.setting == kRules || one.setting == kAdministrators);
        if (!superseded && !unusable && is_known(one.setting)) {
            effect += value_of(file.organizations[place], one.setting) + " (" +
                      source_of(file, organization_place(place) + "." + line_key(one.setting)) + ")";
        }
        const std::string& name = settings.organizations[place].name;
        value->text = name + ": " + what + effect + to_remove(name);
    }
    return values;
}

std::string saved_beside(const Settings& settings)
{
    const auto usable = Database::usable(settings.store.url);
    if (!usable) {
        return "# The store cannot be used, and requests would be left to their users: " + usable.error() +
               "\n";
    }
    if (!usable->empty()) {
        return "# The store can be used; " + *usable + "\n";
    }
    const auto saved = read_saved_settings(settings.store.url);
    if (!saved) {
        return "# What administrators have saved instead is not known: the store cannot be read (" +
               saved.error() + ").\n";
    }
    if (saved->settings.empty()) {
        return "# Administrators have saved nothing that wins over these settings.\n";
    }
    Settings in_force = settings;
    std::string text = "# What administrators have saved:\n";
    for (const SavedValue& value : put_saved(in_force, saved->settings)) {
        text += "# " + value.text + "\n";
    }
    return text;
}

std::string mark_of(std::size_t organization, std::span<const SavedValue> saved)
{
    std::set<std::string> all;  // several that are saved at once have no order
    for (const SavedValue& one : saved) {
        if (one.organization == organization) {
            const auto at =
                std::chrono::duration_cast<std::chrono::milliseconds>(one.saved.at.time_since_epoch());
            all.insert(one.saved.setting + "\n" + one.saved.value + "\n" + one.saved.by + "\n" +
                       std::to_string(at.count()) + "\n");
        }
    }
    return sha256(joined(all, ""));
}

std::string saved_by(const SavedSetting& saved)
{
    return "saved by " + saved.by + " on " + utc_minutes(saved.at);
}

}  // namespace usher
