#include "plugin/core/answerer.h"

namespace usher
{

namespace
{

/// Observes how long it has lived.
class ScopeTimer
{
  public:
    explicit ScopeTimer(prometheus::Histogram& histogram) : histogram_(histogram) {}
    ScopeTimer(const ScopeTimer&) = delete;
    ScopeTimer& operator=(const ScopeTimer&) = delete;
    ~ScopeTimer()
    {
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun_;
        histogram_.Observe(taken.count());
    }

  private:
    prometheus::Histogram& histogram_;
    const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace

Answerer::Answerer(std::shared_ptr<const Policy> policy, Choices& choices, Journal& journal, Clock& clock,
                   std::function<std::chrono::system_clock::time_point()> wall_clock)
    : policy_(std::move(policy)),
      choices_(choices),
      journal_(journal),
      clock_(clock),
      wall_clock_(std::move(wall_clock)),
      leaves_(clock),
      unrecorded_warning_(clock,
                          "times decisions were not recorded, so their requests were left to the users"),
      too_many_(clock, "requests were left to the users without a record: in an hour the journal takes " +
                           std::to_string(RecentLeaves::kMaxOfDomain) +
                           " such from contacts of one domain, " + std::to_string(RecentLeaves::kMax) +
                           " in all")
{
}

tl::expected<std::vector<Facts>, std::string> Answerer::facts(std::span<const SubscriptionRequest> requests)
{
    const auto chosen = choices_.of(requests);
    if (!chosen) {
        return tl::unexpected(chosen.error());
    }
    std::vector<Facts> facts;
    facts.reserve(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
        facts.push_back({approvals_.recent(requests[i], clock_.now()), (*chosen)[i]});
    }
    return facts;
}

tl::expected<std::vector<Decision>, std::string> Answerer::judge(
    std::span<const SubscriptionRequest> requests, Source source)
{
    const ScopeTimer answering(timings_.answering);
    counts_.requests[source] += requests.size();
    const std::shared_ptr<const Policy> policy = policy_;
    const auto chosen = choices_.of(requests);
    if (!chosen) {
        return unrecorded(requests.size(), chosen.error());
    }
    const auto now = clock_.now();
    const auto at = wall_clock_();
    std::vector<Decision> decisions;
    std::vector<JournalRecord> records;
    decisions.reserve(requests.size());
    records.reserve(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const SubscriptionRequest& request = requests[i];
        const Facts known{approvals_.recent(request, now), (*chosen)[i]};
        const Decision decision = decide(*policy, request, known);
        decisions.push_back(decision);
        if (decision.answer == Answer::approve) {
            approvals_.count(request, now);
        }
        const bool answered = decision.answer == Answer::approve ||
                              (decision.answer == Answer::deny && source != Source::roster);
        if (source == Source::asked || answered) {
            JournalRecord made = record_of(request, source, at);
            made.facts = known;
            made.decision = decision;
            if (answered || worth_recording(made)) {
                records.push_back(std::move(made));
            }
        }
    }
    if (const auto recorded = record(records); !recorded) {
        for (std::size_t i = 0; i < requests.size(); ++i) {
            if (decisions[i].answer == Answer::approve) {
                approvals_.take_back(requests[i], now);
            }
        }
        return unrecorded(records.size(), recorded.error());
    }
    return decisions;
}

tl::unexpected<std::string> Answerer::unrecorded(std::size_t count, const std::string& error)
{
    unrecorded_warning_.count(error);
    counts_.unrecorded += count;
    if (on_unrecorded_) {
        on_unrecorded_();
    }
    return tl::unexpected(error);
}

tl::expected<std::int64_t, std::string> Answerer::record_by_hand(const SubscriptionRequest& request,
                                                                 Answer answer, const std::string& by)
{
    const auto known = facts({&request, 1});
    if (!known) {
        return tl::unexpected(known.error());
    }
    JournalRecord made = record_of(request, Source::waiting, wall_clock_());
    made.facts = known->front();
    made.decision = {answer, Reason::by_hand};
    made.answered_by = by;
    if (const auto recorded = record({&made, 1}); !recorded) {
        return tl::unexpected(recorded.error());
    }
    return made.id;
}

JournalRecord Answerer::record_of(const SubscriptionRequest& request, Source source,
                                  std::chrono::system_clock::time_point at) const
{
    const Organization* organization = policy_->organization_of(request.user.domain());
    return {.id = journal_.next_id(at),
            .at = at,
            .source = source,
            .organization = organization == nullptr ? std::string() : organization->name,
            .request = request,
            .facts = {},
            .decision = {},
            .generation = policy_->generation(),
            .answered_by = {}};
}

bool Answerer::worth_recording(const JournalRecord& left)
{
    switch (leaves_.worth(left)) {
        case RecentLeaves::Worth::repetition:
            ++counts_.repeated;
            return false;
        case RecentLeaves::Worth::too_many:
            ++counts_.too_many;
            too_many_.count("the latest from " + std::string(left.request.contact.domain()));
            return false;
        case RecentLeaves::Worth::record:
            break;
    }
    return true;
}

tl::expected<void, std::string> Answerer::record(std::span<const JournalRecord> records)
{
    if (records.empty()) {
        return {};
    }
    {
        const ScopeTimer storing(timings_.storing);
        if (const auto recorded = journal_.record(records); !recorded) {
            return tl::unexpected("the journal cannot be written: " + recorded.error());
        }
    }
    for (const JournalRecord& made : records) {
        ++counts_.decisions[{made.decision.answer, made.decision.reason}];
        leaves_.recorded(made);
        if (on_recorded_) {
            on_recorded_(made);
        }
    }
    return {};
}

}  // namespace usher
