#include "plugin/check/check.h"

#include <utility>

#include "integration/xmpp/iq.h"
#include "plugin/check/login.h"

namespace usher
{

namespace
{

/// One, not one for each check: mod_privilege of Prosody remembers who has presence permission for good.
constexpr std::string_view kResource = "check";

}  // namespace

Check::Check(std::string path, Settings settings, ChannelMaker& channels, Clock& clock,
             std::function<void(CheckReport)> done)
    : path_(std::move(path)),
      settings_(std::move(settings)),
      channels_(channels),
      clock_(clock),
      done_(std::move(done))
{
    for (const Organization& organization : settings_.organizations) {
        domains_.insert(domains_.end(), organization.domains.begin(), organization.domains.end());
    }
}

void Check::start(const std::string& password)
{
    deadline_ = clock_.after(kAll, [this] {
        if (surveyed_) {
            end(report(path_, settings_, survey_->facts(), seen_));
        } else {
            end(report(path_, settings_, {Failure::Kind::silent, {}}));
        }
    });
    const ConnectionSettings& connection = settings_.connection;
    const std::string server(connection.account ? connection.account->domain() : *connection.component);
    connection_.emplace(
        login(connection, password, kResource), server, channels_, clock_, [] { return 0.0; },
        static_cast<ConnectionEvents&>(*this));
    connection_->start();
}

void Check::start_on(IqClient& iqs, const Advertised& advertised, const LastReplies& last_replies)
{
    deadline_ = clock_.after(kAll, [this] { end(report(path_, settings_, survey_->facts(), seen_)); });
    begin_survey(iqs);
    for (const auto& [domain, granted] : advertised) {
        survey_->advertised(domain, granted);
    }
    for (const auto& [domain, last] : last_replies) {
        survey_->replied(domain, last);
    }
}

void Check::begin_survey(IqClient& iqs)
{
    survey_.emplace(domains_, iqs, clock_, [this] { answered(); });
    for (const Organization& organization : settings_.organizations) {
        if (organization.archive.preference) {
            for (const std::string& domain : organization.domains) {
                survey_->ask_archive(domain);
            }
        }
    }
    survey_->start();
}

void Check::online(const std::string& address)
{
    iqs_.emplace(
        clock_, [this](std::string_view xml) { connection_->send(xml); },
        settings_.connection.component ? address : std::string());
    begin_survey(*iqs_);
}

void Check::received(const Stanza& stanza)
{
    if (connection_ && stanza.name() == "iq") {
        const std::string_view type = stanza.attribute("type");
        if (type == "get" || type == "set") {
            refuse(stanza);
        } else if (iqs_) {
            iqs_->received(stanza);
        }
    }
    if (survey_ && stanza.name() == "message") {
        survey_->received_message(stanza);
        if (awaiting_advertisements_ && all_advertised()) {
            log_out();
        }
    }
}

void Check::refuse(const Stanza& iq)
{
    const std::string_view from = settings_.connection.component ? iq.attribute("to") : std::string_view();
    connection_->send(IqReply(iq, from).error({"cancel", "service-unavailable", {}, {}, {}}));
}

void Check::answered()
{
    surveyed_ = true;
    if (!connection_) {
        probe_registration();
        return;
    }
    if (settings_.connection.account) {
        connection_->send("<presence><priority>-1</priority></presence>");
    }
    if (all_advertised()) {
        log_out();
        return;
    }
    awaiting_advertisements_ = true;
    step_ = clock_.after(kAdvertisement, [this] { log_out(); });
}

bool Check::all_advertised() const
{
    for (const auto& [domain, facts] : survey_->facts()) {
        if (facts.features && !facts.granted) {
            return false;
        }
    }
    return true;
}

void Check::log_out()
{
    awaiting_advertisements_ = false;
    step_.reset();
    if (settings_.connection.account) {
        connection_->send("<presence type='unavailable'/>");
    }
    connection_->stop();
}

void Check::offline(const Failure& failure, std::chrono::milliseconds)
{
    // From inside the connection, which would try again: it goes with the next step.
    step_ = clock_.after(std::chrono::milliseconds(0), [this, why = failure] {
        connection_.reset();
        if (surveyed_) {
            probe_registration();
        } else {
            end(report(path_, settings_, why));
        }
    });
}

void Check::probe_registration()
{
    registration_probe_.emplace(domains_, settings_.connection.host, client_port(settings_.connection),
                                channels_, clock_, [this](RegistrationProbe::Seen seen) {
                                    seen_ = std::move(seen);
                                    end(report(path_, settings_, survey_->facts(), seen_));
                                });
    registration_probe_->start();
}

void Check::end(CheckReport report)
{
    deadline_.reset();
    step_.reset();
    if (const auto done = std::exchange(done_, nullptr)) {
        done(std::move(report));
    }
}

}  // namespace usher
