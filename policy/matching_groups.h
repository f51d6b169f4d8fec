// In which groups the parties of a request are: as facts to be journalled, and in words for an administrator.
#pragma once

#include <optional>
#include <string>

#include "policy/groups.h"
#include "policy/request.h"
#include "policy/rules.h"

namespace usher
{

/// What is known from outside of the parties of a request. Of a contact that cannot be compared it is what is known of the
/// address by which it may be denied. Nothing where no group has members from outside.
[[nodiscard]] std::optional<OutsideGroups> outside_groups(const GroupList& groups,
                                                          const SubscriptionRequest& request);

/// Of a rule that matches: `the contact is in the group staff (through sales), the user is in the group board`. Empty if it
/// matches by no group.
[[nodiscard]] std::string matching_groups(const GroupList& groups, const Rule& rule,
                                          const SubscriptionRequest& request);

/// The groups that the rule names and that may have further members: `sales, board`.
[[nodiscard]] std::string incomplete_groups(const GroupList& groups, const Rule& rule);

}  // namespace usher
