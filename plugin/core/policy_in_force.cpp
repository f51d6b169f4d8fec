#include "plugin/core/policy_in_force.h"

#include <algorithm>
#include <iterator>
#include <sstream>

#include "plugin/settings/writer.h"
#include "plugin/text/lists.h"
#include "plugin/text/timestamp.h"

namespace usher
{

namespace
{

using std::chrono::system_clock;

constexpr const char* kUsersMayChoose = "users_may_choose";
constexpr const char* kOption = "option";
constexpr const char* kDomains = "domains";

std::vector<std::string> words_in(const std::string& text)
{
    std::istringstream words(text);
    return {std::istream_iterator<std::string>(words), {}};
}

/// The text by which a saved setting is stored; nothing where the change does not concern it.
std::map<std::string, std::string> written(const GeneralChange& change)
{
    std::map<std::string, std::string> settings;
    if (change.users_may_choose) {
        settings[kUsersMayChoose] = *change.users_may_choose ? "true" : "false";
    }
    if (change.option) {
        settings[kOption] = name(*change.option);
    }
    if (change.domains) {
        settings[kDomains] = joined(*change.domains, " ");
    }
    return settings;
}

/// Puts a saved value in the place of the file's. What makes no sense, or not any more, changes nothing: a
/// saved domain that the file has since given to another organisation must not come back.
void overlay(Organization& organization, const std::string& setting, const std::string& value)
{
    if (setting == kUsersMayChoose) {
        organization.users_may_choose = value == "true";
    } else if (setting == kOption) {
        organization.option = option_named(value).value_or(organization.option);
    } else if (setting == kDomains) {
        const std::vector<std::string> wanted = words_in(value);
        std::vector<std::string> domains;
        for (const std::string& domain : organization.domains) {
            if (std::find(wanted.begin(), wanted.end(), domain) != wanted.end()) {
                domains.push_back(domain);
            }
        }
        if (!domains.empty()) {
            organization.domains = std::move(domains);
        }
    }
}

}  // namespace

tl::expected<std::unique_ptr<PolicyInForce>, std::string> PolicyInForce::make(
    const Settings& settings, Database& database, std::function<system_clock::time_point()> wall_clock)
{
    std::unique_ptr<PolicyInForce> made(new PolicyInForce(database, std::move(wall_clock)));
    const auto saved = made->store_.read();
    if (!saved) {
        return tl::unexpected(saved.error());
    }
    for (const SavedSetting& one : *saved) {
        made->saved_[{one.organization, one.setting}] = one;
    }
    if (const auto in_force = made->set_file(settings); !in_force) {
        return tl::unexpected(in_force.error());
    }
    return made;
}

tl::expected<void, std::string> PolicyInForce::set_file(const Settings& settings)
{
    return put_in_force(settings, {});
}

tl::expected<void, std::string> PolicyInForce::save(const std::string& organization,
                                                    const GeneralChange& change, const std::string& by)
{
    const auto at = wall_clock_();
    SettingsChange changed;
    for (const auto& [setting, value] : written(change)) {
        changed.saved.push_back({organization, setting, value, by, at});
    }
    return put_in_force(file_, changed);
}

tl::expected<void, std::string> PolicyInForce::reset(const std::string& organization)
{
    return put_in_force(file_, {.reset = organization});
}

tl::expected<void, std::string> PolicyInForce::put_in_force(const Settings& file,
                                                            const SettingsChange& change)
{
    Saved saved = saved_;
    std::erase_if(saved, [&](const auto& one) { return one.first.first == change.reset; });
    for (const SavedSetting& one : change.saved) {
        saved[{one.organization, one.setting}] = one;
    }
    Settings settings = file;
    for (Organization& organization : settings.organizations) {
        for (const auto& [where, one] : saved) {
            if (where.first == organization.name) {
                overlay(organization, where.second, one.value);
            }
        }
    }
    const auto generation = store_.save(change, policy_to_toml(settings), wall_clock_());
    if (!generation) {
        return tl::unexpected(generation.error());
    }
    file_ = file;
    saved_ = std::move(saved);
    std::vector<Organization> organizations(std::make_move_iterator(settings.organizations.begin()),
                                            std::make_move_iterator(settings.organizations.end()));
    policy_ = std::make_shared<const Policy>(std::move(organizations), settings.limits, *generation);
    if (changed_) {
        changed_();
    }
    return {};
}

std::vector<OrganizationSettings> PolicyInForce::organizations() const
{
    std::vector<OrganizationSettings> all;
    for (std::size_t i = 0; i < file_.organizations.size(); ++i) {
        all.push_back({policy_->organizations()[i], file_.organizations[i].stock});
    }
    return all;
}

std::string PolicyInForce::source_of_rule(const Organization& organization, const Rule& rule) const
{
    for (std::size_t i = 0; i < file_.organizations.size(); ++i) {
        if (file_.organizations[i].name == organization.name && rule.place > 0) {
            const auto line = file_.lines.find(rule_place(i, rule.place - 1));
            return line == file_.lines.end()
                       ? std::string()
                       : "line " + std::to_string(line->second) + " of the settings file";
        }
    }
    return {};
}

const SavedSetting* PolicyInForce::find_saved(const std::string& organization,
                                              const std::string& setting) const
{
    const auto found = saved_.find({organization, setting});
    return found == saved_.end() ? nullptr : &found->second;
}

template <typename Value>
Sourced<Value> PolicyInForce::sourced(const std::string& organization, std::size_t place,
                                      const std::string& setting, Value value) const
{
    if (const SavedSetting* saved = find_saved(organization, setting)) {
        return {std::move(value), "saved by " + saved->by + " on " + utc_minutes(saved->at), true};
    }
    return {std::move(value), source_of(file_, organization_place(place) + "." + setting)};
}

std::optional<GeneralIm> PolicyInForce::general(std::string_view organization) const
{
    for (std::size_t i = 0; i < file_.organizations.size(); ++i) {
        const Organization& written = file_.organizations[i];
        if (written.name != organization) {
            continue;
        }
        const Organization& effective = policy_->organizations()[i];
        return GeneralIm{written.name, sourced(written.name, i, kUsersMayChoose, effective.users_may_choose),
                         sourced(written.name, i, kOption, effective.option),
                         sourced(written.name, i, kDomains, effective.domains), written.domains};
    }
    return std::nullopt;
}

}  // namespace usher
