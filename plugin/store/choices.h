// Which option each user has chosen, where they have chosen one.
//
// Read from the store each time it is needed, so that a choice that another process saves holds from the next
// request on. Not here: whether users may choose (operations.h) and whether a choice is in force
// (policy/decide.h).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <tl/expected.hpp>

#include "integration/requests/account_settings.h"
#include "plugin/store/database.h"
#include "policy/address.h"
#include "policy/option.h"
#include "policy/request.h"

namespace usher
{

class Choices
{
  public:
    /// For how many users one query asks at most.
    static constexpr std::size_t kMaxInQuery = 128;

    explicit Choices(Database& database);
    Choices(const Choices&) = delete;
    Choices& operator=(const Choices&) = delete;
    ~Choices();

    /// The choice of each request's user, in the order of the requests. All or an error, which is for people:
    /// of a user whose choice cannot be read nothing may be decided.
    [[nodiscard]] tl::expected<std::vector<std::optional<Option>>, std::string> of(
        std::span<const SubscriptionRequest> requests);
    [[nodiscard]] tl::expected<std::optional<Option>, std::string> of(const Address& user);

    /// On the disk when this returns without an error; otherwise nothing has changed. Nothing for `chosen`
    /// forgets the choice.
    [[nodiscard]] tl::expected<void, std::string> set(
        const Address& user, std::optional<Option> chosen,
        std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

    /// The choices of the domain's users behind `after` (empty: from the first one), `most` at most, ordered by
    /// address. Of a choice from before the store had its time, that of the store's migration.
    [[nodiscard]] tl::expected<std::vector<KeptSetting>, std::string> of_domain(std::string_view domain,
                                                                                std::string_view after,
                                                                                std::size_t most);
    /// Forgets those that were not made later than they are given here. Whose were forgotten; all or an error.
    [[nodiscard]] tl::expected<std::vector<std::string>, std::string> forget(
        std::span<const KeptSetting> choices);

    /// How many users have chosen, by their domain.
    [[nodiscard]] tl::expected<std::map<std::string, std::size_t, std::less<>>, std::string> count();

  private:
    class Query;
    /// Names of options by users' addresses.
    using Rows = std::unordered_map<std::string, std::string>;

    [[nodiscard]] tl::expected<Rows, std::string> rows(std::span<const std::string* const> users);

    Database& database_;
    std::array<std::unique_ptr<Query>, 8> queries_;  // for 1, 2, 4 ... kMaxInQuery users
};

}  // namespace usher
