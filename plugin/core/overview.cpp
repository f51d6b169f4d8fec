#include "plugin/core/overview.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <utility>

#include "integration/base/file_descriptor.h"
#include "plugin/store/decision_counts.h"
#include "plugin/store/journal.h"
#include "plugin/store/own_connection.h"
#include "plugin/store/stored_value.h"

namespace usher
{

namespace
{

using std::chrono::seconds;

struct Steps {
    int count;
    seconds each;
    int queries;  // for each, so that none takes long, and SQLite sorts little at a time
};

Steps steps_of(OverviewPeriod period)
{
    switch (period) {
        case OverviewPeriod::day:
            return {24, std::chrono::hours(1), 6};
        case OverviewPeriod::week:
            return {7, std::chrono::days(1), 24};
        case OverviewPeriod::month:
            return {30, std::chrono::days(1), 6};
    }
    return {7, std::chrono::days(1), 24};
}

bool is_limit(Reason reason)
{
    return reason == Reason::contact_limit || reason == Reason::domain_limit ||
           reason == Reason::user_limit || reason == Reason::limits_unknown;
}

using Reasons = std::map<std::pair<std::string, Answer>, std::uint64_t>;

/// A row of decision_counts_query().
void add(const std::vector<StoredValue>& row, Overview::Step& step, Overview& all, Reasons& reasons)
{
    const std::string& stored = text(row.at(0));
    const auto reason = reason_named(stored);
    if (reason == Reason::revoked) {  // no answer to a request
        return;
    }
    const std::array<std::pair<Answer, std::uint64_t*>, 3> answers{
        {{Answer::approve, &step.approve}, {Answer::deny, &step.deny}, {Answer::leave, &step.leave}}};
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const auto& [answer, counted] = answers[i];
        const auto count = static_cast<std::uint64_t>(number(row.at(i + 1)));
        if (count == 0) {
            continue;
        }
        (reason == Reason::by_hand ? step.by_hand : *counted) += count;
        all.limited += reason && is_limit(*reason) ? count : 0;
        reasons[{reason ? std::string(to_string(*reason)) : stored, answer}] += count;
    }
}

}  // namespace

std::string_view name(OverviewPeriod period)
{
    switch (period) {
        case OverviewPeriod::day:
            return "day";
        case OverviewPeriod::week:
            return "week";
        case OverviewPeriod::month:
            return "month";
    }
    return "week";
}

std::optional<OverviewPeriod> overview_period_named(std::string_view wanted)
{
    for (const OverviewPeriod period : {OverviewPeriod::day, OverviewPeriod::week, OverviewPeriod::month}) {
        if (name(period) == wanted) {
            return period;
        }
    }
    return std::nullopt;
}

tl::expected<Overview, std::string> overview(const std::string& store_url, const OverviewOrder& order,
                                             int stop)
{
    auto connection = OwnConnection::open(store_url);
    if (!connection) {
        return tl::unexpected(connection.error());
    }
    const Steps steps = steps_of(order.period);
    Overview all{order.period, order.until, steps.each, {}, {}, 0};
    Reasons reasons;
    for (int left = steps.count; left > 0; --left) {
        Overview::Step& step = all.steps.emplace_back(Overview::Step{order.until - left * steps.each});
        for (int query = 0; query < steps.queries && !is_readable(stop); ++query) {
            const auto from = step.from + query * steps.each / steps.queries;
            // Ids are ahead of the time where the clock was: the newest belong to now all the same.
            const bool newest = left == 1 && query + 1 == steps.queries;
            const std::int64_t last = newest ? std::numeric_limits<std::int64_t>::max()
                                             : first_decision_id(from + steps.each / steps.queries) - 1;
            const auto rows = connection->read(decision_counts_query(
                connection->database().dialect(), order.domains, first_decision_id(from), last));
            if (!rows) {
                return tl::unexpected(rows.error());
            }
            for (const auto& row : rows->front().rows) {
                add(row, step, all, reasons);
            }
        }
    }
    for (auto& [kind, count] : reasons) {
        all.reasons.push_back({kind.second, kind.first, count});
    }
    std::stable_sort(all.reasons.begin(), all.reasons.end(),
                     [](const auto& a, const auto& b) { return a.count > b.count; });
    return all;
}

}  // namespace usher
