#include "plugin/core/policy_in_force.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "plugin/settings/json_lists.h"
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
    if (change.federation) {
        settings[kFederation] = to_text(*change.federation);
    }
    if (change.rules) {
        settings[kRules] = to_json(*change.rules).dump();
    }
    if (change.administrators) {
        settings[kAdministrators] = to_json(*change.administrators).dump();
    }
    return settings;
}

/// Whether something else is saved for the organisation than when that mark was read. An empty one fits everything.
bool is_other_mark(const std::string& mark, const std::string& organization, const Settings& file,
                   const std::vector<SavedValue>& saved)
{
    for (std::size_t place = 0; place < file.organizations.size(); ++place) {
        if (file.organizations[place].name == organization) {
            return !mark.empty() && mark != mark_of(place, saved);
        }
    }
    return false;
}

SettingsChange nothing_changes(const Settings&, const std::vector<SavedValue>&)
{
    return {};
}

/// What is saved for an organisation that exists, all of it or for one setting.
std::vector<SavedSetting> saved_for(const std::string& organization,
                                    const std::optional<std::string>& setting, const Settings& file,
                                    const std::vector<SavedValue>& all)
{
    std::vector<SavedSetting> saved;
    for (const SavedValue& value : all) {
        if (value.organization && file.organizations[*value.organization].name == organization &&
            (!setting || value.saved.setting == setting)) {
            saved.push_back(value.saved);
        }
    }
    return saved;
}

}  // namespace

/// What is to be in force as soon as it is stored.
struct PolicyInForce::Made {
    Settings file;
    std::vector<SavedValue> saved_values;
    std::vector<Organization> organizations;
};

struct PolicyInForce::Merged {
    SettingsChange change;
    Settings settings;
    std::vector<SavedValue> saved_values;
};

void PolicyInForce::set_file(const Settings& settings, StoreCallback<void> then)
{
    // What was saved follows its organisation: to another name, and from one domain to the next.
    const auto followed = [](const Settings& file, const std::vector<SavedValue>& saved) {
        SettingsChange change;
        for (const SavedValue& value : saved) {
            if (!value.organization || !value.in_force) {
                continue;
            }
            const OrganizationSettings& organization = file.organizations[*value.organization];
            SavedSetting now = value.saved;
            now.domains = organization.domains;
            now.organization = organization.name;
            if (now.domains != value.saved.domains || now.organization != value.saved.organization) {
                change.removed.push_back(value.saved);
                change.saved.push_back(std::move(now));
            }
        }
        return change;
    };
    put_in_force({settings, followed, std::move(then)});
}

void PolicyInForce::replace_file(std::uint64_t number, const Settings& settings, StoreCallback<bool> then)
{
    const auto due = std::make_shared<bool>(false);
    put_in_force(
        {settings, nothing_changes,
         [due, then = std::move(then)](const auto& outcome) { then(outcome.map([due] { return *due; })); },
         [this, number, due] { return *due = number == file_number_; }});
}

void PolicyInForce::refresh(std::int64_t version, StoreCallback<void> then)
{
    if (settings_version_ == version) {
        then({});
        return;
    }
    const auto made = std::make_shared<Made>();
    made->file = file_;
    store_.follow(
        [made](const StoredSettings& stored) { return make(nothing_changes, stored, *made); }, generation(),
        wall_clock_(),
        callbacks_.bind([this, made, version, then = std::move(then),
                         taken = taken_](const tl::expected<NumberedPolicy, std::string>& numbered) {
            if (numbered && taken != taken_) {  // perhaps with another file, or with what is saved since
                refresh(version, then);
                return;
            }
            if (numbered) {
                take(*made, *numbered, std::exchange(unconfirmed_, false) ? Origin::here : Origin::elsewhere);
            }
            then(numbered.map([](const NumberedPolicy&) {}));
        }));
}

void PolicyInForce::look()
{
    store_.version(callbacks_.bind([this](const tl::expected<std::int64_t, std::string>& version) {
        if (version && *version != settings_version_) {
            refresh(*version, [](const auto&) {});  // what fails is tried again when it is looked at next
        }
    }));
}

