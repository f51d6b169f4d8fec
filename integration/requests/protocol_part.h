// A part of the protocol beside the requests, with a feature and a grant of its own: what the entity tells it.
// integration/people is one, integration/approvals another.
#pragma once

#include <string>

#include "integration/requests/privilege.h"
#include "integration/xmpp/stanza.h"

namespace usher
{

class ProtocolPart
{
  public:
    virtual ~ProtocolPart() = default;
    /// A domain of ours says what it grants (XEP-0356): after each login, and when its connector was loaded again.
    virtual void advertised(const std::string& domain, const Advertisement& granted) = 0;
    /// A message from a domain of ours that is no error.
    virtual void received_message(const std::string& domain, const Stanza& message) = 0;
    /// The stream has ended: no domain grants anything any longer.
    virtual void stream_lost() = 0;
};

}  // namespace usher
