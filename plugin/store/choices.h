// What users have chosen that decisions need: an option, and exceptions from it (exceptions.h).
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
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "integration/requests/account_settings.h"
#include "plugin/store/database.h"
#include "policy/address.h"
#include "policy/exceptions.h"
#include "policy/option.h"
#include "policy/request.h"

namespace usher
{

/// What a request's user has chosen that may matter to it.
struct UserChoices {
    std::optional<Option> option = {};
    std::optional<ContactException> exception = {};  ///< the one that is for its contact

    friend bool operator==(const UserChoices&, const UserChoices&) = default;
};

/// What decisions need of the store.
struct StoredChoices {
    std::vector<UserChoices> chosen;  ///< of each request, in their order
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
    void of(std::vector<SubscriptionRequest> requests, StoreCallback<StoredChoices> then);
    /// The option only.
    void of(const Address& user, StoreCallback<std::optional<Option>> then);

    /// That no user of these requests, kMaxInQuery at most, has chosen or made an exception for its contact, and that the saved settings have this version: a condition
    /// of a transaction.
    [[nodiscard]] static Statement none_of(std::span<const SubscriptionRequest> requests,
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
