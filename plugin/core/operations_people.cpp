#include <algorithm>
#include <memory>

#include "plugin/core/operations.h"
#include "plugin/people/person_fields.h"

namespace usher
{

using Kind = Refusal::Kind;

namespace
{

/// The organisations that whoever is of this domain may search, their own one first.
std::vector<const Organization*> searchable(const Policy& policy, std::string_view domain)
{
    std::vector<const Organization*> organizations;
    for (const Organization& organization : policy.organizations()) {
        if (organization.may_be_searched_from(domain)) {
            organizations.push_back(&organization);
        }
    }
    std::stable_partition(organizations.begin(), organizations.end(),
                          [&](const Organization* one) { return one == policy.organization_of(domain); });
    return organizations;
}

/// Of several organisations the strictest counts.
std::uint32_t least(const std::vector<const Organization*>& organizations,
                    std::uint32_t PeopleSearch::* limit)
{
    std::uint32_t strictest = organizations.front()->people.*limit;
    for (const Organization* organization : organizations) {
        strictest = std::min(strictest, organization->people.*limit);
    }
    return strictest;
}

std::string_view domain_of(std::string_view address)
{
    return address.substr(address.rfind('@') + 1);
}

PersonOption option_of(const Address& user, const PeopleSearch& people, const PersonChoice& chosen)
{
    return {chosen, people.lists(user.text(), chosen.listed), people.shows_availability(chosen.availability),
            !people.lists(user.text(), true)};
}

}  // namespace

/// A search, from the question to the answer. The policy is that of the question.
struct Operations::PeopleSearched {
    std::shared_ptr<const Policy> policy;
    std::vector<const Organization*> organizations;
    Address searcher;
    std::string viewer;
    SearchWords words;
    PeopleFound found;
    Callback<PeopleFound> then;
    std::optional<Result<PeopleFound>> answer = {};
    std::unique_ptr<Timer> step = {};  // until it may leave
};

Result<void> Operations::may_search(const Actor& actor) const
{
    if (!people_.directory || !actor.address() ||
        searchable(*policy_.policy(), actor.address()->domain()).empty()) {
        return refused(Kind::forbidden, "You cannot search for people here.");
    }
    return {};
}

void Operations::find(const Actor& actor, const std::string& viewer, const std::string& text,
                      Callback<PeopleFound> then)
{
    const auto refuse = [&then](std::uint64_t& count, const Refusal& refusal) {
        ++count;
        then(tl::unexpected(refusal));
    };
    if (const auto may = may_search(actor); !may) {
        return refuse(search_counts_.refused, may.error());
    }
    const Address& searcher = *actor.address();
    auto words = SearchWords::read(text);
    if (!words) {
        return refuse(search_counts_.refused,
                      {Kind::invalid, "Please give at least two letters of a name or an address."});
    }
    const auto policy = policy_.policy();
    auto organizations = searchable(*policy, searcher.domain());
    if (!search_limits_.allows_search(searcher, least(organizations, &PeopleSearch::searches_per_minute))) {
        return refuse(search_counts_.limited,
                      {Kind::unavailable, "You have searched too often: please try again in a minute."});
    }
    const auto search = std::make_shared<PeopleSearched>(PeopleSearched{
        policy, std::move(organizations), searcher, viewer, *std::move(words), {}, std::move(then)});
    people_searches_.insert(search);
    answer_in_step(search);
    people_.choices->update(callbacks_.bind([this, search](const tl::expected<void, std::string>& updated) {
        if (updated) {
            return look_up(search);
        }
        ++search_counts_.refused;
        search->answer = not_read(updated.error());
    }));
}

void Operations::answer_in_step(const std::shared_ptr<PeopleSearched>& search)
{
    search->step = clock_.after(kSearchStep, [this, weak = std::weak_ptr(search)] {
        const auto waiting = weak.lock();
        if (!waiting->answer) {
            return answer_in_step(waiting);
        }
        people_searches_.erase(waiting);
        waiting->then(*std::move(waiting->answer));
    });
}

void Operations::look_up(const std::shared_ptr<PeopleSearched>& search)
{
    std::vector<std::string> domains;
    for (const Organization* organization : search->organizations) {
        domains.insert(domains.end(), organization->domains.begin(), organization->domains.end());
    }
    const auto people_of = [&search](std::string_view address) -> const PeopleSearch& {
        return search->policy->organization_of(domain_of(address))->people;
    };
    FoundPeople found =
        people_.directory->find(domains, search->words, kMaxFound, [&](std::string_view address) {
            return people_of(address).lists(address, people_.choices->of(address).listed);
        });
    PeopleFound& result = search->found;
    result.more = found.more;
    result.limited = !search_limits_.keep_allowed(
        search->searcher, least(search->organizations, &PeopleSearch::people_per_day), found.people);
    std::vector<Address> asked;
    for (const Person& person : found.people) {
        const std::string& address = person.address.text();
        const PeopleSearch& settings = people_of(address);
        result.people.push_back({with_fields(person, settings.fields), {}});
        if (settings.shows_availability(people_.choices->of(address).availability)) {
            asked.push_back(person.address);
        }
    }
    ++(result.limited ? search_counts_.limited : search_counts_.answered);
    if (result.limited && result.people.empty()) {
        search->answer =
            refused(Kind::unavailable, "You have been shown as many people as you may see in a day.");
    } else if (asked.empty()) {
        search->answer = std::move(result);
    } else {
        ask_availability(search, std::move(asked));
    }
}

void Operations::ask_availability(const std::shared_ptr<PeopleSearched>& search, std::vector<Address> asked)
{
    people_.availability(search->viewer, std::move(asked), callbacks_.bind([search](const auto& shows) {
        for (FoundPerson& found : search->found.people) {
            if (const auto show = shows.find(found.person.address.text()); show != shows.end()) {
                found.show = show->second;
            }
        }
        search->answer = std::move(search->found);
    }));
}

// --- What users decide about themselves

Result<const PeopleSearch*> Operations::people_settings(const Actor& actor, const Address& user) const
{
    const Organization* organization = organization_of(user);
    if (organization == nullptr || !actor.address() || *actor.address() != user) {
        return refused(Kind::forbidden, "Only users themselves may decide whether others find them.");
    }
    if (!people_.directory || organization->people.listed == Listed::off) {
        return refused(Kind::forbidden, "There is no search for people in " + organization->name + ".");
    }
    return &organization->people;
}

Result<void> Operations::may_decide_listing(const Actor& actor, const Address& user) const
{
    return people_settings(actor, user).map([](const PeopleSearch*) {});
}

void Operations::person_option(const Actor& actor, const Address& user, Callback<PersonOption> then)
{
    const auto settings = people_settings(actor, user);
    if (!settings) {
        return then(tl::unexpected(settings.error()));
    }
    people_.choices->update(callbacks_.bind(
        [this, user, people = **settings, then](const tl::expected<void, std::string>& updated) {
            then(updated ? Result<PersonOption>(option_of(user, people, people_.choices->of(user.text())))
                         : not_read(updated.error()));
        }));
}

void Operations::choose_person(const Actor& actor, const Address& user, const PersonChoice& change,
                               Callback<PersonOption> then)
{
    const auto settings = people_settings(actor, user);
    if (!settings) {
        return then(tl::unexpected(settings.error()));
    }
    people_.choices->set(
        user, change,
        callbacks_.bind(
            [this, user, people = **settings, then](const tl::expected<void, std::string>& stored) {
                then(stored ? Result<PersonOption>(option_of(user, people, people_.choices->of(user.text())))
                            : not_stored(stored.error()));
            }));
}

}  // namespace usher