PolicyInForce::ChangeOf PolicyInForce::change_to(const std::string& organization, const GeneralChange& change,
                                                 const std::string& by, system_clock::time_point at)
{
    return [organization, change, by, at](const Settings& file, const std::vector<SavedValue>& saved) {
        SettingsChange changed;
        for (const OrganizationSettings& one : file.organizations) {
            if (one.name != organization) {
                continue;
            }
            for (const auto& [setting, value] : written(change)) {
                append(changed.removed, saved_for(organization, setting, file, saved));
                changed.saved.push_back({one.domains, organization, setting, value, by, at});
            }
        }
        return changed;
    };
}

void PolicyInForce::save(const std::string& organization, const GeneralChange& change, const std::string& by,
                         StoreCallback<bool> then)
{
    const auto conflict = std::make_shared<bool>(false);
    const auto change_of = [conflict, organization, mark = change.mark,
                            make = change_to(organization, change, by, wall_clock_())](
                               const Settings& file, const std::vector<SavedValue>& saved) {
        *conflict = is_other_mark(mark, organization, file, saved);
        return *conflict ? SettingsChange() : make(file, saved);
    };
    put_in_force({std::nullopt, change_of, [conflict, then = std::move(then)](const auto& outcome) {
                      then(outcome.map([conflict] { return !*conflict; }));
                  }});
}

std::function<Settings()> PolicyInForce::if_saved(const std::string& organization,
                                                  const GeneralChange& change) const
{
    const auto& all = file_.organizations;
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == organization; });
    if (found == all.end()) {
        return nullptr;
    }
    // The other organisations are as they are in force: what is saved for them need not be read again.
    const auto place = static_cast<std::size_t>(found - all.begin());
    std::vector<SavedSetting> saved;
    for (const SavedValue& value : saved_values_) {
        if (value.organization == place) {
            saved.push_back(value.saved);
        }
    }
    Settings in_force;
    in_force.organizations = organizations();
    in_force.limits = file_.limits;
    Settings alone;
    alone.organizations = {*found};
    return [in_force = std::move(in_force), alone = std::move(alone), place, saved = std::move(saved),
            change_of = change_to(organization, change, {}, wall_clock_())] {
        Merged merged = merge(change_of, alone, saved);
        Settings would_be = in_force;
        would_be.organizations[place] = std::move(merged.settings.organizations.front());
        return would_be;
    };
}

void PolicyInForce::reset(const std::string& organization, StoreCallback<void> then)
{
    const auto reset = [organization](const Settings& file, const std::vector<SavedValue>& saved) {
        return SettingsChange{.removed = saved_for(organization, std::nullopt, file, saved), .saved = {}};
    };
    put_in_force({std::nullopt, reset, std::move(then)});
}

void PolicyInForce::forget_orphans(const std::string& organization, StoreCallback<bool> then)
{
    const auto found = std::make_shared<bool>(false);
    const auto forget = [organization, found](const Settings&, const std::vector<SavedValue>& saved) {
        SettingsChange change;
        for (const SavedValue& value : saved) {
            if (!value.organization && value.saved.organization == organization) {
                change.removed.push_back(value.saved);
            }
        }
        *found = !change.removed.empty();
        return change;
    };
    put_in_force({std::nullopt, forget, [found, then = std::move(then)](const auto& forgotten) {
                      then(forgotten.map([found] { return *found; }));
                  }});
}

PolicyInForce::Merged PolicyInForce::merge(const ChangeOf& change_of, const Settings& file,
                                           std::vector<SavedSetting> saved)
{
    Merged merged;
    merged.settings = file;
    merged.change = change_of(file, put_saved(merged.settings, saved));

    for (const SavedSetting& one : merged.change.removed) {
        std::erase(saved, one);
    }
    append(saved, merged.change.saved);
    std::stable_sort(saved.begin(), saved.end(),
                     [](const SavedSetting& a, const SavedSetting& b) { return a.at < b.at; });

    merged.settings = file;
    merged.saved_values = put_saved(merged.settings, saved);
    return merged;
}

SavedSettings::Outcome PolicyInForce::make(const ChangeOf& change_of, const StoredSettings& stored,
                                           Made& made)
{
    Merged merged = merge(change_of, made.file, stored.settings);
    made.saved_values = std::move(merged.saved_values);
    auto text = policy_to_toml(merged.settings);
    auto& organizations = merged.settings.organizations;
    made.organizations.assign(std::make_move_iterator(organizations.begin()),
                              std::make_move_iterator(organizations.end()));
    return {std::move(merged.change), std::move(text)};
}

