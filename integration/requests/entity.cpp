#include "integration/requests/entity.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "integration/requests/account_check.h"
#include "integration/xmpp/namespaces.h"
#include "integration/xmpp/xml.h"

namespace usher
{

namespace
{

/// Why a list could not be read to its end, as a clause.
std::string why_unread(const PendingList::Failure& failure)
{
    switch (failure.problem) {
        case PendingList::Problem::no_connector:
            return "its server has no connector";
        case PendingList::Problem::unreadable:
            return "its server's list of what waits cannot be understood";
        case PendingList::Problem::no_reply:
            return "its server did not answer";
        case PendingList::Problem::not_granted:
        case PendingList::Problem::place_lost:
        case PendingList::Problem::refused:
            break;
    }
    return "its server refuses to list the waiting requests (" + failure.condition + ")";
}

/// Advertisements that are kept for domains that are not ours.
constexpr std::size_t kMaxOthers = 1'000;

}  // namespace

Entity::Entity(Login login, std::string ping, std::vector<std::string> domains, ChannelMaker& channels,
               Clock& clock, std::function<double()> random, Judge& judge, EntityEvents& events)
    : judge_(judge),
      events_(events),
      clock_(clock),
      component_(login.component),
      own_address_(login.address),
      connection_(std::move(login), std::move(ping), channels, clock, std::move(random), *this),
      iqs_(
          clock, [this](std::string_view xml) { connection_.send(xml); }, component_ ? own_address_ : ""),
      foreign_(clock, "request stanzas refused: not from a configured domain for its own users"),
      malformed_(clock, "requests left to the users: malformed"),
      refused_answers_(clock, "later answers refused by the server"),
      sessions_with_{clock,
                     iqs_,
                     judge,
                     malformed_,
                     refused_answers_,
                     nullptr,
                     nullptr,
                     [this](std::string_view domain) { return reachable(domain); },
                     [this](const std::string& domain, DomainState state) { domain_changed(domain, state); }}
{
    for (const std::string& domain : domains) {
        sessions_.try_emplace(domain, domain, sessions_with_);
    }
}

void Entity::stop()
{
    leave([this] { connection_.stop(); });
}

/// Ends the stream with `end` when the asks that the judge has are answered (PROTOCOL.md E28). The connector asks
/// available resources only: nothing new comes meanwhile. A component may get more asks, hence the deadline.
void Entity::leave(std::function<void()> end)
{
    if (!component_ && !leaving_) {
        connection_.send("<presence type='unavailable'/>");
    }
    leaving_ = true;
    end_stream_ = std::move(end);
    if (asks_under_way_ == 0) {
        end_stream();
    } else if (!leave_deadline_) {
        leave_deadline_ = clock_.after(kLeaveDeadline, [this] { end_stream(); });
    }
}

void Entity::end_stream()
{
    leave_deadline_.reset();
    if (const auto end = std::exchange(end_stream_, nullptr)) {
        end();
    }
}

void Entity::set_domains(const std::vector<std::string>& domains)
{
    const std::set<std::string, std::less<>> wanted(domains.begin(), domains.end());
    std::vector<std::string> removed;
    for (const auto& [domain, session] : sessions_) {
        if (!wanted.contains(domain)) {
            removed.push_back(domain);
        }
    }
    for (const std::string& domain : removed) {
        sessions_.erase(domain);
        refused_.erase(domain);
        added_.erase(domain);
        if (sessions_with_.stock != nullptr) {
            sessions_with_.stock->stop(domain);
        }
        iqs_.give_up(domain);
    }
    for (const std::string& domain : wanted) {
        const auto [session, added] = sessions_.try_emplace(domain, domain, sessions_with_);
        if (added && connection_.state() == Connection::State::online) {
            added_.insert(domain);
            if (const auto granted = others_.extract(domain)) {
                advertised(domain, session->second, granted.mapped());
            }
            session->second.begin();
        }
    }
}

void Entity::set_stock(const std::vector<std::string>& domains)
{
    const std::set<std::string, std::less<>> wanted(domains.begin(), domains.end());
    for (auto& [domain, session] : sessions_) {
        session.want_stock(wanted.contains(domain));
    }
}

void Entity::stock_refused(const std::string& domain, StockMode::Refusal refusal)
{
    if (const auto session = sessions_.find(domain); session != sessions_.end()) {
        session->second.stock_refused(refusal);
    }
}

void Entity::read_again()
{
    if (sessions_with_.stock != nullptr) {
        sessions_with_.stock->policy_changed();
    }
    for (auto& [domain, session] : sessions_) {
        session.policy_changed();
    }
}

// --- The connection

void Entity::online(const std::string& address)
{
    iqs_.give_up();
    address_ = address;
    ++logins_;
    others_.clear();
    refused_.clear();
    added_.clear();
    spdlog::info("logged in as {}", address);
    if (!component_) {
        connection_.send("<presence/>");
    }
    for (auto& [domain, session] : sessions_) {
        session.begin();
    }
}

void Entity::offline(const Failure& failure, std::chrono::milliseconds retry)
{
    asks_.forget();
    asks_under_way_ = 0;
    leaving_ = false;
    for (auto& [domain, session] : sessions_) {
        session.stream_lost();
    }
    if (sessions_with_.stock != nullptr) {
        sessions_with_.stock->stream_lost();
    }
    for (ProtocolPart* part : parts_) {
        part->stream_lost();
    }
    iqs_.give_up();
    events_.offline(failure, retry);
    end_stream();  // if we were about to: it may not be opened again
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

void Entity::received_message(const Stanza& message)
{
    // XEP-0356: only a domain of ours may say what it grants. Even from there it is no more than a reason to look: the
    // connector decides whom it accepts.
    const std::string_view from = message.attribute("from");
    const auto session = sessions_.find(from);
    const auto granted = message.attribute("type") == "error" ? std::nullopt : read_advertisement(message);
    if (session != sessions_.end()) {
        if (granted) {
            advertised(session->first, session->second, *granted);
        }
        if (message.attribute("type") != "error") {
            received_from_domain(session->first, message);
        }
    } else if (granted && from.find_first_of("@/") == std::string_view::npos) {
        // A domain of the server that may become one of ours while we are logged in. A stranger's does no harm.
        if (others_.size() < kMaxOthers || others_.contains(from)) {
            others_.insert_or_assign(std::string(from), *granted);
        }
    } else if (client_stanzas_ != nullptr) {
        client_stanzas_->received_message(message);
    }
}

void Entity::advertised(const std::string& domain, DomainSession& session, const Advertisement& granted)
{
    session.advertised(granted);
    for (ProtocolPart* part : parts_) {
        part->advertised(domain, granted);
    }
}

void Entity::received_from_domain(const std::string& domain, const Stanza& message)
{
    if (const Stanza removed = message.child("removed", ns::kRequests)) {
        accounts_removed(domain, removed);
    }
    for (ProtocolPart* part : parts_) {
        part->received_message(domain, message);
    }
}

void Entity::accounts_removed(std::string_view domain, const Stanza& removed)
{
    for (const NamedAccount& account : read_accounts(removed)) {
        const auto address = prepared_address(account.address);
        if (sessions_with_.accounts != nullptr && address && address->domain() == domain) {
            sessions_with_.accounts->removed(*address);
        }
    }
}

void Entity::received_presence(const Stanza& presence)
{
    // XEP-0356 section 6.3: that of the server's own users. The server vouches for their addresses.
    const std::string_view from = presence.attribute("from");
    const std::string_view type = presence.attribute("type");
    const std::string_view bare = from.substr(0, from.find('/'));
    if (sessions_with_.stock != nullptr && (type.empty() || type == "unavailable") &&
        sessions_.contains(bare.substr(bare.find('@') + 1)) &&
        !std::string_view(own_address_).starts_with(bare)) {
        sessions_with_.stock->received_presence(from, type.empty());
    }
}

void Entity::received_iq(const Stanza& iq)
{
    const std::string_view type = iq.attribute("type");
    if (type == "result" || type == "error") {
        iqs_.received(iq);  // else it is late, a ping's, or not from whom we asked
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
        connection_.send(reply_to(iq).result());
    } else if (set && payload.is("query", ns::kRoster) && is_user(iq.attribute("from"))) {
        connection_.send(reply_to(iq).result());
        if (sessions_with_.stock != nullptr) {
            sessions_with_.stock->received_push(iq.attribute("from"));
        }
    } else if (client_stanzas_ == nullptr || !client_stanzas_->received_iq(iq)) {
        send_error(iq, "cancel", "service-unavailable");
    }
}

/// A bare address of one of our domains: the server speaks for its user, whose own stanzas have a resource.
bool Entity::is_user(std::string_view address) const
{
    const std::size_t at = address.find('@');
    return at != std::string_view::npos && sessions_.contains(address.substr(at + 1));
}

// --- Requests from the server

void Entity::answer_requests(const Stanza& iq, const Stanza& requests)
{
    const std::string_view from = iq.attribute("from");
    if (!sessions_.contains(from)) {
        foreign_.count();
        send_error(iq, "auth", "forbidden");
        return;
    }
    auto asked = read_requests(requests);
    if (!asked) {
        malformed_.count();
        send_error(iq, "modify", "bad-request");
        return;
    }
    std::vector<SubscriptionRequest> readable;
    readable.reserve(asked->size());
    for (AskedRequest& one : *asked) {
        if (!one.request) {
            malformed_.count();
            continue;
        }
        if (one.request->user.domain() != from) {
            foreign_.count();
            send_error(iq, "auth", "forbidden");
            return;
        }
        readable.push_back(std::move(*one.request));
    }
    ++asks_under_way_;
    judge_.judge(
        std::move(readable), Source::asked,
        asks_.bind([this, ask = Ask{std::string(from), *std::move(asked), reply_to(iq)}](const auto& judged) {
            --asks_under_way_;
            answer_ask(ask, judged);
            if (asks_under_way_ == 0) {
                end_stream();  // if that is all we wait for
            }
        }));
}

void Entity::answer_ask(const Ask& ask, const tl::expected<std::vector<Judged>, std::string>& judged)
{
    if (!sessions_.contains(ask.domain)) {  // any longer
        send_error(ask.reply, "auth", "forbidden");
        return;
    }
    if (!judged) {
        send_error(ask.reply, "wait", "internal-server-error");
        return;
    }
    std::string answers = "<answers";
    append_attribute(answers, "xmlns", ns::kRequests);
    answers += '>';
    auto decided = judged->begin();
    for (const AskedRequest& one : ask.requests) {
        if (one.request) {
            append_answer(answers, one.id, decided->decision, decided->label);
            ++decided;
        } else {
            append_answer(answers, one.id, Decision{});
        }
    }
    answers += "</answers>";
    connection_.send(ask.reply.result(answers));
}

IqReply Entity::reply_to(const Stanza& iq) const
{
    const std::string_view component = iq.has("to") ? iq.attribute("to") : std::string_view(own_address_);
    return IqReply(iq, component_ ? component : std::string_view());
}

void Entity::send_error(const Stanza& iq, std::string_view type, std::string_view condition)
{
    send_error(reply_to(iq), type, condition);
}

void Entity::send_error(const IqReply& reply, std::string_view type, std::string_view condition)
{
    connection_.send(reply.error({std::string(type), std::string(condition), {}, {}, {}}));
}

// --- The domains

void Entity::domain_changed(const std::string& domain, DomainState state)
{
    events_.domain_changed(domain, state);
    if (state == DomainState::not_granted || state == DomainState::stock_not_granted) {
        log_in_again_if_it_may_help(domain);
    }
}

/// A server decides about privileges at login (Prosody) and may have been reconfigured since (PROTOCOL.md E8). So we
/// log in again where that costs nobody anything, because no domain is served: with the next question to the domain, a
/// minute later; until then it can be seen what is missing. While others are served it is done rarely, but at once
/// for a domain that refuses us for the first time since the login and was not there at the login.
void Entity::log_in_again_if_it_may_help(const std::string& refusing)
{
    const auto online = clock_.now() - connection_.online_since();
    const bool first = refused_.insert(refusing).second;
    const bool new_here = first && (added_.contains(refusing) || online >= DomainSession::kAskAgain);
    bool others_served = false;
    for (const auto& [domain, session] : sessions_) {
        switch (session.state()) {
            case DomainState::offline:
            case DomainState::asking:
            case DomainState::reading:
            case DomainState::answering:
            case DomainState::stock:
                others_served = true;
                break;
            case DomainState::no_connector:
            case DomainState::not_granted:
            case DomainState::unreachable:
            case DomainState::stock_not_granted:
            case DomainState::stock_ineffective:
                break;
        }
    }
    if (!leaving_ && (new_here || online >= (others_served ? kRefusedLogin : DomainSession::kAskAgain))) {
        static constexpr std::chrono::milliseconds kPause{1'000};
        spdlog::info("{} does not accept us: logging in again, because some servers grant at login only",
                     refusing);
        leave([this] { connection_.log_in_again(kPause); });
    }
}

bool Entity::reachable(std::string_view domain) const
{
    return connection_.state() == Connection::State::online && sessions_.contains(domain);
}

DomainState Entity::domain_state(std::string_view domain) const
{
    const auto session = sessions_.find(domain);
    return session == sessions_.end() ? DomainState::offline : session->second.state();
}

std::optional<Clock::Time> Entity::last_round_trip(std::string_view domain) const
{
    const auto session = sessions_.find(domain);
    return session == sessions_.end() ? std::nullopt : session->second.last_round_trip();
}

std::string_view Entity::why_not_served(std::string_view domain) const
{
    if (!sessions_.contains(domain)) {
        return "it is a domain of no organization";
    }
    switch (domain_state(domain)) {
        case DomainState::offline:
            return "Usher is not connected to its server";
        case DomainState::no_connector:
        case DomainState::stock:
        case DomainState::stock_not_granted:
        case DomainState::stock_ineffective:
            return "its server has no connector";
        case DomainState::not_granted:
            return "its server does not allow Usher to answer requests";
        case DomainState::unreachable:
            return "its server does not answer";
        case DomainState::asking:
        case DomainState::reading:
        case DomainState::answering:
            break;
    }
    return {};
}

std::map<std::string, Advertisement> Entity::advertised() const
{
    std::map<std::string, Advertisement> all;
    for (const auto& [domain, session] : sessions_) {
        if (session.granted()) {
            all.emplace(domain, *session.granted());
        }
    }
    return all;
}

// --- What waits, on others' behalf

void Entity::list_waiting(const std::string& domain, const std::optional<Address>& user, std::size_t most,
                          std::function<void(tl::expected<WaitingRequests, std::string>)> then)
{
    if (const std::string_view why = why_not_served(domain); !why.empty()) {
        then(tl::unexpected(std::string(why)));
        return;
    }
    const auto listing = listings_.emplace(listings_.end());
    listing->most = most;
    listing->then = std::move(then);
    listing->list.emplace(
        iqs_, malformed_, domain, user, DomainSession::kAskAgain,
        [this, listing](std::vector<SubscriptionRequest> requests) { listed(listing, std::move(requests)); },
        [this, listing](const std::optional<PendingList::Failure>& failure) {
            if (failure) {
                end_listing(listing, tl::unexpected(why_unread(*failure)));
            } else {
                end_listing(listing, std::move(listing->found));
            }
        });
    listing->list->next();
}

void Entity::listed(Listings::iterator listing, std::vector<SubscriptionRequest> requests)
{
    auto& found = listing->found.requests;
    const std::size_t room = std::min(listing->most - found.size(), requests.size());
    std::move(requests.begin(), requests.begin() + static_cast<std::ptrdiff_t>(room),
              std::back_inserter(found));
    listing->found.more = room < requests.size();
    if (listing->found.more) {
        end_listing(listing, std::move(listing->found));
    } else {
        listing->list->next();
    }
}

void Entity::end_listing(Listings::iterator listing, tl::expected<WaitingRequests, std::string> result)
{
    const auto then = std::move(listing->then);
    listings_.erase(listing);
    then(std::move(result));
}

void Entity::answer_page(
    std::vector<SubscriptionRequest> requests,
    std::function<void(tl::expected<std::vector<LaterAnswers::Answered>, std::string>)> then)
{
    const auto page = pages_.emplace(pages_.end(), iqs_, judge_, refused_answers_, kReplyDeadline,
                                     sessions_with_.reachable);
    page->answer(std::move(requests), [this, page, then = std::move(then)](auto answered) {
        pages_.erase(page);
        then(std::move(answered));
    });
}

void Entity::answer(const SubscriptionRequest& request, const Judged& judged,
                    std::function<void(const LaterReply&)> then)
{
    const std::string domain(request.user.domain());
    if (!reachable(domain)) {
        then(LaterReply({}));
        return;
    }
    iqs_.ask("set", domain, later_answer(request, judged.decision, judged.label), kReplyDeadline,
             [then](const Stanza& iq) { then(LaterReply(iq)); });
}

}  // namespace usher
