// What is wrong with the names of groups in groups and rules: names that no group has, and groups within themselves.
//
// Not here: where in the file that is (reader.cpp).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.h"

namespace usher
{

struct GroupNameError {
    bool in_rule;          ///< else in a group
    std::size_t place;     ///< among the groups or rules, from 0
    std::string_view key;  ///< `members`, `from` or `to`
    std::size_t element;   ///< in that list, from 0
    std::string found;     ///< besides what is written there
    std::string accepted;
};

/// At most `most`.
[[nodiscard]] std::vector<GroupNameError> group_name_errors(const Organization& organization,
                                                            std::size_t most);
/// The same of the rules alone, where groups are known to be right.
[[nodiscard]] std::vector<GroupNameError> rule_group_errors(const Organization& organization,
                                                            std::size_t most);

}  // namespace usher
