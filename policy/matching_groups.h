// By which groups a rule matches, in words for an administrator.
#pragma once

#include <string>

#include "policy/groups.h"
#include "policy/request.h"
#include "policy/rules.h"

namespace usher
{

/// Of a rule that matches: `the contact is in the group staff (through sales), the user is in the group board`. Empty if it
/// matches by no group.
[[nodiscard]] std::string matching_groups(const GroupList& groups, const Rule& rule,
                                          const SubscriptionRequest& request);

/// The groups that the rule names and that may have further members: `sales, board`.
[[nodiscard]] std::string incomplete_groups(const GroupList& groups, const Rule& rule);

}  // namespace usher
