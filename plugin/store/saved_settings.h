// Settings that administrators have saved in "General IM", and the numbered policies that were in force.
//
// Not here: what a setting means, and the making of a policy out of settings (policy_in_force.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "plugin/store/database.h"

namespace usher
{

/// A setting of an organisation. Which one that is, its domains say, whatever its name is by now (saved_values.h).
struct SavedSetting {
    std::vector<std::string>
        domains;               ///< those of the file, at least one; none where an older usherd saved it
    std::string organization;  ///< its name then
    std::string setting;
    std::string value;
    std::string by;
    std::chrono::system_clock::time_point at;

    friend bool operator==(const SavedSetting&, const SavedSetting&) = default;
};

/// All settings that are saved.
struct StoredSettings {
    std::vector<SavedSetting> settings;  ///< ordered by time
    std::int64_t version = 0;            ///< another one after each change
};

struct SettingsChange {
    std::vector<SavedSetting> removed = {};  ///< as they are stored
    std::vector<SavedSetting> saved = {};    ///< stored afterwards
};

/// A policy that came into force.
struct NumberedPolicy {
    std::uint64_t generation = 0;  ///< the newest one's if that is of the same policy
    std::int64_t version = 0;      ///< of the saved settings it was made with
};

class SavedSettings
{
  public:
    /// What is to be changed, and the policy that follows from it, in parts (policy_texts.h).
    struct Outcome {
        SettingsChange change;
        std::vector<std::string> policy;
    };
    using Decide = std::function<Outcome(const StoredSettings&)>;

    /// `database` must outlive the object, and may call back after it.
    explicit SavedSettings(Database& database) : database_(database) {}

    void read(StoreCallback<StoredSettings> then);
    /// Gives the version alone.
    void version(StoreCallback<std::int64_t> then);

    /// In one transaction: has `decide` look at what is saved, makes the change and numbers the policy. On the disk when
    /// `then` is called without an error; `decide` may have been called when there is one. At all processes, changes are made
    /// one after the other. `before` is the generation that is in force at this process until then; 0: none.
    void change(Decide decide, std::uint64_t before, std::chrono::system_clock::time_point now,
                StoreCallback<NumberedPolicy> then);
    /// The same where nothing is to be changed, and requests wait. Only reads, where another process has numbered the policy
    /// already.
    void follow(Decide decide, std::uint64_t before, std::chrono::system_clock::time_point now,
                StoreCallback<NumberedPolicy> then);
    /// The policy of this generation is still in force here; see keep_policy().
    void keep(std::uint64_t generation);

  private:
    Database& database_;
};

/// What the store at that URL has saved: opened to look at, as it is, and waited for.
[[nodiscard]] tl::expected<StoredSettings, std::string> read_saved_settings(const std::string& url);

}  // namespace usher
