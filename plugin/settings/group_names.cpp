#include "plugin/settings/group_names.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>

#include "plugin/settings/spelling.h"
#include "plugin/settings/toml_file.h"
#include "plugin/text/lists.h"

namespace usher
{

namespace
{

class GroupNames
{
  public:
    GroupNames(const Organization& organization, std::size_t most) : organization_(organization), most_(most)
    {
        for (std::size_t i = 0; i < organization.groups.size(); ++i) {
            numbers_.try_emplace(organization.groups[i].name, i);
            names_.push_back(organization.groups[i].name);
        }
    }

    std::vector<GroupNameError> errors_in_rules()
    {
        find_unknown_in_rules();
        return std::move(errors_);
    }

    std::vector<GroupNameError> errors()
    {
        for (std::size_t i = 0; i < organization_.groups.size(); ++i) {
            find_unknown(false, i, "members", organization_.groups[i].members);
        }
        find_unknown_in_rules();
        states_.resize(organization_.groups.size());
        for (std::size_t i = 0; i < organization_.groups.size(); ++i) {
            find_circles(i);
        }
        return std::move(errors_);
    }

  private:
    enum class State { unseen, open, done };

    /// From a group to one of its members.
    struct Step {
        std::size_t group;
        std::size_t next_member;  // to look at
    };

    void find_unknown_in_rules()
    {
        for (std::size_t i = 0; i < organization_.rules.size(); ++i) {
            find_unknown(true, i, "from", organization_.rules[i].from);
            find_unknown(true, i, "to", organization_.rules[i].to);
        }
    }

    void find_unknown(bool in_rule, std::size_t place, std::string_view key,
                      const std::vector<Pattern>& patterns)
    {
        for (std::size_t i = 0; i < patterns.size() && errors_.size() < most_; ++i) {
            if (patterns[i].kind == Pattern::Kind::group && !numbers_.contains(patterns[i].text)) {
                errors_.push_back({in_rule, place, key, i, "", instead_of(patterns[i].text)});
            }
        }
    }

    [[nodiscard]] std::string instead_of(std::string_view name) const
    {
        if (names_.empty()) {
            return "group:NAME of an [[organization.group]] (there is none in this organization)";
        }
        if (const std::string_view near = nearest(name, names_); !near.empty()) {
            return "group:" + std::string(near) + " (is that what was meant?)";
        }
        return "group: and one of " + shortened(joined(names_));
    }

    /// Goes through all groups within `group` that were not seen yet. Not recursive: there may be a hundred thousand, each
    /// within the next.
    void find_circles(std::size_t group)
    {
        if (states_[group] != State::unseen) {
            return;
        }
        states_[group] = State::open;
        std::vector<Step> way{{group, 0}};
        while (!way.empty() && errors_.size() < most_) {
            auto& [outer, next] = way.back();
            const std::vector<Pattern>& members = organization_.groups[outer].members;
            if (next == members.size()) {
                states_[outer] = State::done;
                way.pop_back();
                continue;
            }
            const std::size_t member = next++;
            const auto inner = members[member].kind == Pattern::Kind::group
                                   ? numbers_.find(members[member].text)
                                   : numbers_.end();
            if (inner == numbers_.end() || states_[inner->second] == State::done) {
                continue;
            }
            if (states_[inner->second] == State::open) {
                refuse_circle(way, inner->second);
                continue;
            }
            states_[inner->second] = State::open;
            way.push_back({inner->second, 0});
        }
    }

    /// The last member that was looked at leads back to `group`.
    void refuse_circle(const std::vector<Step>& way, std::size_t group)
    {
        constexpr std::size_t kMaxShown = 8;
        std::vector<std::string_view> names{names_[group]};
        auto step = way.rbegin();
        for (; step->group != group && names.size() < kMaxShown; ++step) {
            names.push_back(names_[step->group]);
        }
        names.push_back(step->group == group ? names_[group] : "...");
        std::reverse(names.begin(), names.end());
        errors_.push_back({false, way.back().group, "members", way.back().next_member - 1,
                           ", by which it is within itself (" + joined(names) + ")",
                           "groups that are not within themselves"});
    }

    const Organization& organization_;
    const std::size_t most_;
    std::unordered_map<std::string_view, std::size_t> numbers_;
    std::vector<std::string_view> names_;
    std::vector<State> states_;
    std::vector<GroupNameError> errors_;
};

}  // namespace

std::vector<GroupNameError> group_name_errors(const Organization& organization, std::size_t most)
{
    return GroupNames(organization, most).errors();
}

std::vector<GroupNameError> rule_group_errors(const Organization& organization, std::size_t most)
{
    const auto names_group = [](const std::vector<Pattern>& patterns) {
        return std::any_of(patterns.begin(), patterns.end(),
                           [](const Pattern& one) { return one.kind == Pattern::Kind::group; });
    };
    for (std::size_t i = 0; i < organization.rules.size(); ++i) {
        if (names_group(organization.rules[i].from) || names_group(organization.rules[i].to)) {
            return GroupNames(organization, most).errors_in_rules();
        }
    }
    return {};
}

}  // namespace usher
