// Asks people in their own client whether a login at the administration page is theirs (XEP-0070).
//
// Whose login may be asked about, and what follows from a yes, is decided elsewhere. A yes counts only from the account that
// was asked, and about one login without doubt. Whatever is not said by people ends nothing before the deadline: who types
// somebody's address at the page does not learn so who is asked, and who is online.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "integration/base/clock.h"
#include "integration/requests/entity.h"
#include "integration/xmpp/iq_client.h"
#include "integration/xmpp/stanza.h"
#include "policy/address.h"

namespace usher
{

class LoginConfirmation
{
  public:
    static constexpr std::chrono::minutes kDeadline{10};
    /// Logins that one account is asked about at the same time, and all together. About more nobody is asked.
    static constexpr std::size_t kMaxOfUser = 3;
    static constexpr std::size_t kMax = 100;

    using Then = std::function<void(bool yes)>;

    /// Both must outlive the object.
    LoginConfirmation(Entity& entity, Clock& clock, bool component)
        : entity_(entity), clock_(clock), component_(component)
    {
    }
    LoginConfirmation(const LoginConfirmation&) = delete;
    LoginConfirmation& operator=(const LoginConfirmation&) = delete;

    /// Asks the account `address`: with a resource that client, which may know how to ask its user; without, by a message
    /// that people can read too. `code` is what the page shows, `url` where the page is; both go to the client.
    /// `then` is called once, with what they reply, or with a no at the deadline. It is not called if the object is destroyed
    /// first, nor where nobody is asked: there is no such address or no connection, or too many are asked about already.
    void ask(const std::string& address, const std::string& code, const std::string& url, Then then);

    /// A message to us from `user`. True if it was a reply to something that was asked, of those that clients send on
    /// their own.
    bool received(const Stanza& message, const Address& user);

    /// `user` has written `word` to us, and perhaps a code. What to say to that, if it was a reply to something that was
    /// asked: `yes` or `no`, with the code unless one question is out, which was a message.
    [[nodiscard]] std::optional<std::string> answer(std::string_view word, std::string_view code,
                                                    const Address& user);

  private:
    struct Question {
        Address user;
        std::string code;
        std::string url;
        Then then;
        std::unique_ptr<Timer> deadline;
        bool by_message = false;  ///< they have read the question
    };
    using Questions = std::map<std::string, Question>;  // by a random token: the thread of the message

    [[nodiscard]] bool may_ask(const Address& user, const std::string& code);
    [[nodiscard]] std::vector<Questions::iterator> asked(const Address& user);
    void ask_client(const std::string& token, const std::string& client);
    void ask_by_message(const std::string& token);
    void client_replied(const std::string& token, const Stanza& reply);
    void end(const std::string& token, bool yes);

    Entity& entity_;
    Clock& clock_;
    const bool component_;
    Questions questions_;
    IqAsker iqs_{entity_.iqs()};
};

}  // namespace usher
