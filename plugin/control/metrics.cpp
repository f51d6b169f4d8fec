#include "plugin/control/metrics.h"

#include <prometheus/text_serializer.h>

#include <span>
#include <sstream>

namespace usher
{

namespace
{

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

class Families
{
  public:
    /// Begins a family, to which the next add() calls add.
    void begin(MetricType type, std::string name, std::string help)
    {
        families_.push_back({std::move(name), std::move(help), type, {}});
    }
    template <typename Number>
    void add(Number number, Labels labels = {})
    {
        ClientMetric metric;
        metric.label = std::move(labels);
        const auto value = static_cast<double>(number);
        if (families_.back().type == MetricType::Counter) {
            metric.counter.value = value;
        } else {
            metric.gauge.value = value;
        }
        families_.back().metric.push_back(std::move(metric));
    }
    void add(const prometheus::Histogram& histogram)
    {
        families_.back().metric.push_back(histogram.Collect());
    }

    [[nodiscard]] std::string text() const
    {
        std::ostringstream out;
        prometheus::TextSerializer().Serialize(out, families_);
        return out.str();
    }

  private:
    std::vector<MetricFamily> families_;
};

/// Each domain whose people may be searched, with its labels.
template <typename Visit>
void for_people(const Status& status, Visit visit)
{
    for (const OrganizationStatus& organization : status.organizations) {
        for (const DomainStatus& domain : organization.domains) {
            if (domain.people) {
                visit(*domain.people,
                      Labels{{"organization", organization.general.organization}, {"domain", domain.domain}});
            }
        }
    }
}

}  // namespace

std::string metrics(const Status& status, const Timings& timings)
{
    constexpr auto counter = MetricType::Counter;
    constexpr auto gauge = MetricType::Gauge;
    Families out;
    out.begin(gauge, "usher_build_info", "1, with the version of usherd");
    out.add(1, {{"version", status.version}});
    out.begin(gauge, "usher_start_time_seconds", "When usherd was started, in seconds since 1970");
    out.add(std::chrono::duration_cast<std::chrono::seconds>(status.started.time_since_epoch()).count());
    out.begin(gauge, "usher_connected", "1 while usherd is logged in to the server, else 0");
    out.add(status.online ? 1 : 0);
    out.begin(counter, "usher_logins_total", "Logins since the start: all but the first are reconnections");
    out.add(status.logins);
    out.begin(gauge, "usher_domain_answering", "1 for a domain where every request is seen, else 0");
    for (const OrganizationStatus& organization : status.organizations) {
        for (const DomainStatus& domain : organization.domains) {
            out.add(domain.state == DomainState::answering ? 1 : 0,
                    {{"organization", organization.general.organization}, {"domain", domain.domain}});
        }
    }
    out.begin(gauge, "usher_domain_last_round_trip_timestamp_seconds",
              "When the domain's connector last replied to usherd, in seconds since 1970");
    for (const OrganizationStatus& organization : status.organizations) {
        for (const DomainStatus& domain : organization.domains) {
            if (domain.last_round_trip) {
                out.add(std::chrono::duration<double>(domain.last_round_trip->time_since_epoch()).count(),
                        {{"organization", organization.general.organization}, {"domain", domain.domain}});
            }
        }
    }
    out.begin(gauge, "usher_people", "People of the domain who are known for searches");
    for_people(status, [&out](const PeopleStatus& people, Labels labels) {
        out.add(people.people, std::move(labels));
    });
    out.begin(gauge, "usher_people_listed_timestamp_seconds",
              "When the domain's list of people was last read to its end, in seconds since 1970");
    for_people(status, [&out](const PeopleStatus& people, Labels labels) {
        if (people.listed) {
            out.add(std::chrono::duration<double>(people.listed->time_since_epoch()).count(),
                    std::move(labels));
        }
    });
    out.begin(gauge, "usher_archive_accounts",
              "Accounts of a domain where archiving preferences are wanted, by what they have");
    for (const OrganizationStatus& organization : status.organizations) {
        for (const DomainStatus& domain : organization.domains) {
            for (const ArchiveState state :
                 domain.archive ? std::span(kArchiveStates) : std::span<const ArchiveState>()) {
                out.add(domain.archive->accounts[static_cast<std::size_t>(state)],
                        {{"organization", organization.general.organization},
                         {"domain", domain.domain},
                         {"state", std::string(name(state))}});
            }
        }
    }
    if (status.ldap) {
        out.begin(
            gauge, "usher_ldap_read_timestamp_seconds",
            "When the directory was last read, in seconds since 1970: what is known of it is as old as that");
        if (status.ldap->read) {
            out.add(std::chrono::duration<double>(status.ldap->read->time_since_epoch()).count());
        }
        out.begin(gauge, "usher_ldap_groups_not_known",
                  "Groups of the directory of which it is not known who is in them");
        out.add(status.ldap->groups_not_known.size());
        out.begin(counter, "usher_ldap_readings_total", "Readings of the directory since the start");
        out.add(status.ldap->readings, {{"outcome", "read"}});
        out.add(status.ldap->failures, {{"outcome", "failed"}});
    }
    out.begin(
        counter, "usher_requests_total",
        "Requests judged: asked by the server, found waiting at it, or (without a connector) in rosters");
    for (const auto source : {Source::asked, Source::waiting, Source::roster}) {
        const auto found = status.counts.requests.find(source);
        out.add(found == status.counts.requests.end() ? 0 : found->second,
                {{"source", std::string(name(source))}});
    }
    out.begin(counter, "usher_decisions_total", "Decisions since the start, whatever became of them");
    for (const auto& [decided, count] : status.counts.decisions) {
        out.add(count, {{"answer", std::string(name(decided.first))},
                        {"reason", std::string(to_string(decided.second))}});
    }
    out.begin(counter, "usher_unrecorded_total",
              "Requests left to their users because the store could not be written");
    out.add(status.counts.unrecorded);
    out.begin(
        counter, "usher_refused_total",
        "Verdicts that the server did not apply: nothing waited, it would not let the request in, or an error");
    for (const Answer answer : {Answer::approve, Answer::deny}) {
        const auto found = status.counts.refused.find(answer);
        out.add(found == status.counts.refused.end() ? 0 : found->second,
                {{"answer", std::string(name(answer))}});
    }
    out.begin(
        counter, "usher_decisions_without_own_record_total",
        "Decisions that the journal only counts in another record: repeated within an hour, or more than it "
        "takes in one");
    out.add(status.counts.repeated, {{"why", "repeated"}});
    out.add(status.counts.too_many, {{"why", "too many"}});
    out.begin(gauge, "usher_store_failing", "1 if the last attempt to write to the store failed, else 0");
    out.add(status.store_error.empty() ? 0 : 1);
    out.begin(
        MetricType::Histogram, "usher_answering_seconds",
        "From the arrival of requests to their answers: deciding and recording those that came together");
    out.add(timings.answering);
    out.begin(MetricType::Histogram, "usher_store_seconds",
              "The journal's transactions, which are part of answering");
    out.add(timings.storing);
    out.begin(
        counter, "usher_searches_total",
        "Searches for people: answered, refused or cut short by a limit, or not allowed, not understood or failed");
    out.add(status.searches.answered, {{"outcome", "answered"}});
    out.add(status.searches.limited, {{"outcome", "limited"}});
    out.add(status.searches.refused, {{"outcome", "refused"}});
    out.begin(gauge, "usher_unsent_bytes", "Answers and questions that the server has not taken yet");
    out.add(status.unsent_bytes);
    out.begin(gauge, "usher_choices", "Users with a choice of their own");
    for (const OrganizationStatus& organization : status.organizations) {
        out.add(organization.choices, {{"organization", organization.general.organization}});
    }
    out.begin(
        gauge, "usher_approvals_no_longer_given",
        "Approvals in force that have ended by their rules or that policy would not give any more, as last looked at");
    for (const OrganizationStatus& organization : status.organizations) {
        if (organization.revocation && organization.revocation->looked) {
            out.add(organization.revocation->found, {{"organization", organization.general.organization}});
        }
    }
    out.begin(counter, "usher_settings_generation", "Counts changes of policy since the store was made");
    out.add(status.generation);
    return out.text();
}

}  // namespace usher
