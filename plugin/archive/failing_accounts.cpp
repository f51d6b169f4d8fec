#include "plugin/archive/failing_accounts.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace usher
{

FailingAccounts::FailingAccounts(std::string domain) : domain_(std::move(domain)) {}

void FailingAccounts::failed(const Address& account, const std::string& problem)
{
    problem_ = problem;
    if (named_.contains(account.text())) {
        return;
    }
    if (named_.size() == kMaxNamed) {
        ++more_;
        return;
    }
    named_.insert(account.text());
    spdlog::warn("{}: {}; tried again later", domain_, problem_);
}

void FailingAccounts::is_well(const Address& account)
{
    if (named_.erase(account.text()) != 0 && named_.empty()) {
        more_said_ = 0;
    }
}

void FailingAccounts::say_more(const std::string& objects, const std::string& deed)
{
    const std::size_t more = std::exchange(more_, 0);
    if (more > more_said_) {
        more_said_ = more;
        spdlog::warn("{}: {}: {} more could not be {}; tried again later", domain_, objects, more, deed);
    }
}

void FailingAccounts::forget()
{
    named_.clear();
    more_ = more_said_ = 0;
    problem_.clear();
}

}  // namespace usher
