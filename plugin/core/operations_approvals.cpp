// Of Operations: policy's approvals that are in force, and revoking them.
#include <utility>

#include "plugin/core/operations.h"

namespace usher
{

using Kind = Refusal::Kind;

Result<ApprovalOrder> Operations::approval_order(const Actor& actor, ApprovalFilter filter) const
{
    const auto organizations =
        authorize_organizations(actor, filter.organization, "which approvals are in force");
    if (!organizations) {
        return tl::unexpected(organizations.error());
    }
    ApprovalOrder order{std::move(filter), {}};
    bool is_theirs = !order.filter.user;
    for (const Organization* one : *organizations) {
        order.domains.push_back(one->domains);
        is_theirs = is_theirs || organization_of(*order.filter.user) == one;
    }
    if (!is_theirs && actor.address()) {
        return refused(Kind::forbidden,
                       "You may not see which approvals of " + order.filter.user->text() + " are in force.");
    }
    if (!is_theirs) {
        return refused(Kind::not_found, std::string(order.filter.user->domain()) + " is not a domain of " +
                                            order.filter.organization.value_or("any organization") + ".");
    }
    return order;
}

Result<void> Operations::may_be_reviewed(const ApprovalOrder& order) const
{
    if (!is_connected()) {
        return tl::unexpected(not_connected());
    }
    std::vector<UnlistedDomain> unlisted;
    for (const auto& organization : order.domains) {
        for (const std::string& domain : organization) {
            if (order.filter.user && order.filter.user->domain() != domain) {
                continue;
            }
            std::string why = ApprovalReview::why_not(entity_, *approvals_.approvals, domain);
            if (why.empty()) {
                return {};
            }
            unlisted.push_back({domain, std::move(why)});
        }
    }
    return refused(Kind::unavailable, "The approvals cannot be listed: " + reasons(unlisted));
}

void Operations::approvals(const Actor& actor, ApprovalFilter filter, Callback<ApprovalsInForce> then)
{
    review_approvals(actor, std::move(filter), std::nullopt, std::move(then));
}

void Operations::revoke(const Actor& actor, ApprovalFilter filter, Callback<ApprovalsInForce> then)
{
    review_approvals(actor, std::move(filter), actor.name(), std::move(then));
}

void Operations::review_approvals(const Actor& actor, ApprovalFilter filter, std::optional<std::string> by,
                                  Callback<ApprovalsInForce> then)
{
    auto order = approval_order(actor, std::move(filter));
    if (!order) {
        return then(tl::unexpected(order.error()));
    }
    if (const auto may = may_be_reviewed(*order); !may) {
        return then(tl::unexpected(may.error()));
    }
    if (by && revoking_) {
        return then(refused(
            Kind::conflict,
            "usherd is already revoking other approvals, by itself or for somebody else: try again in a minute."));
    }
    revoking_ = revoking_ || by;
    approvals_.search(*order,
                      callbacks_.bind([this, order = *order, by = std::move(by),
                                       then = std::move(then)](Result<PolicyApprovals> found) mutable {
                          if (found) {
                              begin_review(*std::move(found), order, std::move(by), std::move(then));
                              return;
                          }
                          revoking_ = revoking_ && !by;
                          then(tl::unexpected(found.error()));
                      }));
}

void Operations::begin_review(PolicyApprovals found, const ApprovalOrder& order,
                              std::optional<std::string> by, Callback<ApprovalsInForce> then)
{
    const auto place = reviews_.emplace(reviews_.end());
    const bool revokes = by.has_value();
    *place = std::make_unique<ApprovalReview>(
        ApprovalReview::With{[this] { return policy_.policy(); }, answerer_, database_, entity_, clock_,
                             *approvals_.approvals, *approvals_.names, [this] { return not_connected(); },
                             approvals_.wall_clock},
        std::move(found), order, std::move(by),
        [this, place, revokes, then = std::move(then)](Result<ApprovalsInForce> result) {
            revoking_ = revoking_ && !revokes;
            const auto done = std::move(*place);
            reviews_.erase(place);
            then(std::move(result));
        });
    (*place)->begin();
}

}  // namespace usher
