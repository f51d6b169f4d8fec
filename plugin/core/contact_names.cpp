#include "plugin/core/contact_names.h"

#include <cstddef>
#include <string>
#include <utility>

#include "plugin/people/person_fields.h"

namespace usher
{

namespace
{

/// The contact's organisation, if this user may search it.
const Organization* searchable(const Policy& policy, const SubscriptionRequest& request)
{
    const Organization* organization =
        request.contact.is_prepared() ? policy.organization_of(request.contact.domain()) : nullptr;
    return organization != nullptr && organization->may_be_searched_from(request.user.domain()) ? organization
                                                                                                : nullptr;
}

}  // namespace

bool ContactNames::wanted(const Policy& policy, const SubscriptionRequest& request)
{
    const Organization* organization = policy.organization_of(request.user.domain());
    return organization != nullptr && organization->name_contacts;
}

void ContactNames::of(std::shared_ptr<const Policy> policy, std::vector<SubscriptionRequest> requests,
                      Then then)
{
    struct Known {
        std::size_t request;
        std::string address;
        const PeopleSearch* people;  // of the policy
    };
    std::vector<ContactLabel> labels(requests.size());
    std::vector<Known> known;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        if (!wanted(*policy, requests[i])) {
            continue;
        }
        labels[i].group = policy->organization_of(requests[i].user.domain())->contact_group;
        const Organization* organization = searchable(*policy, requests[i]);
        const auto person =
            organization != nullptr ? directory_.person(requests[i].contact.text()) : std::nullopt;
        if (person) {
            // The directory may have been filled before the settings were changed.
            labels[i].name = person_field(name_of(with_fields(*person, organization->people.fields)));
        }
        if (!labels[i].name.empty()) {
            known.push_back({i, requests[i].contact.text(), &organization->people});
        }
    }
    if (known.empty()) {
        then(std::move(labels));
        return;
    }
    choices_.update(
        callbacks_.bind([this, policy = std::move(policy), labels = std::move(labels),
                         known = std::move(known), then = std::move(then)](const auto& updated) mutable {
            for (const Known& one : known) {
                if (!updated || !one.people->lists(one.address, choices_.of(one.address).listed)) {
                    labels[one.request].name.clear();
                }
            }
            then(std::move(labels));
        }));
}

}  // namespace usher
