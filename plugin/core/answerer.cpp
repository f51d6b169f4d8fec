#include "plugin/core/answerer.h"

#include <algorithm>
#include <iterator>

#include "policy/matching_groups.h"

namespace usher
{

namespace
{

using std::chrono::steady_clock;

void observe(prometheus::Histogram& histogram, steady_clock::time_point since)
{
    histogram.Observe(std::chrono::duration<double>(steady_clock::now() - since).count());
}

}  // namespace

Answerer::Answerer(Choices& choices, Journal& journal, Clock& clock,
                   std::function<std::chrono::system_clock::time_point()> wall_clock)
    : choices_(choices),
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

// --- What the store has

void Answerer::read_choices(std::vector<SubscriptionRequest> requests, StoreCallback<Chosen> then)
{
    choices_.of(
        std::move(requests),
        callbacks_.bind([this, then = std::move(then)](tl::expected<StoredChoices, std::string> stored) {
            if (!stored) {
                then(tl::unexpected(std::move(stored.error())));
            } else if (stored->settings_version == settings_version_ || !refresh_) {
                then(std::move(stored->chosen));
            } else {
                refresh_(stored->settings_version,
                         callbacks_.bind([then, chosen = std::move(stored->chosen)](const auto& refreshed) {
                             then(refreshed.map([&chosen] { return chosen; }));
                         }));
            }
        }));
}

void Answerer::facts(std::vector<SubscriptionRequest> requests, StoreCallback<std::vector<Facts>> then)
{
    std::vector<SubscriptionRequest> asked = requests;
    read_choices(std::move(asked), [this, requests = std::move(requests),
                                    then = std::move(then)](const tl::expected<Chosen, std::string>& chosen) {
        if (!chosen) {
            then(tl::unexpected(chosen.error()));
            return;
        }
        std::vector<Facts> facts;
        facts.reserve(requests.size());
        for (std::size_t i = 0; i < requests.size(); ++i) {
            facts.push_back(facts_of(requests[i], (*chosen)[i], clock_.now()));
        }
        then(std::move(facts));
    });
}

Facts Answerer::facts_of(const SubscriptionRequest& request, const UserChoices& chosen, Clock::Time now)
{
    const Organization* organization = policy_->organization_of(request.user.domain());
    return {approvals_.recent(request, now), chosen.option,
            organization != nullptr ? outside_groups(organization->groups, request) : std::nullopt,
            chosen.exception};
}

// --- Batches

void Answerer::judge(std::vector<SubscriptionRequest> requests, Source source, JudgedCallback then)
{
    counts_.requests[source] += requests.size();
    add({std::move(requests), source, std::nullopt, std::move(then)});
}

void Answerer::record_by_hand(const SubscriptionRequest& request, Answer answer, const std::string& by,
                              StoreCallback<Judged> then)
{
    add({{request}, Source::waiting, ByHand{answer, by}, [then = std::move(then)](const auto& judged) {
             then(judged.map([](const std::vector<Judged>& one) { return one.front(); }));
         }});
}

void Answerer::record_revocations(std::vector<SubscriptionRequest> requests, const std::string& by,
                                  StoreCallback<std::vector<Judged>> then)
{
    add({std::move(requests), Source::roster, ByHand{Answer::deny, by, Reason::revoked}, std::move(then)});
}

void Answerer::add(Asked asked)
{
    waiting_.push_back(std::move(asked));
    begin_batch();
}

void Answerer::begin_batch()
{
    if (batch_ || waiting_.empty()) {
        return;
    }
    batch_.emplace(Batch{take_waiting()});
    batch_->assumed = may_assume();
    if (batch_->assumed) {
        decide_batch(Chosen(requests_of_batch().size()));
    } else {
        read_batch();
    }
}

bool Answerer::may_assume() const
{
    std::size_t users = 0;
    for (const Asked& asked : batch_->asked) {
        // What was asked is recorded whatever the answer; of others there may be nothing to write. Of what is recorded again
        // (RecentDecisions) nothing can be taken back.
        if (asked.source != Source::asked ||
            std::any_of(asked.requests.begin(), asked.requests.end(),
                        [this](const SubscriptionRequest& one) { return recent_.knows(one); })) {
            return false;
        }
        users += asked.requests.size();
    }
    return assumes_ && users <= Choices::kMaxInQuery;
}

std::vector<SubscriptionRequest> Answerer::requests_of_batch() const
{
    std::vector<SubscriptionRequest> requests;
    for (const Asked& asked : batch_->asked) {
        requests.insert(requests.end(), asked.requests.begin(), asked.requests.end());
    }
    return requests;
}

void Answerer::read_batch()
{
    read_choices(requests_of_batch(), [this](const tl::expected<Chosen, std::string>& chosen) {
        if (chosen) {
            assumes_ = std::none_of(chosen->begin(), chosen->end(),
                                    [](const UserChoices& one) { return one != UserChoices(); });
            decide_batch(*chosen);
            return;
        }
        std::size_t count = 0;
        for (const Asked& asked : batch_->asked) {
            count += asked.by_hand ? 0 : asked.requests.size();
        }
        batch_failed(count, chosen.error());
    });
}

std::vector<Answerer::Asked> Answerer::take_waiting()
{
    constexpr std::size_t kMaxInBatch = 1'000;
    std::vector<Asked> taken;
    std::size_t requests = 0;
    do {  // what came together is not parted, whatever its size
        requests += waiting_.front().requests.size();
        taken.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
    } while (!waiting_.empty() && requests + waiting_.front().requests.size() <= kMaxInBatch);
    return taken;
}

void Answerer::decide_batch(const Chosen& chosen)
{
    const Clock::Time now = clock_.now();
    std::vector<JournalEntry> entries;
    auto next = chosen.begin();
    for (std::size_t i = 0; i < batch_->asked.size(); ++i) {
        Asked& asked = batch_->asked[i];
        asked.judged.reserve(asked.requests.size());
        for (std::size_t k = 0; k < asked.requests.size(); ++k) {
            if (auto entry = decide_one(asked, asked.requests[k], *next++, now)) {
                entries.push_back(*std::move(entry));
                batch_->places.emplace_back(i, k);
            }
        }
    }
    write_batch(std::move(entries));
}

std::optional<JournalEntry> Answerer::decide_one(Asked& asked, const SubscriptionRequest& request,
                                                 const UserChoices& chosen, Clock::Time now)
{
    const Facts known = facts_of(request, chosen, now);
    const Decision decision = asked.by_hand ? Decision{asked.by_hand->answer, asked.by_hand->reason}
                                            : decide(*policy_, request, known);
    asked.judged.push_back({decision, 0, now});
    if (decision.answer == Answer::approve && !asked.by_hand) {
        approvals_.count(request, now);
    }
    const bool answered = decision.answer == Answer::approve || asked.by_hand ||
                          (decision.answer == Answer::deny && asked.source != Source::roster);
    if (asked.source != Source::asked && !answered) {
        return std::nullopt;
    }
    JournalEntry entry = entry_of(request, asked.source, wall_clock_(), known, decision);
    if (asked.by_hand) {
        entry.record.answered_by = asked.by_hand->by;
    }
    recent_.place(entry);
    return entry;
}

void Answerer::write_batch(std::vector<JournalEntry> entries)
{
    if (entries.empty()) {
        end_batch({});
        return;
    }
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (entries[i].repeat) {
            batch_->repeats.push_back(i);
        }
    }
    batch_->written = steady_clock::now();
    const auto placed = std::make_shared<const std::vector<JournalEntry>>(entries);
    std::optional<Statement> condition;
    if (batch_->assumed) {
        condition = Choices::none_of(requests_of_batch(), settings_version_);
    }
    const auto written = [this, placed](const auto& recorded) {
        observe(timings_.storing, batch_->written);
        if (recorded && !recorded->empty()) {
            batch_recorded(*recorded);
            return;
        }
        std::size_t count = 0;
        for (std::size_t i = 0; i < placed->size(); ++i) {
            count += batch_->asked[batch_->places[i].first].by_hand ? 0 : 1;
        }
        take_back_batch(*placed);
        if (recorded) {  // what was assumed is not so
            read_batch();
        } else {
            batch_failed(count, "the journal cannot be written: " + recorded.error());
        }
    };
    journal_.record(std::move(entries), callbacks_.bind(written), std::move(condition));
}

