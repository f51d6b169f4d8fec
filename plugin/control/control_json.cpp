#include "plugin/control/control_json.h"

#include "plugin/settings/json_lists.h"
#include "plugin/text/timestamp.h"

namespace usher
{

namespace
{

std::string_view word(DomainState state)
{
    switch (state) {
        case DomainState::offline:
            return "offline";
        case DomainState::asking:
            return "asking";
        case DomainState::no_connector:
            return "no-connector";
        case DomainState::not_granted:
            return "not-granted";
        case DomainState::unreachable:
            return "unreachable";
        case DomainState::reading:
            return "reading";
        case DomainState::answering:
            return "answering";
        case DomainState::stock:
            return "stock";
        case DomainState::stock_not_granted:
            return "stock-not-granted";
        case DomainState::stock_ineffective:
            return "stock-ineffective";
    }
    return "offline";
}

std::string_view word(AnswerOutcome outcome)
{
    switch (outcome) {
        case AnswerOutcome::answered:
            return "answered";
        case AnswerOutcome::nothing_waits:
            return "nothing-waits";
        case AnswerOutcome::refused:
            return "refused";
        case AnswerOutcome::lost:
            return "lost";
    }
    return "lost";
}

std::string_view word(Revoked outcome)
{
    switch (outcome) {
        case Revoked::revoked:
            return "revoked";
        case Revoked::changed:
            return "changed";
        case Revoked::failed:
            return "failed";
    }
    return "failed";
}

Json json_of(const std::vector<ApprovalInForce>& approvals)
{
    Json all = Json::array();
    for (const ApprovalInForce& one : approvals) {
        const PolicyApproval& approval = one.approval;
        all.push_back({{"user", approval.pair.user.text()},
                       {"contact", approval.pair.contact.text()},
                       {"decision", json_of_id(approval.record)},
                       {"at", timestamp(approval.at)},
                       {"reason", to_string(approval.reason)},
                       {"rule", approval.rule != 0 ? Json(approval.rule) : Json(nullptr)},
                       {"ends", approval.ends ? Json(timestamp(*approval.ends)) : Json(nullptr)},
                       {"subscription", name(one.standing.subscription)},
                       {"own", one.own ? Json(name(*one.own)) : Json(nullptr)},
                       {"outcome", one.outcome ? Json(word(*one.outcome)) : Json(nullptr)}});
    }
    return all;
}

Json json_of(const std::optional<Option>& option)
{
    return option ? Json(name(*option)) : Json(nullptr);
}

void add(Json& json, const SubscriptionRequest& request)
{
    json["user"] = request.user.text();
    json["contact"] = request.contact.text();
    json["item"] = request.item
                       ? Json{{"subscription", name(request.item->subscription)}, {"ask", request.item->ask}}
                       : Json(nullptr);
}

void add(Json& json, const Decision& decision)
{
    json["answer"] = name(decision.answer);
    json["reason"] = to_string(decision.reason);
    json["rule"] = decision.rule != 0 ? Json(decision.rule) : Json(nullptr);
}

Json json_of(const Federation& federation)
{
    Json domains = Json::array();
    for (const Pattern& domain : federation.domains.patterns()) {
        domains.push_back(to_string(domain));
    }
    return {{"mode", name(federation.mode)},
            {"domains", std::move(domains)},
            {"answer", name(federation.answer)}};
}

Json json_of(const Facts& facts)
{
    const OutsideGroups groups = facts.groups.value_or(OutsideGroups());
    Json exception;
    if (facts.exception) {
        exception = {{"handling", name(facts.exception->handling)}, {"entry", facts.exception->entry}};
    }
    return {{"chosen", json_of(facts.chosen)},
            {"exception", std::move(exception)},
            {"approvals_from_contact", facts.recent.from_contact},
            {"approvals_from_domain", facts.recent.from_domain},
            {"approvals_to_user", facts.recent.to_user},
            {"approvals_known", facts.recent.complete},
            {"contact_groups", groups.of_contact},
            {"user_groups", groups.of_user},
            {"unknown_groups", groups.unknown}};
}

template <typename Value>
Json json_of(const Sourced<Value>& sourced, Json value)
{
    return {{"value", std::move(value)}, {"source", sourced.source}, {"saved", sourced.saved}};
}

Json json_of(const std::vector<UnlistedDomain>& unlisted)
{
    Json domains = Json::array();
    for (const UnlistedDomain& one : unlisted) {
        domains.push_back({{"domain", one.domain}, {"why", one.why}});
    }
    return domains;
}

}  // namespace

namespace
{

/// Without the lists that may be long: those of all organisations are in one status.
Json without_lists(const GeneralIm& general)
{
    return {{"organization", general.organization},
            {"users_may_choose", json_of(general.users_may_choose, general.users_may_choose.value)},
            {"option", json_of(general.option, name(general.option.value))},
            {"domains", json_of(general.domains, general.domains.value)},
            {"domains_in_file", general.domains_in_file},
            {"federation", json_of(general.federation, json_of(general.federation.value))}};
}

}  // namespace

Json json_of(const GeneralIm& general)
{
    Json json = without_lists(general);
    const RuleList& rules = general.rules.value;
    json["rules"] = json_of(general.rules, can_be_saved(rules) ? Json(to_json(rules)) : Json(nullptr));
    json["rules"]["count"] = rules.size();
    json["administrators"] = json_of(general.administrators, Json(to_json(general.administrators.value)));
    json["limits"] = Json(to_json(general.limits.value));
    json["limits"]["source"] = general.limits.source;
    json["archive"] = {
        {"default", general.archive.value.preference ? name(*general.archive.value.preference) : "server"},
        {"lock", general.archive.value.lock},
        {"source", general.archive.source}};
    json["mark"] = general.mark;
    json["without_effect"] = general.without_effect;
    return json;
}

Json json_of(const PeopleStatus& people)
{
    return {{"count", people.people},
            {"listed", people.listed ? Json(timestamp(*people.listed)) : Json(nullptr)},
            {"problem", people.problem}};
}

Json json_of(const LdapStatus& ldap)
{
    return {{"url", ldap.url},
            {"people", ldap.people},
            {"groups", ldap.groups},
            {"groups_not_known", ldap.groups_not_known},
            {"read", ldap.read ? Json(timestamp(*ldap.read)) : Json(nullptr)},
            {"problem", ldap.problem}};
}

Json json_of(const RevocationStatus& revocation)
{
    return {{"setting", name(revocation.setting)},
            {"found", revocation.looked ? Json(revocation.found) : Json(nullptr)},
            {"more", revocation.more},
            {"waits", revocation.waits},
            {"from", revocation.from ? Json(timestamp(*revocation.from)) : Json(nullptr)},
            {"looked", revocation.looked ? Json(timestamp(*revocation.looked)) : Json(nullptr)},
            {"problem", revocation.problem}};
}

Json json_of(const Status& status)
{
    Json organizations = Json::array();
    for (const OrganizationStatus& one : status.organizations) {
        Json domains = Json::array();
        for (const DomainStatus& domain : one.domains) {
            domains.push_back(
                {{"domain", domain.domain},
                 {"state", word(domain.state)},
                 {"last_round_trip",
                  domain.last_round_trip ? Json(timestamp(*domain.last_round_trip)) : Json(nullptr)},
                 {"people", domain.people ? json_of(*domain.people) : Json(nullptr)},
                 {"archive", domain.archive ? json_of(*domain.archive) : Json(nullptr)}});
        }
        organizations.push_back(
            {{"general", without_lists(one.general)},
             {"domains", std::move(domains)},
             {"choices", one.choices},
             {"no_longer_approved", one.revocation ? json_of(*one.revocation) : Json(nullptr)}});
    }
    Json saved = Json::array();
    for (const SavedValue& one : status.saved) {
        saved.push_back({{"organization", one.saved.organization},
                         {"setting", one.saved.setting},
                         {"value", one.value},
                         {"saved_by", one.saved.by},
                         {"saved_at", timestamp(one.saved.at)},
                         {"in_force", one.in_force},
                         {"text", one.text}});
    }
    Json decisions = Json::array();
    for (const auto& [decided, count] : status.counts.decisions) {
        decisions.push_back(
            {{"answer", name(decided.first)}, {"reason", to_string(decided.second)}, {"count", count}});
    }
    Json refused = Json::object();
    for (const Answer answer : {Answer::approve, Answer::deny}) {
        const auto count = status.counts.refused.find(answer);
        refused[std::string(name(answer))] = count == status.counts.refused.end() ? 0 : count->second;
    }
    return {
        {"version", status.version},
        {"address", status.address},
        {"online", status.online},
        {"offline_because", status.offline_because},
        {"started", timestamp(status.started)},
        {"running_seconds", status.running.count()},
        {"generation", status.generation},
        {"organizations", std::move(organizations)},
        {"ldap", status.ldap ? json_of(*status.ldap) : Json(nullptr)},
        {"saved", std::move(saved)},
        {"decisions", std::move(decisions)},
        {"unrecorded", status.counts.unrecorded},
        {"refused", std::move(refused)},
        {"without_own_record", {{"repeated", status.counts.repeated}, {"too_many", status.counts.too_many}}},
        {"store_error", status.store_error}};
}

Json json_of(const UserOption& option)
{
    return {{"in_force", name(option.in_force)},
            {"chosen", json_of(option.chosen)},
            {"may_choose", option.may_choose},
            {"of_organization", name(option.of_organization)},
            {"organization", option.organization}};
}

Json json_of(const UserExceptions& user)
{
    Json json = {{"may_choose", user.may_choose}};
    for (const Handling handling : kHandlings) {
        Json& entries = json[std::string(name(handling))] = Json::array();
        for (const ContactException& one : user.exceptions) {
            if (one.handling == handling) {
                entries.push_back(one.entry);
            }
        }
    }
    return json;
}

Json json_of(const Waiting& waiting)
{
    Json requests = Json::array();
    for (const SubscriptionRequest& request : waiting.requests) {
        add(requests.emplace_back(Json::object()), request);
    }
    return {
        {"requests", std::move(requests)}, {"more", waiting.more}, {"unlisted", json_of(waiting.unlisted)}};
}

Json json_of(const Review& review)
{
    Json requests = Json::array();
    for (const Reviewed& reviewed : review.requests) {
        Json& json = requests.emplace_back(Json::object());
        add(json, reviewed.request);
        add(json, reviewed.decision);
        json["ask_back"] = reviewed.decision.ask_back;
        json["outcome"] = reviewed.outcome ? Json(word(*reviewed.outcome)) : Json(nullptr);
    }
    return {{"requests", std::move(requests)}, {"more", review.more}, {"unlisted", json_of(review.unlisted)}};
}

Json json_of(const WaitingPreview& preview)
{
    Json requests = Json::array();
    for (const WaitingPreview::Difference& one : preview.requests) {
        Json& json = requests.emplace_back(Json::object());
        add(json, one.request);
        add(json["was"], one.was);
        add(json["now"], one.now);
    }
    return {{"requests", std::move(requests)},
            {"differing", preview.differing},
            {"looked_at", preview.looked_at},
            {"more", preview.more},
            {"unlisted", json_of(preview.unlisted)}};
}

Json json_of(const Explained& explained)
{
    Json steps = Json::array();
    for (const ExplainedStep& step : explained.explanation.steps) {
        steps.push_back({{"name", step.name}, {"applied", step.applied}, {"why", step.why}});
    }
    Json json = Json::object();
    add(json, explained.request);
    add(json, explained.explanation.decision);
    json["ask_back"] = explained.explanation.decision.ask_back;
    json["steps"] = std::move(steps);
    json["waits"] = explained.list_error.empty() ? Json(explained.waits) : Json(nullptr);
    json["list_error"] = explained.list_error;
    json["facts"] = json_of(explained.facts);
    json["organization"] = explained.organization;
    json["generation"] = explained.generation;
    return json;
}

Json json_of(const JournalRecord& record)
{
    Json json = {{"id", json_of_id(record.id)}, {"at", timestamp(record.at)}};
    add(json, record.request);
    add(json, record.decision);
    json["answered_by"] = record.answered_by;
    json["outcome"] = record.outcome ? Json(name(*record.outcome)) : Json(nullptr);
    json["refusal"] = record.refusal;
    json["repeats"] = record.repeats;
    json["last_at"] = timestamp(record.last_at.value_or(record.at));
    json["covers"] = name(record.covers);
    json["source"] = name(record.source);
    json["facts"] = json_of(record.facts);
    json["organization"] = record.organization;
    json["generation"] = record.generation;
    return json;
}

Json json_of(const Replay& replay)
{
    Json differences = Json::array();
    for (const ReplayDifference& one : replay.differences) {
        Json was;
        Json now;
        add(was, one.was);
        add(now, one.now);
        Json examples = Json::array();
        for (const JournalRecord& record : one.examples) {
            examples.push_back(json_of(record));
        }
        differences.push_back({{"count", one.count},
                               {"was", std::move(was)},
                               {"now", std::move(now)},
                               {"examples", std::move(examples)}});
    }
    return {{"decided", replay.decided},
            {"by_hand", replay.by_hand},
            {"not_decided", replay.not_decided},
            {"why_not", replay.why_not},
            {"differences", std::move(differences)},
            {"last", json_of_id(replay.last)},
            {"more", replay.more}};
}

Json json_of(const std::vector<FederationReport>& reports)
{
    Json organizations = Json::array();
    for (const FederationReport& report : reports) {
        Json domains = Json::array();
        for (const DomainRequests& one : report.domains) {
            domains.push_back({{"domain", one.domain},
                               {"approved", one.approved},
                               {"denied", one.denied},
                               {"left", one.left},
                               {"approved_later", one.approved_later},
                               {"denied_later", one.denied_later},
                               {"last", timestamp(one.last)}});
        }
        organizations.push_back(
            {{"organization", report.organization}, {"domains", std::move(domains)}, {"more", report.more}});
    }
    return {{"organizations", std::move(organizations)}};
}

Json json_of(const Overview& overview)
{
    Json steps = Json::array();
    for (const Overview::Step& one : overview.steps) {
        steps.push_back({{"from", timestamp(one.from)},
                         {"approve", one.approve},
                         {"deny", one.deny},
                         {"leave", one.leave},
                         {"by_hand", one.by_hand}});
    }
    Json reasons = Json::array();
    for (const Overview::ReasonCount& one : overview.reasons) {
        reasons.push_back({{"answer", name(one.answer)}, {"reason", one.reason}, {"count", one.count}});
    }
    return {{"period", name(overview.period)},
            {"from", timestamp(overview.steps.empty() ? overview.until : overview.steps.front().from)},
            {"until", timestamp(overview.until)},
            {"step_seconds", overview.step.count()},
            {"steps", std::move(steps)},
            {"reasons", std::move(reasons)},
            {"limited", overview.limited}};
}

Json json_of(const ApprovalsInForce& approvals)
{
    return {{"approvals", json_of(approvals.approvals)},
            {"own", json_of(approvals.own)},
            {"more", approvals.more},
            {"unlisted", json_of(approvals.unlisted)}};
}

Json json_of(const CheckReport& report)
{
    Json results = Json::array();
    for (const CheckResult& result : report.results) {
        results.push_back({{"domain", result.domain},
                           {"outcome", name(result.outcome)},
                           {"subject", result.subject},
                           {"finding", result.finding},
                           {"fix", result.fix}});
    }
    return {{"all_answered", report.all_answered()},
            {"answering", report.answering},
            {"silent", report.silent},
            {"results", std::move(results)}};
}

Json json_of(const WebLink& link)
{
    return {{"url", link.url}, {"expires", timestamp(link.expires)}};
}

Json json_of(const std::list<WebSession>& sessions)
{
    Json all = Json::array();
    for (const WebSession& session : sessions) {
        all.push_back({{"id", session.id},
                       {"name", session.actor.name()},
                       {"local", !session.actor.address()},
                       {"began", timestamp(session.began)}});
    }
    return {{"sessions", std::move(all)}};
}

Json json_of_id(std::int64_t id)
{
    return std::to_string(id);
}

std::string to_json_line(const Json& json)
{
    return json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace usher
