#include "plugin/answerer.h"

#include <spdlog/spdlog.h>

namespace usher
{

Answerer::Answerer(std::shared_ptr<const Policy> policy, Journal& journal, Clock& clock,
                   std::function<std::chrono::system_clock::time_point()> wall_clock)
    : policy_(std::move(policy)),
      journal_(journal),
      clock_(clock),
      wall_clock_(std::move(wall_clock)),
      unrecorded_(clock, "times decisions were not recorded, so their requests were left to the users")
{
}

std::vector<Decision> Answerer::judge(std::span<const SubscriptionRequest> requests, Source source)
{
    const std::shared_ptr<const Policy> policy = policy_;
    const auto now = clock_.now();
    const auto at = wall_clock_();
    std::vector<Decision> decisions;
    std::vector<JournalRecord> records;
    decisions.reserve(requests.size());
    records.reserve(requests.size());
    for (const SubscriptionRequest& request : requests) {
        const Facts facts{approvals_.recent(request, now), std::nullopt};
        const Decision decision = decide(*policy, request, facts);
        decisions.push_back(decision);
        if (decision.answer == Answer::approve) {
            approvals_.count(request, now);
        }
        if (source == Source::asked || decision.answer != Answer::leave) {
            const Organization* organization = policy->organization_of(request.user.domain());
            records.push_back({journal_.next_id(at), at, source,
                               organization == nullptr ? std::string() : organization->name, request, facts,
                               decision, policy->generation()});
        }
    }
    if (const auto recorded = journal_.record(records); !recorded) {
        unrecorded_.count(recorded.error());
        for (std::size_t i = 0; i < requests.size(); ++i) {
            if (decisions[i].answer == Answer::approve) {
                approvals_.take_back(requests[i], now);
            }
        }
        return std::vector<Decision>(requests.size());
    }
    for (const JournalRecord& record : records) {
        spdlog::info("{}: {} for {}, contact of {}: {}{}", record.id, name(record.decision.answer),
                     record.request.user.text(), record.request.contact.domain(),
                     text(record.decision.reason),
                     record.decision.rule == 0 ? std::string() : " " + std::to_string(record.decision.rule));
    }
    return decisions;
}

}  // namespace usher
