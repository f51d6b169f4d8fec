// Keeps one stream to the server open: connects, checks that it is alive, reconnects when it is lost.
//
// Not here: what is sent on the stream (entity.h), and how a stream works (channel.h).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "integration/base/clock.h"
#include "integration/stream/channel.h"

namespace usher
{

/// Events of a connection.
class ConnectionEvents
{
  public:
    virtual ~ConnectionEvents() = default;
    /// Logged in. `address` is the full address (for a component, its domain).
    virtual void online(const std::string& address) = 0;
    virtual void received(const Stanza& stanza) = 0;
    /// The login was lost, or an attempt failed. `retry` is the time until the next attempt; zero: there is none,
    /// because the connection was stopped.
    virtual void offline(const Failure& failure, std::chrono::milliseconds retry) = 0;
};

/// Logs in, and logs in again whenever the stream is lost.
///
/// - TCP, TLS and login together may take 30 s.
/// - A lost connection is retried after 1 s; the delay doubles with each attempt, up to 60 s. Each delay is
///   shortened by a random amount of up to half, so that many daemons do not reconnect at the same moment.
///   After a login that lasted a minute the delay starts at 1 s again.
/// - After 30 s of silence the server is pinged (XEP-0199); after 75 s the stream is ended. A component pings itself by
///   way of the server: an error in place of the ping is the end of the stream at once (PROTOCOL.md E33), and so are
///   120 s without anything that was delivered to its address, such as the ping. Replies do not show that.
/// - Every failure is retried, a refused password or certificate as well: which of the two machines, or of the programs
///   on one, is ready first is left to chance, and what is wrong may be mended on the other side.
class Connection : private ChannelEvents
{
  public:
    enum class State {
        idle,     ///< not started, or stopped
        waiting,  ///< for the next attempt
        opening,  ///< connecting and logging in
        online,   ///< until the stream has ended, also when we end it
    };

    static constexpr std::chrono::milliseconds kLoginDeadline{30'000};
    static constexpr std::chrono::milliseconds kFirstRetry{1'000};
    static constexpr std::chrono::milliseconds kMaxRetry{60'000};
    static constexpr std::chrono::milliseconds kStableLogin{60'000};
    static constexpr std::chrono::milliseconds kPingAfter{30'000};
    static constexpr std::chrono::milliseconds kGiveUpAfter{75'000};
    static constexpr std::chrono::milliseconds kDetachedAfter{120'000};
    static constexpr std::chrono::milliseconds kCloseDeadline{3'000};

    /// `ping` is the address to ping: the server's domain, or a component's own. `random` returns numbers in [0, 1).
    Connection(Login login, std::string ping, ChannelMaker& channels, Clock& clock,
               std::function<double()> random, ConnectionEvents& events);

    void start();
    /// Closes the stream, within `kCloseDeadline`. `offline` follows.
    void stop();
    /// Closes the stream as `stop` does, and logs in again after `delay`. False, and nothing is done, unless it is
    /// online and the stream is not being ended already.
    bool log_in_again(std::chrono::milliseconds delay);
    /// Does not wait any longer for the next attempt, if it does: something has changed.
    void retry_now();

    /// Sends whole stanzas, or drops them if not online.
    void send(std::string_view xml);
    /// See Channel::unsent; 0 without a channel.
    [[nodiscard]] std::size_t unsent() const { return channel_ ? channel_->unsent() : 0; }

    [[nodiscard]] State state() const { return state_; }
    /// Since when it is online. Only while it is.
    [[nodiscard]] Clock::Time online_since() const { return online_since_; }

  private:
    void opened(const std::string& address) override;
    void received(const Stanza& stanza) override;
    void ended(const Failure& failure) override;

    void open();
    void close();
    void start_keepalive();
    void check_keepalive();
    [[nodiscard]] std::chrono::milliseconds next_retry();

    Login login_;
    std::string ping_;
    const bool pings_itself_;
    ChannelMaker& channels_;
    Clock& clock_;
    std::function<double()> random_;
    ConnectionEvents& events_;

    State state_ = State::idle;
    std::unique_ptr<Channel> channel_;
    std::unique_ptr<Timer>
        timer_;  // depends on the state: next attempt, login deadline, keep-alive, close deadline
    bool stopping_ = false;
    std::chrono::milliseconds retry_ = kFirstRetry;
    std::optional<std::chrono::milliseconds> requested_retry_;  // the stream is being ended to log in again
    Clock::Time online_since_;
    Clock::Time last_heard_;   // what shows that the server delivers to us
    Clock::Time last_stanza_;  // whatever it was
    std::string ping_id_;      // of the ping sent last; cannot be guessed
};

}  // namespace usher
