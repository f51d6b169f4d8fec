// Tells clients what Usher is and can do: service discovery (XEP-0030), version (XEP-0092), vCard (XEP-0054).
//
// Not here: queries to an account's bare address, which its server answers.
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
    std::string purpose;  ///< one sentence
    /// Whether this user may search for people (XEP-0055): only they are told that there is a search. May be null: nobody.
    std::function<bool(const Address& user)> offers_search = {};
};

class ServiceDiscovery
{
  public:
    ServiceDiscovery(SelfDescription self, const Commands& commands,
                     std::function<void(std::string_view)> send)
        : self_(std::move(self)), commands_(commands), send_(std::move(send))
    {
    }

    /// Answers an `<iq type='get'/>` to our own address. `user` is the sender; empty if the sender is no
    /// account, and so may run no command. Returns false if the query is about something else.
    bool received(const Stanza& iq, const std::optional<Address>& user);

  private:
    [[nodiscard]] std::string self(bool search) const;

    SelfDescription self_;
    const Commands& commands_;
    std::function<void(std::string_view)> send_;
};

}  // namespace usher
