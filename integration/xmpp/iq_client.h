// IQs that we ask: their ids, who may reply, and until when (RFC 6120 section 8.2.3).
//
// Not here: IQs that others ask us (iq.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "integration/base/callback_scope.h"
#include "integration/base/clock.h"
#include "integration/xmpp/stanza.h"

namespace usher
{

/// A reply counts only from the address that was asked, with the id that it was asked with. Ids cannot be guessed
/// (PROTOCOL.md E20).
class IqClient
{
  public:
    /// The reply, of type `result` or `error`. An absent stanza: no reply came before the deadline, or the stream
    /// ended. Called at most once: not if the client is destroyed first.
    using Reply = std::function<void(const Stanza& iq)>;
    using Send = std::function<void(std::string_view)>;

    /// `send` sends a stanza. `from` stands in each IQ, as XEP-0114 wants it of components; accounts leave it empty.
    IqClient(Clock& clock, Send send, std::string from = {});
    IqClient(const IqClient&) = delete;
    IqClient& operator=(const IqClient&) = delete;

    /// Asks `to` with an IQ of type `get` or `set`. `payload` is XML and is sent as it stands.
    void ask(std::string_view type, const std::string& to, std::string_view payload,
             std::chrono::milliseconds deadline, Reply reply);
    /// An IQ of type `result` or `error` has arrived. True if it is the reply to something that was asked.
    bool received(const Stanza& iq);
    /// The stream has ended or begun: no reply will come to anything asked before.
    void give_up();
    /// The same for what `to` was asked.
    void give_up(std::string_view to);

  private:
    struct Question {
        std::string to;
        Reply reply;
        std::unique_ptr<Timer> deadline;
    };

    Clock& clock_;
    const Send send_;
    const std::string from_;
    std::string id_prefix_;  // cannot be guessed; new with every stream
    std::uint64_t last_id_ = 0;
    std::unordered_map<std::string, Question> questions_;  // by id
};

/// What one object asks. Replies that come after the object is gone, or after `forget`, are dropped: its callbacks are
/// not called any more, not even to say that no reply came.
class IqAsker
{
  public:
    /// `iqs` must outlive the object.
    explicit IqAsker(IqClient& iqs) : iqs_(iqs) {}

    /// See IqClient::ask.
    void ask(std::string_view type, const std::string& to, std::string_view payload,
             std::chrono::milliseconds deadline, IqClient::Reply reply);
    void forget() { replies_.forget(); }

  private:
    IqClient& iqs_;
    CallbackScope replies_;
};

}  // namespace usher
