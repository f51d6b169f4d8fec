// Settings that administrators have saved in "General IM", and the numbered policies that were in force.
//
// Not here: what a setting means, and the making of a policy out of settings (policy_in_force.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <tl/expected.hpp>

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

struct SettingsChange {
    std::vector<SavedSetting> removed = {};  ///< as they are stored
    std::vector<SavedSetting> saved = {};    ///< stored afterwards
};

class SavedSettings
{
  public:
    explicit SavedSettings(Database& database) : database_(database) {}

    [[nodiscard]] tl::expected<std::vector<SavedSetting>, std::string> read();

    /// Makes the change and numbers the policy that follows from it, given in parts (policy_texts.h), in one
    /// transaction; on the disk when this returns without an error. Returns the generation: the newest one's if that
    /// is of the same policy.
    [[nodiscard]] tl::expected<std::uint64_t, std::string> save(const SettingsChange& change,
                                                                const std::vector<std::string>& policy,
                                                                std::chrono::system_clock::time_point now);

  private:
    Database& database_;
};

}  // namespace usher
