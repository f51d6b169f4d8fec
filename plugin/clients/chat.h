// Commands that users can send to Usher as chat messages, and the replies.
//
// Like menus.h it only translates; Operations acts and decides who may do what. Only users and administrators
// of the organisations get replies, only to messages sent to Usher directly, and only so many in a minute. What one user
// sends is done in that order: the next command begins when the one before it has been answered.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "integration/base/clock.h"
#include "integration/base/rate_limiter.h"
#include "integration/xmpp/stanza.h"
#include "plugin/clients/exceptions_chat.h"
#include "plugin/clients/login_confirmation.h"
#include "plugin/clients/people_chat.h"
#include "plugin/core/operations.h"

namespace usher
{

class Chat
{
  public:
    /// Replies to one user in a minute. Further messages get none.
    static constexpr std::size_t kMaxPerMinute = 20;

    /// `send` sends a stanza. What people reply to `logins` goes there.
    Chat(Operations& operations, LoginConfirmation& logins, Clock& clock,
         std::function<void(std::string_view)> send)
        : operations_(operations),
          logins_(logins),
          people_(operations),
          exceptions_(operations),
          send_(std::move(send)),
          limiter_(clock, kMaxPerMinute)
    {
    }

    /// Answers a message to us from `user`, a user or an administrator of one of the organisations.
    void received(const Stanza& message, const Address& user);

  private:
    /// Sends the reply to a message. To be called once, at once or later.
    using Say = std::function<void(const std::string& text)>;

    struct Received {
        std::string body;
        std::string from;  ///< the full address
        bool encrypted = false;
        std::string reply;  ///< the beginning of its reply, up to the body
    };

    void answer_first(const Address& user);
    void answered_first(const Address& user);
    void run_command(const Received& message, const Address& user, const Say& say);
    void help(const Address& user, const Say& say);
    void options(const std::string& wanted, const Address& user, const Say& say);
    void waiting(const Address& user, const Say& say);
    void web(const Address& user, const Say& say);
    void answer(Answer answer, const std::string& contact, const Address& user, const Say& say);

    Operations& operations_;
    LoginConfirmation& logins_;
    PeopleChat people_;
    ExceptionsChat exceptions_;
    std::function<void(std::string_view)> send_;
    RateLimiter limiter_;
    std::unordered_map<Address, std::deque<Received>> unanswered_;  // the first one is being answered
};

}  // namespace usher
