#include "plugin/people/directory.h"

#include <algorithm>
#include <utility>

#include "plugin/people/person_fields.h"

namespace usher
{

void Directory::replace(std::string_view domain, DomainPeople people)
{
    domains_.insert_or_assign(std::string(domain), std::move(people));
}

bool Directory::set_fields(std::string_view domain, const std::vector<PersonField>& fields)
{
    const auto [known, added] = fields_.try_emplace(std::string(domain), PeopleSearch().fields);
    const bool other = known->second != fields;
    known->second = fields;
    return other;
}

Person Directory::known_of(const Person& person) const
{
    const auto fields = fields_.find(person.address.domain());
    return fields == fields_.end() ? person : with_fields(person, fields->second);
}

void Directory::put(const Person& person)
{
    domains_[std::string(person.address.domain())].put(known_of(person));
}

void Directory::remove(const Address& user)
{
    if (const auto domain = domains_.find(user.domain()); domain != domains_.end()) {
        domain->second.remove(user);
    }
}

void Directory::forget(std::string_view domain)
{
    if (const auto found = domains_.find(domain); found != domains_.end()) {
        domains_.erase(found);
    }
}

std::optional<Person> Directory::person(std::string_view address) const
{
    const auto domain = domains_.find(address.substr(address.rfind('@') + 1));
    if (domain == domains_.end()) {
        return std::nullopt;
    }
    const auto place = domain->second.place_of(address);
    return place ? std::optional(domain->second.at(*place)) : std::nullopt;
}

std::size_t Directory::size(std::string_view domain) const
{
    const auto found = domains_.find(domain);
    return found == domains_.end() ? 0 : found->second.size();
}

void Directory::visit_addresses(std::string_view domain,
                                const std::function<void(std::string_view address)>& visit) const
{
    if (const auto found = domains_.find(domain); found != domains_.end()) {
        found->second.visit_addresses(visit);
    }
}

FoundPeople Directory::find(const std::vector<std::string>& domains, const SearchWords& words,
                            std::size_t limit, const Accepts& accepts) const
{
    using Found = std::pair<const DomainPeople*, DomainPeople::Place>;
    std::vector<Found> whole;
    std::vector<Found> begun;
    for (const std::string& domain : domains) {
        const auto people = domains_.find(domain);
        if (people == domains_.end() || whole.size() > limit) {
            continue;
        }
        people->second.search(words,
                              [&](const DomainPeople::Place& place, std::string_view address, bool is_whole) {
                                  std::vector<Found>& kind = is_whole ? whole : begun;
                                  if (kind.size() <= limit && accepts(address)) {
                                      kind.emplace_back(&people->second, place);
                                  }
                                  // Of many whose words only begin so, hardly anybody is shown.
                                  return whole.size() > limit   ? DomainPeople::Wanted::nobody
                                         : begun.size() > limit ? DomainPeople::Wanted::whole
                                                                : DomainPeople::Wanted::all;
                              });
    }
    whole.insert(whole.end(), begun.begin(), begun.end());
    FoundPeople found{{}, whole.size() > limit};
    for (std::size_t i = 0; i < std::min(whole.size(), limit); ++i) {
        found.people.push_back(whole[i].first->at(whole[i].second));
    }
    return found;
}

}  // namespace usher
