// The seam between protocol and daemon: who decides about requests, and how they came.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "policy/decide.h"
#include "policy/request.h"

namespace usher
{

/// How a request came to Usher.
enum class Source {
    asked,    ///< the server has just received it and holds it
    waiting,  ///< found in the server's list of waiting requests
    roster,   ///< found in the contact's roster: it can be approved, not denied (stock_approval.h)
};

/// `asked`, `waiting`, `roster`.
[[nodiscard]] std::string_view name(Source source);

/// Decides and records. The seam between protocol and daemon.
class Judge
{
  public:
    virtual ~Judge() = default;
    /// One decision for each request, in order. Those that are to be answered have been recorded durably when
    /// this returns. The error, for people, says why nothing could be decided or recorded: then no request may
    /// be answered.
    [[nodiscard]] virtual tl::expected<std::vector<Decision>, std::string> judge(
        std::span<const SubscriptionRequest> requests, Source source) = 0;
};

}  // namespace usher
