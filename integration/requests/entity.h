// The privileged entity: hands what arrives on the stream to whom it concerns, and answers what the server asks.
//
// Not here: what the answer is (judge.h), what goes on with each domain (domain_session.h), how the stream is kept
// (connection.h). Read PROTOCOL.md for the order of things; the functions here have its names.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "integration/base/callback_scope.h"
#include "integration/base/clock.h"
#include "integration/base/rate_limited_warning.h"
#include "integration/requests/account_settings.h"
#include "integration/requests/domain_session.h"
#include "integration/requests/judge.h"
#include "integration/requests/later_answers.h"
#include "integration/requests/pending_list.h"
#include "integration/requests/privilege.h"
#include "integration/requests/protocol_part.h"
#include "integration/requests/stock_mode.h"
#include "integration/requests/wire_format.h"
#include "integration/stream/connection.h"
#include "integration/xmpp/iq.h"
#include "integration/xmpp/iq_client.h"

namespace usher
{

/// What waits, as far as it was read.
struct WaitingRequests {
    std::vector<SubscriptionRequest> requests;
    bool more = false;
};

/// What people send to the entity: everything but the connector protocol and pings. Only while it is set.
class ClientStanzas
{
  public:
    virtual ~ClientStanzas() = default;
    /// `get` or `set`. False if nobody answers it: the entity says that nobody does.
    [[nodiscard]] virtual bool received_iq(const Stanza& iq) = 0;
    virtual void received_message(const Stanza& message) = 0;
    virtual void received_presence(const Stanza& presence) = 0;
};

class EntityEvents
{
  public:
    virtual ~EntityEvents() = default;
    virtual void domain_changed(const std::string& domain, DomainState state) = 0;
    /// See ConnectionEvents::offline.
    virtual void offline(const Failure& failure, std::chrono::milliseconds retry) = 0;
};

class Entity : private ConnectionEvents
{
  public:
    /// `domains` are the organisations', prepared. The rest is as for Connection.
    Entity(Login login, std::string ping, std::vector<std::string> domains, ChannelMaker& channels,
           Clock& clock, std::function<double()> random, Judge& judge, EntityEvents& events);

    void start() { connection_.start(); }
    /// See Connection.
    void retry_now() { connection_.retry_now(); }
    /// Answers what has arrived, ends the stream; `offline` follows. For the judge it waits `kLeaveDeadline` at most.
    void stop();
    /// The organisations' domains have changed.
    void set_domains(const std::vector<std::string>& domains);
    /// The policy has changed: what waits is looked at again.
    void read_again();

    /// Serves domains without a connector; may be null, must outlive the stream. Before `start`.
    void set_stock_mode(StockMode* stock) { sessions_with_.stock = stock; }
    /// Forgets what is kept for accounts that are deleted; may be null, must outlive the stream. Before `start`.
    void set_account_settings(AccountSettings* accounts) { sessions_with_.accounts = accounts; }
    /// Is told what concerns another part of the protocol; must outlive the stream. Before `start`.
    void add_part(ProtocolPart& part) { parts_.push_back(&part); }
    /// Of the domains, those where requests are to be approved without a connector if there is none.
    void set_stock(const std::vector<std::string>& domains);
    /// The stock mode cannot serve that domain, and no longer does.
    void stock_refused(const std::string& domain, StockMode::Refusal refusal);

    /// How often it logs in again, at most, for domains that refuse it while others are served on the stream.
    static constexpr std::chrono::milliseconds kRefusedLogin{3'600'000};

