#include "plugin/core/replay.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "integration/base/file_descriptor.h"
#include "plugin/core/replay_policies.h"
#include "plugin/store/own_connection.h"

namespace usher
{

namespace
{

constexpr std::size_t kRecordsAtATime = 10'000;  // some 10 MB

using Kind = std::tuple<Answer, Reason, std::uint32_t>;

Kind kind(const Decision& decision)
{
    return {decision.answer, decision.reason, decision.rule};
}

/// The decisions of one order, as they come.
class Replaying
{
  public:
    Replaying(OwnConnection& store, const ReplayOrder& order)
        : recorded_(store), own_policies_(order.settings == nullptr)
    {
        if (!own_policies_) {
            policies_.emplace(order.settings);
        }
        if (order.compared_with) {
            compared_with_.emplace(order.compared_with);
        }
    }

    void decide_again(JournalRecord record)
    {
        if (record.decision.reason == Reason::by_hand || record.decision.reason == Reason::revoked) {
            ++replay_.by_hand;
            return;
        }
        const Settings* then = nullptr;
        if (own_policies_ || policies_->has_outside_groups() ||
            (compared_with_ && compared_with_->has_outside_groups())) {
            const RecordedPolicies::Policy& own = recorded_.of(record.generation);
            if (!own) {
                not_decided(own.error());
                return;
            }
            if (own_policies_ && generation_ != record.generation) {
                policies_.emplace(*own);
                generation_ = record.generation;
            }
            then = own->get();
        }
        const std::optional<Decision> now = policies_->decide(record, then);
        const std::optional<Decision> was =
            compared_with_ ? compared_with_->decide(record, then) : record.decision;
        if (!now || !was) {
            not_decided("the groups that the directory had them in were not recorded yet");
            return;
        }
        ++replay_.decided;
        if (own_policies_ ? kind(*now) != kind(*was) : now->answer != was->answer) {
            add(*was, *now, std::move(record));
        }
    }

    [[nodiscard]] Replay take() &&
    {
        for (auto& [kinds, difference] : differences_) {
            replay_.differences.push_back(std::move(difference));
        }
        std::stable_sort(
            replay_.differences.begin(), replay_.differences.end(),
            [](const ReplayDifference& a, const ReplayDifference& b) { return a.count > b.count; });
        return std::move(replay_);
    }

  private:
    void not_decided(const std::string& why)
    {
        if (replay_.not_decided++ == 0) {
            replay_.why_not = why;
        }
    }

    void add(const Decision& was, const Decision& now, JournalRecord record)
    {
        ReplayDifference& difference = differences_[{kind(was), kind(now)}];
        if (difference.count++ == 0) {
            difference.was = was;
            difference.now = now;
        }
        if (difference.examples.size() < ReplayDifference::kMaxExamples) {
            difference.examples.push_back(std::move(record));
        }
    }

    RecordedPolicies recorded_;
    const bool own_policies_;
    std::optional<ReplayPolicies> policies_;
    std::optional<ReplayPolicies> compared_with_;
    std::uint64_t generation_ = 0;  // with own_policies_: of policies_
    std::map<std::pair<Kind, Kind>, ReplayDifference> differences_;
    Replay replay_;
};

/// What the search finds, all of it.
tl::expected<std::vector<JournalRecord>, std::string> found(OwnConnection& store, const JournalFilter& filter,
                                                            int stop)
{
    JournalSearch search(store.database(), filter);
    while (!is_readable(stop)) {
        std::optional<tl::expected<bool, std::string>> last;
        search.search_portion([&last](auto given) { last = std::move(given); });
        store.wait_until([&last] { return last.has_value(); });
        if (!*last) {
            return tl::unexpected((*last).error());
        }
        if (**last) {
            break;
        }
    }
    return search.take_found();
}

}  // namespace

tl::expected<Replay, std::string> replay(const std::string& store_url, const ReplayOrder& order, int stop)
{
    auto store = OwnConnection::open(store_url);
    if (!store) {
        return tl::unexpected(store.error());
    }
    Replaying replaying(*store, order);
    JournalFilter filter = order.filter;
    filter.after = filter.after.value_or(0);
    std::size_t left = order.filter.most;
    bool more = true;
    while (more && left > 0 && !is_readable(stop)) {
        filter.most = std::min(left, kRecordsAtATime);
        auto records = found(*store, filter, stop);
        if (!records) {
            return tl::unexpected(records.error());
        }
        more = records->size() == filter.most;
        left -= records->size();
        for (JournalRecord& record : *records) {
            if (is_readable(stop)) {  // a policy of then may take seconds to read
                break;
            }
            filter.after = record.id;
            replaying.decide_again(std::move(record));
        }
    }
    Replay done = std::move(replaying).take();
    done.last = *filter.after;
    done.more = more;
    return done;
}

}  // namespace usher
