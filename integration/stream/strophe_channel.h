// A channel over libstrophe, driven by libevent.
#pragma once

#include "integration/stream/channel.h"

struct event_base;

namespace usher
{

/// Opens channels that run on `base`, which must outlive them.
///
/// Each login has a thread of its own, because libstrophe's TLS handshake waits in a loop until the server
/// answers. After the login everything runs on the event loop's thread.
class StropheChannels : public ChannelMaker
{
  public:
    explicit StropheChannels(event_base* base);

    [[nodiscard]] std::unique_ptr<Channel> open(const Login& login, ChannelEvents& events) override;

  private:
    event_base* base_;
};

}  // namespace usher
