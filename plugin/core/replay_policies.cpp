#include "plugin/core/replay_policies.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "plugin/settings/group_members.h"
#include "plugin/settings/reader.h"
#include "plugin/settings/setting_error.h"
#include "plugin/store/policy_texts.h"
#include "plugin/store/stored_value.h"

namespace usher
{

namespace
{

constexpr std::size_t kMaxKept = 2;  // a policy may take megabytes, and records of one time have one

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

/// The names of groups and whom they have of the directory. Of no organisation: none.
std::set<std::pair<std::string, std::string>> groups_from_outside(const Organization* organization)
{
    std::set<std::pair<std::string, std::string>> groups;
    for (std::size_t i = 0; organization != nullptr && i < organization->groups.size(); ++i) {
        if (const Group& group = organization->groups[i]; !group.ldap.empty()) {
            groups.emplace(group.name, group.ldap);
        }
    }
    return groups;
}

bool has_groups_from_outside(const Organization* organization)
{
    for (std::size_t i = 0; organization != nullptr && i < organization->groups.size(); ++i) {
        if (!organization->groups[i].ldap.empty()) {
            return true;
        }
    }
    return false;
}

/// Those of the names that are recorded.
std::vector<std::string> of(const std::vector<std::string>& names, const std::set<std::string>& recorded)
{
    std::vector<std::string> left;
    std::copy_if(names.begin(), names.end(), std::back_inserter(left),
                 [&recorded](const std::string& name) { return recorded.contains(name); });
    return left;
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
    : settings_(std::move(settings)),
      policy_(organizations(*settings_), settings_->limits, 0),
      has_outside_groups_(has_groups_from_ldap(*settings_))
{
    for (std::size_t i = 0; i < settings_->organizations.size(); ++i) {
        for (const std::string& domain : settings_->organizations[i].domains) {
            places_.try_emplace(domain, i);
        }
    }
}

std::optional<Decision> ReplayPolicies::decide(const JournalRecord& record, const Settings* then)
{
    const std::string_view domain = record.request.user.domain();
    const auto place = places_.find(domain);
    Facts facts = record.facts;
    facts.groups.reset();
    if (!has_outside_groups_ || then == nullptr || place == places_.end() ||
        !has_groups_from_outside(organization_of(*then, domain))) {
        return usher::decide(policy_, record.request, facts);
    }
    if (!record.facts.groups) {
        return std::nullopt;
    }
    const Form& form = form_of(record, *then, place->second);
    facts.groups = OutsideGroups{.of_contact = of(record.facts.groups->of_contact, form.recorded),
                                 .of_user = of(record.facts.groups->of_user, form.recorded),
                                 .unknown = {}};
    return usher::decide(*form.policy, record.request, facts);
}

const ReplayPolicies::Form& ReplayPolicies::form_of(const JournalRecord& record, const Settings& then,
                                                    std::size_t place)
{
    Form form{record.generation, std::string(record.request.user.domain()), record.facts.groups->unknown};
    if (last_.policy != nullptr && form.generation == last_.generation && form.domain == last_.domain &&
        form.unknown == last_.unknown) {
        return last_;
    }
    const auto groups_then = groups_from_outside(organization_of(then, form.domain));
    const GroupList& groups = settings_->organizations[place].groups;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        if (groups_then.contains({groups[i].name, groups[i].ldap})) {
            form.recorded.insert(groups[i].name);
        }
    }
    form.policy = &with_recorded(form, place);
    last_ = std::move(form);
    return last_;
}

const Policy& ReplayPolicies::with_recorded(const Form& form, std::size_t place)
{
    const auto is_known = [&form](const std::string& name) {
        return std::find(form.unknown.begin(), form.unknown.end(), name) == form.unknown.end();
    };
    if (form.recorded.empty()) {
        return policy_;
    }
    std::string what = std::to_string(place);
    for (const std::string& name : form.recorded) {
        what += (is_known(name) ? " " : " ?") + name;
    }
    auto& made = with_groups_[what];
    if (!made) {
        const GroupList& groups = settings_->organizations[place].groups;
        GroupList then_known;
        for (std::size_t i = 0; i < groups.size(); ++i) {
            Group group = groups[i];
            if (form.recorded.contains(group.name)) {
                group.from_outside.clear();
                group.complete = is_known(group.name);
            }
            then_known.push_back(std::move(group));
        }
        std::vector<Organization> all = organizations(*settings_);
        all[place].groups = std::move(then_known);
        made = std::make_unique<const Policy>(std::move(all), settings_->limits, 0);
    }
    return *made;
}

}  // namespace usher
