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
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "integration/requests/privilege.h"
#include "integration/time/clock.h"
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

    Answer pending;                        ///< asked where there is a connector
    std::optional<std::uint64_t> waiting;  ///< requests that wait for their users, as the server counts them

    Answer version;        ///< XEP-0092
    std::string software;  ///< what it says there, or in its list of features
    std::string software_version;

    std::optional<Advertisement> granted;
};

class Survey
{
  public:
    /// Sends an IQ to the server and gives its id; the answer comes later, by `received`.
    using Send =
        std::function<std::string(std::string_view type, const std::string& to, std::string_view payload)>;

    static constexpr std::chrono::milliseconds kAnswer{10'000};
    /// The server may have to read all rosters first (PROTOCOL.md E24).
    static constexpr std::chrono::milliseconds kList{60'000};

    /// `answered` is called once, when every question has its answer or its time is up.
    Survey(const std::vector<std::string>& domains, Send send, Clock& clock, std::function<void()> answered);

    void start();
    /// Every stanza that arrives. True if it was an answer to a question of the survey.
    bool received(const Stanza& stanza);

    /// What was advertised before the survey.
    void advertised(const std::string& domain, const Advertisement& granted);

    [[nodiscard]] const std::map<std::string, DomainFacts, std::less<>>& facts() const { return facts_; }

  private:
    enum class About { features, pending, version };
    struct Question {
        std::string domain;
        About about;
    };

    void ask(const std::string& domain, About about, std::string_view payload);
    void received_message(const Stanza& message);
    void read_features(const std::string& domain, const Stanza& query);
    [[nodiscard]] DomainFacts::Answer& answer(const Question& question);
    void give_up(bool the_list_too);
    void end_if_answered();

    std::map<std::string, DomainFacts, std::less<>> facts_;
    Send send_;
    Clock& clock_;
    std::function<void()> answered_;
    std::unordered_map<std::string, Question> open_;  // by the IQ's id
    std::unique_ptr<Timer> answer_timer_;
    std::unique_ptr<Timer> list_timer_;
};

}  // namespace usher
