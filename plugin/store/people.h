// Whom the servers list, so that people can be found from the start of usherd on, before the lists have been read again.
//
// What is here is what a server has said last to one of the processes that share the store; nobody else writes it. Each
// of them reads the lists for itself and writes what differs, so what they write one after the other is the same. Where
// one has an older reply than another, what it writes holds until the list is read again, which each process does after
// each login and in each night.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "integration/people/person.h"
#include "plugin/store/database.h"

namespace usher
{

class StoredPeople
{
  public:
    using ListTimes = std::map<std::string, std::chrono::system_clock::time_point, std::less<>>;

    /// `database` must outlive the object, and may call back after it.
    explicit StoredPeople(Database& database) : database_(database) {}

    /// The people of the domain behind the address `after` (empty: from the first one), `most` at most, ordered by
    /// address.
    void read(std::string_view domain, std::string_view after, std::size_t most,
              StoreCallback<std::vector<Person>> then);
    /// Adds them, or has what is known of them now in place of what was. Writes only what differs. At least one.
    void put(std::vector<Person> people, StoreCallback<void> then);
    /// At least one.
    void remove(const std::vector<Address>& people, StoreCallback<void> then);

    /// The first domain behind that one (empty: the first one) of which people are known.
    void next_domain(const std::string& after, StoreCallback<std::optional<std::string>> then);
    /// Takes out the people of the domain, `most` at most, and when its list was read. Gives how many they were.
    void forget(const std::string& domain, std::size_t most, StoreCallback<std::size_t> then);

    /// When each domain's list was last read to its end.
    void list_times(StoreCallback<ListTimes> then);
    void set_list_time(const std::string& domain, std::chrono::system_clock::time_point time,
                       StoreCallback<void> then);

  private:
    Database& database_;
};

}  // namespace usher
