// Asks the server whether requests will be answered, and ends: `usherd --check --online`, `usherctl check`.
//
// It disturbs nobody, a running usherd least of all:
// - An account logs in with a resource of its own. It asks for the list of waiting requests before it sends
//   presence, and no more than that there is one, so that no connector puts requests to it (PROTOCOL.md S7).
//   Its presence, which makes the server say what it grants, has a negative priority: no messages come to it.
// - A component that logs in is asked until it leaves, so every ask is refused at once, which leaves the
//   requests to their users. Where the component is logged in already this must not be tried: the server
//   refuses, or throws the other one out. Then the questions go out on that stream: `start_on`.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "integration/probe/registration_probe.h"
#include "integration/probe/survey.h"
#include "integration/stream/connection.h"
#include "plugin/check/check_findings.h"
#include "plugin/settings/settings.h"

namespace usher
{

class Check : private ConnectionEvents
{
  public:
    using Advertised = std::map<std::string, Advertisement>;
    using LastReplies = std::map<std::string, std::chrono::system_clock::time_point>;

    static constexpr std::chrono::milliseconds kAdvertisement{2'000};
    /// All of it, whatever the server does.
    static constexpr std::chrono::milliseconds kAll{120'000};

    /// `path` is the settings file, for the report. `done` is called once, from the event loop; this may be
    /// destroyed from there.
    Check(std::string path, Settings settings, ChannelMaker& channels, Clock& clock,
          std::function<void(CheckReport)> done);

    /// Logs in, asks, logs out.
    void start(const std::string& password);
    /// Asks on a stream that is there already; `advertised` is what the server has said on it, `last_replies` when
    /// the connectors last replied. The stream's owner gives `received` what arrives there, and `iqs` the replies.
    void start_on(IqClient& iqs, const Advertised& advertised, const LastReplies& last_replies);
    void received(const Stanza& stanza) override;

  private:
    void online(const std::string& address) override;
    void offline(const Failure& failure, std::chrono::milliseconds retry) override;

    void begin_survey(IqClient& iqs);
    void refuse(const Stanza& iq);
    void answered();
    [[nodiscard]] bool all_advertised() const;
    void log_out();
    void probe_registration();
    void end(CheckReport report);

    const std::string path_;
    const Settings settings_;
    ChannelMaker& channels_;
    Clock& clock_;
    std::function<void(CheckReport)> done_;
    std::vector<std::string> domains_;

    std::optional<Connection> connection_;  // of our own
    std::optional<IqClient> iqs_;           // of our own connection
    std::optional<Survey> survey_;
    std::optional<RegistrationProbe> registration_probe_;
    RegistrationProbe::Seen seen_;
    bool awaiting_advertisements_ = false;
    bool surveyed_ = false;
    std::unique_ptr<Timer> step_;
    std::unique_ptr<Timer> deadline_;
};

}  // namespace usher
