// What the server tells about its domains to a client that connects and does not log in.
//
// This shows which domains the server serves, and whether anybody can register an account. Its list of
// features (XEP-0030) does not show the latter: Prosody lists `jabber:iq:register` also if it only allows
// password changes.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "integration/base/clock.h"
#include "integration/stream/channel.h"

namespace usher
{

enum class Registration {
    unseen,   ///< no connection, or no answer
    foreign,  ///< the server does not serve this domain
    closed,   ///< no registration (XEP-0077)
    invited,  ///< registration is offered, probably only with an invitation (XEP-0445)
    open,     ///< registration is offered
};

/// Connects once for each domain, one after the other.
class RegistrationProbe : private ChannelEvents
{
  public:
    using Seen = std::map<std::string, Registration, std::less<>>;

    static constexpr std::chrono::milliseconds kProbeDeadline{5'000};

    /// `host` and `port` are where clients connect. `seen` is called once, from the event loop; the probe may
    /// be destroyed during that call.
    RegistrationProbe(std::vector<std::string> domains, std::string host, std::uint16_t port,
                      ChannelMaker& channels, Clock& clock, std::function<void(Seen)> seen);

    void start() { probe_next(); }

  private:
    void opened(const std::string&) override {}
    void received(const Stanza& features) override;
    void ended(const Failure& failure) override;

    void probe_next();
    void end();

    std::vector<std::string> domains_;
    const std::string host_;
    const std::uint16_t port_;
    ChannelMaker& channels_;
    Clock& clock_;
    std::function<void(Seen)> done_;
    Seen seen_;
    std::size_t next_ = 0;
    std::unique_ptr<Channel> channel_;
    std::unique_ptr<Timer> timer_;
};

}  // namespace usher
