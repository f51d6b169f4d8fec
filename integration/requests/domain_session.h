// What goes on between Usher and one domain of the server, from the login to the end of the stream.
//
// The states and what leads from one to another stand in the table in domain_session.cpp.
// Not here: what the server asks (entity.h).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "integration/base/clock.h"
#include "integration/base/rate_limited_warning.h"
#include "integration/requests/account_check.h"
#include "integration/requests/judge.h"
#include "integration/requests/later_answers.h"
#include "integration/requests/pending_list.h"
#include "integration/requests/privilege.h"
#include "integration/requests/stock_mode.h"
#include "integration/xmpp/iq_client.h"

namespace usher
{

/// What there is to say about a domain.
enum class DomainState {
    offline,       ///< not logged in
    asking,        ///< the server is being asked whether it has a connector
    no_connector,  ///< it has none: no requests will be seen
    not_granted,   ///< it has one, which does not accept us
    unreachable,   ///< no reply, an error, or a reply that cannot be understood
    reading,       ///< the list of waiting requests is being read and answered
    answering,     ///< read to its end: every request is seen
    // Without a connector, where approval is wanted all the same (stock_mode.h):
    stock,              ///< requests between users of the server are approved, not denied
    stock_not_granted,  ///< permissions are missing (XEP-0356)
    stock_ineffective,  ///< this server does not let a privileged entity change subscriptions
};
inline constexpr std::size_t kDomainStates = static_cast<std::size_t>(DomainState::stock_ineffective) + 1;

/// What leads from one state to another.
enum class DomainEvent {
    looked_for,       ///< logged in, or to be asked anew: the server is asked what it has
    stream_lost,      ///< or not logged in yet
    connector_found,  ///< the list is read for the first time since the domain was asked
    list_wanted,      ///< it is to be read, or to be read again
    list_read,        ///< to its end, and everything in it is answered
    failed,           ///< an error, a reply that cannot be understood, or none
    refused,          ///< the connector does not accept us
    no_connector,
    stock_begun,
    stock_not_granted,
    stock_ineffective,
};
inline constexpr std::size_t kDomainEvents = static_cast<std::size_t>(DomainEvent::stock_ineffective) + 1;

/// Where the event leads from that state; nothing where it must not happen. The table.
[[nodiscard]] std::optional<DomainState> next_state(DomainState state, DomainEvent event);

class DomainSession
{
  public:
    /// What is not answered this long is asked again, and so is a domain that has refused or has no connector. A
    /// connector from which nothing has come for so long is asked whether it is there (PROTOCOL.md section 4.9).
    static constexpr std::chrono::milliseconds kAskAgain{60'000};

    /// What all sessions share. All of it must outlive them.
    struct Surroundings {
        Clock& clock;
        IqClient& iqs;
        Judge& judge;
        RateLimitedWarning& malformed;        ///< requests of lists
        RateLimitedWarning& refused_answers;  ///< later answers
        StockMode* stock;                     ///< may be null: there is none
        AccountSettings* accounts;            ///< may be null: nothing is kept for accounts
        LaterAnswers::Reachable reachable;
        std::function<void(const std::string& domain, DomainState state)> changed;
    };

    DomainSession(std::string domain, Surroundings& surroundings);
    DomainSession(const DomainSession&) = delete;
    DomainSession& operator=(const DomainSession&) = delete;

    [[nodiscard]] DomainState state() const { return state_; }
    /// What the domain has advertised since the login.
    [[nodiscard]] const std::optional<Advertisement>& granted() const { return granted_; }
    /// When the connector has last replied to a question of ours that only it answers; also before this login.
    [[nodiscard]] const std::optional<Clock::Time>& last_round_trip() const { return last_round_trip_; }

    /// The stream has begun, or the domain is new on it.
    void begin() { look_for_connector(); }
    void stream_lost();
    void advertised(const Advertisement& granted);
    /// The policy has changed: what waits is decided again.
    void policy_changed();
    /// Whether requests are to be approved without a connector if there is none.
    void want_stock(bool wanted);
    void stock_refused(StockMode::Refusal refusal);

  private:
    void look_for_connector();
    void received_features(const Stanza& iq);
    void go_on_without_connector();
    void received_version(const Stanza& iq);
    void read_list(DomainEvent why);
    void answer_page(std::vector<SubscriptionRequest> requests);
    /// What the server and the judge were asked before is not waited for any longer.
    void forget_questions();
    void list_ended(const std::optional<PendingList::Failure>& failure);
    void list_read();
    void no_reply();
    void replied() { last_round_trip_ = with_.clock.now(); }
    void ask_whether_there();
    void received_sign_of_life(const Stanza& iq);

    /// Goes where the table leads. False for an event that must not happen in this state, which is a bug: it is
    /// logged, the domain is asked anew, and the caller has nothing more to do.
    [[nodiscard]] bool happened(DomainEvent event);
    /// The same where nothing is left to do in either case.
    void last_happened(DomainEvent event) { static_cast<void>(happened(event)); }

    const std::string domain_;
    Surroundings& with_;
    IqAsker asker_;
    DomainState state_ = DomainState::offline;
    std::unique_ptr<Timer> again_;  // look_for_connector(), or ask_whether_there() while answering
    std::optional<Clock::Time> last_round_trip_;
    bool stock_wanted_ = false;

    // While reading.
    std::optional<PendingList> list_;
    LaterAnswers answers_;     // to the page that was read last
    bool read_again_ = false;  // when the list was read to its end

    // Since the login.
    std::optional<Advertisement> granted_;
    std::optional<Clock::Time> begun_anew_;  // because the server had lost our place in its list
    bool ineffective_ = false;               // see DomainState::stock_ineffective
    std::optional<AccountCheck> accounts_;   // since the connector has accepted us
};

}  // namespace usher
