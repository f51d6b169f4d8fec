// A kind of values: how they are read into their member, and written again.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace usher
{

/// What stands in a settings file: true or false, a whole number, a text, a list, or an (empty) object for a table.
/// Null for what no setting can be, such as a date, and for a setting that is not set.
using SettingValue = nlohmann::json;

/// Called when a value, or the one with this number in a list, cannot stand there, with what may.
using Refuse = std::function<void(std::optional<std::size_t> element, std::string accepted)>;

/// How values of one kind are read into their member and written again.
template <typename Owner>
struct Kind {
    std::string accepted;
    std::function<void(Owner&, const SettingValue&, const Refuse&)> read;
    std::function<SettingValue(const Owner&)> value;  ///< null where the setting is not set
};

}  // namespace usher
