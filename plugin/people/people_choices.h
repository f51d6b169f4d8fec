// What users have decided about themselves: whether others find them, and whether they then see if they are available.
//
// Kept in the store, so that a choice holds on all instances at once. Not here: what holds without a choice, which the
// settings say, and who may choose (Operations).
#pragma once

#include <string_view>

#include "plugin/store/database.h"
#include "plugin/store/person_choices.h"
#include "policy/address.h"

namespace usher
{

class PeopleChoices
{
  public:
    virtual ~PeopleChoices() = default;

    /// Learns from the store what has been chosen since, also on other instances; then `of` knows it. After an error, which
    /// is for people, nobody may be shown.
    virtual void update(StoreCallback<void> then) = 0;
    /// As of the last update. `user` is an address as preparation makes it.
    [[nodiscard]] virtual PersonChoice of(std::string_view user) const = 0;
    /// What the user chooses now; what they do not choose now stays as it is. On the disk, and known here, when `then` is
    /// called without an error.
    virtual void set(const Address& user, const PersonChoice& change, StoreCallback<void> then) = 0;
};

}  // namespace usher
