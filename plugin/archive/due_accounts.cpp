#include "plugin/archive/due_accounts.h"

#include <algorithm>
#include <utility>

namespace usher
{

DueAccounts::DueAccounts(Clock& clock, std::size_t most, std::function<void()> due_again,
                         std::function<void()> has_due)
    : clock_(clock), most_(most), due_again_(std::move(due_again)), has_due_(std::move(has_due))
{
}

void DueAccounts::add(const std::string& address)
{
    if (due_.size() < most_) {
        due_.push_back(address);
    }
}

void DueAccounts::add_one_by_one(const std::vector<Address>& accounts)
{
    one_by_one_ = accounts.size();
    for (const Address& account : accounts) {
        add(account.text());
    }
}

void DueAccounts::add_changed(const Address& account)
{
    const bool again = std::find(changed_.begin(), changed_.end(), account) != changed_.end();
    if (again || changed_.size() == kMaxLater) {
        add_later(account);
        return;
    }
    changed_.push_back(account);
    add(account.text());
}

void DueAccounts::add_later(const Address& account)
{
    if (later_.size() == kMaxLater || std::find(later_.begin(), later_.end(), account) != later_.end()) {
        return;
    }
    later_.push_back(account);
    if (!timer_) {
        timer_ = clock_.after(wait_, [self = this] { self->later(); });
        wait_ *= 2;
    }
}

void DueAccounts::later()
{
    timer_.reset();
    due_again_();
    for (const Address& account : std::exchange(later_, {})) {
        add(account.text());
    }
    has_due_();
}

std::vector<Address> DueAccounts::take(std::size_t most)
{
    const std::size_t count = std::min(due_.size(), one_by_one_ == 0 ? most : 1);
    one_by_one_ -= one_by_one_ == 0 ? 0U : 1U;
    std::vector<Address> accounts;
    for (; accounts.size() < count && !due_.empty(); due_.pop_back()) {
        // What a directory has may be refused when it is prepared once more.
        if (auto account = prepared_address(due_.back())) {
            accounts.push_back(*std::move(account));
        }
    }
    return accounts;
}

void DueAccounts::forget()
{
    due_.clear();
    one_by_one_ = 0;
    changed_.clear();
    later_.clear();
    wait_ = kFirstWait;
    timer_.reset();
}

}  // namespace usher
