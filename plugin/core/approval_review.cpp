#include "plugin/core/approval_review.h"

#include <algorithm>
#include <utility>

namespace usher
{

namespace
{

using Kind = Refusal::Kind;

constexpr std::size_t kMaxRecords = 10'000;  // of the journal, at a time

/// As much of the journal as is read again behind the newest record that is known, in ids: of several processes one may
/// commit a lesser id later.
std::int64_t overlap()
{
    const std::chrono::sys_days day(std::chrono::year(2027) / 1 / 1);
    return first_decision_id(day + std::chrono::seconds(10)) - first_decision_id(day);
}

std::string pair_of(const Party& user, const Party& contact)
{
    return user.text() + "\n" + contact.text();
}

SubscriptionRequest request_of(const ApprovalInForce& one)
{
    const StandingApproval& standing = one.standing;
    return {standing.pair.user, standing.pair.contact, RosterItem{standing.subscription, standing.ask}};
}

std::vector<SubscriptionRequest> requests_of(const std::vector<ApprovalInForce>& page)
{
    std::vector<SubscriptionRequest> requests;
    requests.reserve(page.size());
    for (const ApprovalInForce& one : page) {
        requests.push_back(request_of(one));
    }
    return requests;
}

}  // namespace

std::string_view name(OwnBecause because)
{
    switch (because) {
        case OwnBecause::not_certain:
            return "not-certain";
        case OwnBecause::subscribed:
            return "subscribed";
        case OwnBecause::named:
            return "named";
        case OwnBecause::grouped:
            return "grouped";
    }
    return "not-certain";
}

std::optional<OwnBecause> own_because(const PolicyApproval& approval, const StandingApproval& standing,
                                      const ContactLabel& label)
{
    if (!approval.last_word) {
        return OwnBecause::not_certain;
    }
    const bool subscribed = standing.subscription != Subscription::from || standing.ask;
    if (subscribed && !approval.asked_back) {
        return OwnBecause::subscribed;
    }
    if (!standing.name.empty() && (!approval.named || standing.name != label.name)) {
        return OwnBecause::named;
    }
    const auto& groups = standing.groups;
    if (!groups.empty() && (approval.group.empty() || groups != std::vector{approval.group})) {
        return OwnBecause::grouped;
    }
    return std::nullopt;
}

bool has_ended(const PolicyApproval& approval, const Facts& facts, std::chrono::system_clock::time_point now)
{
    const bool always = facts.exception && facts.exception->handling == Handling::always_accept;
    return approval.ends && *approval.ends <= now && !always;
}

bool is_no_longer_given(const PolicyApproval& approval, const Policy& policy, Facts facts)
{
    const Organization* organization = policy.organization_of(approval.pair.user.domain());
    if (approval.reason == Reason::asked_for || organization == nullptr) {
        return false;
    }
    facts.recent = {};
    const SubscriptionRequest request{approval.pair.user, approval.pair.contact,
                                      RosterItem{Subscription::none, false}};
    const Decision decision = decide(policy, request, facts);
    if (decision.answer == Answer::approve) {
        return false;
    }
    switch (decision.reason) {
        case Reason::rule:
        case Reason::federation_closed:
        case Reason::federation_not_listed:
            return true;
        case Reason::outside_organization:
        case Reason::prompt:
            return !organization->users_may_choose || !facts.chosen;
        default:
            return false;
    }
}

ApprovalReview::ApprovalReview(With with, PolicyApprovals found, const ApprovalOrder& order,
                               std::optional<std::string> by, Callback<ApprovalsInForce> then)
    : with_(std::move(with)),
      by_(std::move(by)),
      no_longer_(order.filter.no_longer),
      policys_only_(order.filter.policys_only),
      looked_at_(found.newest),
      then_(std::move(then))
{
    found_.more = found.more_before.has_value();
    found_.more_before = found.more_before;
    for (const auto& organization : order.domains) {
        for (const std::string& domain : organization) {
            domains_.push_back(domain);
            const bool wanted = !order.filter.user || order.filter.user->domain() == domain;
            if (std::string why = why_not(with_.entity, with_.approvals, domain); wanted && !why.empty()) {
                skip_domain(domain, std::move(why));
            }
        }
    }
    std::stable_sort(found.approvals.begin(), found.approvals.end(),
                     [](const PolicyApproval& one, const PolicyApproval& other) {
                         return one.pair.user.domain() < other.pair.user.domain();
                     });
    for (PolicyApproval& approval : found.approvals) {
        const std::string_view domain = approval.pair.user.domain();
        if (pages_.empty() || pages_.back().domain != domain ||
            pages_.back().approvals.size() == Approvals::kMaxPairs) {
            pages_.push_back({std::string(domain), {}});
        }
        pages_.back().approvals.push_back(std::move(approval));
    }
}

std::string ApprovalReview::why_not(const Entity& entity, const Approvals& approvals,
                                    const std::string& domain)
{
    if (approvals.offered(domain)) {
        return {};
    }
    const std::string_view why = entity.why_not_served(domain);
    return why.empty() ? "its server does not let Usher read which approvals are in force" : std::string(why);
}

void ApprovalReview::begin()
{
    next_page();
}

void ApprovalReview::next_page()
{
    if (with_.entity.connection_state() != Connection::State::online) {
        return fail(with_.not_connected().text);
    }
    while (!pages_.empty()) {
        const std::string& domain = pages_.front().domain;
        if (std::string why = why_not(with_.entity, with_.approvals, domain); !why.empty()) {
            skip_domain(domain, std::move(why));
        }
        if (!skipped_.contains(domain)) {
            break;
        }
        pages_.pop_front();
    }
    const bool full = found_.approvals.size() + (by_ ? 0 : found_.own.size()) >= ApprovalsInForce::kMax;
    if (pages_.empty() || full) {
        found_.more = found_.more || !pages_.empty();
        return end(std::move(found_));
    }
    auto page = std::make_shared<Page>(std::move(pages_.front()));
    pages_.pop_front();
    std::vector<ApprovedPair> pairs;
    pairs.reserve(page->approvals.size());
    for (const PolicyApproval& approval : page->approvals) {
        pairs.push_back(approval.pair);
    }
    with_.approvals.read(
        page->domain, std::move(pairs),
        callbacks_.bind(
            [this, page](const tl::expected<std::vector<StandingApproval>, std::string>& standing) {
                if (standing) {
                    read(*page, *standing);
                    return;
                }
                skip_domain(page->domain, standing.error());
                later(std::chrono::milliseconds(0));
            }));
}

void ApprovalReview::skip_domain(const std::string& domain, std::string why)
{
    if (skipped_.insert(domain).second) {
        found_.unlisted.push_back({domain, std::move(why)});
    }
}

void ApprovalReview::read(const Page& page, const std::vector<StandingApproval>& standing)
{
    InForce in_force;
    auto approval = page.approvals.begin();
    for (const StandingApproval& one : standing) {  // in the order in which they were asked about
        approval = std::find_if(approval, page.approvals.end(),
                                [&one](const PolicyApproval& asked) { return asked.pair == one.pair; });
        if (approval == page.approvals.end()) {
            break;
        }
        in_force.push_back({*approval, one});
    }
    if (no_longer_) {
        decide_again(page.domain, std::move(in_force));
    } else {
        ask_labels(page.domain, std::move(in_force));
    }
}

void ApprovalReview::decide_again(const std::string& domain, InForce page)
{
    auto requests = requests_of(page);
    with_.answerer.facts(
        std::move(requests),
        callbacks_.bind([this, domain, page = std::move(page)](
                            const tl::expected<std::vector<Facts>, std::string>& facts) mutable {
            if (!facts) {
                return fail(facts.error());
            }
            const std::shared_ptr<const Policy> policy = with_.policy();
            InForce no_longer;
            for (std::size_t i = 0; i < page.size(); ++i) {
                page[i].ended = has_ended(page[i].approval, (*facts)[i], with_.wall_clock());
                if (page[i].ended || is_no_longer_given(page[i].approval, *policy, (*facts)[i])) {
                    no_longer.push_back(std::move(page[i]));
                }
            }
            ask_labels(domain, std::move(no_longer));
        }));
}

void ApprovalReview::ask_labels(const std::string& domain, InForce in_force)
{
    auto requests = requests_of(in_force);
    with_.names.of(with_.policy(), std::move(requests),
                   callbacks_.bind([this, domain, in_force = std::move(in_force)](
                                       const std::vector<ContactLabel>& labels) mutable {
                       labelled(domain, std::move(in_force), labels);
                   }));
}

void ApprovalReview::labelled(const std::string& domain, InForce page,
                              const std::vector<ContactLabel>& labels)
{
    InForce policys;
    for (std::size_t i = 0; i < page.size(); ++i) {
        ApprovalInForce& one = page[i];
        one.own = own_because(one.approval, one.standing, labels[i]);
        if (!one.own) {
            policys.push_back(std::move(one));
        } else if (policys_only_) {
            continue;
        } else if (found_.own.size() < ApprovalsInForce::kMax) {
            found_.own.push_back(std::move(one));
        } else {
            found_.more = true;
        }
    }
    if (by_ && !policys.empty()) {
        look_at_journal(domain, std::move(policys));
        return;
    }
    std::move(policys.begin(), policys.end(), std::back_inserter(found_.approvals));
    later(std::chrono::milliseconds(0));
}

// --- Revoking

void ApprovalReview::look_at_journal(const std::string& domain, InForce page)
{
    search_.emplace(with_.database, JournalFilter{.domains = domains_,
                                                  .after = std::max<std::int64_t>(0, looked_at_ - overlap()),
                                                  .most = kMaxRecords});
    search_on(domain, std::make_shared<InForce>(std::move(page)));
}

void ApprovalReview::search_on(const std::string& domain, const std::shared_ptr<InForce>& page)
{
    search_->search_portion(
        callbacks_.bind([this, domain, page](const tl::expected<bool, std::string>& last) {
            if (!last) {
                return fail("the journal cannot be read: " + last.error());
            }
            if (!*last) {
                next_ = with_.clock.after(std::chrono::milliseconds(0),
                                          [this, domain, page] { search_on(domain, page); });
                return;
            }
            const std::vector<JournalRecord> records = search_->take_found();
            for (const JournalRecord& record : records) {
                take(record);
            }
            if (records.size() == kMaxRecords) {  // there may be more
                looked_at_ += overlap();
                look_at_journal(domain, std::move(*page));
                return;
            }
            const auto changed = std::stable_partition(
                page->begin(), page->end(), [this](const auto& one) { return !decided_since(one.approval); });
            for (auto one = changed; one != page->end(); ++one) {
                one->outcome = Revoked::changed;
                found_.approvals.push_back(std::move(*one));
            }
            page->erase(changed, page->end());
            if (page->empty()) {
                later(std::chrono::milliseconds(0));
            } else {
                this->record(domain, std::move(*page));
            }
        }));
}

void ApprovalReview::take(const JournalRecord& record)
{
    looked_at_ = std::max(looked_at_, record.id);
    // As in the search, which has seen the oldest of these: what was not applied says nothing.
    if (record.outcome == Outcome::refused ||
        (record.decision.reason == Reason::revoked && record.outcome != Outcome::confirmed)) {
        return;
    }
    std::string what = pair_of(record.request.user, record.request.contact);
    // Nor does it matter, as there, when policy has approved before: its time may be a later one, by another clock.
    const bool approves = record.decision.answer == Answer::approve && is_policys(record.decision.reason);
    const auto add = [this, &record, approves](const std::string& of) {
        Since& since = since_[of];
        since.id = std::max(since.id, record.id);
        if (!approves) {
            since.at = std::max(since.at, record.last_at.value_or(record.at));
        }
    };
    add(what);
    if (record.covers == Covers::domain) {
        add(std::string(record.request.contact.domain()));
    } else if (record.covers == Covers::organization) {
        add("");
    }
}

bool ApprovalReview::is_newer(const std::string& what, const PolicyApproval& approval) const
{
    const auto since = since_.find(what);
    return since != since_.end() && (since->second.id > approval.record || since->second.at > approval.at);
}

bool ApprovalReview::decided_since(const PolicyApproval& approval) const
{
    return is_newer(pair_of(approval.pair.user, approval.pair.contact), approval) ||
           is_newer(std::string(approval.pair.contact.domain()), approval) || is_newer("", approval);
}

void ApprovalReview::record(const std::string& domain, InForce page)
{
    auto requests = requests_of(page);
    with_.answerer.record_revocations(
        std::move(requests), *by_,
        callbacks_.bind([this, domain, page = std::move(page)](
                            const tl::expected<std::vector<Judged>, std::string>& judged) mutable {
            if (judged) {
                revoke(domain, std::move(page), *judged);
            } else {
                fail(judged.error());
            }
        }));
}

void ApprovalReview::revoke(const std::string& domain, InForce page, std::vector<Judged> judged)
{
    if (const std::string why = why_not(with_.entity, with_.approvals, domain); !why.empty()) {
        settle(page, judged, std::vector(page.size(), Revoked::failed));  // nothing was sent
        for (ApprovalInForce& one : page) {
            one.outcome = Revoked::failed;
            found_.approvals.push_back(std::move(one));
        }
        skip_domain(domain, why);
        return later(std::chrono::milliseconds(0));
    }
    std::vector<StandingApproval> standing;
    standing.reserve(page.size());
    for (const ApprovalInForce& one : page) {
        standing.push_back(one.standing);
    }
    with_.approvals.revoke(
        domain, std::move(standing),
        callbacks_.bind([this, domain, page = std::move(page), judged = std::move(judged)](
                            const tl::expected<std::vector<Revoked>, std::string>& outcomes) mutable {
            if (!outcomes) {
                return fail(domain + ": " + outcomes.error(), page.size());
            }
            settle(page, judged, *outcomes);
            for (std::size_t i = 0; i < page.size(); ++i) {
                page[i].outcome = (*outcomes)[i];
                revoked_ += page[i].outcome == Revoked::revoked ? 1 : 0;
                found_.approvals.push_back(std::move(page[i]));
            }
            later(kPause);
        }));
}

void ApprovalReview::settle(const InForce& page, const std::vector<Judged>& judged,
                            const std::vector<Revoked>& outcomes)
{
    std::vector<Settled> settled;
    for (std::size_t i = 0; i < page.size(); ++i) {
        const bool done = outcomes[i] == Revoked::revoked;
        settled.push_back({request_of(page[i]), judged[i], done ? Outcome::confirmed : Outcome::refused,
                           done                              ? ""
                           : outcomes[i] == Revoked::changed ? "changed"
                                                             : "failed"});
    }
    with_.answerer.settle(settled);
}

// --- The end

void ApprovalReview::later(std::chrono::milliseconds delay)
{
    next_ = with_.clock.after(delay, [this] { next_page(); });
}

void ApprovalReview::fail(const std::string& why, std::size_t unknown)
{
    const std::string reason = why.ends_with('.') ? why : why + ".";
    if (!by_) {
        return end(refused(Kind::unavailable, "The approvals cannot be listed: " + reason));
    }
    const std::string count =
        std::to_string(revoked_) + (revoked_ == 1 ? " approval was" : " approvals were");
    std::string text = (revoked_ == 0 ? "Nothing was" : "Only " + count) + " revoked" +
                       (unknown == 0 ? "" : ", as far as the server has confirmed") + ": " + reason;
    if (unknown != 0) {
        text += " Of " + std::to_string(unknown) +
                " more it is not known: the same command lists those that are still in force.";
    }
    end(refused(Kind::unavailable, text));
}

void ApprovalReview::end(Result<ApprovalsInForce> result)
{
    const auto then = std::move(then_);
    then(std::move(result));  // the object may be gone
}

}  // namespace usher
