// The rules that may match because a group that they name may have members of whom that is not known (groups.h).
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "policy/answer.h"
#include "policy/groups.h"
#include "policy/rules.h"

namespace usher
{

/// Of an organisation's rules those that name a group which is not complete, as if everybody were in it. Where all groups are
/// complete there are none.
class PossibleRules
{
  public:
    PossibleRules(const RuleList& rules, const GroupList& groups);

    /// Index of the first such rule with an answer other than `answer` that may match, or `RuleIndex::none`.
    [[nodiscard]] std::size_t first_besides(std::optional<Answer> answer, const Party& contact,
                                            const Party& user, RuleIndex::Groups groups_of_contact,
                                            RuleIndex::Groups groups_of_user) const;

  private:
    struct OfAnswer {
        Answer answer;
        RuleIndex rules;
    };

    std::array<OfAnswer, 3> by_answer_{{{Answer::approve, {}}, {Answer::deny, {}}, {Answer::leave, {}}}};
};

}  // namespace usher