void Answerer::batch_recorded(std::span<const JournalEntry> entries)
{
    for (const std::size_t i : batch_->repeats) {
        if (!entries[i].repeat) {
            recent_.renumber(entries[i].record);
        }
    }
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const auto& [asked, request] = batch_->places[i];
        count(entries[i]);
        if (entries[i].record.covers == Covers::request) {
            batch_->asked[asked].judged[request].record = entries[i].record.id;
        }
    }
    label_batch();
}

void Answerer::label_batch()
{
    std::vector<SubscriptionRequest> approved;
    std::vector<Judged*> judged;
    for (Asked& asked : batch_->asked) {
        for (std::size_t i = 0; i < asked.requests.size(); ++i) {
            if (names_ != nullptr && asked.source != Source::roster &&
                asked.judged[i].decision.answer == Answer::approve &&
                ContactNames::wanted(*policy_, asked.requests[i])) {
                approved.push_back(asked.requests[i]);
                judged.push_back(&asked.judged[i]);
            }
        }
    }
    if (approved.empty()) {
        end_batch({});
        return;
    }
    names_->of(policy_, std::move(approved),
               callbacks_.bind([this, judged = std::move(judged)](std::vector<ContactLabel> labels) {
                   for (std::size_t i = 0; i < judged.size(); ++i) {
                       judged[i]->label = std::move(labels[i]);
                   }
                   end_batch({});
               }));
}

void Answerer::take_back_batch(std::span<const JournalEntry> entries)
{
    for (const JournalEntry& entry : entries) {
        recent_.withdraw(entry);
    }
    for (Asked& asked : batch_->asked) {
        for (std::size_t i = 0; i < asked.judged.size(); ++i) {
            const Judged& judged = asked.judged[i];
            if (judged.decision.answer == Answer::approve && !asked.by_hand) {
                approvals_.take_back(asked.requests[i], judged.at);
            }
        }
        asked.judged.clear();
    }
    batch_->places.clear();
    batch_->repeats.clear();
    batch_->assumed = false;
}

void Answerer::batch_failed(std::size_t count, const std::string& error)
{
    if (count != 0) {
        unrecorded_warning_.count(error);
        counts_.unrecorded += count;
        if (on_unrecorded_) {
            on_unrecorded_();
        }
    }
    end_batch(tl::unexpected(error));
}

void Answerer::end_batch(const tl::expected<void, std::string>& outcome)
{
    // What is asked for by those who are called now is in the next one.
    for (Asked& asked : batch_->asked) {
        observe(timings_.answering, asked.since);
        asked.then(outcome.map([&asked] { return std::move(asked.judged); }));
    }
    batch_.reset();
    begin_batch();
}

void Answerer::count(const JournalEntry& entry)
{
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
    journal_.settle(outcomes, callbacks_.bind([this](const auto& recorded) {
        if (!recorded) {
            unsettled_.count(recorded.error());
        }
    }));
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

}  // namespace usher
