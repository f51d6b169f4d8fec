// Which option each user has chosen, where she has chosen one.
//
// All in memory, because every decision asks; in the store first, because a choice that was confirmed holds.
// Not here: whether users may choose (operations.h) and whether a choice is in force (policy/decide.h).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "plugin/store/choice_table.h"
#include "plugin/store/database.h"
#include "policy/address.h"
#include "policy/option.h"

namespace usher
{

class Choices
{
  public:
    /// Reads all of them. The error is for people.
    [[nodiscard]] static tl::expected<Choices, std::string> load(Database& database);

    [[nodiscard]] std::optional<Option> of(const Address& user) const { return chosen_.of(user.text()); }
    /// Committed when this returns without an error; otherwise nothing has changed. Nothing for `chosen`
    /// forgets the choice.
    [[nodiscard]] tl::expected<void, std::string> set(const Address& user, std::optional<Option> chosen);
    /// How many users have chosen.
    [[nodiscard]] std::size_t size() const { return chosen_.size(); }
    /// How many of this domain.
    [[nodiscard]] std::size_t of_domain(std::string_view domain) const { return chosen_.of_domain(domain); }

  private:
    explicit Choices(Database& database) : database_(&database) {}

    Database* database_;
    ChoiceTable chosen_;
};

}  // namespace usher
