// Of Operations: the daemon itself, and who is logged in at its administration page.
#include <algorithm>

#include "plugin/core/operations.h"

namespace usher
{

using Kind = Refusal::Kind;

namespace
{

const char* const kLocalOnly = "Only who can open the control socket may do this.";

/// Leaves out what is of other domains than these.
CheckReport of_domains(CheckReport report, const std::vector<std::string>& domains)
{
    const auto foreign = [&domains](const std::string& domain) {
        return std::find(domains.begin(), domains.end(), domain) == domains.end();
    };
    std::erase_if(report.results, [&foreign](const CheckResult& result) {
        return !result.domain.empty() && foreign(result.domain);
    });
    std::erase_if(report.answering, foreign);
    std::erase_if(report.silent, foreign);
    return report;
}

}  // namespace

// --- The administration page

Result<void> Operations::may_log_in(const Actor& actor) const
{
    if (actor.address() && administered(actor).empty()) {
        return refused(Kind::forbidden, "Only administrators of an organization may do this.");
    }
    if (web_ == nullptr) {
        return refused(Kind::unavailable,
                       "There is no administration page: the settings file has no [web] with listen.");
    }
    return {};
}

Result<WebLink> Operations::web_link(const Actor& actor)
{
    return may_log_in(actor).map([&] { return web_->make_link(actor); });
}

Result<std::list<WebSession>> Operations::web_sessions(const Actor& actor)
{
    if (actor.address()) {
        return refused(Kind::forbidden, kLocalOnly);
    }
    return may_log_in(actor).map([this] { return web_->all(); });
}

Result<void> Operations::end_web_session(const Actor& actor, const std::string& id)
{
    if (actor.address()) {
        return refused(Kind::forbidden, kLocalOnly);
    }
    return may_log_in(actor).and_then([&]() -> Result<void> {
        if (!web_->end(id)) {
            return refused(Kind::not_found, "There is no session " + id + ".");
        }
        return {};
    });
}

void Operations::end_web_sessions_of_removed()
{
    if (web_ != nullptr) {
        web_->end_those_of(
            [this](const Actor& actor) { return actor.address() && administered(actor).empty(); });
    }
}

// --- The daemon

void Operations::reload(const Actor& actor, Callback<std::vector<std::string>> then)
{
    if (actor.address()) {
        return then(refused(Kind::forbidden, kLocalOnly));
    }
    reload_(std::move(then));
}

void Operations::check(const Actor& actor, Callback<CheckReport> then)
{
    if (!actor.address()) {
        return check_(std::move(then));
    }
    if (administered(actor).empty()) {
        return then(refused(Kind::forbidden, "Only administrators of an organization may do this."));
    }
    check_([domains = administered_domains(actor), then = std::move(then)](Result<CheckReport> report) {
        then(report ? Result<CheckReport>(of_domains(*std::move(report), domains)) : std::move(report));
    });
}

void Operations::status(const Actor& actor, Callback<Status> then)
{
    const auto caller = std::make_shared<StatusCaller>(StatusCaller{actor, std::move(then), nullptr});
    status_callers_.insert(caller);
    const std::weak_ptr<StatusCaller> waiting = caller;
    caller->deadline = clock_.after(kStatusPatience,
                                    [this, waiting] { answer_status(waiting, "the store does not answer"); });
    choices_.count(callbacks_.bind([this, waiting](const auto& counted) {
        if (counted) {
            choice_counts_ = *counted;
        }
        answer_status(waiting, counted ? std::string() : counted.error());
    }));
}

void Operations::answer_status(const std::weak_ptr<StatusCaller>& caller, const std::string& error)
{
    if (const auto answered = caller.lock()) {
        status_callers_.erase(answered);
        answered->then(status_with(answered->actor, error));
    }
}

Status Operations::status_with(const Actor& actor, const std::string& store_error) const
{
    Status status;
    status.version = USHER_VERSION;
    status.address = entity_.address();
    status.online = is_connected();
    status.offline_because = status.online ? std::string() : offline_because_;
    status.started = started_;
    status.running = std::chrono::floor<std::chrono::seconds>(clock_.now() - running_since_);
    status.generation = policy_.policy()->generation();
    status.store_error = database_.last_write_error().empty() ? store_error : database_.last_write_error();
    const auto& organizations = policy_.policy()->organizations();
    for (const Organization& organization : organizations) {
        if (!administers(actor, organization)) {
            continue;
        }
        OrganizationStatus one{policy_.general(organization.name).value(), {}, 0};
        for (const std::string& domain : organization.domains) {
            one.domains.push_back({domain, entity_.domain_state(domain), last_round_trip(domain),
                                   people_status_(domain), archive_status(domain)});
            const auto counted = choice_counts_.find(domain);
            one.choices += counted == choice_counts_.end() ? 0 : counted->second;
        }
        one.revocation = revocation_status_(organization.name);
        status.organizations.push_back(std::move(one));
    }
    for (const SavedValue& saved : policy_.saved_values()) {
        const bool theirs = saved.organization && *saved.organization < organizations.size() &&
                            administers(actor, organizations[*saved.organization]);
        if (!actor.address() || theirs) {
            status.saved.push_back(saved);
        }
    }
    status.logins = entity_.logins();
    status.unsent_bytes = entity_.unsent();
    if (actor.address()) {
        if (!status.store_error.empty()) {
            status.store_error =
                "the store has failed: the log of usherd says why";  // it may name hosts and roles
        }
        return status;
    }
    status.counts = answerer_.counts();
    status.searches = search_counts_;
    status.ldap = ldap_status_();
    return status;
}

}  // namespace usher
