// What the settings that administrators have saved mean for a settings file: to which organisation each belongs, and
// what each puts in the place of the file's value.
//
// A saved setting belongs to the organisation that has, in the file, the first of its domains that any has: whatever
// the organisation is called by now. Not here: saving, and the policy (policy_in_force.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plugin/settings/settings.h"
#include "plugin/store/saved_settings.h"

namespace usher
{

inline constexpr const char* kUsersMayChoose = "users_may_choose";
inline constexpr const char* kOption = "option";
inline constexpr const char* kDomains = "domains";
inline constexpr const char* kFederation = "federation";
inline constexpr const char* kRules = "rules";
inline constexpr const char* kAdministrators = "administrators";

/// The key of the setting among the lines of a file (settings.h), behind that of its organisation. What is saved of federation
/// is all of it: a list of domains makes sense with one mode only. Of rules it is the first one's.
[[nodiscard]] std::string line_key(const std::string& setting);

/// As it is saved: `open`, `closed deny`, `listed leave example.net *.example.com`.
[[nodiscard]] std::string to_text(const Federation& federation);
/// Nothing if it is none of to_text(), or contradicts itself.
[[nodiscard]] std::optional<Federation> federation_from(const std::string& text);

struct SavedValue {
    SavedSetting saved;
    std::optional<std::size_t> organization;  ///< its place in the file; nothing: none has one of its domains
    bool in_force = false;                    ///< wins over the file
    std::string value;  ///< for people: of rules how many they are, of administrators their addresses
    /// For people: what, by whom and when, instead of what, and how to remove it.
    std::string text;
};

/// Puts the values in their places in `settings`. What makes no sense, or not any more, changes nothing: a saved domain
/// that the file has since given to another organisation must not come back. But where saved rules cannot be used, all requests are
/// left to their users: what the file says instead may approve more. `saved` are ordered by their times: of
/// two for the same setting of one organisation the last one counts. Returns one for each, in their order.
[[nodiscard]] std::vector<SavedValue> put_saved(Settings& settings, std::span<const SavedSetting> saved);

/// What the store of these settings has saved, and whether that wins over them, as comments for the end of a settings
/// file. Only reads; where it cannot, it says so.
[[nodiscard]] std::string saved_beside(const Settings& settings);

/// SHA-256 of what is saved for the organisation at that place in the file.
[[nodiscard]] std::string mark_of(std::size_t organization, std::span<const SavedValue> saved);

/// `saved by admin@example.org on 2026-11-23 10:00 UTC`
[[nodiscard]] std::string saved_by(const SavedSetting& saved);

}  // namespace usher
