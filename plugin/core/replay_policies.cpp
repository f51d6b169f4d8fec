#include "plugin/core/replay_policies.h"

#include <algorithm>
#include <set>
#include <utility>

#include "plugin/settings/reader.h"
#include "plugin/settings/setting_error.h"
#include "plugin/store/policy_texts.h"
#include "plugin/store/stored_value.h"

namespace usher
{

namespace
{

constexpr std::size_t kMaxKept = 32;  // a policy may take megabytes; records of one time have one

const Organization* organization_of(const Settings& settings, std::string_view domain)
{
    for (const OrganizationSettings& organization : settings.organizations) {
        const auto& all = organization.domains;
        if (std::find(all.begin(), all.end(), domain) != all.end()) {
            return &organization;
        }
    }
    return nullptr;
}

/// Of no organisation: none.
std::set<std::string> groups_from_outside(const Organization* organization)
{
    std::set<std::string> names;
    for (std::size_t i = 0; organization != nullptr && i < organization->groups.size(); ++i) {
        if (!organization->groups[i].ldap.empty()) {
            names.insert(organization->groups[i].name);
        }
    }
    return names;
}

std::vector<Organization> organizations(const Settings& settings)
{
    return {settings.organizations.begin(), settings.organizations.end()};
}

}  // namespace

const RecordedPolicies::Policy& RecordedPolicies::of(std::uint64_t generation)
{
    auto known = known_.find(generation);
    if (known == known_.end()) {
        if (known_.size() == kMaxKept) {
            known_.erase(known_.begin());
        }
        known = known_.emplace(generation, read(generation)).first;
    }
    return known->second;
}

RecordedPolicies::Policy RecordedPolicies::read(std::uint64_t generation)
{
    const auto given = store_.read(policy_text_query(generation));
    if (!given) {
        return tl::unexpected(given.error());
    }
    std::string toml;
    for (const auto& row : given->front().rows) {
        toml += text(row.at(0));
    }
    const std::string name = "settings generation " + std::to_string(generation);
    if (toml.empty()) {
        return tl::unexpected(name + " is not kept");
    }
    auto settings = parse_policy(toml, name);
    if (!settings) {
        return tl::unexpected(to_string(settings.error().front()));
    }
    return std::make_shared<const Settings>(*std::move(settings));
}

ReplayPolicies::ReplayPolicies(std::shared_ptr<const Settings> settings)
    : settings_(std::move(settings)), policy_(organizations(*settings_), settings_->limits, 0)
{
    for (std::size_t i = 0; i < settings_->organizations.size(); ++i) {
        for (const std::string& domain : settings_->organizations[i].domains) {
            places_.try_emplace(domain, i);
        }
    }
}

const Policy& ReplayPolicies::of(const JournalRecord& record, const Settings* then)
{
    const auto place = places_.find(record.request.user.domain());
    if (then == nullptr || place == places_.end()) {
        return policy_;
    }
    Last wanted{record.generation, place->second, record.facts.groups.unknown, nullptr};
    if (last_.policy == nullptr || wanted.generation != last_.generation || wanted.place != last_.place ||
        wanted.unknown != last_.unknown) {
        wanted.policy = &with_recorded(wanted, *then);
        last_ = std::move(wanted);
    }
    return *last_.policy;
}

const Policy& ReplayPolicies::with_recorded(const Last& wanted, const Settings& then)
{
    const OrganizationSettings& organization = settings_->organizations[wanted.place];
    const std::set<std::string> recorded =
        groups_from_outside(organization_of(then, organization.domains.front()));
    std::string what = std::to_string(wanted.place);
    const GroupList& groups = organization.groups;
    const auto is_recorded = [&](const Group& group) {
        return !group.ldap.empty() && recorded.contains(group.name);
    };
    const auto is_known = [&](const Group& group) {
        return std::find(wanted.unknown.begin(), wanted.unknown.end(), group.name) == wanted.unknown.end();
    };
    bool any = false;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        if (is_recorded(groups[i])) {
            what += (is_known(groups[i]) ? " " : " ?") + std::to_string(i);
            any = true;
        }
    }
    if (!any) {
        return policy_;
    }
    auto& made = with_groups_[what];
    if (!made) {
        GroupList then_known;
        for (std::size_t i = 0; i < groups.size(); ++i) {
            Group group = groups[i];
            if (is_recorded(group)) {
                group.from_outside.clear();
                group.complete = is_known(group);
            }
            then_known.push_back(std::move(group));
        }
        std::vector<Organization> all = organizations(*settings_);
        all[wanted.place].groups = std::move(then_known);
        made = std::make_unique<const Policy>(std::move(all), settings_->limits, 0);
    }
    return *made;
}

}  // namespace usher
