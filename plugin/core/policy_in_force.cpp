#include "plugin/core/policy_in_force.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "plugin/settings/writer.h"
#include "plugin/text/lists.h"

namespace usher
{

namespace
{

using std::chrono::system_clock;

using Texts = std::map<std::string, std::string>;

void append(std::vector<SavedSetting>& all, const std::vector<SavedSetting>& more)
{
    all.insert(all.end(), more.begin(), more.end());
}

/// The texts by which the change is stored, by setting.
Texts written(const GeneralChange& change)
{
    Texts settings;
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

}  // namespace

tl::expected<std::unique_ptr<PolicyInForce>, std::string> PolicyInForce::make(
    const Settings& settings, Database& database, std::function<system_clock::time_point()> wall_clock)
{
    std::unique_ptr<PolicyInForce> made(new PolicyInForce(database, std::move(wall_clock)));
    const auto saved = made->store_.read();
    if (!saved) {
        return tl::unexpected(saved.error());
    }
    made->saved_ = *saved;
    if (const auto in_force = made->set_file(settings); !in_force) {
        return tl::unexpected(in_force.error());
    }
    return made;
}

tl::expected<void, std::string> PolicyInForce::set_file(const Settings& settings)
{
    // What was saved follows its organisation: to another name, and from one domain to the next.
    Settings in_force = settings;
    SettingsChange followed;
    for (const SavedValue& value : put_saved(in_force, saved_)) {
        if (!value.organization || !value.in_force) {
            continue;
        }
        const OrganizationSettings& organization = settings.organizations[*value.organization];
        SavedSetting now = value.saved;
        now.domains = organization.domains;
        now.organization = organization.name;
        if (now.domains != value.saved.domains || now.organization != value.saved.organization) {
            followed.removed.push_back(value.saved);
            followed.saved.push_back(std::move(now));
        }
    }
    return put_in_force(settings, followed);
}

tl::expected<void, std::string> PolicyInForce::save(const std::string& organization,
                                                    const GeneralChange& change, const std::string& by)
{
    const auto at = wall_clock_();
    SettingsChange changed;
    for (const OrganizationSettings& one : file_.organizations) {
        for (const auto& [setting, value] : one.name == organization ? written(change) : Texts()) {
            append(changed.removed, saved_for(organization, setting));
            changed.saved.push_back({one.domains, organization, setting, value, by, at});
        }
    }
    return put_in_force(file_, changed);
}

tl::expected<void, std::string> PolicyInForce::reset(const std::string& organization)
{
    return put_in_force(file_, {.removed = saved_for(organization, std::nullopt), .saved = {}});
}

tl::expected<bool, std::string> PolicyInForce::forget_orphans(const std::string& organization)
{
    SettingsChange change;
    for (const SavedValue& value : saved_values_) {
        if (!value.organization && value.saved.organization == organization) {
            change.removed.push_back(value.saved);
        }
    }
    if (change.removed.empty()) {
        return false;
    }
    return put_in_force(file_, change).map([] { return true; });
}

std::vector<SavedSetting> PolicyInForce::saved_for(const std::string& organization,
                                                   const std::optional<std::string>& setting) const
{
    std::vector<SavedSetting> saved;
    for (const SavedValue& value : saved_values_) {
        if (value.organization && file_.organizations[*value.organization].name == organization &&
            (!setting || value.saved.setting == setting)) {
            saved.push_back(value.saved);
        }
    }
    return saved;
}

tl::expected<void, std::string> PolicyInForce::put_in_force(const Settings& file,
                                                            const SettingsChange& change)
{
    std::vector<SavedSetting> saved = saved_;
    for (const SavedSetting& one : change.removed) {
        std::erase(saved, one);
    }
    append(saved, change.saved);
    std::stable_sort(saved.begin(), saved.end(),
                     [](const SavedSetting& a, const SavedSetting& b) { return a.at < b.at; });
    Settings settings = file;
    std::vector<SavedValue> values = put_saved(settings, saved);
    const auto generation = store_.save(change, policy_to_toml(settings), wall_clock_());
    if (!generation) {
        return tl::unexpected(generation.error());
    }
    file_ = file;
    saved_ = std::move(saved);
    saved_values_ = std::move(values);
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
            const std::uint32_t* line = file_.lines.find(rule_place(i, rule.place - 1));
            return line == nullptr ? std::string()
                                   : "line " + std::to_string(*line) + " of the settings file";
        }
    }
    return {};
}

template <typename Value>
Sourced<Value> PolicyInForce::sourced(std::size_t place, const std::string& setting, Value value) const
{
    for (const SavedValue& one : saved_values_) {
        if (one.in_force && one.organization == place && one.saved.setting == setting) {
            return {std::move(value), saved_by(one.saved), true};
        }
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
        return GeneralIm{written.name, sourced(i, kUsersMayChoose, effective.users_may_choose),
                         sourced(i, kOption, effective.option), sourced(i, kDomains, effective.domains),
                         written.domains};
    }
    return std::nullopt;
}

}  // namespace usher
