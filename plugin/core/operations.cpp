#include "plugin/core/operations.h"

#include <algorithm>

#include "plugin/text/lists.h"

namespace usher
{

using Kind = Refusal::Kind;

std::string fixed_by_administrator(Option option)
{
    return "Your administrator has set how contact requests are handled: " + std::string(sentence(option));
}

Operations::Operations(PolicyInForce& policy, Answerer& answerer, Choices& choices, Database& database,
                       Entity& entity, Clock& clock)
    : policy_(policy),
      answerer_(answerer),
      choices_(choices),
      database_(database),
      entity_(entity),
      clock_(clock),
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

Result<UserOption> Operations::option(const Actor& actor, const Address& user) const
{
    const Organization* organization = organization_of(user);
    if (organization == nullptr && !actor.address()) {
        return refused(Kind::not_found, std::string(user.domain()) + " is not a domain of any organization.");
    }
    if (!may_see(actor, user)) {
        return refused(Kind::forbidden, "You may not see the option of " + user.text() + ".");
    }
    const auto chosen = choices_.of(user);
    if (!chosen) {
        return not_read(chosen.error());
    }
    UserOption option;
    option.chosen = *chosen;
    option.may_choose = organization->users_may_choose;
    option.of_organization = organization->option;
    option.in_force = option.may_choose ? option.chosen.value_or(organization->option) : organization->option;
    option.organization = organization->name;
    return option;
}

Result<UserOption> Operations::choose(const Actor& actor, const Address& user, std::optional<Option> chosen)
{
    auto made = option(actor, user);
    if (!made) {
        return made;
    }
    if (!made->may_choose) {
        return refused(Kind::forbidden, fixed_by_administrator(made->of_organization));
    }
    if (const auto stored = choices_.set(user, chosen); !stored) {
        return not_stored(stored.error());
    }
    made->chosen = chosen;
    made->in_force = chosen.value_or(made->of_organization);
    return made;
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
    read_on(readings_.insert(readings_.end(),
                             Reading{JournalSearch(database_, std::move(filter)), std::move(then), nullptr}));
}

void Operations::read_on(std::list<Reading>::iterator reading)
{
    const auto over = reading->search.search_portion();
    if (over && !*over) {
        reading->next = clock_.after(std::chrono::milliseconds(0), [this, reading] { read_on(reading); });
        return;
    }
    const auto then = std::move(reading->then);
    auto found = reading->search.take_found();
    readings_.erase(reading);
    if (over) {
        then(std::move(found));
    } else {
        then(refused(Kind::unavailable, "The journal cannot be read: " + over.error()));
    }
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

Result<GeneralIm> Operations::general(const Actor& actor, std::string_view organization) const
{
    return authorize_general(actor, organization);
}

Result<GeneralIm> Operations::save_general(const Actor& actor, std::string_view organization,
                                           const GeneralChange& change)
{
    const auto before = authorize_general(actor, organization);
    if (!before) {
        return before;
    }
    if (change.domains) {
        const auto& known = before->domains_in_file;
        for (const std::string& domain : *change.domains) {
            if (std::find(known.begin(), known.end(), domain) == known.end()) {
                return refused(Kind::invalid, domain + " cannot be chosen here; the settings file has " +
                                                  joined(known) + " for this organization.");
            }
        }
        if (change.domains->empty()) {
            return refused(Kind::invalid, "At least one domain is needed, of " + joined(known) + ".");
        }
    }
    if (const auto saved = policy_.save(before->organization, change, actor.name()); !saved) {
        return not_stored(saved.error());
    }
    return authorize_general(actor, organization);
}

Result<GeneralIm> Operations::reset_general(const Actor& actor, std::string_view organization)
{
    const auto before = authorize_general(actor, organization);
    if (!before && before.error().kind == Kind::not_found) {
        const auto forgotten = policy_.forget_orphans(std::string(organization));
        if (!forgotten) {
            return not_stored(forgotten.error());
        }
        if (*forgotten) {
            const std::string nowhere = "the settings file has no such organization";
            return GeneralIm{std::string(organization), {true, nowhere}, {{}, nowhere}, {{}, nowhere}, {}};
        }
    }
    if (!before) {
        return before;
    }
    if (const auto reset = policy_.reset(before->organization); !reset) {
        return not_stored(reset.error());
    }
    return authorize_general(actor, organization);
}

// --- The daemon

Status Operations::status() const
{
    Status status;
    status.version = USHER_VERSION;
    status.address = entity_.address();
    status.online = entity_.connection_state() == Connection::State::online;
    status.offline_because = status.online ? std::string() : offline_because_;
    status.started = started_;
    status.running = std::chrono::floor<std::chrono::seconds>(clock_.now() - running_since_);
    status.generation = policy_.policy()->generation();
    status.store_error = database_.last_write_error();
    if (auto counted = choices_.count()) {
        choice_counts_ = *std::move(counted);
    } else if (status.store_error.empty()) {
        status.store_error = counted.error();
    }
    for (const Organization& organization : policy_.policy()->organizations()) {
        OrganizationStatus one{policy_.general(organization.name).value(), {}, 0};
        for (const std::string& domain : organization.domains) {
            one.domains.push_back({domain, entity_.domain_state(domain), last_round_trip(domain)});
            const auto counted = choice_counts_.find(domain);
            one.choices += counted == choice_counts_.end() ? 0 : counted->second;
        }
        status.organizations.push_back(std::move(one));
    }
    status.saved = policy_.saved_values();
    status.counts = answerer_.counts();
    status.logins = entity_.logins();
    status.unsent_bytes = entity_.unsent();
    return status;
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
