// What a search for people gives, and what it needs.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "plugin/people/directory.h"
#include "plugin/people/people_choices.h"

namespace usher
{

/// Asks how available `users`, of any served domains, are to `viewer`, a full address. Gives `chat`, `available`, `away`,
/// `xa` or `dnd` for each of those who are; called once, at once or later, and not after whoever asks is gone.
using AskAvailability =
    std::function<void(const std::string& viewer, std::vector<Address> users,
                       std::function<void(const std::map<std::string, std::string>& shows)> then)>;

/// All are to outlive whoever searches.
struct PeopleSources {
    const Directory* directory = nullptr;
    PeopleChoices* choices = nullptr;
    AskAvailability availability;
};

/// Somebody found, as the searcher sees them.
struct FoundPerson {
    Person person;
    /// As AskAvailability gives it. Empty for who is offline, invisible, has blocked the searcher, or does not show it: the
    /// searcher is not to tell these from each other.
    std::string show;
};

struct PeopleFound {
    std::vector<FoundPerson> people;
    bool more = false;     ///< who are not shown, because these are enough at a time
    bool limited = false;  ///< there are others, but the user has been shown as many as they may be in a day
};

/// What holds for a user in search.
struct PersonOption {
    PersonChoice chosen;
    bool listed = false;        ///< others find the user
    bool availability = false;  ///< and see whether the user is available
    bool excluded =
        false;  ///< the administrator has excluded the account, or availability: no choice changes that
};

/// Since the start.
struct SearchCounts {
    std::uint64_t answered = 0;
    std::uint64_t limited = 0;  ///< refused or cut short, because of what one user may see
    std::uint64_t refused = 0;  ///< of those who may not search, or of less than two letters, or failed
};

}  // namespace usher
