// Answers requests that wait (PROTOCOL.md section 4.5): has them judged, sends the verdicts, and tells the judge what
// the server says of each.
//
// Not here: which requests wait (pending_list.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "integration/base/callback_scope.h"
#include "integration/base/rate_limited_warning.h"
#include "integration/requests/judge.h"
#include "integration/xmpp/iq_client.h"

namespace usher
{

/// What came of an answer to a request that waits.
enum class AnswerOutcome {
    answered,       ///< the server has applied it
    nothing_waits,  ///< answered or withdrawn in the meantime, or the server would not let the request in now
    refused,        ///< the server would not; the request still waits
    lost,           ///< no reply: not connected, or the server is silent
};

/// The server's reply to a later answer; an absent stanza if none came.
struct LaterReply {
    explicit LaterReply(const Stanza& iq);

    /// For the judge; nothing if it is not known whether the server has applied the answer.
    [[nodiscard]] std::optional<Settled> settled(SubscriptionRequest request, Judged judged) const;

    AnswerOutcome outcome = AnswerOutcome::lost;
    std::string condition;  ///< of the error (RFC 6120 section 8.3.3)
};

/// Answers one page at a time.
class LaterAnswers
{
  public:
    struct Answered {
        Decision decision;
        std::optional<AnswerOutcome> outcome;  ///< nothing: left to the user
    };
    /// One for each request, in order. The error is that of the judge: nothing was sent.
    using Then = std::function<void(tl::expected<std::vector<Answered>, std::string>)>;
    /// Whether that domain can be sent verdicts; else they are lost.
    using Reachable = std::function<bool(std::string_view domain)>;

    /// `deadline` is for each reply. All must outlive the object; `refused` counts errors of the server.
    LaterAnswers(IqClient& iqs, Judge& judge, RateLimitedWarning& refused, std::chrono::milliseconds deadline,
                 Reachable reachable);
    LaterAnswers(const LaterAnswers&) = delete;
    LaterAnswers& operator=(const LaterAnswers&) = delete;
    ~LaterAnswers() { settle(); }

    /// Not while others are being answered. `then` is called once, when the requests are judged, and there is a reply
    /// to each verdict or the deadline has passed. That may be before this returns. It may destroy the object.
    void answer(std::vector<SubscriptionRequest> requests, Then then);
    /// Neither the judge nor replies are waited for any longer, and `then` is not called. What is known is recorded.
    void forget();

  private:
    void send(std::vector<Judged> judged);
    void received(std::size_t request, const Stanza& iq);
    void one_less();
    void settle();

    IqAsker asker_;
    Judge& judge_;
    RateLimitedWarning& refused_;
    const std::chrono::milliseconds deadline_;
    const Reachable reachable_;
    CallbackScope judging_;
    std::vector<SubscriptionRequest> requests_;
    std::vector<Judged> judged_;
    std::vector<Answered> answered_;
    std::vector<Settled> settled_;
    std::size_t under_way_ = 0;  // verdicts, and the function that sends them
    Then then_;
};

}  // namespace usher
