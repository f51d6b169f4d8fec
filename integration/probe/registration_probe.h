// What anybody sees of the server's domains who connects as a client and does not log in.
//
// This is where a server says which domains are its own, and whether it lets people register. Its list of
// features (XEP-0030) does not say the latter: `jabber:iq:register` is there on Prosody for changing
// passwords alone.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "integration/stream/channel.h"
#include "integration/time/clock.h"

namespace usher
{

enum class Registration {
    unseen,   ///< nothing there, or no answer
    foreign,  ///< the server does not serve this domain
    closed,   ///< no registration (XEP-0077)
    invited,  ///< registration is offered, with an invitation (XEP-0445): hardly without
    open,     ///< registration is offered
};

/// Looks at one domain after the other.
class RegistrationProbe : private ChannelEvents
{
  public:
    using Seen = std::map<std::string, Registration, std::less<>>;

    static constexpr std::chrono::milliseconds kLook{5'000};

    /// `host` and `port` are where clients connect. `seen` is called once, from the event loop; this may be
    /// destroyed from there.
    RegistrationProbe(std::vector<std::string> domains, std::string host, std::uint16_t port,
                      ChannelMaker& channels, Clock& clock, std::function<void(Seen)> seen);

    void start() { look_at_next(); }

  private:
    void opened(const std::string&) override {}
    void received(const Stanza& features) override;
    void ended(const Failure& failure) override;

    void look_at_next();
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
