// Asks the server's domains what Usher has to know of them: what `usherd --check --online` reports on.
//
// Nothing is changed by the questions, and nobody is asked more often than once. What the answers mean for
// the administrator is said in plugin/text/check_report.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "integration/base/clock.h"
#include "integration/requests/privilege.h"
#include "integration/xmpp/iq_client.h"
#include "integration/xmpp/stanza.h"

namespace usher
{

/// What a domain has said.
struct DomainFacts {
    struct Answer {
        enum class Kind { unasked, silent, error, result };
        Kind kind = Kind::unasked;
        std::string condition;  ///< of an error: RFC 6120 section 8.3.3

        explicit operator bool() const { return kind == Kind::result; }
    };

    Answer features;              ///< XEP-0030
    bool connector = false;       ///< it has the feature of our version of the protocol (PROTOCOL.md) ...
    std::string other_connector;  ///< ... or that of another version: its namespace
    bool people = false;          ///< it has the second part, about people
    bool approvals = false;       ///< it has the third part, about approvals
    bool archive = false;         ///< it has the fourth part, about archiving preferences

    Answer pending;                        ///< asked where there is a connector
    std::optional<std::uint64_t> waiting;  ///< requests that wait for their users, as the server counts them

    /// Asked for the preferences of one account, where that was wanted and there is the fourth part: without an archive the
    /// error is `feature-not-implemented` (PROTOCOL.md S129).
    Answer archived;

    Answer version;        ///< XEP-0092
    std::string software;  ///< what it says there, or in its list of features
    std::string software_version;

    std::optional<Advertisement> granted;
    /// When the connector last replied, before the survey.
    std::optional<std::chrono::system_clock::time_point> last_round_trip;
};

class Survey
{
  public:
    static constexpr std::chrono::milliseconds kAnswer{10'000};
    /// The server may have to read all rosters first (PROTOCOL.md E24).
    static constexpr std::chrono::milliseconds kList{60'000};

    /// `answered` is called once, when every question has its answer or its time is up.
    /// `iqs` and `clock` must outlive the object.
    Survey(const std::vector<std::string>& domains, IqClient& iqs, Clock& clock,
           std::function<void()> answered);

    /// Before the start: asks whether the domain has a message archive, too.
    void ask_archive(const std::string& domain) { archives_.insert(domain); }
    void start();
    /// Every message that arrives: a domain may say what it grants.
    void received_message(const Stanza& message);

    /// What was advertised before the survey.
    void advertised(const std::string& domain, const Advertisement& granted);
    /// When the connector last replied, before the survey.
    void replied(const std::string& domain, std::chrono::system_clock::time_point last);

    [[nodiscard]] const std::map<std::string, DomainFacts, std::less<>>& facts() const { return facts_; }

  private:
    void ask(const std::string& domain, std::string_view payload, std::chrono::milliseconds deadline,
             DomainFacts::Answer& answer, std::function<void(const Stanza& iq)> read);
    void read_features(const std::string& domain, const Stanza& query);

    std::map<std::string, DomainFacts, std::less<>> facts_;
    IqAsker asker_;
    Clock& clock_;
    std::function<void()> answered_;
    std::set<std::string, std::less<>> archives_;  // who is asked whether there is one
    std::size_t open_ = 0;                         // questions without an answer
    Clock::Time list_deadline_;
};

}  // namespace usher
