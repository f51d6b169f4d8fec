// Approval where the server has no connector: requests between users of the server are found in the contacts'
// rosters and approved by changing both rosters (XEP-0356 section 4). A workaround with limits, which administrators
// are told:
//
// - Requests from other servers are not seen: they leave no trace in a roster that Usher may read.
// - Nothing can be denied; the user has been sent the request in any case.
// - The request stays stored in the server. Prosody 0.12 shows it to the user again at the next login, and
//   an answer given then can end the subscription or make it mutual.
//
// Not here: whether a domain is served this way (requests/domain_session.h).
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "integration/base/callback_scope.h"
#include "integration/base/clock.h"
#include "integration/base/rate_limited_warning.h"
#include "integration/requests/judge.h"
#include "integration/requests/stock_mode.h"
#include "integration/stock/roster.h"
#include "integration/xmpp/iq_client.h"
#include "policy/decide.h"

namespace usher
{

class StockApproval : public StockMode
{
  public:
    /// The roster of a user who is online is read this often if nothing says when it changes, or as often as
    /// the pace allows.
    static constexpr std::chrono::milliseconds kReadAgain{5'000};
    /// A request that was left to its user, or whose approval failed, is decided again after this time.
    static constexpr std::chrono::milliseconds kJudgeAgain{60'000};
    /// A server that has not answered by then will not: Prosody's mod_privilege says nothing about unknown users.
    static constexpr std::chrono::milliseconds kReplyDeadline{10'000};

    /// After this many errors, and no roster set that worked, the server is taken to accept none.
    static constexpr int kMaxErrors = 3;

    /// Called when the domain cannot be served, and no longer is.
    using Refused = std::function<void(const std::string& domain, Refusal refusal)>;

    /// All must outlive the object.
    StockApproval(Clock& clock, Judge& judge, IqClient& iqs, Refused refused);

    /// How many rosters are read per second at most. Those that an approval needs are not counted.
    void set_pace(std::uint32_t reads_per_second);
    // --- StockMode
    void start(const std::string& domain, const Advertisement& granted) override;
    void stop(const std::string& domain) override;
    void stream_lost() override;
    void policy_changed() override;
    void received_presence(std::string_view from, bool available) override;
    void received_push(std::string_view user) override;

  private:
    using Pair = std::pair<std::string, std::string>;  // contact, user

    struct Served {
        bool pushes = false;
        bool effective = false;  // a roster set was seen to have done what it should
        int errors = 0;          // of roster sets, before that
    };

    /// One request, from its discovery to both rosters being right.
    struct Approval {
        Address contact;
        Address user;
        std::optional<RosterEntry> before;  // the user's
        bool changed = false;               // the user's side, by us
        Judged judged = {};                 // once it is decided
    };

    [[nodiscard]] Served* served(std::string_view domain);
    void schedule(const std::string& user, Clock::Time when);
    void unschedule(const std::string& user);
    void turn();
    void query(std::string_view type, const std::string& to, std::string_view payload, IqClient::Reply reply);
    /// Reads a roster; without one the approval under way is given up.
    void read(const Address& owner, std::function<void(std::vector<RosterEntry>)> reply);
    /// Sets an entry, reads it back and goes on if it has this subscription; otherwise the approval is over.
    void set(const Address& owner, const RosterEntry& entry, Subscription subscription,
             std::function<void()> then);

    void read_contact(const std::string& contact);
    void look_for_requests(const Address& contact, const Stanza& query);
    [[nodiscard]] bool approve_next();
    void decide_request();
    void decided(const tl::expected<std::vector<Judged>, std::string>& judged);
    /// Whether both domains of the approval under way still are.
    [[nodiscard]] bool still_served();
    void read_blocklist();
    void approve_for_user();
    void complete_contact();
    void take_back();
    /// Records what became of the approval, if it was decided.
    void settle(Outcome outcome);
    void end(Outcome outcome);
    void give_up();
    void refuse(const std::string& domain, Refusal refusal);

    Clock& clock_;
    Judge& judge_;
    IqAsker asker_;
    CallbackScope judging_;
    Refused refused_;
    std::chrono::nanoseconds pace_{std::chrono::milliseconds(100)};

    std::map<std::string, Served, std::less<>> served_;
    std::map<std::string, std::set<std::string>, std::less<>> online_;  // bare addresses and their resources
    std::map<std::string, Clock::Time> due_;                            // whose rosters are to be read, and
    std::set<std::pair<Clock::Time, std::string>> in_order_;            // the same by time
    Clock::Time next_read_;
    std::deque<Pair> found_;  // requests, of one contact
    std::map<Pair, Clock::Time> not_before_;
    std::optional<Approval> approval_;
    bool asking_ = false;  // the server, or the judge: one question at a time
    std::unique_ptr<Timer> timer_;
    RateLimitedWarning unanswered_;
    RateLimitedWarning failed_;
    RateLimitedWarning not_denied_;
};

}  // namespace usher
