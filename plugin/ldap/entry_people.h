// Makes people of a directory's entries.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "integration/people/person.h"
#include "plugin/ldap/ldap_session.h"
#include "plugin/settings/settings.h"

namespace usher
{

/// People, and which entries they were.
struct PeopleOfEntries {
    std::vector<Person> people;                            ///< sorted by address, each address once
    std::vector<std::vector<Address>> addresses;           ///< of each entry that counts, all of them
    std::unordered_map<std::string, std::size_t> by_name;  ///< places in `addresses`, by the entry's `key_of`
    std::multimap<std::string, std::size_t> by_uid;        ///< the same by `uid`, in lower case
    std::unordered_set<std::string> left_out;       ///< keys of entries that are persons and do not count
    std::unordered_set<std::string> left_out_uids;  ///< theirs, in lower case
    std::vector<std::string> without_uid;           ///< names of those that count and of which none is seen
    std::set<std::string> uid_parents;              ///< below which of them entries are named by it
};

class EntryPeople
{
  public:
    explicit EntryPeople(const LdapSettings& settings) : settings_(settings) {}

    /// The attributes that `add` looks at.
    [[nodiscard]] std::vector<std::string> attributes() const;

    /// Of an attribute with several values the first counts, in the order of their bytes, because directories keep
    /// none. Each value that is an address is one of the person, and counts for groups; they are found by the first,
    /// before all others by one at `domain` of the settings.
    void add(const LdapEntry& entry);
    /// Whoever that entry is, they are none of the people.
    void disable(const std::string& dn);

    [[nodiscard]] std::size_t entries() const { return found_.size(); }
    [[nodiscard]] std::size_t without_address() const { return without_address_; }
    [[nodiscard]] std::size_t duplicates() const { return duplicates_; }

    /// Of entries with one address the first is found, in the order of their names; the groups of all of them count.
    [[nodiscard]] PeopleOfEntries finish();

  private:
    struct Found {
        std::string dn;
        std::string key;
        std::optional<Person> person;  // none without a usable address
        std::vector<Address> addresses;
        std::vector<std::string> uids;
    };

    /// The one by which they are found comes first.
    [[nodiscard]] std::vector<Address> addresses_of(const LdapEntry& entry) const;

    const LdapSettings& settings_;
    std::vector<Found> found_;
    std::unordered_set<std::string> disabled_;  // keys
    std::size_t without_address_ = 0;
    std::size_t duplicates_ = 0;
};

}  // namespace usher
