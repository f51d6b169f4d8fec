// What users can say to Usher in a chat, and what it says back.
//
// Only translates, as menus.h does. Not a bot that chats: it answers users of its organisations, to what is
// meant for it, a limited number of times a minute.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "integration/time/clock.h"
#include "integration/time/rate_limiter.h"
#include "integration/xmpp/stanza.h"
#include "plugin/core/operations.h"

namespace usher
{

class Chat
{
  public:
    /// Answers to one user in a minute; what is beyond gets none.
    static constexpr std::size_t kPerMinute = 20;

    /// `send` sends a stanza.
    Chat(Operations& operations, Clock& clock, std::function<void(std::string_view)> send)
        : operations_(operations), send_(std::move(send)), answers_(clock, kPerMinute)
    {
    }

    /// A message to us from `user`, a user or an administrator of one of the organisations.
    void received(const Stanza& message, const Address& user);

  private:
    using Say = std::function<void(const std::string& text)>;

    void obey(const std::string& body, const Address& user, const Say& say);
    void options(const std::string& wanted, const Address& user, const Say& say);
    void waiting(const Address& user, const Say& say);
    void answer(Answer answer, const std::string& contact, const Address& user, const Say& say);

    Operations& operations_;
    std::function<void(std::string_view)> send_;
    RateLimiter answers_;
};

}  // namespace usher
