// Under which name and in which group users' rosters show the contacts whose requests are approved (`name_contacts`).
//
// The name is one that the user could find by searching for the contact. Not here: the search itself (Operations).
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "integration/base/callback_scope.h"
#include "integration/requests/contact_label.h"
#include "plugin/people/directory.h"
#include "plugin/people/people_choices.h"
#include "policy/policy.h"
#include "policy/request.h"

namespace usher
{

class ContactNames
{
  public:
    /// Both must outlive the object.
    ContactNames(const Directory& directory, PeopleChoices& choices)
        : directory_(directory), choices_(choices)
    {
    }

    /// Whether approvals of this user's requests are to have labels.
    [[nodiscard]] static bool wanted(const Policy& policy, const SubscriptionRequest& request);

    /// Calls `then` with a label for each of these requests, in order, at once or when it is known which contacts want to be
    /// found; not after the object is gone. Where that cannot be known, nobody is named.
    using Then = std::function<void(std::vector<ContactLabel>)>;
    void of(std::shared_ptr<const Policy> policy, std::vector<SubscriptionRequest> requests, Then then);

  private:
    const Directory& directory_;
    PeopleChoices& choices_;
    CallbackScope callbacks_;
};

}  // namespace usher
