#include "plugin/core/operations.h"

#include <algorithm>
#include <deque>

#include "plugin/text/lists.h"

namespace usher
{

namespace
{

using Kind = Refusal::Kind;

tl::unexpected<Refusal> refused(Kind kind, std::string text)
{
    return tl::unexpected(Refusal{kind, std::move(text)});
}

tl::unexpected<Refusal> not_stored(const std::string& error)
{
    return refused(Kind::unavailable, "Nothing was changed: the store cannot be written (" + error + ").");
}

tl::unexpected<Refusal> not_read(const std::string& error)
{
    return refused(Kind::unavailable, "The store cannot be read (" + error + ").");
}

/// The request of this contact: written like that, or else as preparation makes it. Null if none waits.
const SubscriptionRequest* request_of(const Party& contact, const std::vector<SubscriptionRequest>& waiting)
{
    const auto of = [&](const Party& wanted) {
        const auto found = std::find_if(waiting.begin(), waiting.end(), [&](const SubscriptionRequest& one) {
            return one.contact == wanted;
        });
        return found == waiting.end() ? nullptr : &*found;
    };
    if (const SubscriptionRequest* written = of(contact); written != nullptr || contact.is_prepared()) {
        return written;
    }
    const auto prepared = contact.prepared();
    return prepared ? of(*prepared) : nullptr;
}

/// Of an answer by hand, which the journal has under that id.
Refusal not_applied(const SubscriptionRequest& request, std::int64_t id, const LaterReply& reply)
{
    const std::string contact = request.contact.text();
    const std::string user = request.user.text();
    const std::string decision = " (decision " + std::to_string(id) + ")";
    switch (reply.outcome) {
        case AnswerOutcome::nothing_waits:
            return {Kind::not_found,
                    "Nothing was answered: the request of " + contact + " for " + user +
                        " was answered or withdrawn in the meantime, or the server would not let "
                        "it in now; " +
                        user + " may have blocked " + contact + decision + "."};
        case AnswerOutcome::refused:
            return {Kind::unavailable, "The server refused the answer to the request of " + contact +
                                           " for " + user + ": " + reply.condition + decision + "."};
        case AnswerOutcome::answered:
        case AnswerOutcome::lost:
            break;
    }
    return {Kind::unavailable,
            "The server did not say whether it has applied the answer; see the waiting requests" + decision +
                "."};
}

}  // namespace

std::string reasons(const std::vector<UnlistedDomain>& domains)
{
    constexpr std::size_t kMaxNamed = 3;
    std::string text;
    for (std::size_t i = 0; i < std::min(domains.size(), kMaxNamed); ++i) {
        text += (i == 0 ? "" : "; ") + domains[i].domain + ", because " + domains[i].why;
    }
    return text + (domains.size() > kMaxNamed
                       ? "; and " + std::to_string(domains.size() - kMaxNamed) + " more domains."
                       : ".");
}

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

// --- What waits

/// A search of several domains, one after the other.
struct Operations::Search {
    std::deque<std::string> domains;
    std::optional<Address> user;
    bool listed = false;  // one of the domains
    Waiting found;
    Callback<Waiting> then;
};

Result<std::vector<std::string>> Operations::domains_for(const Actor& actor,
                                                         std::optional<Address>& user) const
{
    if (!user && actor.address() && administered(actor).empty()) {
        user = actor.address();
    }
    if (user) {
        if (organization_of(*user) == nullptr && !actor.address()) {
            return refused(Kind::not_found,
                           std::string(user->domain()) + " is not a domain of any organization.");
        }
        if (!may_see(actor, *user)) {
            return refused(Kind::forbidden, "You may not see what waits for " + user->text() + ".");
        }
        return std::vector{std::string(user->domain())};
    }
    return administered_domains(actor);
}

void Operations::waiting(const Actor& actor, std::optional<Address> user, Callback<Waiting> then)
{
    const auto domains = domains_for(actor, user);
    if (!domains) {
        then(tl::unexpected(domains.error()));
        return;
    }
    if (entity_.connection_state() != Connection::State::online) {
        then(tl::unexpected(not_connected()));
        return;
    }
    search(std::make_shared<Search>(
        Search{{domains->begin(), domains->end()}, std::move(user), false, {}, std::move(then)}));
}

void Operations::search(const std::shared_ptr<Search>& search)
{
    Waiting& found = search->found;
    while (!found.more && !search->domains.empty()) {
        const std::string_view why = entity_.why_not_served(search->domains.front());
        if (why.empty()) {
            break;
        }
        found.unlisted.push_back({search->domains.front(), std::string(why)});
        search->domains.pop_front();
    }
    if (found.more || search->domains.empty()) {
        if (!search->listed && !found.unlisted.empty()) {
            search->then(refused(Kind::unavailable,
                                 "The waiting requests cannot be listed: " + reasons(found.unlisted)));
        } else {
            search->then(std::move(found));
        }
        return;
    }
    const std::string domain = search->domains.front();
    search->domains.pop_front();
    entity_.list_waiting(
        domain, search->user, kMaxWaiting - found.requests.size(), [this, search, domain](auto listed) {
            Waiting& all = search->found;
            if (listed) {
                search->listed = true;
                std::move(listed->requests.begin(), listed->requests.end(), std::back_inserter(all.requests));
                all.more = listed->more;
            } else {
                all.unlisted.push_back({domain, listed.error()});
            }
            this->search(search);
        });
}

void Operations::answer(const Actor& actor, const Address& user, const Party& contact, Answer answer,
                        Callback<std::int64_t> then)
{
    if (answer == Answer::leave) {
        then(refused(Kind::invalid, "A request that waits can be approved or denied."));
        return;
    }
    waiting(actor, user, [=, this](Result<Waiting> listed) {
        if (!listed) {
            then(tl::unexpected(listed.error()));
            return;
        }
        const SubscriptionRequest* request = request_of(contact, listed->requests);
        if (request == nullptr) {
            then(refused(Kind::not_found,
                         "No request of " + contact.text() + " waits for " + user.text() + "."));
            return;
        }
        if (answer == Answer::approve && !request->contact.is_prepared()) {
            then(refused(Kind::invalid,
                         "The address " + contact.text() +
                             " cannot be compared: it may be another account's than it seems. "
                             "It can be denied here; only the user can approve it, in their client."));
            return;
        }
        const auto judged = answerer_.record_by_hand(*request, answer, actor.name());
        if (!judged) {
            then(refused(Kind::unavailable, "Nothing was answered: " + judged.error() + "."));
            return;
        }
        entity_.answer(*request, judged->decision,
                       [this, request = *request, judged = *judged, then](const LaterReply& reply) {
                           if (const auto settled = reply.settled(request, judged)) {
                               answerer_.settle({&*settled, 1});
                           }
                           if (reply.outcome == AnswerOutcome::answered) {
                               then(judged.record);
                           } else {
                               then(tl::unexpected(not_applied(request, judged.record, reply)));
                           }
                       });
    });
}

void Operations::review(const Actor& actor, std::optional<Address> user, bool apply, Callback<Review> then)
{
    waiting(actor, std::move(user), [this, apply, then = std::move(then)](Result<Waiting> listed) {
        if (!listed) {
            then(tl::unexpected(listed.error()));
            return;
        }
        auto review = std::make_shared<Review>();
        review->more = listed->more;
        review->unlisted = std::move(listed->unlisted);
        if (!apply) {
            const auto facts = answerer_.facts(listed->requests);
            if (!facts) {
                then(not_read(facts.error()));
                return;
            }
            for (std::size_t i = 0; i < listed->requests.size(); ++i) {
                const SubscriptionRequest& request = listed->requests[i];
                review->requests.push_back(
                    {request, decide(*policy_.policy(), request, (*facts)[i]), std::nullopt});
            }
            then(std::move(*review));
            return;
        }
        const auto applying = applying_.insert(
            applying_.end(), Applying{std::move(listed->requests), 0, std::move(*review), then, nullptr});
        apply_page(applying);
    });
}

void Operations::apply_page(std::list<Applying>::iterator applying)
{
    const auto& all = applying->listed;
    skip_unserved(*applying);
    const std::size_t done = applying->next_request;
    if (done == all.size()) {
        const auto then = std::move(applying->then);
        Review review = std::move(applying->review);
        applying_.erase(applying);
        then(std::move(review));
        return;
    }
    const auto from = all.begin() + static_cast<std::ptrdiff_t>(done);
    const auto most = from + std::min<std::ptrdiff_t>(PendingList::kPage, all.end() - from);
    const auto to = std::find_if(
        from, most, [&](const SubscriptionRequest& one) { return one.user.domain() != from->user.domain(); });
    entity_.answer_page({from, to}, [this, applying, done](const auto& answered) {
        if (!answered) {
            const std::string looked_at = done == 0 ? "Nothing was answered: "
                                                    : "Only " + std::to_string(done) + " of " +
                                                          std::to_string(applying->listed.size()) +
                                                          " waiting requests were looked at: ";
            const auto then = std::move(applying->then);
            applying_.erase(applying);
            then(refused(Kind::unavailable, looked_at + answered.error() + "."));
            return;
        }
        for (const LaterAnswers::Answered& one : *answered) {
            Review& review = applying->review;
            review.requests.push_back(
                {applying->listed[applying->next_request++], one.decision, one.outcome});
        }
        // Later, so that requests are answered in between.
        applying->next =
            clock_.after(std::chrono::milliseconds(0), [this, applying] { apply_page(applying); });
    });
}

void Operations::skip_unserved(Applying& applying) const
{
    while (applying.next_request < applying.listed.size()) {
        const std::string domain(applying.listed[applying.next_request].user.domain());
        const std::string_view why = entity_.why_not_served(domain);
        if (why.empty()) {
            return;
        }
        applying.review.unlisted.push_back({domain, std::string(why)});
        while (applying.next_request < applying.listed.size() &&
               applying.listed[applying.next_request].user.domain() == domain) {
            ++applying.next_request;
        }
    }
}

// --- Why

void Operations::explain(const Actor& actor, const Address& user, const Party& contact,
                         Callback<Explained> then)
{
    const auto prepared = contact.prepared();
    const auto explained = [this, user, meant = prepared ? Party(*prepared) : contact](
                               const SubscriptionRequest* waits,
                               std::string list_error) -> Result<Explained> {
        const SubscriptionRequest request =
            waits != nullptr ? *waits : SubscriptionRequest{user, meant, std::nullopt};
        const auto known = answerer_.facts({&request, 1});
        if (!known) {
            return not_read(known.error());
        }
        const Facts& facts = known->front();
        const Policy& policy = *policy_.policy();
        const Organization* organization = policy.organization_of(user.domain());
        const auto source_of_rule = [this](const Organization& of, const Rule& rule) {
            return policy_.source_of_rule(of, rule);
        };
        return Explained{usher::explain(policy, request, facts, source_of_rule),
                         request,
                         facts,
                         waits != nullptr,
                         std::move(list_error),
                         organization != nullptr ? organization->name : std::string(),
                         policy.generation()};
    };
    if (!may_see(actor, user)) {
        if (actor.address()) {
            then(refused(Kind::forbidden, "You may not see what is decided for " + user.text() + "."));
        } else {
            then(explained(nullptr, {}));  // of no organisation: that is the explanation
        }
        return;
    }
    entity_.list_waiting(std::string(user.domain()), user, kMaxWaiting,
                         [contact, then, explained](auto listed) {
                             if (!listed) {
                                 then(explained(nullptr, listed.error()));
                             } else {
                                 then(explained(request_of(contact, listed->requests), {}));
                             }
                         });
}

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
