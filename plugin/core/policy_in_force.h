// The policy in force and where each of its settings comes from: default, file, or saved in "General IM".
//
// The one place that makes a Policy out of settings. Every change is a new generation, numbered and kept in
// the store, so that each decision of the journal names the policy it was made under.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "plugin/core/saved_values.h"
#include "plugin/settings/settings.h"
#include "plugin/store/saved_settings.h"
#include "policy/policy.h"

namespace usher
{

/// A value and where it comes from: `default`, `/etc/usher/usher.toml:12`, or
/// `saved by admin@example.org on 2026-11-23 10:00 UTC`.
template <typename Value>
struct Sourced {
    Value value{};
    std::string source;
    bool saved = false;  ///< wins over the file until it is reset
};

/// What to save; what is not given stays as it is.
struct GeneralChange {
    std::optional<bool> users_may_choose = {};
    std::optional<Option> option = {};
    std::optional<std::vector<std::string>> domains = {};  ///< prepared
};

/// "General IM": what an administrator may change while the daemon runs.
struct GeneralIm {
    std::string organization;
    Sourced<bool> users_may_choose;
    Sourced<Option> option;
    Sourced<std::vector<std::string>> domains;
    std::vector<std::string> domains_in_file;  ///< those that may be chosen from
};

class PolicyInForce
{
  public:
    /// Reads what was saved. The error is for people. `database` is to outlive the object.
    [[nodiscard]] static tl::expected<std::unique_ptr<PolicyInForce>, std::string> make(
        const Settings& settings, Database& database,
        std::function<std::chrono::system_clock::time_point()> wall_clock);

    [[nodiscard]] const std::shared_ptr<const Policy>& policy() const { return policy_; }
    /// What the settings say of each organisation, with what was saved.
    [[nodiscard]] std::vector<OrganizationSettings> organizations() const;
    /// Where the rule of an organisation in force is written: `line 18 of the settings file`.
    [[nodiscard]] std::string source_of_rule(const Organization& organization, const Rule& rule) const;
    /// Called, from then on, whenever another policy has come into force.
    void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

    /// The file was read again. After an error, which is for people, what was in force still is.
    [[nodiscard]] tl::expected<void, std::string> set_file(const Settings& settings);

    /// Nothing for an organisation that does not exist.
    [[nodiscard]] std::optional<GeneralIm> general(std::string_view organization) const;
    /// Saves for an organisation that exists, by whom. Of the domains those of the file count. Committed, and
    /// in force, when this returns without an error.
    [[nodiscard]] tl::expected<void, std::string> save(const std::string& organization,
                                                       const GeneralChange& change, const std::string& by);
    /// Forgets what was saved for the organisation.
    [[nodiscard]] tl::expected<void, std::string> reset(const std::string& organization);
    /// Forgets what was saved for one of that name of which the file has no domain. Whether there was anything.
    [[nodiscard]] tl::expected<bool, std::string> forget_orphans(const std::string& organization);
    /// All that is saved, and whether it wins over the file.
    [[nodiscard]] const std::vector<SavedValue>& saved_values() const { return saved_values_; }

  private:
    PolicyInForce(Database& database, std::function<std::chrono::system_clock::time_point()> wall_clock)
        : store_(database), wall_clock_(std::move(wall_clock))
    {
    }

    /// Puts the file's settings in force with what is saved after the change, which is stored.
    [[nodiscard]] tl::expected<void, std::string> put_in_force(const Settings& file,
                                                               const SettingsChange& change);
    /// What is saved for an organisation that exists, all of it or for one setting.
    [[nodiscard]] std::vector<SavedSetting> saved_for(const std::string& organization,
                                                      const std::optional<std::string>& setting) const;
    template <typename Value>
    [[nodiscard]] Sourced<Value> sourced(std::size_t place, const std::string& setting, Value value) const;

    SavedSettings store_;
    std::function<std::chrono::system_clock::time_point()> wall_clock_;
    std::function<void()> changed_;
    Settings file_;
    std::vector<SavedSetting> saved_;  // ordered by time
    std::vector<SavedValue> saved_values_;
    std::shared_ptr<const Policy> policy_;
};

}  // namespace usher
