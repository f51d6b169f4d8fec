// Where policy, journal and protocol meet: every request that comes in is decided and recorded here.
#pragma once

#include <functional>
#include <memory>

#include "integration/clock.h"
#include "integration/entity.h"
#include "integration/occasional_warning.h"
#include "plugin/journal.h"
#include "policy/policy.h"

namespace usher
{

class Answerer : public Judge
{
  public:
    /// `wall_clock` gives the time that is written into the journal; `clock` the one that limits are counted
    /// by.
    Answerer(std::shared_ptr<const Policy> policy, Journal& journal, Clock& clock,
             std::function<std::chrono::system_clock::time_point()> wall_clock);

    /// From now on; what is being judged is finished under the policy it began with.
    void set_policy(std::shared_ptr<const Policy> policy) { policy_ = std::move(policy); }

    /// Records what was asked whatever the answer, and of what waits only what gets one: a request that is
    /// left to its user was recorded when it was asked, and will be found waiting after every login.
    [[nodiscard]] std::vector<Decision> judge(std::span<const SubscriptionRequest> requests,
                                              Source source) override;

  private:
    std::shared_ptr<const Policy> policy_;
    Journal& journal_;
    Clock& clock_;
    std::function<std::chrono::system_clock::time_point()> wall_clock_;
    ApprovalCounter approvals_;
    OccasionalWarning unrecorded_;
};

}  // namespace usher
