// The exceptions that users have made (policy/exceptions.h).
//
// Read from the store each time, as their choices of options are (choices.h), which also reads those that decisions need. When an
// account is deleted, they go with its other choices (choices.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plugin/store/database.h"
#include "policy/address.h"
#include "policy/exceptions.h"

namespace usher
{

/// What becomes of one entry.
struct ExceptionChange {
    std::string entry;                 ///< see ContactException
    std::optional<Handling> handling;  ///< nothing: there is no exception for it any more
};

class StoredExceptions
{
  public:
    /// `database` must outlive the object, and may call back after it.
    explicit StoredExceptions(Database& database) : database_(database) {}

    /// All of a user, ordered by entry.
    void of(const Address& user, StoreCallback<std::vector<ContactException>> then);
    /// Makes all changes, of which each entry has one, or none. On the disk when `then` is called without an error. Gives false,
    /// and nothing is changed, if the user had more than kMaxOfHandling of one handling then.
    void change(const Address& user, std::vector<ExceptionChange> changes, StoreCallback<bool> then,
                std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

  private:
    Database& database_;
};

/// An exception of the user as the store has it. Throws std::runtime_error if there is no such handling.
[[nodiscard]] ContactException stored_exception(const std::string& user, const std::string& handling,
                                                const std::string& entry);
/// Takes back those that the user has made until then.
[[nodiscard]] Statement forget_exceptions(const std::string& user, std::int64_t until);

}  // namespace usher
