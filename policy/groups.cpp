#include "policy/groups.h"

#include <algorithm>
#include <set>
#include <utility>

namespace usher
{

namespace
{

constexpr auto kItself = static_cast<std::size_t>(-1);

}  // namespace

GroupIndex::GroupIndex(const std::vector<Group>& groups)
{
    for (const Group& group : groups) {
        numbers_.try_emplace(group.name, static_cast<Number>(nodes_.size()));
        nodes_.push_back({group.name, {}, true});
    }
    for (Number group = 0; group < groups.size(); ++group) {
        for (const Pattern& member : groups[group].members) {
            add(member, group);
        }
        for (const Address& address : groups[group].from_outside) {
            from_outside_.emplace(address.text(), group);
        }
        looks_outside_ = looks_outside_ || !groups[group].ldap.empty() || !groups[group].from_outside.empty();
    }
    std::vector<Number> incomplete;
    const auto mark = [&](Number group) {
        if (std::exchange(nodes_[group].complete, false)) {
            incomplete.push_back(group);
        }
    };
    for (Number group = 0; group < groups.size(); ++group) {
        if (!groups[group].complete) {
            unknown_.emplace_back(groups[group].name);
            mark(group);
        }
    }
    all_complete_ = incomplete.empty();
    for (std::size_t i = 0; i < incomplete.size(); ++i) {
        for (const Number outer : nodes_[incomplete[i]].within) {
            mark(outer);
        }
    }
}

void GroupIndex::add(const Pattern& member, Number group)
{
    switch (member.kind) {
        case Pattern::Kind::everybody:
            everybody_.push_back(group);
            break;
        case Pattern::Kind::subdomains:
            subdomains_.emplace(member.text, group);
            break;
        case Pattern::Kind::domain:
            domains_.emplace(member.text, group);
            break;
        case Pattern::Kind::address:
            addresses_.emplace(member.text, group);
            break;
        case Pattern::Kind::group:
            if (const auto inner = numbers_.find(member.text); inner != numbers_.end()) {
                nodes_[inner->second].within.push_back(group);
            }
            break;
    }
}

std::vector<GroupIndex::Found> GroupIndex::found(const Party& party,
                                                 const std::vector<std::string>& from_outside) const
{
    std::vector<Found> found;
    const auto probe = [&found](const Members& members, std::string_view text) {
        const auto [first, end] = members.equal_range(text);
        for (auto member = first; member != end; ++member) {
            found.push_back({member->second, kItself});
        }
    };
    for (const Number group : everybody_) {
        found.push_back({group, kItself});
    }
    if (party.is_prepared()) {
        probe(addresses_, party.text());
        probe(from_outside_, party.text());
    }
    for (const std::string& name : from_outside) {
        if (const auto number = numbers_.find(name); number != numbers_.end()) {
            found.push_back({number->second, kItself});
        }
    }
    probe(domains_, party.domain());
    if (!subdomains_.empty()) {
        any_parent(party.domain(), [&](std::string_view parent) {
            probe(subdomains_, parent);
            return false;
        });
    }
    const auto by_group = [](const Found& a, const Found& b) { return a.group < b.group; };
    const auto same_group = [](const Found& a, const Found& b) { return a.group == b.group; };
    std::sort(found.begin(), found.end(), by_group);
    found.erase(std::unique(found.begin(), found.end(), same_group), found.end());
    for (std::size_t i = 0; i < found.size(); ++i) {
        for (const Number outer : nodes_[found[i].group].within) {
            if (std::none_of(found.begin(), found.end(), [&](const Found& f) { return f.group == outer; })) {
                found.push_back({outer, i});
            }
        }
    }
    return found;
}

std::vector<std::string_view> GroupIndex::groups_of(const Party& party,
                                                    const std::vector<std::string>& from_outside) const
{
    std::vector<std::string_view> names;
    for (const Found& one : found(party, from_outside)) {
        names.push_back(nodes_[one.group].name);
    }
    return names;
}

std::vector<std::string_view> GroupIndex::way_from(std::string_view name, const Party& party) const
{
    const std::vector<Found> all = found(party);
    const auto is_it = [&](const Found& one) { return nodes_[one.group].name == name; };
    const auto it = std::find_if(all.begin(), all.end(), is_it);
    std::vector<std::string_view> way;
    for (auto i = it == all.end() ? kItself : static_cast<std::size_t>(it - all.begin()); i != kItself;
         i = all[i].through) {
        way.push_back(nodes_[all[i].group].name);
    }
    return way;
}

std::vector<std::string_view> GroupIndex::groups_from_outside(const Party& party) const
{
    std::set<Number> groups;
    if (party.is_prepared()) {
        const auto [first, end] = from_outside_.equal_range(party.text());
        for (auto member = first; member != end; ++member) {
            groups.insert(member->second);
        }
    }
    std::vector<std::string_view> names;
    names.reserve(groups.size());
    for (const Number group : groups) {
        names.push_back(nodes_[group].name);
    }
    return names;
}

bool GroupIndex::is_complete(std::string_view name) const
{
    const auto number = numbers_.find(name);
    return number == numbers_.end() || nodes_[number->second].complete;
}

}  // namespace usher
