#include "plugin/core/operations.h"

#include <algorithm>
#include <iterator>

#include "plugin/settings/group_names.h"
#include "plugin/text/lists.h"
#include "plugin/text/since.h"

namespace usher
{

using Kind = Refusal::Kind;

namespace
{

UserOption with_choice(UserOption option, std::optional<Option> chosen)
{
    option.chosen = chosen;
    if (option.may_choose) {
        option.in_force = chosen.value_or(option.of_organization);
    }
    return option;
}

/// Why the organisation cannot have these domains; empty if it can.
std::string why_not_domains(const std::vector<std::string>& domains, const std::vector<std::string>& known)
{
    for (const std::string& domain : domains) {
        if (std::find(known.begin(), known.end(), domain) == known.end()) {
            return domain + " cannot be chosen here; the settings file has " + joined(known) +
                   " for this organization.";
        }
    }
    return domains.empty() ? "At least one domain is needed, of " + joined(known) + "." : std::string();
}

/// Why the organisation cannot have these rules; empty if it can.
std::string why_not_rules(const Settings& file, const std::string& name, const RuleList& rules)
{
    for (const OrganizationSettings& one : file.organizations) {
        if (one.name != name) {
            continue;
        }
        Organization with = one;
        with.rules = rules;
        for (const GroupNameError& error : rule_group_errors(with, 1)) {
            const Rule& rule = rules[error.place];
            const Pattern& pattern = (error.key == "to" ? rule.to : rule.from)[error.element];
            return "rule " + std::to_string(error.place + 1) + ", " + std::string(error.key) + ": found \"" +
                   to_string(pattern) + "\"; accepted: " + error.accepted;
        }
        for (std::size_t i = 0; i < rules.size(); ++i) {
            if (const std::string accepted = file.store.why_not_for(rules[i].approved_for);
                !accepted.empty()) {
                return "rule " + std::to_string(i + 1) + ", for: found \"" +
                       to_string(rules[i].approved_for) + "\"; accepted: " + accepted;
            }
        }
    }
    return {};
}

/// Why the actor cannot make these the organisation's administrators; empty if they can.
std::string why_not_administrators(const Actor& actor, const std::vector<Address>& administrators,
                                   const GeneralIm& before)
{
    for (const Address& one : administrators) {
        const auto& known = before.domains_in_file;
        if (std::find(known.begin(), known.end(), one.domain()) == known.end()) {
            return one.text() + " cannot be an administrator of " + before.organization +
                   ": an address of its own domains is needed (" + joined(known) + ").";
        }
    }
    if (actor.address() &&
        std::find(administrators.begin(), administrators.end(), *actor.address()) == administrators.end()) {
        return "You cannot remove yourself from the administrators; another administrator can.";
    }
    return {};
}

/// The file was read again meanwhile.
tl::unexpected<Refusal> gone(const std::string& organization)
{
    return refused(Kind::not_found, "The settings file has no organization " + organization + " any more.");
}

/// Of an organisation that the file does not have any more.
GeneralIm general_of_none(const std::string& organization)
{
    const std::string nowhere = "the settings file has no such organization";
    return {organization,  {true, nowhere}, {{}, nowhere}, {{}, nowhere}, {},
            {{}, nowhere}, {{}, nowhere},   {{}, nowhere}, {{}, nowhere}};
}

}  // namespace

std::string fixed_by_administrator(Option option)
{
    return "Your administrator has set how contact requests are handled: " + std::string(sentence(option));
}

Operations::Operations(PolicyInForce& policy, Answerer& answerer, Choices& choices, Database& database,
                       Entity& entity, Clock& clock)
    : policy_(policy),
      answerer_(answerer),
      choices_(choices),
      exceptions_(database),
      database_(database),
      entity_(entity),
      clock_(clock),
      search_limits_(clock),
      running_since_(clock.now())
{
}

// --- Who

const Organization* Operations::organization_of(const Address& user) const
{
    return policy_.policy()->organization_of(user.domain());
}

bool Operations::administers(const Actor& actor, const Organization& organization) const
{
    const auto& administrators = organization.administrators;
    return !actor.address() ||
           std::find(administrators.begin(), administrators.end(), *actor.address()) != administrators.end();
}

std::vector<std::string> Operations::administered(const Actor& actor) const
{
    std::vector<std::string> names;
    for (const Organization& organization : policy_.policy()->organizations()) {
        if (administers(actor, organization)) {
            names.push_back(organization.name);
        }
    }
    return names;
}

std::vector<std::string> Operations::administered_domains(const Actor& actor) const
{
    std::vector<std::string> domains;
    for (const Organization& organization : policy_.policy()->organizations()) {
        if (administers(actor, organization)) {
            domains.insert(domains.end(), organization.domains.begin(), organization.domains.end());
        }
    }
    return domains;
}

bool Operations::may_see(const Actor& actor, const Address& user) const
{
    const Organization* organization = organization_of(user);
    return organization != nullptr && (actor.address() == user || administers(actor, *organization));
}

// --- Options for contact list requests

Result<UserOption> Operations::option_without_choice(const Actor& actor, const Address& user) const
{
    const Organization* organization = organization_of(user);
    if (organization == nullptr && !actor.address()) {
        return refused(Kind::not_found, std::string(user.domain()) + " is not a domain of any organization.");
    }
    if (!may_see(actor, user)) {
        return refused(Kind::forbidden, "You may not see the option of " + user.text() + ".");
    }
    UserOption option;
    option.may_choose = organization->users_may_choose;
    option.of_organization = organization->option;
    option.in_force = organization->option;
    option.organization = organization->name;
    return option;
}

Result<UserOption> Operations::choosable_option(const Actor& actor, const Address& user) const
{
    auto option = option_without_choice(actor, user);
    if (option && !option->may_choose) {
        return refused(Kind::forbidden, fixed_by_administrator(option->of_organization));
    }
    return option;
}

Result<void> Operations::may_choose(const Actor& actor, const Address& user) const
{
    return choosable_option(actor, user).map([](const UserOption&) {});
}

void Operations::option(const Actor& actor, const Address& user, Callback<UserOption> then)
{
    const auto option = option_without_choice(actor, user);
    if (!option) {
        return then(option);
    }
    choices_.of(user, callbacks_.bind([option = *option, then](const auto& chosen) {
        then(chosen ? Result<UserOption>(with_choice(option, *chosen)) : not_read(chosen.error()));
    }));
}

void Operations::choose(const Actor& actor, const Address& user, std::optional<Option> chosen,
                        Callback<UserOption> then)
{
    const auto option = choosable_option(actor, user);
    if (!option) {
        return then(option);
    }
    choices_.set(user, chosen,
                 callbacks_.bind([made = with_choice(*option, chosen), then](const auto& stored) {
                     then(stored ? Result<UserOption>(made) : not_stored(stored.error()));
                 }));
}

// --- The journal

void Operations::journal(const Actor& actor, JournalFilter filter, Callback<std::vector<JournalRecord>> then)
{
    if (actor.address()) {
        if (filter.user && !may_see(actor, *filter.user)) {
            return then(
                refused(Kind::forbidden, "You may not see the journal of " + filter.user->text() + "."));
        }
        if (filter.user != actor.address()) {
            // By domain: an organisation may have had another name, and its name may have been another's.
            filter.domains = administered_domains(actor);
            if (filter.domains->empty()) {
                filter.domains.reset();
                filter.user = actor.address();
            }
        }
    }
    readings_.emplace_back(database_, std::move(filter), std::move(then));
    read_on(std::prev(readings_.end()));
}

void Operations::read_on(std::list<Reading>::iterator reading)
{
    reading->search.search_portion([this, reading](const auto& last) { portion_read(reading, last); });
}

void Operations::portion_read(std::list<Reading>::iterator reading,
                              const tl::expected<bool, std::string>& last)
{
    if (last && !*last) {
        reading->next = clock_.after(std::chrono::milliseconds(0), [this, reading] { read_on(reading); });
        return;
    }
    const auto then = std::move(reading->then);
    auto found = reading->search.take_found();
    readings_.erase(reading);
    if (last) {
        then(std::move(found));
    } else {
        then(refused(Kind::unavailable, "The journal cannot be read: " + last.error()));
    }
}

Result<std::vector<const Organization*>> Operations::authorize_organizations(
    const Actor& actor, const std::optional<std::string>& organization, const std::string& what) const
{
    std::vector<const Organization*> found;
    for (const Organization& one : policy_.policy()->organizations()) {
        if (administers(actor, one) && organization.value_or(one.name) == one.name) {
            found.push_back(&one);
        }
    }
    if (!found.empty()) {
        return found;
    }
    if (actor.address()) {
        return refused(Kind::forbidden, "Only administrators may see " + what + ".");
    }
    return refused(Kind::not_found, "There is no organization " + organization.value_or(std::string()) + ".");
}

Result<std::optional<std::vector<std::string>>> Operations::journal_domains(
    const Actor& actor, const std::optional<std::string>& organization, const std::string& what) const
{
    const auto organizations = authorize_organizations(actor, organization, what);
    if (!organizations) {
        return tl::unexpected(organizations.error());
    }
    if (!actor.address() && !organization) {
        return std::nullopt;
    }
    std::vector<std::string> domains;
    for (const Organization* one : *organizations) {
        domains.insert(domains.end(), one->domains.begin(), one->domains.end());
    }
    return domains;
}

void Operations::replay(const Actor& actor, ReplayRequest request,
                        const std::optional<std::string>& organization, Callback<Replay> then)
{
    auto domains = journal_domains(actor, organization, "how decisions would be made again");
    if (!domains) {
        return then(tl::unexpected(domains.error()));
    }
    // What is saved for other organisations would count for whoever claims their domains in a file of their own.
    if (actor.address() && request.toml) {
        return then(
            refused(Kind::forbidden, "Only who can open the control socket may try another settings file."));
    }
    request.filter.domains = *std::move(domains);
    replay_(std::move(request), std::move(then));
}

void Operations::overview(const Actor& actor, const std::optional<std::string>& organization,
                          OverviewPeriod period, Callback<Overview> then)
{
    auto domains = journal_domains(actor, organization, "how requests were answered");
    if (!domains) {
        return then(tl::unexpected(domains.error()));
    }
    overview_({*std::move(domains), period, std::chrono::system_clock::now()}, std::move(then));
}

void Operations::federation(const Actor& actor, const std::optional<std::string>& organization,
                            std::chrono::system_clock::time_point since,
                            Callback<std::vector<FederationReport>> then)
{
    const auto organizations = authorize_organizations(actor, organization, "which domains have asked");
    if (!organizations) {
        return then(tl::unexpected(organizations.error()));
    }
    FederationOrder order{{}, since};
    for (const Organization* one : *organizations) {
        order.organizations.push_back({one->name, one->domains});
    }
    federation_(std::move(order), std::move(then));
}

// --- Settings

Result<GeneralIm> Operations::authorize_general(const Actor& actor, std::string_view organization) const
{
    for (const Organization& one : policy_.policy()->organizations()) {
        if (one.name == organization && administers(actor, one)) {
            return policy_.general(organization).value();
        }
    }
    if (actor.address()) {
        return refused(Kind::forbidden, "You are not an administrator of " + std::string(organization) + ".");
    }
    return refused(Kind::not_found, "There is no organization " + std::string(organization) + ".");
}

bool Operations::administers_in_file(const Actor& actor, std::string_view organization) const
{
    const auto& all = policy_.file().organizations;
    return std::any_of(all.begin(), all.end(), [&](const OrganizationSettings& one) {
        return one.name == organization && administers(actor, one);
    });
}

Result<GeneralIm> Operations::general(const Actor& actor, std::string_view organization) const
{
    return authorize_general(actor, organization);
}

Result<GeneralIm> Operations::authorize_change(const Actor& actor, std::string_view organization,
                                               const GeneralChange& change) const
{
    auto before = authorize_general(actor, organization);
    if (!before) {
        return before;
    }
    if (change.domains) {
        if (const auto why = why_not_domains(*change.domains, before->domains_in_file); !why.empty()) {
            return refused(Kind::invalid, why);
        }
    }
    if (change.federation &&
        (change.federation->mode == FederationMode::listed) == change.federation->domains.empty()) {
        return refused(Kind::invalid, change.federation->domains.empty()
                                          ? "Federation with listed domains needs at least one domain."
                                          : "Domains are listed only where federation is \"listed\".");
    }
    if (change.rules) {
        if (const auto why = why_not_rules(policy_.file(), before->organization, *change.rules);
            !why.empty()) {
            return refused(Kind::invalid, why);
        }
    }
    if (change.administrators) {
        if (const auto why = why_not_administrators(actor, *change.administrators, *before); !why.empty()) {
            return refused(Kind::invalid, why);
        }
    }
    return before;
}

void Operations::save_general(const Actor& actor, std::string_view organization, const GeneralChange& change,
                              Callback<GeneralIm> then)
{
    const auto before = authorize_change(actor, organization, change);
    if (!before) {
        return then(before);
    }
    policy_.save(before->organization, change, actor.name(),
                 callbacks_.bind([this, organization = before->organization,
                                  then = std::move(then)](const tl::expected<bool, std::string>& saved) {
                     if (saved && !*saved) {
                         return then(refused(Kind::conflict, saved_meanwhile(organization)));
                     }
                     general_when_stored(organization, then)(saved.map([](bool) {}));
                 }));
}

std::string Operations::saved_meanwhile(const std::string& organization) const
{
    const SavedValue* last = nullptr;
    for (const SavedValue& one : policy_.saved_values()) {
        if (one.saved.organization == organization && (last == nullptr || one.saved.at >= last->saved.at)) {
            last = &one;
        }
    }
    return "Nothing was saved: the settings of " + organization +
           " are others than those that were changed, " +
           (last == nullptr ? "because they were reset" : "the last of them " + saved_by(last->saved)) +
           ". Look at them again.";
}

Result<std::function<Settings()>> Operations::settings_with(const std::string& organization,
                                                            const GeneralChange& change) const
{
    auto would_be = policy_.if_saved(organization, change);
    return would_be ? Result<std::function<Settings()>>(std::move(would_be)) : gone(organization);
}

void Operations::reset_general(const Actor& actor, std::string_view organization, Callback<GeneralIm> then)
{
    const auto before = authorize_general(actor, organization);
    if (before && before->administrators.saved && actor.address() &&
        !administers_in_file(actor, before->organization)) {
        return then(refused(Kind::forbidden,
                            "The settings file does not name you as an administrator of " +
                                before->organization +
                                ": to reset the settings would remove you. Somebody whom it names can."));
    }
    if (before) {
        return policy_.reset(before->organization,
                             general_when_stored(before->organization, std::move(then)));
    }
    if (before.error().kind != Kind::not_found) {
        return then(before);
    }
    const std::string name(organization);
    policy_.forget_orphans(name, callbacks_.bind([before, name, then](const auto& forgotten) {
        if (!forgotten) {
            return then(not_stored(forgotten.error()));
        }
        then(*forgotten ? Result<GeneralIm>(general_of_none(name)) : before);
    }));
}

StoreCallback<void> Operations::general_when_stored(std::string organization, Callback<GeneralIm> then)
{
    return callbacks_.bind(
        [this, organization = std::move(organization), then = std::move(then)](const auto& stored) {
            if (!stored) {
                return then(not_stored(stored.error()));
            }
            const auto general = policy_.general(organization);
            then(general ? Result<GeneralIm>(*general) : gone(organization));
        });
}

std::optional<std::chrono::system_clock::time_point> Operations::last_round_trip(
    const std::string& domain) const
{
    const auto last = entity_.last_round_trip(domain);
    if (!last) {
        return std::nullopt;
    }
    return std::chrono::system_clock::now() -
           std::chrono::duration_cast<std::chrono::system_clock::duration>(clock_.now() - *last);
}

Refusal Operations::not_connected() const
{
    return {Refusal::Kind::unavailable, "usherd is not connected to the server: " + offline_because_};
}

}  // namespace usher
