// The seam between protocol and daemon: who decides about requests, and how they came.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "integration/base/clock.h"
#include "integration/requests/contact_label.h"
#include "policy/decide.h"
#include "policy/request.h"

namespace usher
{

/// How a request came to Usher.
enum class Source {
    asked,    ///< the server has just received it and holds it
    waiting,  ///< found in the server's list of waiting requests
    roster,  ///< found in the contact's roster: it can be approved, not denied (stock_approval.h); an approval that is
             ///< revoked, in the user's
};

/// `asked`, `waiting`, `roster`.
[[nodiscard]] std::string_view name(Source source);

/// A request's decision, and where it is recorded.
struct Judged {
    Decision decision;
    std::int64_t record = 0;  ///< the record's id; 0 if there is none for this request alone
    Clock::Time at;           ///< when it was decided
    ContactLabel label = {};  ///< of an approval
};

/// What the server says of a verdict that it was sent.
enum class Outcome {
    confirmed,  ///< it has applied it
    refused,    ///< it has not
};

/// `confirmed`, `refused`.
[[nodiscard]] std::string_view name(Outcome outcome);
/// The outcome of exactly this name.
[[nodiscard]] std::optional<Outcome> outcome_named(std::string_view name);

/// A verdict, and what became of it.
struct Settled {
    SubscriptionRequest request;
    Judged judged;
    Outcome outcome;
    std::string condition;  ///< of the error with which it was refused (RFC 6120 section 8.3.3)
};

/// One decision for each request, in order. The error, for people, says why nothing could be decided or recorded: then
/// no request may be answered.
using JudgedCallback = std::function<void(tl::expected<std::vector<Judged>, std::string>)>;

/// Decides and records. The seam between protocol and daemon.
class Judge
{
  public:
    virtual ~Judge() = default;
    /// Decides these requests. `then` is called once, before this returns or later from the event loop; but not after
    /// the judge is gone. Those that are to be answered have been recorded durably by then. Others may be judged
    /// meanwhile, and may be ready earlier.
    virtual void judge(std::vector<SubscriptionRequest> requests, Source source, JudgedCallback then) = 0;
    /// The server has said what became of verdicts. Of those that are never settled it is not known; so it is of all in
    /// the reply to an ask, which the protocol does not confirm.
    virtual void settle(std::span<const Settled> settled) = 0;
};

}  // namespace usher
