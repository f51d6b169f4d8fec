// Which option each user has chosen, where they have chosen one.
//
// Read from the store each time it is needed, so that a choice that another process saves holds from the next
// request on. Not here: whether users may choose (operations.h) and whether a choice is in force
// (policy/decide.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "integration/requests/account_settings.h"
#include "plugin/store/database.h"
#include "policy/address.h"
#include "policy/option.h"

namespace usher
{

/// What decisions need of the store.
struct StoredChoices {
    std::vector<std::optional<Option>> chosen;  ///< of each user, in their order
    std::int64_t settings_version =
        0;  ///< of the saved settings (saved_settings.h), no later than the choices
};

class Choices
{
  public:
    /// For how many users one query asks at most.
    static constexpr std::size_t kMaxInQuery = 128;

    /// `database` must outlive the object, and may call back after it.
    explicit Choices(Database& database) : database_(database) {}

    /// All or an error, which is for people: of a user whose choice cannot be read nothing may be decided.
    /// `users` are addresses as preparation makes them; one may come several times.
    void of(std::vector<std::string> users, StoreCallback<StoredChoices> then);
    void of(const Address& user, StoreCallback<std::optional<Option>> then);

    /// That none of these users, kMaxInQuery at most, has chosen, and that the saved settings have this version: a condition
    /// of a transaction.
    [[nodiscard]] static Statement none_of(const std::vector<std::string>& users,
                                           std::int64_t settings_version);

    /// On the disk when `then` is called without an error. Nothing for `chosen` forgets the choice.
    void set(const Address& user, std::optional<Option> chosen, StoreCallback<void> then,
             std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

    /// Also those about being found (person_choices.h): the choices of the domain's users behind `after` (empty: from the first one), `most` at most, ordered by
    /// address. Of a choice from before the store had its time, that of the store's migration.
    void of_domain(std::string_view domain, std::string_view after, std::size_t most,
                   StoreCallback<std::vector<KeptSetting>> then);
    /// The same: forgets those that were not made later than they are given here. Gives whose were forgotten; all or an error.
    void forget(std::vector<KeptSetting> choices, StoreCallback<std::vector<std::string>> then);

    /// How many users have chosen, by their domain.
    void count(StoreCallback<std::map<std::string, std::size_t, std::less<>>> then);

  private:
    Database& database_;
};

}  // namespace usher
