// Which approvals are in force, and revoking them: what is asked of connectors that offer it. PROTOCOL.md,
// `urn:xmpp:subscription-requests:0#approvals`.
//
// Not here: which approvals are asked about, who may revoke them, and what is recorded of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "integration/approvals/wire_format.h"
#include "integration/base/rate_limited_warning.h"
#include "integration/requests/protocol_part.h"
#include "integration/xmpp/iq_client.h"

namespace usher
{

class Approvals : public ProtocolPart
{
  public:
    /// In one question.
    static constexpr std::size_t kMaxPairs = 100;
    static constexpr std::chrono::milliseconds kDeadline{60'000};

    /// Errors are clauses for people, about the server: "its server did not answer". Called once; not after this is
    /// destroyed.
    template <typename T>
    using Then = std::function<void(tl::expected<std::vector<T>, std::string>)>;

    /// Both must outlive the object.
    Approvals(Clock& clock, IqClient& iqs);

    /// Whether the domain has granted this part since the login, to read at least. Nothing is to be asked of another.
    [[nodiscard]] bool offered(std::string_view domain) const { return offered_.contains(domain); }

    /// Which of these pairs, 1 to `kMaxPairs`, all of users of `domain`, are in force, in the same order. Those absent are
    /// not. After an error nothing is known of any of them.
    void read(const std::string& domain, std::vector<ApprovedPair> pairs, Then<StandingApproval> then);
    /// Revokes these, 1 to `kMaxPairs`, all of users of `domain`, where the roster still has what they say. One outcome
    /// for each, in order. After an error it is not known of any of them what became of it: to be read again.
    void revoke(const std::string& domain, std::vector<StandingApproval> approvals, Then<Revoked> then);

    void advertised(const std::string& domain, const Advertisement& granted) override;
    void received_message(const std::string& domain, const Stanza& message) override;
    void stream_lost() override;

  private:
    IqAsker asker_;
    RateLimitedWarning refused_;
    std::set<std::string, std::less<>> offered_;
};

}  // namespace usher