    /// How long an ask that the judge has keeps us from ending the stream.
    static constexpr std::chrono::milliseconds kLeaveDeadline{1'000};

    /// How long `answer` waits for the reply of the server.
    static constexpr std::chrono::milliseconds kReplyDeadline{10'000};

    /// Reads what waits, of one user or of all of the domain, `most` at most. A domain that is known not to be served
    /// now is not asked. The error is a clause for people that says why the list could not be read. `then` is
    /// called once, unless the entity is gone before.
    void list_waiting(const std::string& domain, const std::optional<Address>& user, std::size_t most,
                      std::function<void(tl::expected<WaitingRequests, std::string>)> then);
    /// Has waiting requests judged, `PendingList::kPage` at most, and answers them; see LaterAnswers. The error, for
    /// people, says why nothing was sent. `then` is called once, unless the entity is gone before.
    void answer_page(
        std::vector<SubscriptionRequest> requests,
        std::function<void(tl::expected<std::vector<LaterAnswers::Answered>, std::string>)> then);
    /// Answers a request that waits: a later answer of the protocol. The decision is to be recorded before, and the
    /// reply after.
    void answer(const SubscriptionRequest& request, const Judged& judged,
                std::function<void(const LaterReply&)> then);

    /// May be null; must outlive the entity.
    void set_client_stanzas(ClientStanzas* client_stanzas) { client_stanzas_ = client_stanzas; }
    /// Sees all that arrives, before anybody acts on it; may be null.
    void set_listener(std::function<void(const Stanza&)> listener) { listener_ = std::move(listener); }
    /// For questions to the server on this stream. What is asked while there is none gets no reply.
    [[nodiscard]] IqClient& iqs() { return iqs_; }
    /// What domains have advertised since the login (XEP-0356), by name.
    [[nodiscard]] std::map<std::string, Advertisement> advertised() const;
    /// Sends whole stanzas. Dropped when not online.
    void send(std::string_view xml) { connection_.send(xml); }
    /// The full address the server gave us at the last login (a component's domain).
    [[nodiscard]] const std::string& address() const { return address_; }

    /// Since the start; all but the first are reconnections.
    [[nodiscard]] std::uint64_t logins() const { return logins_; }
    /// Bytes that the server has not taken yet.
    [[nodiscard]] std::size_t unsent() const { return connection_.unsent(); }
    [[nodiscard]] Connection::State connection_state() const { return connection_.state(); }
    /// `offline` for a domain that is not one of ours.
    [[nodiscard]] DomainState domain_state(std::string_view domain) const;
    /// Why nothing can be listed or answered on that domain, as a clause for people; empty where it can.
    [[nodiscard]] std::string_view why_not_served(std::string_view domain) const;
    /// See DomainSession; nothing for a domain that is not one of ours.
    [[nodiscard]] std::optional<Clock::Time> last_round_trip(std::string_view domain) const;

  private:
    struct Listing {
        std::size_t most = 0;
        std::function<void(tl::expected<WaitingRequests, std::string>)> then;
        WaitingRequests found;
        std::optional<PendingList> list;
    };
    using Listings = std::list<Listing>;

    /// With the judge. Holds nothing of the stanza, which is gone when the judge has decided.
    struct Ask {
        std::string domain;
        std::vector<AskedRequest> requests;  ///< of which the judge has those that can be read
        IqReply reply;
    };

    void online(const std::string& address) override;
    void received(const Stanza& stanza) override;
    void offline(const Failure& failure, std::chrono::milliseconds retry) override;

    void received_message(const Stanza& message);
    void advertised(const std::string& domain, DomainSession& session, const Advertisement& granted);
    void received_from_domain(const std::string& domain, const Stanza& message);
    void accounts_removed(std::string_view domain, const Stanza& removed);
    void received_presence(const Stanza& presence);
    void received_iq(const Stanza& iq);
    void received_request(const Stanza& iq);
    [[nodiscard]] bool is_user(std::string_view address) const;
    void answer_requests(const Stanza& iq, const Stanza& requests);
    void answer_ask(const Ask& ask, const tl::expected<std::vector<Judged>, std::string>& judged);
    /// What a reply to this IQ repeats of it.
    [[nodiscard]] IqReply reply_to(const Stanza& iq) const;
    void send_error(const IqReply& reply, std::string_view type, std::string_view condition);
    void send_error(const Stanza& iq, std::string_view type, std::string_view condition);

    /// The domain is ours, and we are logged in.
    [[nodiscard]] bool reachable(std::string_view domain) const;
    void domain_changed(const std::string& domain, DomainState state);
    void log_in_again_if_it_may_help(const std::string& refusing);
    void leave(std::function<void()> end);
    void end_stream();
    void listed(Listings::iterator listing, std::vector<SubscriptionRequest> requests);
    void end_listing(Listings::iterator listing, tl::expected<WaitingRequests, std::string> result);

    Judge& judge_;
    EntityEvents& events_;
    Clock& clock_;
    const bool component_;
    const std::string own_address_;
    std::string address_ = own_address_;
    std::uint64_t logins_ = 0;
    ClientStanzas* client_stanzas_ = nullptr;
    std::vector<ProtocolPart*> parts_;
    std::function<void(const Stanza&)> listener_;
    Connection connection_;
    IqClient iqs_;

    RateLimitedWarning foreign_;
    RateLimitedWarning malformed_;
    RateLimitedWarning refused_answers_;
    DomainSession::Surroundings sessions_with_;
    std::map<std::string, DomainSession, std::less<>> sessions_;  // by domain
    std::map<std::string, Advertisement, std::less<>>
        others_;                                  // of domains that are not ours, since the login
    std::set<std::string, std::less<>> refused_;  // domains that have refused us since the login
    std::set<std::string, std::less<>> added_;    // domains that became ours since the login

    // With the judge, of those that came on this stream.
    CallbackScope asks_;
    std::size_t asks_under_way_ = 0;

    bool leaving_ = false;              // this stream
    std::function<void()> end_stream_;  // when the asks are answered; empty when that is done
    std::unique_ptr<Timer> leave_deadline_;

    Listings listings_;
    std::list<LaterAnswers> pages_;  // being answered on others' behalf
};

}  // namespace usher
