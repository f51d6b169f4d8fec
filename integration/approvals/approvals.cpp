#include "integration/approvals/approvals.h"

#include <optional>
#include <utility>

namespace usher
{

namespace
{

/// Why an IQ of another type than `result` came, or none. `act`: what was asked of the server.
std::string failure_of(const Stanza& iq, const std::string& act)
{
    if (!iq) {
        return "its server did not answer";
    }
    const std::string_view condition = error_condition(iq);
    if (condition == "forbidden" || condition == "not-allowed") {
        return "its server does not allow Usher to " + act + " approvals";
    }
    return "its server refuses to " + act + " approvals (" + std::string(condition) + ")";
}

/// What the reply says, as `read` takes it from the payload.
template <typename T, typename Read>
tl::expected<std::vector<T>, std::string> read_reply(const Stanza& iq, const std::string& act,
                                                     RateLimitedWarning& refused, Read read)
{
    if (iq.attribute("type") != "result") {
        return tl::unexpected(failure_of(iq, act));
    }
    std::optional<std::vector<T>> values = read(iq.first());
    if (!values) {
        refused.count();
        return tl::unexpected(std::string("its server's answer about approvals cannot be understood"));
    }
    return *std::move(values);
}

}  // namespace

Approvals::Approvals(Clock& clock, IqClient& iqs)
    : asker_(iqs), refused_(clock, "answers about approvals refused: not about what was asked")
{
}

void Approvals::read(const std::string& domain, std::vector<ApprovedPair> pairs, Then<StandingApproval> then)
{
    const std::string query = approvals_query(pairs);
    asker_.ask("get", domain, query, kDeadline,
               [this, pairs = std::move(pairs), then = std::move(then)](const Stanza& iq) {
                   then(read_reply<StandingApproval>(iq, "read", refused_, [&pairs](const Stanza& payload) {
                       return read_approvals(payload, pairs);
                   }));
               });
}

void Approvals::revoke(const std::string& domain, std::vector<StandingApproval> approvals, Then<Revoked> then)
{
    const std::string query = revoke_query(approvals);
    asker_.ask("set", domain, query, kDeadline,
               [this, approvals = std::move(approvals), then = std::move(then)](const Stanza& iq) {
                   then(read_reply<Revoked>(iq, "revoke", refused_, [&approvals](const Stanza& payload) {
                       return read_revoked(payload, approvals);
                   }));
               });
}

void Approvals::advertised(const std::string& domain, const Advertisement& granted)
{
    if (granted.approvals) {
        offered_.insert(domain);
    }
}

void Approvals::received_message(const std::string& /*domain*/, const Stanza& /*message*/) {}

void Approvals::stream_lost()
{
    offered_.clear();
}

}  // namespace usher
