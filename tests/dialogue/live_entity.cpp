#include "live_entity.h"

#include <event2/event.h>

#include <algorithm>
#include <csignal>
#include <stdexcept>

namespace usher::test
{

class LiveEntity::LeaveAll : public Judge
{
  public:
    void judge(std::vector<SubscriptionRequest> requests, Source /*source*/, JudgedCallback then) override
    {
        then(std::vector<Judged>(requests.size()));
    }
    void settle(std::span<const Settled> /*settled*/) override {}
};

void LiveEntity::FreeBase::operator()(event_base* base) const
{
    event_base_free(base);
}

LiveEntity::LiveEntity(const Server& server, const std::vector<std::string>& more)
    : base_(event_base_new()),
      clock_(base_.get()),
      channels_(base_.get()),
      judge_(std::make_unique<LeaveAll>())
{
    std::signal(SIGPIPE, SIG_IGN);  // as usherd does
    usher::Login login;
    const std::string& address = server.options().entities.at(0);
    login.component = !is_account(address);
    login.host = "127.0.0.1";
    login.port = login.component ? server.component_port() : server.client_port();
    login.address = login.component ? address : address + "/usher";
    login.password = kPassword;
    login.tls = false;
    std::vector<std::string> domains = more;
    domains.push_back(server.options().hosts.front());
    const std::string ping = login.component ? address : server.options().hosts.front();
    entity_.emplace(
        login, ping, domains, channels_, clock_, [] { return 0.0; }, *judge_,
        static_cast<EntityEvents&>(*this));
    entity_->start();
}

LiveEntity::~LiveEntity() = default;

void LiveEntity::run_until(const std::string& awaited, const std::function<bool()>& come)
{
    EventClock real(base_.get());
    bool late = false;
    const auto deadline = real.after(kPatience, [&late] { late = true; });
    while (!come()) {
        if (late) {
            throw std::runtime_error("the entity did not become " + awaited);
        }
        event_base_loop(base_.get(), EVLOOP_ONCE);
    }
}

void LiveEntity::wait_for(DomainState state, const std::string& domain)
{
    run_until(domain + " " + std::to_string(static_cast<int>(state)),
              [&] { return entity_->domain_state(domain) == state; });
}

void LiveEntity::wait_for_reply_after(usher::Clock::Time time, const std::string& domain)
{
    run_until("told by the connector of " + domain, [&] { return entity_->last_round_trip(domain) > time; });
}

void LiveEntity::wait_for(Failure::Kind kind)
{
    run_until("offline " + std::to_string(static_cast<int>(kind)), [&] {
        return std::any_of(failures_.begin(), failures_.end(),
                           [kind](const Failure& failure) { return failure.kind == kind; });
    });
}

}  // namespace usher::test
