#include "policy/possible_rules.h"

#include <algorithm>
#include <vector>

namespace usher
{

namespace
{

/// `patterns`, or everybody if they name a group that is not complete.
std::vector<Pattern> widest(const std::vector<Pattern>& patterns, const GroupIndex& groups)
{
    const bool complete = std::all_of(patterns.begin(), patterns.end(), [&](const Pattern& pattern) {
        return pattern.kind != Pattern::Kind::group || groups.is_complete(pattern.text);
    });
    return complete ? patterns : std::vector{Pattern{Pattern::Kind::everybody, {}}};
}

}  // namespace

PossibleRules::PossibleRules(const RuleList& rules, const GroupList& groups)
{
    if (groups.index().all_complete()) {
        return;
    }
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const std::vector<Pattern> from = widest(rules[i].from, groups.index());
        const std::vector<Pattern> to = widest(rules[i].to, groups.index());
        if (from == rules[i].from && to == rules[i].to) {
            continue;
        }
        const auto of_answer = std::find_if(by_answer_.begin(), by_answer_.end(), [&](const OfAnswer& one) {
            return one.answer == rules[i].answer;
        });
        of_answer->rules.add(from, to, static_cast<std::uint32_t>(i));
    }
}

std::size_t PossibleRules::first_besides(std::optional<Answer> answer, const Party& contact,
                                         const Party& user, RuleIndex::Groups groups_of_contact,
                                         RuleIndex::Groups groups_of_user) const
{
    std::size_t first = RuleIndex::none;
    for (const OfAnswer& one : by_answer_) {
        if (one.answer != answer) {
            first = std::min(first, one.rules.first(contact, user, groups_of_contact, groups_of_user));
        }
    }
    return first;
}

}  // namespace usher
