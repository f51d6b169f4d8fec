// The search that clients know (XEP-0055 "Jabber Search"): with a form (XEP-0004), and with the older fields.
//
// Only translates. For a component only: nobody finds an account by service discovery.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "integration/base/rate_limiter.h"
#include "integration/xmpp/iq.h"
#include "integration/xmpp/stanza.h"
#include "plugin/core/operations.h"

namespace usher
{

class UserSearch
{
  public:
    /// Questions of one user in a minute, for the form or for people. Searches have a limit of their own (Operations).
    static constexpr std::size_t kMaxPerMinute = 60;

    /// `operations` must outlive the object; `send` sends a stanza.
    UserSearch(Operations& operations, Clock& clock, std::function<void(std::string_view)> send)
        : operations_(operations), send_(std::move(send)), limiter_(clock, kMaxPerMinute)
    {
    }

    /// Answers an IQ `get` or `set` about search. `user` is its sender; empty if that is no account. Returns false if it is
    /// about something else.
    bool received(const Stanza& iq, const std::optional<Address>& user);

  private:
    void search(const Stanza& iq, const Address& user);

    Operations& operations_;
    std::function<void(std::string_view)> send_;
    RateLimiter limiter_;
};

}  // namespace usher
