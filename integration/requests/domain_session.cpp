#include "integration/requests/domain_session.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <utility>

#include "integration/requests/wire_format.h"
#include "integration/xmpp/namespaces.h"
#include "integration/xmpp/xml.h"

namespace usher
{

namespace
{

/// No roster set of a privileged entity changes a subscription there. Where it says its name, in disco#info or by
/// XEP-0092, no request has to be decided to find out; under another name it is found out like that.
constexpr std::string_view kEjabberd = "ejabberd";

using States = unsigned;  // a bit for each

constexpr States bit(DomainState state)
{
    return 1U << static_cast<unsigned>(state);
}

template <typename... State>
constexpr States any_of(State... states)
{
    return (bit(states) | ...);
}

constexpr States kOffline = bit(DomainState::offline);
constexpr States kAll = (1U << kDomainStates) - 1;
constexpr States kStock =
    any_of(DomainState::stock, DomainState::stock_not_granted, DomainState::stock_ineffective);
/// A reply is awaited.
constexpr States kAwaiting = any_of(DomainState::asking, DomainState::reading);

struct Transition {
    DomainEvent event;
    States from;
    DomainState to;
};

// clang-format off
constexpr std::array<Transition, kDomainEvents> kTransitions{{
    {DomainEvent::looked_for,        kAll,                                     DomainState::asking},
    {DomainEvent::stream_lost,       kAll,                                     DomainState::offline},
    {DomainEvent::connector_found,   bit(DomainState::asking),                 DomainState::reading},
    {DomainEvent::list_wanted,       kAll & ~kOffline & ~bit(DomainState::asking), DomainState::reading},
    {DomainEvent::list_read,         bit(DomainState::reading),                DomainState::answering},
    {DomainEvent::failed,            kAwaiting | bit(DomainState::answering),  DomainState::unreachable},
    {DomainEvent::refused,           bit(DomainState::reading),                DomainState::not_granted},
    {DomainEvent::no_connector,      kAwaiting,                                DomainState::no_connector},
    {DomainEvent::stock_begun,       kAwaiting,                                DomainState::stock},
    {DomainEvent::stock_not_granted, kAwaiting | bit(DomainState::stock),      DomainState::stock_not_granted},
    {DomainEvent::stock_ineffective, kAwaiting | bit(DomainState::stock),      DomainState::stock_ineffective},
}};
// clang-format on

}  // namespace

std::optional<DomainState> next_state(DomainState state, DomainEvent event)
{
    for (const Transition& transition : kTransitions) {
        if (transition.event == event && (transition.from & bit(state)) != 0) {
            return transition.to;
        }
    }
    return std::nullopt;
}

DomainSession::DomainSession(std::string domain, Surroundings& surroundings)
    : domain_(std::move(domain)),
      with_(surroundings),
      asker_(with_.iqs),
      answers_(with_.iqs, with_.judge, with_.refused_answers, kAskAgain, with_.reachable)
{
}

bool DomainSession::happened(DomainEvent event)
{
    const auto next = next_state(state_, event);
    if (!next) {
        spdlog::error("{}: a bug in usherd: event {} in state {}; the domain is asked anew", domain_,
                      static_cast<int>(event), static_cast<int>(state_));
        look_for_connector();
        return false;
    }
    const bool changed = std::exchange(state_, *next) != *next;
    if (with_.stock != nullptr && (bit(state_) & any_of(DomainState::stock, DomainState::asking)) == 0) {
        with_.stock->stop(domain_);
    }
    again_.reset();
    if (state_ == DomainState::answering) {
        again_ = with_.clock.after(kAskAgain, [this] { ask_whether_there(); });
    } else if ((bit(state_) & (kAwaiting | kOffline)) == 0) {
        again_ = with_.clock.after(kAskAgain, [this] { look_for_connector(); });
    }
    if (changed) {
        with_.changed(domain_, state_);
    }
    return true;
}

// --- What happens to it

void DomainSession::stream_lost()
{
    forget_questions();
    granted_.reset();
    begun_anew_.reset();
    ineffective_ = false;
    accounts_.reset();
    last_happened(DomainEvent::stream_lost);
}

void DomainSession::advertised(const Advertisement& granted)
{
    granted_ = granted;
    if (!granted.requests) {
        if ((bit(state_) & kStock) != 0) {
            look_for_connector();
        }
    } else if (state_ == DomainState::reading) {
        read_again_ = true;
    } else if (next_state(
                   state_,
                   DomainEvent::
                       list_wanted)) {  // otherwise the connector is looked for, and the list read after that
        read_list(DomainEvent::list_wanted);
    }
}

void DomainSession::policy_changed()
{
    if (state_ == DomainState::answering) {
        read_list(DomainEvent::list_wanted);
    } else if (state_ == DomainState::reading) {
        read_again_ = true;
    }
}

void DomainSession::want_stock(bool wanted)
{
    stock_wanted_ = wanted && with_.stock != nullptr;
    if (stock_wanted_ ? state_ == DomainState::no_connector : (bit(state_) & kStock) != 0) {
        look_for_connector();
    }
}

void DomainSession::stock_refused(StockMode::Refusal refusal)
{
    forget_questions();
    ineffective_ = refusal == StockMode::Refusal::ineffective;
    last_happened(ineffective_ ? DomainEvent::stock_ineffective : DomainEvent::stock_not_granted);
}

// --- Is there a connector?

void DomainSession::look_for_connector()
{
    // Replies that are still to come belong to what was before.
    forget_questions();
    read_again_ = false;
    if (!happened(DomainEvent::looked_for)) {
        return;
    }
    asker_.ask("get", domain_, empty_query(ns::kDiscoInfo), kAskAgain,
               [this](const Stanza& iq) { received_features(iq); });
}

void DomainSession::received_features(const Stanza& iq)
{
    if (!iq) {
        no_reply();
        return;
    }
    if (iq.attribute("type") == "error") {
        last_happened(DomainEvent::failed);
        return;
    }
    const Stanza info = iq.child("query", ns::kDiscoInfo);
    for (Stanza element = info.first(); element; element = element.next()) {
        if (element.is("feature", ns::kDiscoInfo) && element.attribute("var") == ns::kRequests) {
            read_list(DomainEvent::connector_found);
            return;
        }
        ineffective_ = ineffective_ ||
                       (element.is("identity", ns::kDiscoInfo) && element.attribute("category") == "server" &&
                        element.attribute("name") == kEjabberd);
    }
    go_on_without_connector();
}

void DomainSession::go_on_without_connector()
{
    if (!stock_wanted_) {
        last_happened(DomainEvent::no_connector);
    } else if (ineffective_) {
        last_happened(DomainEvent::stock_ineffective);
    } else {
        asker_.ask("get", domain_, empty_query(ns::kVersion), kAskAgain,
                   [this](const Stanza& iq) { received_version(iq); });
    }
}

void DomainSession::received_version(const Stanza& iq)
{
    if (!iq) {
        no_reply();
    } else if (iq.child("query", ns::kVersion).child("name", ns::kVersion).text() == kEjabberd) {
        stock_refused(StockMode::Refusal::ineffective);
    } else if (!granted_ || !granted_->enough_for_stock()) {
        last_happened(DomainEvent::stock_not_granted);
    } else {
        if (happened(DomainEvent::stock_begun)) {
            with_.stock->start(domain_, *granted_);
        }
    }
}

// --- What waits

void DomainSession::read_list(DomainEvent why)
{
    if (!happened(why)) {
        return;
    }
    list_.emplace(
        with_.iqs, with_.malformed, domain_, std::nullopt, kAskAgain,
        [this](std::vector<SubscriptionRequest> requests) { answer_page(std::move(requests)); },
        [this](const std::optional<PendingList::Failure>& failure) { list_ended(failure); });
    list_->next();
}

void DomainSession::answer_page(std::vector<SubscriptionRequest> requests)
{
    replied();
    answers_.answer(std::move(requests), [this](const auto& answered) {
        if (!answered) {  // left to the users, and read again when the store works
            list_->next();
            return;
        }
        const bool lost = std::any_of(answered->begin(), answered->end(),
                                      [](const auto& one) { return one.outcome == AnswerOutcome::lost; });
        if (lost) {
            no_reply();
        } else {
            replied();
            list_->next();
        }
    });
}

void DomainSession::forget_questions()
{
    asker_.forget();
    answers_.forget();
    list_.reset();
}

void DomainSession::list_ended(const std::optional<PendingList::Failure>& failure)
{
    using Problem = PendingList::Problem;
    if (!failure) {
        replied();
        if (std::exchange(read_again_, false)) {
            read_list(DomainEvent::list_wanted);
        } else {
            list_read();
        }
        return;
    }
    const Clock::Time now = with_.clock.now();
    switch (failure->problem) {
        case Problem::no_connector:
            go_on_without_connector();
            return;
        case Problem::not_granted:
            last_happened(DomainEvent::refused);
            return;
        case Problem::place_lost:
            if (!begun_anew_ || now - *begun_anew_ >= kAskAgain) {
                begun_anew_ = now;
                read_list(DomainEvent::list_wanted);
                return;
            }
            break;
        case Problem::no_reply:
            no_reply();
            return;
        case Problem::refused:
        case Problem::unreadable:
            break;
    }
    last_happened(DomainEvent::failed);
}

void DomainSession::list_read()
{
    if (happened(DomainEvent::list_read) && with_.accounts != nullptr && !accounts_) {
        accounts_.emplace(with_.clock, with_.iqs, *with_.accounts, domain_, kAskAgain);
    }
}

// --- Is the connector still there?

void DomainSession::ask_whether_there()
{
    asker_.ask("get", domain_, pending_query({}, 0), kAskAgain,
               [this](const Stanza& iq) { received_sign_of_life(iq); });
}

void DomainSession::received_sign_of_life(const Stanza& iq)
{
    if (state_ != DomainState::answering) {
        return;  // whatever has happened since shows more
    }
    if (!iq) {
        no_reply();
    } else if (iq.attribute("type") == "result" && read_pending(iq.first())) {
        replied();
        again_ = with_.clock.after(kAskAgain, [this] { ask_whether_there(); });
    } else {
        look_for_connector();  // shows which of it is gone: the connector, the grant, or the domain
    }
}

void DomainSession::no_reply()
{
    if (happened(DomainEvent::failed)) {  // reported before the domain is asked again
        look_for_connector();
    }
}

}  // namespace usher
