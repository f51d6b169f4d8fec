// Settings that administrators have saved in "General IM", and the numbered policies that were in force.
//
// Not here: what a setting means, and the making of a policy out of settings (policy_in_force.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "plugin/store/database.h"

namespace usher
{

struct SavedSetting {
    std::string organization;
    std::string setting;
    std::string value;
    std::string by;
    std::chrono::system_clock::time_point at;
};

struct SettingsChange {
    std::vector<SavedSetting> saved = {};   ///< each in the place of what was saved for it before
    std::optional<std::string> reset = {};  ///< the organisation for which nothing is saved any more
};

class SavedSettings
{
  public:
    explicit SavedSettings(Database& database) : database_(database) {}

    [[nodiscard]] tl::expected<std::vector<SavedSetting>, std::string> read();

    /// Makes the change and numbers the policy that follows from it, in one transaction; committed when this
    /// returns without an error. Returns the generation: the newest one's if that is of the same policy.
    [[nodiscard]] tl::expected<std::uint64_t, std::string> save(const SettingsChange& change,
                                                                const std::string& policy,
                                                                std::chrono::system_clock::time_point now);

  private:
    Database& database_;
};

}  // namespace usher
