#include "integration/probe/registration_probe.h"

#include "integration/xmpp/namespaces.h"

namespace usher
{

RegistrationProbe::RegistrationProbe(std::vector<std::string> domains, std::string host, std::uint16_t port,
                                     ChannelMaker& channels, Clock& clock, std::function<void(Seen)> seen)
    : domains_(std::move(domains)),
      host_(std::move(host)),
      port_(port),
      channels_(channels),
      clock_(clock),
      done_(std::move(seen))
{
    for (const std::string& domain : domains_) {
        seen_[domain] = Registration::unseen;
    }
}

void RegistrationProbe::probe_next()
{
    if (next_ == domains_.size()) {
        timer_ = clock_.after(std::chrono::milliseconds(0), [this] { end(); });
        return;
    }
    Login login;
    login.host = host_;
    login.port = port_;
    login.address = domains_[next_];
    login.features_only = true;
    channel_ = channels_.open(login, *this);
    timer_ = clock_.after(kProbeDeadline, [this] { channel_->abandon({Failure::Kind::timeout, {}}); });
}

void RegistrationProbe::received(const Stanza& features)
{
    const bool open = static_cast<bool>(features.child("register", ns::kRegister));
    const bool invited = static_cast<bool>(features.child("register", ns::kInvitation));
    seen_[domains_[next_]] = !open     ? Registration::closed
                             : invited ? Registration::invited
                                       : Registration::open;
}

void RegistrationProbe::ended(const Failure& failure)
{
    const Failure::Kind why = failure.kind;
    channel_.reset();
    if (why == Failure::Kind::unknown_host) {
        seen_[domains_[next_]] = Registration::foreign;
    }
    // Other domains would fail the same way, after the same wait.
    const bool hopeless =
        why == Failure::Kind::unreachable || why == Failure::Kind::lookup || why == Failure::Kind::timeout;
    next_ = hopeless ? domains_.size() : next_ + 1;
    probe_next();
}

void RegistrationProbe::end()
{
    const auto done = std::move(done_);
    done(std::move(seen_));
}

}  // namespace usher
