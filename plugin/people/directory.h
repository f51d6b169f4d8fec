// Finds people by words, in memory: nothing is asked of the servers while somebody searches.
//
// Not here: who may search and who may be found (Operations), how the people come here.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/people/domain_people.h"
#include "plugin/people/person.h"
#include "plugin/people/search_words.h"
#include "policy/people_search.h"

namespace usher
{

struct FoundPeople {
    std::vector<Person> people;
    bool more = false;  ///< than these; how many is told to nobody
};

class Directory
{
  public:
    /// Whether the user with this address may be found.
    using Accepts = std::function<bool(std::string_view address)>;

    /// Of the domain's people only these fields are known, or found by, from the next put() on; before the first call all.
    /// Returns whether they are others than before.
    bool set_fields(std::string_view domain, const std::vector<PersonField>& fields);
    /// What of the person may be known.
    [[nodiscard]] Person known_of(const Person& person) const;
    /// The people of a domain are those from now on. `DomainPeople` is filled page by page, which takes its time: half a
    /// second for 100,000. This takes next to none.
    void replace(std::string_view domain, DomainPeople people);
    /// Adds the person, or has what is known of them now in place of what was.
    void put(const Person& person);
    void remove(const Address& user);
    /// Nobody of the domain is known any more.
    void forget(std::string_view domain);

    /// What is known of the account with this address. Takes microseconds.
    [[nodiscard]] std::optional<Person> person(std::string_view address) const;
    /// How many people of the domain are known.
    [[nodiscard]] std::size_t size(std::string_view domain) const;
    /// See DomainPeople.
    void visit_addresses(std::string_view domain,
                         const std::function<void(std::string_view address)>& visit) const;

    /// The people of `domains` in whose names or address each of the words begins a word, and whom `accepts` lets through.
    /// First those in whom all are whole words: "Li" comes before "Lisa". Otherwise in the order of the domains, and of
    /// addresses: always the same, so that asking again shows nobody else.
    [[nodiscard]] FoundPeople find(const std::vector<std::string>& domains, const SearchWords& words,
                                   std::size_t limit, const Accepts& accepts) const;

  private:
    std::map<std::string, DomainPeople, std::less<>> domains_;
    std::map<std::string, std::vector<PersonField>, std::less<>> fields_;  // by domain; none: all
};

}  // namespace usher
