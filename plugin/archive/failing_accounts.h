// Which accounts of a domain fail while the others do not: the log names a few of them, each once while it stays so, and says
// how many more there are.
#pragma once

#include <cstddef>
#include <set>
#include <string>

#include "policy/address.h"

namespace usher
{

class FailingAccounts
{
  public:
    static constexpr std::size_t kMaxNamed = 10;

    explicit FailingAccounts(std::string domain);

    /// `problem` is a sentence that names the account.
    void failed(const Address& account, const std::string& problem);
    /// If it fails again, it is named again.
    void is_well(const Address& account);
    /// Says how many failed since the last time and were not named, unless as many have been said before. `objects`: "archiving
    /// preferences", `deed`: "read or set".
    void say_more(const std::string& objects, const std::string& deed);

    /// Of the latest that failed; empty: of none.
    [[nodiscard]] const std::string& problem() const { return problem_; }
    void forget_problem() { problem_.clear(); }
    void forget();

  private:
    const std::string domain_;
    std::set<std::string> named_;
    std::size_t more_ = 0;       // not said yet
    std::size_t more_said_ = 0;  // the most that were
    std::string problem_;
};

}  // namespace usher
