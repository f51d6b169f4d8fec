// Which accounts of a domain are to be looked at: those that are due, and those that could not be read or set and are due
// again later, at growing intervals.
//
// Not here: what is done with them (domain_archive.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "integration/base/clock.h"
#include "policy/address.h"

namespace usher
{

class DueAccounts
{
  public:
    /// Of accounts that are due again later.
    static constexpr std::size_t kMaxLater = 1'000;
    /// When they are due again for the first time since `forget`; each time after twice as long.
    static constexpr std::chrono::minutes kFirstWait{10};

    /// The clock must outlive the object. More than `most` are not taken. `due_again` is called before those that were to
    /// be due later are due, `has_due` after.
    DueAccounts(Clock& clock, std::size_t most, std::function<void()> due_again,
                std::function<void()> has_due);

    [[nodiscard]] bool empty() const { return due_.empty(); }
    [[nodiscard]] std::size_t size() const { return due_.size(); }

    /// An address as a directory has it: it need not be prepared.
    void add(const std::string& address);
    /// The next that are taken: one at a time, since one of them may be why all could not be read.
    void add_one_by_one(const std::vector<Address>& accounts);
    /// Once more, since somebody else has changed it: at once, but a second time later. Whoever changes it all the time is not
    /// to keep us busy.
    void add_changed(const Address& account);
    void add_later(const Address& account);

    /// The last ones first. Fewer than `most` also where an address cannot be prepared, then perhaps none.
    [[nodiscard]] std::vector<Address> take(std::size_t most);

    /// Nobody is due any more, now or later.
    void forget();

  private:
    void later();

    Clock& clock_;
    const std::size_t most_;
    const std::function<void()> due_again_;
    const std::function<void()> has_due_;
    std::deque<std::string> due_;
    std::size_t one_by_one_ = 0;  // so many of the last
    std::vector<Address> changed_;
    std::vector<Address> later_;
    std::chrono::minutes wait_ = kFirstWait;
    std::unique_ptr<Timer> timer_;
};

}  // namespace usher
