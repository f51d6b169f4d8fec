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
      recent_(clock),
      unrecorded_warning_(clock,
                          "times decisions were not recorded, so their requests were left to the users"),
      too_many_(clock,
                "requests were denied or left to the users without a record of their own: in an hour the "
                "journal takes " +
                    std::to_string(RecentDecisions::kMaxOfDomain) + " such from contacts of one domain, " +
                    std::to_string(RecentDecisions::kMax) + " in all, and counts the others"),
      unsettled_(clock, "times the journal could not take in what became of answers")
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

void Answerer::judge(std::vector<SubscriptionRequest> requests, Source source, JudgedCallback then)
{
    then(judged(requests, source));
}

tl::expected<std::vector<Judged>, std::string> Answerer::judged(std::span<const SubscriptionRequest> requests,
                                                                Source source)
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
    std::vector<Judged> judged;
    std::vector<JournalEntry> entries;
    std::vector<std::size_t> places;  // of their requests
    judged.reserve(requests.size());
    entries.reserve(requests.size());
    places.reserve(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const SubscriptionRequest& request = requests[i];
        const Facts known{approvals_.recent(request, now), (*chosen)[i]};
        const Decision decision = decide(*policy, request, known);
        judged.push_back({decision, 0, now});
        if (decision.answer == Answer::approve) {
            approvals_.count(request, now);
        }
        const bool answered = decision.answer == Answer::approve ||
                              (decision.answer == Answer::deny && source != Source::roster);
        if (source == Source::asked || answered) {
            recent_.place(entries.emplace_back(entry_of(request, source, at, known, decision)));
            places.push_back(i);
        }
    }
    if (const auto recorded = record(entries); !recorded) {
        for (std::size_t i = 0; i < requests.size(); ++i) {
            if (judged[i].decision.answer == Answer::approve) {
                approvals_.take_back(requests[i], now);
            }
        }
        return unrecorded(entries.size(), recorded.error());
    }
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (entries[i].record.covers == Covers::request) {
            judged[places[i]].record = entries[i].record.id;
        }
    }
    return judged;
}

void Answerer::settle(std::span<const Settled> settled)
{
    std::vector<RecordedOutcome> outcomes;
    for (const Settled& one : settled) {
        const Decision& decision = one.judged.decision;
        if (one.outcome == Outcome::refused) {
            ++counts_.refused[decision.answer];
            if (decision.answer == Answer::approve && decision.reason != Reason::by_hand) {
                approvals_.take_back(one.request, one.judged.at);
            }
        }
        if (one.judged.record != 0) {
            if (recent_.settled(one.request, one.judged.record, one.outcome) && on_refused_) {
                on_refused_(one);
            }
            outcomes.push_back({one.judged.record, one.outcome, one.condition});
        }
    }
    if (const auto recorded = journal_.settle(outcomes); !recorded) {
        unsettled_.count(recorded.error());
    }
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

tl::expected<Judged, std::string> Answerer::record_by_hand(const SubscriptionRequest& request, Answer answer,
                                                           const std::string& by)
{
    const auto known = facts({&request, 1});
    if (!known) {
        return tl::unexpected(known.error());
    }
    const Decision decision{answer, Reason::by_hand};
    JournalEntry entry = entry_of(request, Source::waiting, wall_clock_(), known->front(), decision);
    entry.record.answered_by = by;
    recent_.place(entry);
    if (const auto recorded = record({&entry, 1}); !recorded) {
        return tl::unexpected(recorded.error());
    }
    return Judged{decision, entry.record.id, clock_.now()};
}

JournalEntry Answerer::entry_of(const SubscriptionRequest& request, Source source,
                                std::chrono::system_clock::time_point at, const Facts& facts,
                                const Decision& decision) const
{
    const Organization* organization = policy_->organization_of(request.user.domain());
    return {.record = {.id = journal_.next_id(at),
                       .at = at,
                       .source = source,
                       .organization = organization == nullptr ? std::string() : organization->name,
                       .request = request,
                       .facts = facts,
                       .decision = decision,
                       .generation = policy_->generation()}};
}

tl::expected<void, std::string> Answerer::record(std::span<JournalEntry> entries)
{
    if (entries.empty()) {
        return {};
    }
    std::vector<std::size_t> repeats;  // as far as is known
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (entries[i].repeat) {
            repeats.push_back(i);
        }
    }
    {
        const ScopeTimer storing(timings_.storing);
        if (const auto recorded = journal_.record(entries); !recorded) {
            for (const JournalEntry& entry : entries) {
                recent_.withdraw(entry);
            }
            return tl::unexpected("the journal cannot be written: " + recorded.error());
        }
    }
    for (const std::size_t i : repeats) {
        if (!entries[i].repeat) {
            recent_.renumber(entries[i].record);
        }
    }
    for (const JournalEntry& entry : entries) {
        const JournalRecord& record = entry.record;
        ++counts_.decisions[{record.decision.answer, record.decision.reason}];
        if (record.covers != Covers::request) {
            ++counts_.too_many;
            too_many_.count("the latest from " + std::string(record.request.contact.domain()));
        } else if (entry.repeat) {
            ++counts_.repeated;
        }
        if (!entry.repeat && on_recorded_) {
            on_recorded_(record);
        }
    }
    return {};
}

}  // namespace usher
