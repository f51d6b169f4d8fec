// Reads the server's list of waiting requests, page by page (PROTOCOL.md section 4.6, XEP-0059).
//
// Not here: what is done with the requests.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "integration/base/rate_limited_warning.h"
#include "integration/xmpp/iq_client.h"
#include "policy/request.h"

namespace usher
{

/// One reading, from the first page to the end or to what prevents it.
class PendingList
{
  public:
    /// How many requests are asked for at a time.
    static constexpr int kPage = 100;

    enum class Problem {
        no_connector,  ///< nobody answers there
        not_granted,   ///< the connector does not accept us
        place_lost,    ///< the server no longer knows the page before, as after a restart
        refused,       ///< another error
        unreadable,    ///< what came is no page, or would come for ever
        no_reply,
    };
    struct Failure {
        Problem problem;
        std::string condition;  ///< of the error (RFC 6120 section 8.3.3), if one came
    };

    /// What of a page could be read and is of users of the domain; the rest is counted. `next` reads on.
    using Page = std::function<void(std::vector<SubscriptionRequest> requests)>;
    /// Called once: nothing, if the list was read to its end. The object may be destroyed from both.
    using End = std::function<void(const std::optional<Failure>& failure)>;

    /// Of one user or of all of the domain. `deadline` is for each page. `iqs` and `malformed` must outlive the object.
    PendingList(IqClient& iqs, RateLimitedWarning& malformed, std::string domain, std::optional<Address> user,
                std::chrono::milliseconds deadline, Page page, End end);

    /// Asks for the next page. Not while one is being asked for.
    void next();

  private:
    void received(const Stanza& iq);

    IqAsker asker_;
    RateLimitedWarning& malformed_;
    const std::string domain_;
    const std::optional<Address> user_;
    const std::chrono::milliseconds deadline_;
    const Page page_;
    const End end_;
    std::string last_;  // item of the page before, empty before the first
};

}  // namespace usher
