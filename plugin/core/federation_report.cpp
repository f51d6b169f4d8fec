#include "plugin/core/federation_report.h"

#include <algorithm>
#include <map>
#include <utility>

#include "integration/base/file_descriptor.h"
#include "plugin/store/contact_domains.h"
#include "plugin/store/journal.h"
#include "plugin/store/own_connection.h"
#include "plugin/store/stored_time.h"
#include "plugin/store/stored_value.h"

namespace usher
{

namespace
{

using std::chrono::system_clock;
using Domains = std::map<std::string, DomainRequests>;

std::uint64_t total(const DomainRequests& one)
{
    return one.approved + one.denied + one.left;
}

void add(Domains& domains, const std::vector<StoredValue>& row)
{
    const std::string& domain = text(row.at(0));
    const bool asked = text(row.at(1)) == name(Source::asked);
    const std::string& answer = text(row.at(2));
    const auto count = static_cast<std::uint64_t>(number(row.at(3)));
    DomainRequests& one = domains[domain];
    one.domain = domain;
    if (answer == name(Answer::approve)) {
        (asked ? one.approved : one.approved_later) += count;
    } else if (answer == name(Answer::deny)) {
        (asked ? one.denied : one.denied_later) += count;
    } else {
        one.left += asked ? count : 0;
    }
    one.last = std::max(one.last, time_since_1970(number(row.at(4))));
}

FederationReport report_of(std::string organization, Domains domains)
{
    FederationReport report{std::move(organization), {}, domains.size() > FederationReport::kMaxDomains};
    for (auto& [name, requests] : domains) {
        report.domains.push_back(std::move(requests));
    }
    std::stable_sort(report.domains.begin(), report.domains.end(),
                     [](const DomainRequests& a, const DomainRequests& b) { return total(a) > total(b); });
    report.domains.resize(std::min(report.domains.size(), FederationReport::kMaxDomains));
    return report;
}

}  // namespace

tl::expected<std::vector<FederationReport>, std::string> federation_report(const std::string& store_url,
                                                                           const FederationOrder& order,
                                                                           int stop)
{
    auto connection = OwnConnection::open(store_url);
    if (!connection) {
        return tl::unexpected(connection.error());
    }
    const auto ends = connection->read({"SELECT COALESCE(MIN(id), 0), COALESCE(MAX(id), -1) FROM journal"});
    if (!ends) {
        return tl::unexpected(ends.error());
    }
    const auto& row = ends->front().rows.at(0);
    const std::int64_t first = std::max(number(row.at(0)), first_decision_id(order.since));
    const std::int64_t last = number(row.at(1));
    // No query takes long, however long the journal is.
    const std::int64_t day =
        first_decision_id(order.since + std::chrono::hours(24)) - first_decision_id(order.since);
    std::vector<FederationReport> reports;
    for (const FederationOrder::Of& of : order.organizations) {
        Domains domains;
        for (std::int64_t from = first; from <= last && !is_readable(stop); from += day) {
            const auto rows = connection->read(contact_domains_query(
                connection->database().dialect(), of.domains, from, std::min(last, from + day - 1)));
            if (!rows) {
                return tl::unexpected(rows.error());
            }
            for (const auto& counted : rows->front().rows) {
                add(domains, counted);
            }
        }
        reports.push_back(report_of(of.organization, std::move(domains)));
    }
    return reports;
}

}  // namespace usher