void PolicyInForce::put_in_force(Change change)
{
    changes_.push_back(std::move(change));
    if (changes_.size() == 1) {
        next_change();
    }
}

void PolicyInForce::next_change()
{
    Change& change = changes_.front();
    const auto end = [this](const tl::expected<void, std::string>& outcome) {
        changes_.front().then(outcome);
        changes_.pop_front();
        if (!changes_.empty()) {
            next_change();
        }
    };
    if (!change.is_due()) {
        end({});
        return;
    }
    const bool of_file = change.file.has_value();
    const auto made = std::make_shared<Made>();
    made->file = of_file ? *std::move(change.file) : file_;
    store_.change([made, change_of = change.change_of](
                      const StoredSettings& stored) { return make(change_of, stored, *made); },
                  generation(), wall_clock_(),
                  callbacks_.bind(
                      [this, made, of_file, end](const tl::expected<NumberedPolicy, std::string>& numbered) {
                          unconfirmed_ = !numbered;
                          if (numbered) {
                              file_number_ += of_file ? 1 : 0;
                              take(*made, *numbered, Origin::here);
                          }
                          end(numbered.map([](const NumberedPolicy&) {}));
                      }));
}

void PolicyInForce::take(Made& made, const NumberedPolicy& numbered, Origin origin)
{
    policy_ =
        std::make_shared<const Policy>(std::move(made.organizations), made.file.limits, numbered.generation);
    settings_version_ = numbered.version;
    ++taken_;
    file_ = std::move(made.file);
    saved_values_ = std::move(made.saved_values);
    if (changed_) {
        changed_(origin);
    }
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
            if (const SavedSetting* saved = saved_in_force(i, kRules)) {
                return saved_by(*saved);
            }
            if (has_unusable_rules(i)) {
                return "in place of saved rules that cannot be used";
            }
            const std::uint32_t* line = file_.lines.find(rule_place(i, rule.place - 1));
            return line == nullptr ? std::string()
                                   : "in line " + std::to_string(*line) + " of the settings file";
        }
    }
    return {};
}

bool PolicyInForce::has_unusable_rules(std::size_t place) const
{
    const auto of_rules = [place](const SavedValue& one) {
        return one.organization == place && one.saved.setting == kRules;
    };
    return std::any_of(saved_values_.begin(), saved_values_.end(), of_rules) &&
           saved_in_force(place, kRules) == nullptr;
}

const SavedSetting* PolicyInForce::saved_in_force(std::size_t place, const std::string& setting) const
{
    for (const SavedValue& one : saved_values_) {
        if (one.in_force && one.organization == place && one.saved.setting == setting) {
            return &one.saved;
        }
    }
    return nullptr;
}

template <typename Value>
Sourced<Value> PolicyInForce::sourced(std::size_t place, const std::string& setting, Value value) const
{
    if (const SavedSetting* saved = saved_in_force(place, setting)) {
        return {std::move(value), saved_by(*saved), true};
    }
    return {std::move(value), source_of(file_, organization_place(place) + "." + line_key(setting))};
}

std::optional<GeneralIm> PolicyInForce::general(std::string_view organization) const
{
    for (std::size_t i = 0; i < file_.organizations.size(); ++i) {
        const Organization& written = file_.organizations[i];
        if (written.name != organization) {
            continue;
        }
        std::vector<std::string> without_effect;
        for (const SavedValue& value : saved_values_) {
            if (value.organization == i && !value.in_force) {
                without_effect.push_back(value.text);
            }
        }
        const Organization& effective = policy_->organizations()[i];
        return GeneralIm{written.name,
                         sourced(i, kUsersMayChoose, effective.users_may_choose),
                         sourced(i, kOption, effective.option),
                         sourced(i, kDomains, effective.domains),
                         written.domains,
                         sourced(i, kFederation, effective.federation),
                         sourced(i, kRules, effective.rules),
                         sourced(i, kAdministrators, effective.administrators),
                         {file_.limits, source_of_limits(file_)},
                         {effective.archive, source_of(file_, organization_place(i) + ".archive.default")},
                         mark_of(i, saved_values_),
                         std::move(without_effect)};
    }
    return std::nullopt;
}

}  // namespace usher
