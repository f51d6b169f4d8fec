// Of Operations: what a change of settings would do, before it is saved.
#include <algorithm>
#include <functional>
#include <utility>

#include "plugin/core/operations.h"

namespace usher
{

using Kind = Refusal::Kind;

namespace
{

Policy policy_of(const Settings& settings, std::uint64_t generation)
{
    return {{settings.organizations.begin(), settings.organizations.end()}, settings.limits, generation};
}

/// The domains that the organisation has, and those that it would have.
std::vector<std::string> domains_of(const GeneralIm& before, const GeneralChange& change)
{
    std::vector<std::string> domains = before.domains.value;
    for (const std::string& domain : change.domains.value_or(std::vector<std::string>())) {
        if (std::find(domains.begin(), domains.end(), domain) == domains.end()) {
            domains.push_back(domain);
        }
    }
    return domains;
}

tl::unexpected<Refusal> not_made(const std::string& error)
{
    return refused(Kind::unavailable, "The changed settings could not be tried: " + error + ".");
}

/// Requests that are decided under two policies, on another thread.
struct Comparison {
    std::shared_ptr<const Policy> in_force;
    std::function<Settings()> changed;
    Waiting listed;
    std::vector<Facts> facts;
    WaitingPreview preview = {};

    void compare()
    {
        const Policy would_be = policy_of(changed(), in_force->generation());
        for (std::size_t i = 0; i < listed.requests.size(); ++i) {
            const SubscriptionRequest& request = listed.requests[i];
            const Decision was = decide(*in_force, request, facts[i]);
            const Decision now = decide(would_be, request, facts[i]);
            if (was.answer == now.answer) {
                continue;
            }
            if (++preview.differing <= WaitingPreview::kMaxListed) {
                preview.requests.push_back({request, was, now});
            }
        }
        preview.looked_at = listed.requests.size();
        preview.more = listed.more;
        preview.unlisted = std::move(listed.unlisted);
    }
};

}  // namespace

void Operations::preview_journal(const Actor& actor, std::string_view organization,
                                 const GeneralChange& change, JournalFilter filter, Callback<Replay> then)
{
    const auto before = authorize_change(actor, organization, change);
    if (!before) {
        return then(tl::unexpected(before.error()));
    }
    auto changed = settings_with(before->organization, change);
    if (!changed) {
        return then(tl::unexpected(changed.error()));
    }
    ReplayRequest request{std::move(filter)};
    request.filter.domains = domains_of(*before, change);
    request.changed = *std::move(changed);
    replay_(std::move(request), std::move(then));
}

void Operations::preview_waiting(const Actor& actor, std::string_view organization,
                                 const GeneralChange& change, Callback<WaitingPreview> then)
{
    const auto before = authorize_change(actor, organization, change);
    if (!before) {
        return then(tl::unexpected(before.error()));
    }
    list_waiting(before->domains.value, std::nullopt,
                 [this, change, name = before->organization, then = std::move(then)](Result<Waiting> listed) {
                     if (listed) {
                         compare(*std::move(listed), name, change, then);
                     } else {
                         then(tl::unexpected(listed.error()));
                     }
                 });
}

void Operations::compare(Waiting listed, const std::string& organization, const GeneralChange& change,
                         Callback<WaitingPreview> then)
{
    std::vector<SubscriptionRequest> requests = listed.requests;
    const auto comparison = std::make_shared<Comparison>(Comparison{{}, {}, std::move(listed), {}});
    answerer_.facts(std::move(requests), callbacks_.bind([this, comparison, organization, change,
                                                          then = std::move(then)](auto facts) {
        if (!facts) {
            return then(not_read(facts.error()));
        }
        auto changed = settings_with(organization, change);
        if (!changed) {
            return then(tl::unexpected(changed.error()));
        }
        comparison->in_force = policy_.policy();
        comparison->changed = *std::move(changed);
        comparison->facts = *std::move(facts);
        run_([comparison] { comparison->compare(); },
             callbacks_.bind([comparison, then](const tl::expected<void, std::string>& done) {
                 then(done ? Result<WaitingPreview>(std::move(comparison->preview)) : not_made(done.error()));
             }));
    }));
}

void Operations::explain_with(const Actor& actor, std::string_view organization, const GeneralChange& change,
                              const Address& user, const Party& contact, Callback<Explained> then)
{
    const auto before = authorize_change(actor, organization, change);
    if (!before) {
        return then(tl::unexpected(before.error()));
    }
    const std::vector<std::string> domains = domains_of(*before, change);
    if (std::find(domains.begin(), domains.end(), user.domain()) == domains.end()) {
        return then(refused(Kind::invalid, user.text() + " is no user of " + before->organization + "."));
    }
    look_for(user, contact,
             [this, change, name = before->organization, then = std::move(then)](Explained known) {
                 explain_by_change(std::move(known), name, change, then);
             });
}

void Operations::explain_by_change(Explained known, const std::string& organization,
                                   const GeneralChange& change, Callback<Explained> then)
{
    const auto explained = std::make_shared<Explained>(std::move(known));
    answerer_.facts({explained->request}, callbacks_.bind([this, explained, organization, change,
                                                           then = std::move(then)](const auto& facts) {
        if (!facts) {
            return then(not_read(facts.error()));
        }
        auto changed = settings_with(organization, change);
        if (!changed) {
            return then(tl::unexpected(changed.error()));
        }
        explained->facts = facts->front();
        const bool changes_rules = change.rules.has_value();
        const auto made = std::make_shared<std::shared_ptr<const Policy>>();
        run_(
            [made, changed = *std::move(changed), generation = policy_.policy()->generation()] {
                *made = std::make_shared<const Policy>(policy_of(changed(), generation));
            },
            callbacks_.bind(
                [this, made, explained, changes_rules, then](const tl::expected<void, std::string>& done) {
                    if (!done) {
                        return then(not_made(done.error()));
                    }
                    Explained by_change =
                        explained_by(**made, std::move(*explained), [&](const auto& of, const Rule& rule) {
                            return changes_rules ? "as it would be saved" : policy_.source_of_rule(of, rule);
                        });
                    // To destroy it takes time, too.
                    run_([policy = std::exchange(*made, nullptr)] {}, [](const auto&) {});
                    then(std::move(by_change));
                }));
    }));
}

}  // namespace usher
