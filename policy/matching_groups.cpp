#include "policy/matching_groups.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace usher
{

namespace
{

std::string listed(const std::vector<std::string_view>& names)
{
    std::string all;
    for (const std::string_view name : names) {
        all += (all.empty() ? "" : ", ") + std::string(name);
    }
    return all;
}

/// The first of the groups that `patterns` name which has `party`, and how; nothing if none has.
std::string group_of(const GroupList& groups, const std::vector<Pattern>& patterns, const Party& party)
{
    for (const Pattern& pattern : patterns) {
        if (pattern.kind != Pattern::Kind::group) {
            continue;
        }
        std::vector<std::string_view> way = groups.index().way_from(pattern.text, party);
        if (!way.empty()) {
            way.erase(way.begin());
            return "the group " + pattern.text + (way.empty() ? "" : " (through " + listed(way) + ")");
        }
    }
    return {};
}

std::vector<std::string> strings(const std::vector<std::string_view>& names)
{
    return {names.begin(), names.end()};
}

}  // namespace

std::optional<OutsideGroups> outside_groups(const GroupList& groups, const SubscriptionRequest& request)
{
    const GroupIndex& index = groups.index();
    if (!index.looks_outside()) {
        return std::nullopt;
    }
    const auto denied = request.contact.is_prepared() ? std::nullopt : request.contact.for_denial();
    return OutsideGroups{
        .of_contact = strings(index.groups_from_outside(denied ? Party(*denied) : request.contact)),
        .of_user = strings(index.groups_from_outside(request.user)),
        .unknown = strings(index.unknown())};
}

std::string matching_groups(const GroupList& groups, const Rule& rule, const SubscriptionRequest& request)
{
    std::string of_contact = group_of(groups, rule.from, request.contact);
    if (const auto denied = request.contact.is_prepared() ? std::nullopt : request.contact.for_denial();
        denied && of_contact.empty()) {
        of_contact = group_of(groups, rule.from, *denied);
    }
    const std::string of_user = group_of(groups, rule.to, request.user);
    return (of_contact.empty() ? "" : "the contact is in " + of_contact) +
           (of_contact.empty() || of_user.empty() ? "" : ", ") +
           (of_user.empty() ? "" : "the user is in " + of_user);
}

std::string incomplete_groups(const GroupList& groups, const Rule& rule)
{
    std::vector<std::string_view> names;
    for (const auto* patterns : {&rule.from, &rule.to}) {
        for (const Pattern& pattern : *patterns) {
            if (pattern.kind == Pattern::Kind::group && !groups.index().is_complete(pattern.text) &&
                std::find(names.begin(), names.end(), pattern.text) == names.end()) {
                names.emplace_back(pattern.text);
            }
        }
    }
    return listed(names);
}

}  // namespace usher
