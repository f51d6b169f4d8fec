// What users have chosen about being found by others ("Show me in search", "Show my availability there").
//
// Who keeps them in memory asks for what was chosen since: each change has a number, in the order of commits at all
// processes. When an account is deleted, its choice goes with its others (choices.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plugin/store/database.h"
#include "policy/address.h"

namespace usher
{

/// Nothing where the user has not chosen: what the organisation has holds.
struct PersonChoice {
    std::optional<bool> listed;        ///< others find the user
    std::optional<bool> availability;  ///< and see there whether the user is available

    friend bool operator==(const PersonChoice&, const PersonChoice&) = default;
};

class StoredPersonChoices
{
  public:
    struct Change {
        std::string user;
        PersonChoice choice;  ///< without anything: taken back, or forgotten
        std::int64_t number = 0;
    };

    /// `database` must outlive the object, and may call back after it.
    explicit StoredPersonChoices(Database& database) : database_(database) {}

    /// What was changed after the change of that number (0: all), `most` at most, in the order of numbers; the last change
    /// of each user only.
    void since(std::int64_t number, std::size_t most, StoreCallback<std::vector<Change>> then);
    /// What the user chooses now; what they do not choose now stays as it is. On the disk when `then` is called without an
    /// error.
    void set(const Address& user, const PersonChoice& change, StoreCallback<void> then,
             std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

  private:
    Database& database_;
};

/// The next number of a change, which holds for what follows in the transaction: other processes wait until it is committed.
[[nodiscard]] Statement next_person_choice();
/// Takes back what the user has chosen until then. Behind next_person_choice().
[[nodiscard]] Statement forget_person_choice(const std::string& user, std::int64_t until);

}  // namespace usher
