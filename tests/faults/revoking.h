// Policy's approvals are revoked, and the books of that.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "outcome.h"
#include "usherctl.h"

namespace usher::test
{

/// An administrator who gives `usherctl revoke --apply` again and again, whatever has become of the one before.
class Revoking
{
  public:
    explicit Revoking(Usherctl usherctl) : usherctl_(std::move(usherctl)) {}

    /// Gives the next command if the one before has ended: for all users, or for that one.
    void go_on(const std::string& user = {});
    /// How many commands have revoked all that they were to.
    [[nodiscard]] std::size_t successes() const { return successes_; }

    struct Left {
        std::size_t policys = 0;
        std::set<std::pair<std::string, std::string>>
            own;  ///< (user, contact): a person's by now, for all it knows
    };
    /// Nothing: the daemon cannot tell.
    [[nodiscard]] std::optional<Left> left() const;

  private:
    const Usherctl usherctl_;
    TemporaryDirectory directory_;
    std::unique_ptr<Child> command_;
    std::size_t successes_ = 0;
};

/// Each approval is in exactly one state: revoked, which is recorded and told at most once, or in force because it counts as
/// a person's own.
void compare_revoked(const std::vector<Request>& requests, const std::map<std::string, UserState>& users,
                     const Store::Journal& journal, std::set<std::pair<std::string, std::string>> own,
                     Outcome& outcome);

}  // namespace usher::test
