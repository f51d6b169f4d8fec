// The privileged entity: what Usher says and answers on its stream.
//
// Not here: what the answer is (the Judge's), how the stream is kept (connection.h).
// Read PROTOCOL.md for the order of things; the functions here have its names.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <tl/expected.hpp>

#include "integration/requests/judge.h"
#include "integration/requests/privilege.h"
#include "integration/stock/stock_approval.h"
#include "integration/stream/connection.h"
#include "integration/time/clock.h"
#include "integration/time/rate_limited_warning.h"

namespace usher
{

/// What there is to say about a domain.
enum class DomainState {
    offline,       ///< not logged in
    asking,        ///< the server is being asked whether it has a connector
    no_connector,  ///< it has none: no requests will be seen
    not_granted,   ///< it has one, which does not accept us
    unreachable,   ///< the domain does not answer
    reading,       ///< the list of waiting requests is being read and answered
    answering,     ///< read to its end: every request is seen
    // Without a connector, where approval is wanted all the same (stock_approval.h):
    stock,              ///< requests between users of the server are approved, not denied
    stock_not_granted,  ///< permissions are missing (XEP-0356)
    stock_ineffective,  ///< this server does not let a privileged entity change subscriptions
};

/// What came of an answer to a request that waits.
enum class AnswerOutcome {
    answered,       ///< the server has applied it
    nothing_waits,  ///< answered or withdrawn in the meantime
    refused,        ///< the server would not; the request still waits
    lost,           ///< no reply: not connected, or the server is silent
};

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
    /// How many waiting requests are asked for, and answered, at a time.
    static constexpr int kPage = 100;
    /// A question to the server that was not answered this long is asked again, and so is a domain that
    /// refused.
    static constexpr std::chrono::milliseconds kAskAgain{60'000};

    /// `domains` are the organisations', prepared. `ping` and the other references are as for Connection.
    Entity(Login login, std::string ping, std::vector<std::string> domains, ChannelMaker& channels,
           Clock& clock, std::function<double()> random, Judge& judge, EntityEvents& events);

    void start() { connection_.start(); }
    /// Answers what has arrived, ends the stream; `offline` follows.
    void stop();
    /// The organisations' domains have changed.
    void set_domains(std::vector<std::string> domains);
    /// Of the domains, those where requests are to be approved without a connector if there is none.
    void set_stock(const std::vector<std::string>& domains, std::uint32_t reads_per_second);
    /// The policy has changed: what waits is looked at again.
    void read_again();

    /// How long `list_waiting` and `answer` wait for each reply of the server.
    static constexpr std::chrono::milliseconds kPatience{10'000};

    /// Reads what waits, of one user or of all of the domain, `most` at most. The error is a sentence for
    /// people. `then` is called once, unless the entity is gone before.
    void list_waiting(const std::string& domain, const std::optional<Address>& user, std::size_t most,
                      std::function<void(tl::expected<WaitingRequests, std::string>)> then);
    /// Answers a request that waits: a later answer of the protocol. The decision is to be recorded before.
    void answer(const SubscriptionRequest& request, const Decision& decision,
                std::function<void(AnswerOutcome)> then);

    /// Null: nobody. Must outlive the entity otherwise.
    void set_client_stanzas(ClientStanzas* client_stanzas) { client_stanzas_ = client_stanzas; }
    /// Sees all that arrives, before anybody acts on it; null: nobody.
    void set_listener(std::function<void(const Stanza&)> listener) { listener_ = std::move(listener); }
    /// Sends an IQ and gives its id. The reply comes to the listener; nobody else knows the id.
    [[nodiscard]] std::string send_query(std::string_view type, const std::string& to,
                                         std::string_view payload);
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

  private:
    using Reply = std::function<void(const Stanza& iq)>;

    struct Query {
        std::string to;
        Reply reply;
        std::function<void()> lost;  // in place of the reply, when none comes; none: for our own queries
        std::unique_ptr<Timer> patience;
    };

    struct Listing {
        std::string domain;
        std::optional<Address> user;
        std::size_t most = 0;
        WaitingRequests found;
        std::function<void(tl::expected<WaitingRequests, std::string>)> then;
    };

    struct Domain {
        DomainState state = DomainState::offline;
        bool read_again = false;     // when the present reading is over
        std::size_t unanswered = 0;  // later answers of this page that the server has not confirmed
        std::string after;           // XEP-0059: the last item of the page being answered
        std::optional<Clock::Time> begun_anew;  // because the server had lost our place in its list
        std::unique_ptr<Timer> retry;
        std::optional<Advertisement> granted;  // nothing heard since the login
        bool ineffective = false;              // since the login: see DomainState::stock_ineffective
    };

    void online(const std::string& address) override;
    void received(const Stanza& stanza) override;
    void offline(const Failure& failure, std::chrono::milliseconds retry) override;

    void received_message(const Stanza& message);
    void received_presence(const Stanza& presence);
    void received_iq(const Stanza& iq);
    void received_request(const Stanza& iq);
    void received_reply(const Stanza& iq);
    [[nodiscard]] bool is_user(std::string_view address) const;
    void answer_requests(const Stanza& iq, const Stanza& requests);

    void look_for_connector(const std::string& name);
    void begin_without_connector(const std::string& name);
    void stock_refused(const std::string& name, StockApproval::Refusal refusal);
    void read_waiting(const std::string& name, std::string_view after);
    void answer_page(const std::string& name, const Stanza& iq);
    void page_answered(const std::string& name);
    void set_state(const std::string& name, DomainState state);
    void log_in_again_if_nobody_grants();

    void list_page(const std::shared_ptr<Listing>& listing, std::string_view after);

    void query(std::string_view type, const std::string& to, std::string_view payload, Reply reply,
               std::function<void()> lost = {});
    void forget_queries();
    void begin_reply(std::string& xml, const Stanza& iq, std::string_view type) const;
    void send_error(const Stanza& iq, std::string_view type, std::string_view condition);

    Judge& judge_;
    EntityEvents& events_;
    Clock& clock_;
    std::function<double()> random_;
    const bool component_;
    const std::string own_address_;
    std::string address_ = own_address_;
    std::uint64_t logins_ = 0;
    ClientStanzas* client_stanzas_ = nullptr;
    std::function<void(const Stanza&)> listener_;
    Connection connection_;

    std::map<std::string, Domain, std::less<>> domains_;
    std::unordered_map<std::string, Query> queries_;  // by id
    std::string id_prefix_;                           // unguessable, new with every login
    std::uint64_t last_id_ = 0;
    RateLimitedWarning foreign_;
    RateLimitedWarning malformed_;
    RateLimitedWarning refused_answers_;
    std::set<std::string, std::less<>> stock_domains_;
    StockApproval stock_;
};

}  // namespace usher
