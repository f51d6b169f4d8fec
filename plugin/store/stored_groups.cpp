#include "plugin/store/stored_groups.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace usher
{

namespace
{

using Json = nlohmann::json;

/// Calls `visit(key, names)` with each member of the object.
template <typename Groups, typename Visit>
void each_member(Groups& groups, Visit visit)
{
    visit("contact", groups.of_contact);
    visit("user", groups.of_user);
    visit("unknown", groups.unknown);
}

}  // namespace

std::string to_json(const OutsideGroups& groups)
{
    Json json = Json::object();
    each_member(groups, [&json](const char* key, const std::vector<std::string>& names) {
        if (!names.empty()) {
            json[key] = names;
        }
    });
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<OutsideGroups> outside_groups_from_json(std::string_view text)
{
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) {
        return std::nullopt;
    }
    OutsideGroups groups;
    bool valid = true;
    each_member(groups, [&](const char* key, std::vector<std::string>& names) {
        const Json list = json.value(key, Json(Json::array()));
        valid = valid && list.is_array() &&
                std::all_of(list.begin(), list.end(), [](const Json& name) { return name.is_string(); });
        if (valid) {
            names = list.get<std::vector<std::string>>();
        }
    });
    return valid ? std::optional(std::move(groups)) : std::nullopt;
}

}  // namespace usher
