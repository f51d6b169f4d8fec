#include "policy/rules.h"

#include <algorithm>

namespace usher
{

namespace
{

constexpr std::uint64_t pair_of(std::uint32_t from, std::uint32_t to)
{
    return (std::uint64_t{from} << 32U) | to;
}

}  // namespace

std::uint32_t RuleIndex::Side::number(const Pattern& pattern)
{
    std::uint32_t* number = &everybody_;
    switch (pattern.kind) {
        case Pattern::Kind::everybody:
            break;
        case Pattern::Kind::subdomains:
            number = &subdomains_[pattern.text];
            break;
        case Pattern::Kind::domain:
            number = &domains_[pattern.text];
            break;
        case Pattern::Kind::address:
            number = &addresses_[pattern.text];
            break;
        case Pattern::Kind::group:
            number = &groups_[pattern.text];
            break;
    }
    if (*number == 0) {
        *number = ++last_;
    }
    return *number;
}

template <typename Visit>
void RuleIndex::Side::each_match(const Party& party, Groups groups, Visit visit) const
{
    if (everybody_ != 0) {
        visit(everybody_);
    }
    const auto probe = [&visit](const Numbers& numbers, std::string_view text) {
        if (numbers.empty()) {
            return;
        }
        if (const auto found = numbers.find(text); found != numbers.end()) {
            visit(found->second);
        }
    };
    if (party.is_prepared()) {
        probe(addresses_, party.text());
    }
    probe(domains_, party.domain());
    if (!subdomains_.empty()) {
        any_parent(party.domain(), [&](std::string_view parent) {
            probe(subdomains_, parent);
            return false;
        });
    }
    for (const std::string_view group : groups) {
        probe(groups_, group);
    }
}

RuleIndex::RuleIndex(const std::vector<Rule>& rules)
{
    for (std::size_t i = 0; i < rules.size(); ++i) {
        add(rules[i].from, rules[i].to, static_cast<std::uint32_t>(i));
    }
}

void RuleIndex::add(const std::vector<Pattern>& from, const std::vector<Pattern>& to, std::uint32_t number)
{
    for (const Pattern& one : from) {
        const std::uint32_t from_number = from_.number(one);
        for (const Pattern& other : to) {
            // try_emplace keeps the first rule with this pair
            first_of_pair_.try_emplace(pair_of(from_number, to_.number(other)), number);
        }
    }
}

std::size_t RuleIndex::first(const Party& contact, const Party& user, Groups groups_of_contact,
                             Groups groups_of_user) const
{
    if (first_of_pair_.empty()) {
        return none;
    }
    std::size_t first = none;
    from_.each_match(contact, groups_of_contact, [&](std::uint32_t from) {
        to_.each_match(user, groups_of_user, [&](std::uint32_t to) {
            if (const auto found = first_of_pair_.find(pair_of(from, to)); found != first_of_pair_.end()) {
                first = std::min<std::size_t>(first, found->second);
            }
        });
    });
    return first;
}

}  // namespace usher
