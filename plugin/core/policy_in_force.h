// The policy in force and where each of its settings comes from: default, file, or saved in "General IM".
//
// The one place that makes a Policy out of settings. Every change is a new generation, numbered and kept in
// the store, so that each decision of the journal names the policy it was made under.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "integration/base/callback_scope.h"
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
    std::optional<Federation> federation = {};             ///< all of it
    std::optional<RuleList> rules = {};                    ///< all of them, numbered from 1
    std::optional<std::vector<Address>> administrators = {};
    /// GeneralIm::mark when somebody began to change it: what others have saved since is not to be lost. Empty: is saved anyway.
    std::string mark = {};
};

/// "General IM": what an administrator may change while the daemon runs.
struct GeneralIm {
    std::string organization;
    Sourced<bool> users_may_choose;
    Sourced<Option> option;
    Sourced<std::vector<std::string>> domains;
    std::vector<std::string> domains_in_file;  ///< those that may be chosen from
    Sourced<Federation> federation;
    Sourced<RuleList> rules;
    Sourced<std::vector<Address>> administrators;
    Sourced<Limits> limits;             ///< of all organisations together; only the file changes them
    Sourced<ArchiveWish> archive = {};  ///< only the file changes it
    std::string mark = {};  ///< another one whenever something has been saved or reset for the organisation
    /// What is saved for it, and not in force: sentences (saved_values.h). Until it is reset.
    std::vector<std::string> without_effect = {};
};

class PolicyInForce
{
  public:
    /// `database` is to outlive the object.
    PolicyInForce(Database& database, std::function<std::chrono::system_clock::time_point()> wall_clock)
        : store_(database), wall_clock_(std::move(wall_clock))
    {
    }

    /// Null until the file's settings are in force for the first time.
    [[nodiscard]] const std::shared_ptr<const Policy>& policy() const { return policy_; }
    /// The version of the saved settings that it was made with (saved_settings.h).
    [[nodiscard]] std::int64_t settings_version() const { return settings_version_; }
    /// What the settings say of each organisation, with what was saved.
    [[nodiscard]] std::vector<OrganizationSettings> organizations() const;
    /// Where the rule of an organisation in force comes from: `in line 18 of the settings file`, `saved by ...`.
    [[nodiscard]] std::string source_of_rule(const Organization& organization, const Rule& rule) const;

    /// Whose change it is that came into force.
    enum class Origin {
        here,       ///< or may be: a change of ours that failed may have been committed all the same
        elsewhere,  ///< saved by another process, which lets it have its consequences
    };
    /// Called, from then on, whenever another policy has come into force.
    void on_change(std::function<void(Origin)> changed) { changed_ = std::move(changed); }

    // Changes are made one after the other. Each is committed and in force when its `then` is called without an error, which
    // is for people; after an error, what was in force still is.

    /// The file was read again.
    void set_file(const Settings& settings, StoreCallback<void> then);

    /// The file's settings that are in force, without what is saved.
    [[nodiscard]] const Settings& file() const { return file_; }
    /// Another number whenever another file has come into force.
    [[nodiscard]] std::uint64_t file_number() const { return file_number_; }
    /// Puts `settings` in force that were made of `file()` when that had this number. Where another file has come into force
    /// since, nothing is changed. Gives whether they are in force.
    void replace_file(std::uint64_t number, const Settings& settings, StoreCallback<bool> then);

    /// Another process has saved settings, so that they have this version now: brings what is saved into force. Does not wait
    /// for changes that are under way here.
    void refresh(std::int64_t version, StoreCallback<void> then);
    /// Says in the store that the policy is still in force here. To be called each hour.
    void keep() { store_.keep(policy_->generation()); }

    /// Looks whether another process has saved settings, and refreshes then. Whoever decides looks for themselves; this is for
    /// those who only look at what is in force.
    void look();

    /// Nothing for an organisation that does not exist.
    [[nodiscard]] std::optional<GeneralIm> general(std::string_view organization) const;
    /// Saves for an organisation that exists, by whom. Of the domains those of the file count. Gives false, and nothing is saved,
    /// where the change has the mark of what was saved before, and that is not it any more.
    void save(const std::string& organization, const GeneralChange& change, const std::string& by,
              StoreCallback<bool> then);
    /// Makes what would be in force if that were saved now: organisations and limits, and nothing else. To be called on another
    /// thread, because rules take their time to read. Null for an organisation that does not exist.
    [[nodiscard]] std::function<Settings()> if_saved(const std::string& organization,
                                                     const GeneralChange& change) const;
    /// Forgets what was saved for the organisation.
    void reset(const std::string& organization, StoreCallback<void> then);
    /// Forgets what was saved for one of that name of which the file has no domain. Gives whether there was anything.
    void forget_orphans(const std::string& organization, StoreCallback<bool> then);
    /// All that is saved, and whether it wins over the file.
    [[nodiscard]] const std::vector<SavedValue>& saved_values() const { return saved_values_; }

  private:
    /// What is to be changed, given the file in force then and what is saved.
    using ChangeOf =
        std::function<SettingsChange(const Settings& file, const std::vector<SavedValue>& saved)>;

    struct Change {
        std::optional<Settings> file;  // nothing: the one in force
        ChangeOf change_of;
        StoreCallback<void> then;
        std::function<bool()> is_due = [] {
            return true;
        };  // asked when it is its turn; if not, it is left out
    };
    struct Made;
    struct Merged;

    [[nodiscard]] static ChangeOf change_to(const std::string& organization, const GeneralChange& change,
                                            const std::string& by, std::chrono::system_clock::time_point at);
    /// What follows for the file from what is saved, with the change.
    [[nodiscard]] static Merged merge(const ChangeOf& change_of, const Settings& file,
                                      std::vector<SavedSetting> saved);
    void put_in_force(Change change);
    void next_change();
    [[nodiscard]] static SavedSettings::Outcome make(const ChangeOf& change_of, const StoredSettings& stored,
                                                     Made& made);
    void take(Made& made, const NumberedPolicy& numbered, Origin origin);
    [[nodiscard]] std::uint64_t generation() const { return policy_ ? policy_->generation() : 0; }

    /// Null where the file's value is in force.
    [[nodiscard]] const SavedSetting* saved_in_force(std::size_t place, const std::string& setting) const;
    /// Saved for the organisation at that place in the file.
    [[nodiscard]] bool has_unusable_rules(std::size_t place) const;
    template <typename Value>
    [[nodiscard]] Sourced<Value> sourced(std::size_t place, const std::string& setting, Value value) const;

    SavedSettings store_;
    std::function<std::chrono::system_clock::time_point()> wall_clock_;
    std::function<void(Origin)> changed_;
    Settings file_;
    std::uint64_t file_number_ = 0;
    std::int64_t settings_version_ = 0;
    std::vector<SavedValue> saved_values_;
    std::shared_ptr<const Policy> policy_;
    std::deque<Change> changes_;  // the first is under way
    std::uint64_t taken_ = 0;     // how often something has come into force
    bool unconfirmed_ = false;    // the last change of ours has failed, but may be in the store all the same
    CallbackScope callbacks_;
};

}  // namespace usher
