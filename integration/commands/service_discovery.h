// What Usher is and can do, for clients that ask: service discovery (XEP-0030), version (XEP-0092), vCard
// (XEP-0054).
//
// Not here: an account's bare address, for which its server answers.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "integration/commands/command.h"
#include "integration/xmpp/stanza.h"
#include "policy/address.h"

namespace usher
{

struct SelfDescription {
    bool component = false;
    std::string name;
    std::string version;
    std::string purpose;  ///< a sentence
};

class ServiceDiscovery
{
  public:
    ServiceDiscovery(SelfDescription self, const Commands& commands,
                     std::function<void(std::string_view)> send)
        : self_(std::move(self)), commands_(commands), send_(std::move(send))
    {
    }

    /// An `<iq type='get'/>` to our own address. `user` is who asks, nothing for one who may run no command
    /// whatever he is called. False if it asks something else.
    bool received(const Stanza& iq, const std::optional<Address>& user);

  private:
    [[nodiscard]] std::string self() const;

    SelfDescription self_;
    const Commands& commands_;
    std::function<void(std::string_view)> send_;
};

}  // namespace usher
