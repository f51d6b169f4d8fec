// Forgets what users have chosen when their accounts are deleted, so that it does not hold for whoever registers the
// address anew.
//
// Not forgotten: the journal, a record of what was; and what is counted for an hour at most (limits,
// recent_decisions.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "integration/base/callback_scope.h"
#include "integration/base/clock.h"
#include "integration/requests/account_settings.h"
#include "plugin/core/policy_in_force.h"
#include "plugin/store/choices.h"

namespace usher
{

class DeletedAccounts : public AccountSettings
{
  public:
    /// `wall_clock` is the one that choices have their time of. The others must outlive the object.
    DeletedAccounts(Choices& choices, const PolicyInForce& policy, Clock& clock,
                    std::function<std::chrono::system_clock::time_point()> wall_clock)
        : choices_(choices), policy_(policy), clock_(clock), wall_clock_(std::move(wall_clock))
    {
    }

    void kept(std::string_view domain, std::string_view after, std::size_t most, KeptCallback then) override
    {
        read_at_.insert_or_assign(std::string(domain), wall_clock_());
        choices_.of_domain(domain, after, most, std::move(then));
    }
    void removed(const Address& account) override;
    void checked(std::span<const KeptSetting> asked, std::span<const NamedAccount> existing) override;

  private:
    void forget(std::vector<KeptSetting> settings);
    void forget_some();
    /// The first ones of `owed_`, so many.
    void forgotten_some(std::size_t count, std::chrono::system_clock::time_point tried,
                        const tl::expected<std::vector<std::string>, std::string>& forgotten);

    Choices& choices_;
    const PolicyInForce& policy_;
    Clock& clock_;
    const std::function<std::chrono::system_clock::time_point()> wall_clock_;
    std::map<std::string, std::chrono::system_clock::time_point, std::less<>>
        read_at_;                    // by domain: when its choices were read last
    std::vector<KeptSetting> owed_;  // what the store has not forgotten yet
    bool forgetting_ = false;        // it is at the first of them
    std::unique_ptr<Timer> next_try_;
    CallbackScope callbacks_;
};

}  // namespace usher
