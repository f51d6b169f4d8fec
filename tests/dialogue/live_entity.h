// usherd's protocol part on a real server, in the test's own process, with a clock that runs ahead: what takes usherd a
// minute takes seconds.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "integration/base/event_clock.h"
#include "integration/requests/entity.h"
#include "integration/stream/strophe_channel.h"
#include "server.h"

struct event_base;

namespace usher::test
{

/// The loop's clock, a number of times as fast.
class HurriedClock : public usher::Clock
{
  public:
    static constexpr int kTimes = 10;

    explicit HurriedClock(event_base* base) : real_(base) {}

    using Time = usher::Clock::Time;

    [[nodiscard]] Time now() const override { return begun_ + (real_.now() - begun_) * kTimes; }
    [[nodiscard]] std::unique_ptr<Timer> after(std::chrono::milliseconds delay,
                                               std::function<void()> action) override
    {
        return real_.after(delay / kTimes, std::move(action));
    }

  private:
    EventClock real_;
    Time begun_ = real_.now();
};

/// Leaves every request to its user.
class LiveEntity : private EntityEvents
{
  public:
    /// Logs in as the server's first entity, for the organisation's domain and `more`.
    explicit LiveEntity(const Server& server, const std::vector<std::string>& more = {});
    ~LiveEntity() override;

    [[nodiscard]] Entity& entity() { return *entity_; }
    [[nodiscard]] const std::vector<Failure>& failures() const { return failures_; }

    /// Runs the loop until the domain is in that state; throws if it does not get there in time.
    void wait_for(DomainState state, const std::string& domain = "capulet.lit");
    /// Runs the loop until the domain's connector has replied after that time.
    void wait_for_reply_after(usher::Clock::Time time, const std::string& domain = "capulet.lit");
    /// Runs the loop until the stream has ended for that reason.
    void wait_for(Failure::Kind kind);

  private:
    class LeaveAll;
    struct FreeBase {
        void operator()(event_base* base) const;
    };

    void domain_changed(const std::string& /*domain*/, DomainState /*state*/) override {}
    void offline(const Failure& failure, std::chrono::milliseconds /*retry*/) override
    {
        failures_.push_back(failure);
    }
    void run_until(const std::string& awaited, const std::function<bool()>& come);

    std::unique_ptr<event_base, FreeBase> base_;
    HurriedClock clock_;
    StropheChannels channels_;
    std::unique_ptr<Judge> judge_;
    std::optional<Entity> entity_;
    std::vector<Failure> failures_;
};

}  // namespace usher::test
