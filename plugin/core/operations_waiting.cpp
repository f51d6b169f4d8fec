// Of Operations: the requests that wait, what policy says of them, and answers to them.
#include <algorithm>
#include <deque>

#include "plugin/core/operations.h"

namespace usher
{

using Kind = Refusal::Kind;

namespace
{

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

/// A request of which nothing is known yet.
Explained not_listed(const Address& user, const Party& contact)
{
    const auto prepared = contact.prepared();
    return {{}, {user, prepared ? Party(*prepared) : contact, std::nullopt}, {}, false, {}, {}, 0};
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
    list_waiting(*domains, std::move(user), std::move(then));
}

void Operations::list_waiting(const std::vector<std::string>& domains, std::optional<Address> user,
                              Callback<Waiting> then)
{
    if (!is_connected()) {
        then(tl::unexpected(not_connected()));
        return;
    }
    search(std::make_shared<Search>(
        Search{{domains.begin(), domains.end()}, std::move(user), false, {}, std::move(then)}));
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
        answer_by_hand(*request, answer, actor.name(), then);
    });
}

void Operations::answer_by_hand(const SubscriptionRequest& request, Answer answer, const std::string& by,
                                Callback<std::int64_t> then)
{
    answerer_.record_by_hand(request, answer, by, callbacks_.bind([this, request, then](const auto& judged) {
        if (judged) {
            send_by_hand(request, *judged, then);
        } else {
            then(refused(Kind::unavailable, "Nothing was answered: " + judged.error() + "."));
        }
    }));
}

void Operations::send_by_hand(const SubscriptionRequest& request, const Judged& judged,
                              Callback<std::int64_t> then)
{
    entity_.answer(request, judged, [this, request, judged, then](const LaterReply& reply) {
        if (const auto settled = reply.settled(request, judged)) {
            answerer_.settle({&*settled, 1});
        }
        if (reply.outcome == AnswerOutcome::answered) {
            then(judged.record);
        } else {
            then(tl::unexpected(not_applied(request, judged.record, reply)));
        }
    });
}

void Operations::review(const Actor& actor, std::optional<Address> user, bool apply, Callback<Review> then)
{
    waiting(actor, std::move(user), [this, apply, then = std::move(then)](Result<Waiting> listed) {
        if (!listed) {
            then(tl::unexpected(listed.error()));
        } else if (apply) {
            this->apply(*std::move(listed), then);
        } else {
            preview(*std::move(listed), then);
        }
    });
}

void Operations::preview(Waiting listed, Callback<Review> then)
{
    const auto all = std::make_shared<const Waiting>(std::move(listed));
    answerer_.facts(all->requests, callbacks_.bind([this, all, then](const auto& facts) {
        if (!facts) {
            return then(not_read(facts.error()));
        }
        Review review{{}, all->more, all->unlisted};
        for (std::size_t i = 0; i < all->requests.size(); ++i) {
            const SubscriptionRequest& request = all->requests[i];
            review.requests.push_back(
                {request, decide(*policy_.policy(), request, (*facts)[i]), std::nullopt});
        }
        then(std::move(review));
    }));
}

void Operations::apply(Waiting listed, Callback<Review> then)
{
    Review review{{}, listed.more, std::move(listed.unlisted)};
    apply_page(applying_.insert(applying_.end(), Applying{std::move(listed.requests), 0, std::move(review),
                                                          std::move(then), nullptr}));
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
    if (!may_see(actor, user)) {
        if (actor.address()) {
            then(refused(Kind::forbidden, "You may not see what is decided for " + user.text() + "."));
        } else {
            explain_by_policy(not_listed(user, contact), std::move(then));  // of no organisation: that is why
        }
        return;
    }
    look_for(user, contact, [this, then](Explained known) { explain_by_policy(std::move(known), then); });
}

void Operations::look_for(const Address& user, const Party& contact,
                          std::function<void(Explained known)> then)
{
    entity_.list_waiting(
        std::string(user.domain()), user, kMaxWaiting,
        [contact, then = std::move(then), known = not_listed(user, contact)](const auto& listed) mutable {
            if (!listed) {
                known.list_error = listed.error();
            } else if (const auto* request = request_of(contact, listed->requests)) {
                known.request = *request;
                known.waits = true;
            }
            then(std::move(known));
        });
}

void Operations::explain_by_policy(Explained known, Callback<Explained> then)
{
    const auto explained = std::make_shared<Explained>(std::move(known));
    answerer_.facts({explained->request}, callbacks_.bind([this, explained, then](const auto& facts) {
        if (!facts) {
            return then(not_read(facts.error()));
        }
        explained->facts = facts->front();
        then(explained_by(
            *policy_.policy(), std::move(*explained),
            [this](const Organization& of, const Rule& rule) { return policy_.source_of_rule(of, rule); }));
    }));
}

Explained Operations::explained_by(const Policy& policy, Explained known, const RuleSource& source_of_rule)
{
    const Organization* organization = policy.organization_of(known.request.user.domain());
    known.explanation = usher::explain(policy, known.request, known.facts, source_of_rule);
    known.organization = organization != nullptr ? organization->name : std::string();
    known.generation = policy.generation();
    return known;
}

}  // namespace usher
