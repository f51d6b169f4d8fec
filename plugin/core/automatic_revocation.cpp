#include "plugin/core/automatic_revocation.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <set>
#include <unordered_map>
#include <utility>

#include "plugin/text/timestamp.h"

namespace usher
{

namespace
{

using std::chrono::milliseconds;
using std::chrono::system_clock;

/// Approvals that could not be revoked when they ended are tried for so long, also after their rule is gone.
constexpr std::chrono::days kEndedLate{30};

constexpr system_clock::time_point kNever{};

bool follows(const RevocationWaits& before, const RevocationLook& look)
{
    const auto gap = look.now - before.looked_at;
    return !look.clock_jumped && gap >= -AutomaticRevocation::kMaxJump && gap <= AutomaticRevocation::kMaxGap;
}

milliseconds wall_ahead(system_clock::time_point wall, Clock::Time steady)
{
    return std::chrono::duration_cast<milliseconds>(wall.time_since_epoch()) -
           std::chrono::duration_cast<milliseconds>(steady.time_since_epoch());
}

/// Of the rules whose approvals end; 0: there are none.
std::chrono::seconds longest_of(const RuleList& rules)
{
    std::chrono::seconds longest{0};
    for (std::size_t i = 0; i < rules.size(); ++i) {
        longest = std::max(longest, rules[i].approved_for);
    }
    return longest;
}

std::string approvals_in_words(std::size_t count, bool more)
{
    return std::to_string(count) + (more ? " or more" : "") +
           (count == 1 && !more ? " approval by policy has" : " approvals by policy have");
}

}  // namespace

RevocationsDue after_look(const std::optional<RevocationWaits>& before, const RevocationLook& look)
{
    const bool goes_on = before && follows(*before, look);
    std::unordered_map<std::int64_t, system_clock::time_point> waited;
    for (const RevocationWaits::Wait& one : goes_on ? before->waits : std::vector<RevocationWaits::Wait>()) {
        waited.emplace(one.record, one.due);
    }
    RevocationsDue due;
    due.waits.looked_at = look.now;
    due.waits.ends_until = before ? std::max(before->ends_until, look.ends_until) : look.ends_until;
    for (const RevocationLook::Found& found : look.found) {
        const auto was = waited.find(found.record);
        if (was != waited.end() && was->second <= look.now && look.may_take &&
            due.taken.size() < AutomaticRevocation::kAtOnce) {
            due.taken.push_back(found.record);
            continue;
        }
        const bool soon = found.ended && goes_on;
        const auto from = look.now + (soon ? milliseconds(AutomaticRevocation::kEndedDelay)
                                           : milliseconds(AutomaticRevocation::kDelay));
        due.waits.waits.push_back({found.record, was == waited.end() ? from : was->second});
    }
    return due;
}

AutomaticRevocation::AutomaticRevocation(With with)
    : with_(std::move(with)),
      waits_(with_.database),
      ahead_(wall_ahead(with_.wall_clock(), with_.clock.now())),
      settled_since_(with_.clock.now())
{
    note_rules_that_end();
    look_within(kEach);  // if no domain answers before
}

void AutomaticRevocation::policy_changed()
{
    note_rules_that_end();
    look_within(kAfterChange);
}

void AutomaticRevocation::note_rules_that_end()
{
    for (const Organization& organization : with_.policy.policy()->organizations()) {
        if (const auto longest = longest_of(organization.rules); longest != std::chrono::seconds(0)) {
            longest_[organization.name] = std::max(longest_[organization.name], longest);
        }
    }
}

std::optional<RevocationStatus> AutomaticRevocation::status(const std::string& organization) const
{
    const auto found = statuses_.find(organization);
    return found == statuses_.end() ? std::nullopt : std::optional(found->second);
}

// --- When

void AutomaticRevocation::domain_answers()
{
    const auto has_problem = [](const auto& status) { return !status.second.problem.empty(); };
    if (!looked_ || std::any_of(statuses_.begin(), statuses_.end(), has_problem)) {
        look_within(kSoon);
    }
}

void AutomaticRevocation::look_within(milliseconds delay)
{
    if (looking_) {
        next_look_ = std::min(next_look_, delay);
        return;
    }
    const auto at = with_.clock.now() + delay;
    if (!next_ || at < next_at_) {
        next_at_ = at;
        next_ = with_.clock.after(delay, [this] { look(); });
    }
}

void AutomaticRevocation::check_clock()
{
    const milliseconds ahead = wall_ahead(with_.wall_clock(), with_.clock.now());
    if (std::chrono::abs(ahead - std::exchange(ahead_, ahead)) > kMaxJump) {
        ++jumps_;
        settled_since_ = with_.clock.now();
        spdlog::warn(
            "the clock has jumped: nothing is revoked for an hour, and approvals that were to be revoked wait for "
            "another 24 hours");
    }
}

void AutomaticRevocation::look()
{
    next_.reset();
    looking_ = true;
    looked_ = true;
    next_look_ = kEach;
    check_clock();
    next_organizations_.clear();
    std::set<std::string> names;
    for (const Organization& one : with_.policy.policy()->organizations()) {
        next_organizations_.push_back(one.name);
        names.insert(one.name);
    }
    std::erase_if(statuses_, [&names](const auto& status) { return !names.contains(status.first); });
    waits_.ends(callbacks_.bind([this](auto ends) {
        if (ends) {
            ends_until_ = *std::move(ends);
        }  // else the next transaction fails as well
        look_at_next();
    }));
}

// --- One organisation after the other

const Organization* AutomaticRevocation::organization(const std::string& name) const
{
    const auto& all = with_.policy.policy()->organizations();
    const auto found =
        std::find_if(all.begin(), all.end(), [&name](const Organization& one) { return one.name == name; });
    return found == all.end() ? nullptr : &*found;
}

void AutomaticRevocation::look_at_next()
{
    while (!next_organizations_.empty()) {
        const std::string name = std::move(next_organizations_.front());
        next_organizations_.pop_front();
        const Organization* one = organization(name);
        const auto ends = ends_until_.find(name);
        const bool may_end =
            longest_.contains(name) || (ends != ends_until_.end() && ends->second > with_.wall_clock());
        if (one == nullptr || (one->revoke_when_no_longer_approved == Revoking::never && !may_end)) {
            statuses_.erase(name);
            if (ends != ends_until_.end()) {
                waits_.forget(name, [](const auto&) {});  // if that fails, the next look tries it again
            }
            continue;
        }
        if (const std::string why = unknown_groups(*one); !why.empty()) {
            failed(name, why);
            continue;
        }
        ApprovalFilter filter{.organization = name, .no_longer = true, .policys_only = true};
        if (one->revoke_when_no_longer_approved == Revoking::never) {
            filter.reason = Reason::rule;  // only those end
            filter.ended_by = with_.wall_clock();
        }
        look_at(name, std::move(filter), {});
        return;
    }
    looking_ = false;
    look_within(next_look_);
}

void AutomaticRevocation::look_at(const std::string& name, ApprovalFilter filter, ApprovalsInForce newer)
{
    with_.operations.approvals(
        actor_, filter,
        callbacks_.bind([this, name, filter,
                         newer = std::move(newer)](Result<ApprovalsInForce> part) mutable {
            if (!part) {
                failed(name, part.error().text);
                return look_at_next();
            }
            part->approvals.insert(part->approvals.begin(), std::make_move_iterator(newer.approvals.begin()),
                                   std::make_move_iterator(newer.approvals.end()));
            for (UnlistedDomain& one : newer.unlisted) {
                const bool again =
                    std::any_of(part->unlisted.begin(), part->unlisted.end(),
                                [&one](const auto& other) { return other.domain == one.domain; });
                if (!again) {
                    part->unlisted.push_back(std::move(one));
                }
            }
            if (part->more_before && part->approvals.size() < ApprovalsInForce::kMax) {
                filter.before = part->more_before;
                look_at(name, std::move(filter), *std::move(part));
            } else {
                found(name, *part);
            }
        }));
}

std::string AutomaticRevocation::unknown_groups(const Organization& organization) const
{
    const std::optional<LdapStatus> ldap = with_.ldap_status();
    for (std::size_t i = 0; i < organization.groups.size(); ++i) {
        const Group& group = organization.groups[i];
        if (group.ldap.empty()) {
            continue;
        }
        const auto is_unknown = [&ldap](const std::string& filter) {
            const auto& unknown = ldap->groups_not_known;
            return std::find(unknown.begin(), unknown.end(), filter) != unknown.end();
        };
        if (!group.complete || !ldap || !ldap->read || is_unknown(group.ldap)) {
            return "It is not known who is in the group " + group.name + ".";
        }
        if (!ldap->problem.empty()) {
            return "The directory, which says who is in groups, cannot be read.";
        }
        const auto late = std::chrono::minutes(with_.policy.file().ldap.refresh_minutes) + kLdapLate;
        if (with_.wall_clock() - *ldap->read > late) {
            return "The directory, which says who is in groups, was last read at " +
                   utc_minutes(*ldap->read) + ".";
        }
    }
    return {};
}

void AutomaticRevocation::found(const std::string& name, const ApprovalsInForce& approvals)
{
    const Organization* one = organization(name);
    if (one == nullptr) {
        return look_at_next();
    }
    RevocationStatus status;
    status.setting = one->revoke_when_no_longer_approved;
    status.more = approvals.more;
    status.problem =
        approvals.unlisted.empty() ? std::string() : "Not all were looked at: " + reasons(approvals.unlisted);
    check_clock();  // the review has taken its time
    RevocationLook look;
    look.now = with_.wall_clock();
    look.clock_jumped = jumps_told_[name] != jumps_;
    look.may_take = is_settled() && !with_.operations.is_revoking();
    const auto longest = longest_.find(name);
    look.ends_until = longest == longest_.end() ? kNever : look.now + longest->second + kEndedLate;
    for (const ApprovalInForce& approval : approvals.approvals) {
        status.found += approval.ended || status.setting != Revoking::never ? 1U : 0U;
        if (approval.ended || status.setting == Revoking::apply) {
            look.found.push_back({approval.approval.record, approval.ended});
        }
    }
    status.waits = look.found.size();
    store(name, look, std::move(status));
}

void AutomaticRevocation::store(const std::string& name, const RevocationLook& look, RevocationStatus status)
{
    const auto due = std::make_shared<RevocationsDue>();
    waits_.change(
        name,
        [due, look](const std::optional<RevocationWaits>& before) {
            *due = after_look(before, look);
            return due->waits;
        },
        callbacks_.bind([this, name, due, now = look.now, jumps = jumps_,
                         status = std::move(status)](const tl::expected<void, std::string>& stored) mutable {
            if (!stored) {
                failed(name, "The store cannot be written: " + stored.error() + ".");
                return look_at_next();
            }
            jumps_told_[name] = jumps;
            const auto& waits = due->waits.waits;
            const auto first = std::min_element(waits.begin(), waits.end(),
                                                [](const auto& a, const auto& b) { return a.due < b.due; });
            if (first != waits.end()) {
                const auto settled = now + std::chrono::duration_cast<system_clock::duration>(
                                               settled_since_ + kSettled - with_.clock.now());
                status.from = std::max(first->due, settled);
            }
            status.looked = now;
            note(name, std::move(status));
            if (due->taken.empty()) {
                look_at_next();
            } else {
                revoke(name, due->taken);
            }
        }));
}

void AutomaticRevocation::revoke(const std::string& name, const std::vector<std::int64_t>& records)
{
    if (records.size() == kAtOnce) {
        next_look_ = kSoon;  // there may be more
    }
    with_.operations.revoke(
        actor_,
        {.organization = name, .no_longer = true, .records = std::set(records.begin(), records.end())},
        callbacks_.bind([this, name](const Result<ApprovalsInForce>& revoked) {
            if (!revoked) {
                failed(name, revoked.error().text);
                return look_at_next();
            }
            const auto& all = revoked->approvals;
            const auto count = static_cast<std::size_t>(std::count_if(
                all.begin(), all.end(), [](const auto& one) { return one.outcome == Revoked::revoked; }));
            spdlog::info("{}: {} been revoked automatically{}", name, approvals_in_words(count, false),
                         count == all.size()
                             ? std::string()
                             : ", and " + std::to_string(all.size() - count) +
                                   " could not be, or have changed: usherctl journal shows which");
            if (const auto known = statuses_.find(name); known != statuses_.end()) {
                known->second.found -= std::min(known->second.found, count);
                known->second.waits -= std::min(known->second.waits, count);
            }
            look_at_next();
        }));
}

// --- What is said of it

void AutomaticRevocation::failed(const std::string& name, const std::string& why)
{
    RevocationStatus status = statuses_[name];
    if (const Organization* one = organization(name)) {
        status.setting = one->revoke_when_no_longer_approved;
    }
    status.waits = 0;
    status.from.reset();
    status.problem = why;
    note(name, std::move(status));
}

void AutomaticRevocation::note(const std::string& name, RevocationStatus status)
{
    RevocationStatus& known = statuses_[name];
    if (status.problem != known.problem && !status.problem.empty()) {
        spdlog::warn("{}: the check of approvals that have ended or would not be given any more: {}", name,
                     status.problem);
    }
    if (status.found != known.found || status.more != known.more || status.waits != known.waits ||
        status.from.has_value() != known.from.has_value()) {
        const std::string which =
            status.waits == status.found ? "they" : std::to_string(status.waits) + " of them";
        spdlog::info(
            "{}: {} ended or would not be given any more{}", name,
            approvals_in_words(status.found, status.more),
            status.from ? "; " + which + " are revoked from " + utc_minutes(*status.from) + " on" : "");
    }
    known = std::move(status);
}

}  // namespace usher
