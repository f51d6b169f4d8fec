#include "integration/requests/entity.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "integration/requests/privilege.h"
#include "integration/requests/wire_format.h"
#include "integration/xmpp/namespaces.h"
#include "integration/xmpp/random_token.h"
#include "integration/xmpp/xml.h"

namespace usher
{

namespace
{

/// The domains' order is of no importance; duplicates are.
template <typename Domains>
Domains domains_of(const std::vector<std::string>& names)
{
    Domains domains;
    for (const std::string& name : names) {
        domains[name];
    }
    return domains;
}

/// No roster set of a privileged entity changes a subscription there. Where it says its name, in disco#info
/// or by XEP-0092, no request has to be decided to find out; under another name it is found out like that.
constexpr std::string_view kEjabberd = "ejabberd";

/// Without a connector, and not content with that.
bool is_stock(DomainState state)
{
    return state == DomainState::stock || state == DomainState::stock_not_granted ||
           state == DomainState::stock_ineffective;
}

}  // namespace

Entity::Entity(Login login, std::string ping, std::vector<std::string> domains, ChannelMaker& channels,
               Clock& clock, std::function<double()> random, Judge& judge, EntityEvents& events)
    : judge_(judge),
      events_(events),
      clock_(clock),
      random_(random),
      component_(login.component),
      own_address_(login.address),
      connection_(std::move(login), std::move(ping), channels, clock, std::move(random), *this),
      domains_(domains_of<decltype(domains_)>(domains)),
      foreign_(clock, "request stanzas refused: not from a configured domain for its own users"),
      malformed_(clock, "requests left to the users: malformed"),
      refused_answers_(clock, "later answers refused by the server"),
      stock_(
          clock, judge,
          [this](std::string_view type, const std::string& to, std::string_view payload) {
              return send_query(type, to, payload);
          },
          [this](const std::string& domain, StockApproval::Refusal refusal) {
              stock_refused(domain, refusal);
          })
{
}

void Entity::stop()
{
    if (!component_) {
        // The connector asks available resources only: nothing new comes while the stream is being ended.
        connection_.send("<presence type='unavailable'/>");
    }
    connection_.stop();
}

void Entity::set_domains(std::vector<std::string> domains)
{
    auto wanted = domains_of<decltype(domains_)>(domains);
    std::erase_if(domains_, [&](const auto& entry) {
        const bool removed = !wanted.contains(entry.first);
        if (removed) {
            stock_.stop(entry.first);
        }
        return removed;
    });
    for (const auto& [name, domain] : wanted) {
        if (domains_.try_emplace(name).second && connection_.state() == Connection::State::online) {
            look_for_connector(name);
        }
    }
}

void Entity::set_stock(const std::vector<std::string>& domains, std::uint32_t reads_per_second)
{
    stock_.set_pace(reads_per_second);
    stock_domains_ = {domains.begin(), domains.end()};
    for (const auto& [name, domain] : domains_) {
        const bool wanted = stock_domains_.contains(name);
        if (wanted ? domain.state == DomainState::no_connector : is_stock(domain.state)) {
            look_for_connector(name);
        }
    }
}

void Entity::read_again()
{
    stock_.judge_again();
    for (auto& [name, domain] : domains_) {
        if (domain.state == DomainState::answering) {
            read_waiting(name, {});
        } else if (domain.state == DomainState::reading) {
            domain.read_again = true;
        }
    }
}

// --- The connection

void Entity::online(const std::string& address)
{
    id_prefix_ = random_token();
    forget_queries();
    address_ = address;
    ++logins_;
    spdlog::info("logged in as {}", address);
    if (!component_) {
        connection_.send("<presence/>");
    }
    std::vector<std::string> names;
    for (const auto& [name, domain] : domains_) {
        names.push_back(name);
    }
    for (const std::string& name : names) {
        look_for_connector(name);
    }
}

void Entity::offline(const Failure& failure, std::chrono::milliseconds retry)
{
    forget_queries();
    stock_.offline();
    for (auto& [name, domain] : domains_) {
        domain = Domain{};
        events_.domain_changed(name, domain.state);
    }
    events_.offline(failure, retry);
}

void Entity::received(const Stanza& stanza)
{
    if (const auto listener = listener_) {  // a copy: it may end itself
        listener(stanza);
    }
    if (stanza.name() == "iq") {
        received_iq(stanza);
    } else if (stanza.name() == "message") {
        received_message(stanza);
    } else if (stanza.name() == "presence") {
        received_presence(stanza);
        if (client_stanzas_ != nullptr) {
            client_stanzas_->received_presence(stanza);
        }
    }
}

// --- XEP-0356

void Entity::received_message(const Stanza& message)
{
    // Only a domain of ours may say what it grants. Even from there it is no more than a reason to look: the
    // connector decides whom it accepts.
    const auto found = domains_.find(message.attribute("from"));
    if (found == domains_.end() && client_stanzas_ != nullptr) {
        client_stanzas_->received_message(message);
    }
    if (found == domains_.end() || message.attribute("type") == "error") {
        return;
    }
    const auto granted = read_advertisement(message);
    if (!granted) {
        return;
    }
    Domain& domain = found->second;
    domain.granted = *granted;
    if (!granted->requests) {
        if (is_stock(domain.state)) {
            look_for_connector(found->first);
        }
        return;
    }
    switch (domain.state) {
        case DomainState::offline:
        case DomainState::asking:
            return;  // what follows reads the list
        case DomainState::reading:
            domain.read_again = true;
            return;
        case DomainState::no_connector:
        case DomainState::not_granted:
        case DomainState::unreachable:
        case DomainState::stock:
        case DomainState::stock_not_granted:
        case DomainState::stock_ineffective:
        case DomainState::answering:
            read_waiting(found->first, {});
            return;
    }
}

void Entity::received_presence(const Stanza& presence)
{
    // XEP-0356 section 6.3: that of the server's own users. The server vouches for their addresses.
    const std::string_view from = presence.attribute("from");
    const std::string_view type = presence.attribute("type");
    const std::string_view bare = from.substr(0, from.find('/'));
    if ((type.empty() || type == "unavailable") && domains_.contains(bare.substr(bare.find('@') + 1)) &&
        !std::string_view(own_address_).starts_with(bare)) {
        stock_.received_presence(from, type.empty());
    }
}

// --- Requests from the server

void Entity::received_iq(const Stanza& iq)
{
    const std::string_view type = iq.attribute("type");
    if (type == "result" || type == "error") {
        received_reply(iq);
    } else if (type == "set" || type == "get") {
        received_request(iq);
    }
}

void Entity::received_request(const Stanza& iq)
{
    const Stanza payload = iq.first();
    const bool set = iq.attribute("type") == "set";
    if (set && payload.is("requests", ns::kRequests)) {
        answer_requests(iq, payload);
    } else if (!set && payload.is("ping", ns::kPing)) {
        std::string xml;
        begin_reply(xml, iq, "result");
        xml += "/>";
        connection_.send(xml);
    } else if (set && payload.is("query", ns::kRoster) && is_user(iq.attribute("from"))) {
        std::string xml;
        begin_reply(xml, iq, "result");
        xml += "/>";
        connection_.send(xml);
        stock_.received_push(iq.attribute("from"));
    } else if (client_stanzas_ == nullptr || !client_stanzas_->received_iq(iq)) {
        send_error(iq, "cancel", "service-unavailable");
    }
}

/// A bare address of one of our domains: the server speaks for its user. She herself has a resource.
bool Entity::is_user(std::string_view address) const
{
    const std::size_t at = address.find('@');
    return at != std::string_view::npos && domains_.contains(address.substr(at + 1));
}

void Entity::answer_requests(const Stanza& iq, const Stanza& requests)
{
    const std::string_view from = iq.attribute("from");
    if (!domains_.contains(from)) {
        foreign_.count();
        send_error(iq, "auth", "forbidden");
        return;
    }
    const auto asked = read_requests(requests);
    if (!asked) {
        malformed_.count();
        send_error(iq, "modify", "bad-request");
        return;
    }
    std::vector<SubscriptionRequest> readable;
    readable.reserve(asked->size());
    for (const AskedRequest& one : *asked) {
        if (!one.request) {
            malformed_.count();
            continue;
        }
        if (one.request->user.domain() != from) {
            foreign_.count();
            send_error(iq, "auth", "forbidden");
            return;
        }
        readable.push_back(*one.request);
    }
    const std::vector<Decision> decisions = judge_.judge(readable, Source::asked);
    std::string xml;
    begin_reply(xml, iq, "result");
    xml += "><answers";
    append_attribute(xml, "xmlns", ns::kRequests);
    xml += '>';
    auto decision = decisions.begin();
    for (const AskedRequest& one : *asked) {
        append_answer(xml, one.id, one.request ? *decision++ : Decision{});
    }
    xml += "</answers></iq>";
    connection_.send(xml);
}

// --- What waits

void Entity::look_for_connector(const std::string& name)
{
    // Begin anew: replies that are still to come belong to what was before.
    std::erase_if(queries_,
                  [&name](const auto& entry) { return entry.second.to == name && !entry.second.lost; });
    domains_.find(name)->second.read_again = false;
    set_state(name, DomainState::asking);
    std::string payload = "<query";
    append_attribute(payload, "xmlns", ns::kDiscoInfo);
    payload += "/>";
    query("get", name, payload, [this, name](const Stanza& iq) {
        if (iq.attribute("type") == "error") {
            set_state(name, DomainState::unreachable);
            return;
        }
        const Stanza info = iq.child("query", ns::kDiscoInfo);
        bool ejabberd = false;
        for (Stanza element = info.first(); element; element = element.next()) {
            if (element.is("feature", ns::kDiscoInfo) && element.attribute("var") == ns::kRequests) {
                read_waiting(name, {});
                return;
            }
            ejabberd = ejabberd ||
                       (element.is("identity", ns::kDiscoInfo) && element.attribute("category") == "server" &&
                        element.attribute("name") == kEjabberd);
        }
        Domain& domain = domains_.find(name)->second;
        domain.ineffective = domain.ineffective || ejabberd;
        begin_without_connector(name);
    });
}

void Entity::begin_without_connector(const std::string& name)
{
    if (!stock_domains_.contains(name)) {
        set_state(name, DomainState::no_connector);
        return;
    }
    if (domains_.find(name)->second.ineffective) {
        set_state(name, DomainState::stock_ineffective);
        return;
    }
    std::string payload = "<query";
    append_attribute(payload, "xmlns", ns::kVersion);
    payload += "/>";
    query("get", name, payload, [this, name](const Stanza& iq) {
        // ejabberd takes roster sets of privileged entities and leaves subscriptions as they were. Known
        // here, no request has to be decided first to find out; under another name it is found out like that.
        Domain& domain = domains_.find(name)->second;
        if (iq.child("query", ns::kVersion).child("name", ns::kVersion).text() == "ejabberd") {
            stock_refused(name, StockApproval::Refusal::ineffective);
        } else if (!domain.granted || !StockApproval::sufficient(*domain.granted)) {
            set_state(name, DomainState::stock_not_granted);
        } else {
            set_state(name, DomainState::stock);
            stock_.start(name, *domain.granted);
        }
    });
}

void Entity::stock_refused(const std::string& name, StockApproval::Refusal refusal)
{
    const bool ineffective = refusal == StockApproval::Refusal::ineffective;
    domains_.find(name)->second.ineffective = ineffective;
    set_state(name, ineffective ? DomainState::stock_ineffective : DomainState::stock_not_granted);
}

void Entity::read_waiting(const std::string& name, std::string_view after)
{
    domains_.find(name)->second.after = after;
    set_state(name, DomainState::reading);
    query("get", name, pending_query(after, kPage),
          [this, name](const Stanza& iq) { answer_page(name, iq); });
}

void Entity::answer_page(const std::string& name, const Stanza& iq)
{
    if (iq.attribute("type") == "error") {
        const std::string_view condition = error_condition(iq);
        Domain& domain = domains_.find(name)->second;
        const Clock::Time now = clock_.now();
        if (condition == "item-not-found" && !domain.after.empty() &&
            (!domain.begun_anew || now - *domain.begun_anew >= kAskAgain)) {
            domain.begun_anew = now;
            read_waiting(name, {});  // XEP-0059: the server no longer knows that page, as after a restart
        } else if (condition == "forbidden" || condition == "not-allowed") {
            set_state(name, DomainState::not_granted);
        } else if (condition == "service-unavailable" || condition == "feature-not-implemented") {
            begin_without_connector(name);
        } else {
            set_state(name, DomainState::unreachable);
        }
        return;
    }
    const auto page = read_pending(iq.first());
    Domain& domain = domains_.find(name)->second;
    // A page that ends where the one before it ended would come for ever.
    if (!page || (!page->requests.empty() && page->last == domain.after)) {
        malformed_.count();
        set_state(name, DomainState::unreachable);
        return;
    }
    if (page->requests.empty()) {  // XEP-0059: behind the last item
        const bool again = domain.read_again;
        domain.read_again = false;
        if (again) {
            read_waiting(name, {});
        } else {
            set_state(name, DomainState::answering);
        }
        return;
    }
    std::vector<SubscriptionRequest> readable;
    for (const AskedRequest& waiting : page->requests) {
        if (!waiting.request || waiting.request->user.domain() != name) {
            malformed_.count();
            continue;
        }
        readable.push_back(*waiting.request);
    }
    const std::vector<Decision> decisions = judge_.judge(readable, Source::waiting);
    domain.after = page->last;
    domain.unanswered = 1;  // this function, until it has sent everything
    for (std::size_t i = 0; i < readable.size(); ++i) {
        if (decisions[i].answer == Answer::leave) {
            continue;
        }
        ++domain.unanswered;
        query("set", name, later_answer(readable[i], decisions[i]), [this, name](const Stanza& reply) {
            // item-not-found: somebody else has answered in the meantime, which is as good
            if (reply.attribute("type") == "error" && error_condition(reply) != "item-not-found") {
                refused_answers_.count();
            }
            page_answered(name);
        });
    }
    page_answered(name);
}

void Entity::page_answered(const std::string& name)
{
    Domain& domain = domains_.find(name)->second;
    if (--domain.unanswered == 0) {
        read_waiting(name, std::string(domain.after));
    }
}

void Entity::set_state(const std::string& name, DomainState state)
{
    Domain& domain = domains_.find(name)->second;
    const bool changed = domain.state != state;
    domain.state = state;
    if (state != DomainState::stock && state != DomainState::asking) {
        stock_.stop(name);
    }
    // Should nothing come back, or no: ask again in a while.
    if (state == DomainState::answering) {
        domain.retry.reset();
    } else {
        domain.retry = clock_.after(kAskAgain, [this, name] {
            const DomainState now = domains_.find(name)->second.state;
            if (now == DomainState::asking || now == DomainState::reading) {
                set_state(name, DomainState::unreachable);  // a minute without an answer: to be said
            }
            look_for_connector(name);
        });
    }
    if (changed) {
        events_.domain_changed(name, state);
    }
    log_in_again_if_nobody_grants();
}

void Entity::log_in_again_if_nobody_grants()
{
    // A server decides about privileges at login (Prosody) and may have been reconfigured since: where a
    // domain has refused us and no other accepts us there is nothing to lose by logging in again.
    bool refused = false;
    for (const auto& [name, domain] : domains_) {
        if (domain.state == DomainState::not_granted || domain.state == DomainState::stock_not_granted) {
            refused = true;
        } else if (domain.state != DomainState::no_connector && domain.state != DomainState::unreachable &&
                   domain.state != DomainState::stock_ineffective) {
            return;
        }
    }
    if (refused) {
        connection_.log_in_again(kAskAgain);
    }
}

// --- On others' behalf

DomainState Entity::domain_state(std::string_view domain) const
{
    const auto found = domains_.find(domain);
    return found == domains_.end() ? DomainState::offline : found->second.state;
}

void Entity::list_waiting(const std::string& domain, const std::optional<Address>& user, std::size_t most,
                          std::function<void(tl::expected<WaitingRequests, std::string>)> then)
{
    if (connection_.state() != Connection::State::online || !domains_.contains(domain)) {
        then(tl::unexpected<std::string>("Usher is not connected to the server of " + domain + "."));
        return;
    }
    list_page(std::make_shared<Listing>(Listing{domain, user, most, {}, std::move(then)}), {});
}

void Entity::list_page(const std::shared_ptr<Listing>& listing, std::string_view after)
{
    const auto failed = [listing](const std::string& why) {
        listing->then(tl::unexpected(listing->domain + ": " + why));
    };
    query(
        "get", listing->domain, pending_query(after, kPage, listing->user),
        [this, listing, failed, before = std::string(after)](const Stanza& iq) {
            if (iq.attribute("type") == "error") {
                const std::string condition(error_condition(iq));
                const bool none =
                    condition == "service-unavailable" || condition == "feature-not-implemented";
                failed(none ? "the server has no connector for this domain."
                            : "the server does not show what waits (" + condition + ").");
                return;
            }
            const auto page = read_pending(iq.first());
            if (!page || (!page->requests.empty() && page->last == before)) {
                failed("the server's list of what waits cannot be understood.");
                return;
            }
            for (const AskedRequest& waiting : page->requests) {
                if (!waiting.request || waiting.request->user.domain() != listing->domain) {
                    malformed_.count();
                } else if (listing->found.requests.size() == listing->most) {
                    listing->found.more = true;
                } else {
                    listing->found.requests.push_back(*waiting.request);
                }
            }
            if (page->requests.empty() || listing->found.more) {
                listing->then(std::move(listing->found));
            } else {
                list_page(listing, page->last);
            }
        },
        [failed] { failed("the server did not answer."); });
}

void Entity::answer(const SubscriptionRequest& request, const Decision& decision,
                    std::function<void(AnswerOutcome)> then)
{
    const std::string domain(request.user.domain());
    if (connection_.state() != Connection::State::online || !domains_.contains(domain)) {
        then(AnswerOutcome::lost);
        return;
    }
    query(
        "set", domain, later_answer(request, decision),
        [then](const Stanza& reply) {
            if (reply.attribute("type") != "error") {
                then(AnswerOutcome::answered);
            } else {
                then(error_condition(reply) == "item-not-found" ? AnswerOutcome::nothing_waits
                                                                : AnswerOutcome::refused);
            }
        },
        [then] { then(AnswerOutcome::lost); });
}

// --- IQs

void Entity::query(std::string_view type, const std::string& to, std::string_view payload, Reply reply,
                   std::function<void()> lost)
{
    std::string id = send_query(type, to, payload);
    std::unique_ptr<Timer> patience;
    if (lost) {
        patience = clock_.after(kPatience, [this, id] {
            const auto silent = queries_.extract(id);
            silent.mapped().lost();
        });
    }
    queries_.emplace(std::move(id), Query{to, std::move(reply), std::move(lost), std::move(patience)});
}

std::string Entity::send_query(std::string_view type, const std::string& to, std::string_view payload)
{
    std::string id = id_prefix_ + std::to_string(++last_id_);
    std::string xml = "<iq";
    append_attribute(xml, "type", type);
    append_attribute(xml, "id", id);
    append_attribute(xml, "to", to);
    if (component_) {
        append_attribute(xml, "from", own_address_);
    }
    xml += '>';
    xml += payload;
    xml += "</iq>";
    connection_.send(xml);
    return id;
}

std::map<std::string, Advertisement> Entity::advertised() const
{
    std::map<std::string, Advertisement> all;
    for (const auto& [name, domain] : domains_) {
        if (domain.granted) {
            all.emplace(name, *domain.granted);
        }
    }
    return all;
}

void Entity::forget_queries()
{
    auto forgotten = std::move(queries_);
    queries_.clear();
    for (auto& [id, query] : forgotten) {
        query.patience.reset();
        if (query.lost) {
            query.lost();
        }
    }
}

void Entity::received_reply(const Stanza& iq)
{
    if (stock_.received_reply(iq)) {
        return;
    }
    const auto found = queries_.find(std::string(iq.attribute("id")));
    if (found == queries_.end() || found->second.to != iq.attribute("from")) {
        return;  // late, a ping's, or not from whom we asked
    }
    const Query query = std::move(found->second);
    queries_.erase(found);
    if (domains_.contains(query.to)) {
        query.reply(iq);
    } else if (query.lost) {
        query.lost();
    }
}

void Entity::begin_reply(std::string& xml, const Stanza& iq, std::string_view type) const
{
    xml += "<iq";
    append_attribute(xml, "type", type);
    append_attribute(xml, "id", iq.attribute("id"));
    if (iq.has("from")) {
        append_attribute(xml, "to", iq.attribute("from"));
    }
    if (component_) {
        append_attribute(xml, "from", iq.has("to") ? iq.attribute("to") : std::string_view(own_address_));
    }
}

void Entity::send_error(const Stanza& iq, std::string_view type, std::string_view condition)
{
    std::string xml;
    begin_reply(xml, iq, "error");
    xml += "><error";
    append_attribute(xml, "type", type);
    xml += "><";
    xml += condition;
    append_attribute(xml, "xmlns", ns::kStanzaErrors);
    xml += "/></error></iq>";
    connection_.send(xml);
}

}  // namespace usher
