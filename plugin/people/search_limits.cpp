#include "plugin/people/search_limits.h"

#include <algorithm>
#include <chrono>

namespace usher
{

namespace
{

constexpr std::chrono::hours kDay{24};
constexpr std::chrono::minutes kMinute{1};

}  // namespace

SearchLimits::Searcher* SearchLimits::searcher(const Address& user)
{
    const Clock::Time now = clock_.now();
    if (!searchers_.contains(user) && searchers_.size() >= kMaxUsers) {
        forget_yesterdays();
        if (searchers_.size() >= kMaxUsers) {
            return nullptr;
        }
    }
    Searcher& found = searchers_.try_emplace(user, Searcher{now, now, 0, {}}).first->second;
    if (now - found.day >= kDay) {
        found = {now, now, 0, {}};
    }
    return &found;
}

void SearchLimits::forget_yesterdays()
{
    const Clock::Time now = clock_.now();
    if (now - forgotten_ < kMinute) {
        return;  // it looks at all of them
    }
    forgotten_ = now;
    std::erase_if(searchers_, [now](const auto& one) { return now - one.second.day >= kDay; });
}

bool SearchLimits::allows_search(const Address& user, std::uint32_t per_minute)
{
    Searcher* of_user = searcher(user);
    if (of_user == nullptr) {
        return false;
    }
    if (clock_.now() - of_user->minute >= kMinute) {
        of_user->minute = clock_.now();
        of_user->searches = 0;
    }
    if (of_user->searches >= per_minute) {
        return false;
    }
    ++of_user->searches;
    return true;
}

bool SearchLimits::keep_allowed(const Address& user, std::uint32_t per_day, std::vector<Person>& people)
{
    Searcher* of_user = searcher(user);
    const std::size_t before = people.size();
    std::erase_if(people, [of_user, per_day](const Person& person) {
        if (of_user == nullptr) {
            return true;
        }
        std::vector<std::uint64_t>& shown = of_user->shown;
        const std::uint64_t hash = std::hash<Address>()(person.address);
        const auto place = std::lower_bound(shown.begin(), shown.end(), hash);
        if (place != shown.end() && *place == hash) {
            return false;
        }
        if (shown.size() >= per_day) {
            return true;
        }
        shown.insert(place, hash);
        return false;
    });
    return people.size() == before;
}

}  // namespace usher
