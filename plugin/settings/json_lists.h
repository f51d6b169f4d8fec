// Rules, administrators and limits as JSON: as they are sent to be saved, and as the store keeps them. Each value is read by the kind
// that the settings file has for it (settings_table.h), so that there is one syntax of patterns, and one word for what is wrong.
//
// Not here: whether an organisation has the groups and domains that they name.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include "plugin/settings/settings.h"
#include "policy/policy.h"

namespace usher
{

/// So many rules can be saved; more belong in the settings file. Of pairs of `from` and `to` too, for which an index is made
/// while requests wait.
inline constexpr std::size_t kMaxSavedRules = 1'000;
inline constexpr std::size_t kMaxSavedPairs = 4'000;
inline constexpr std::size_t kMaxSavedAdministrators = 1'000;

/// `[{"from": ["*.spam.example"], "to": ["*"], "answer": "deny"}]`, an approving one perhaps with `"for": "90d"`. The error, a clause for people, says which rule it is, what was
/// found and what is accepted.
[[nodiscard]] tl::expected<RuleList, std::string> rules_from(const nlohmann::json& json);
[[nodiscard]] nlohmann::json to_json(const RuleList& rules);
/// Whether these are no more than can be saved.
[[nodiscard]] bool can_be_saved(const RuleList& rules);

/// `["admin@example.org"]`
[[nodiscard]] tl::expected<std::vector<Address>, std::string> administrators_from(const nlohmann::json& json);
[[nodiscard]] nlohmann::json to_json(const std::vector<Address>& administrators);

/// By their keys in the file. They are only shown.
[[nodiscard]] nlohmann::json to_json(const Limits& limits);
/// Where the first of them is given, or `default`.
[[nodiscard]] std::string source_of_limits(const Settings& file);

}  // namespace usher
