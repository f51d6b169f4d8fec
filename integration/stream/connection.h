// Keeps one stream to the server: connects, watches over it, connects again.
//
// Not here: what is said on the stream (entity.h), and how a stream works (channel.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "integration/stream/channel.h"
#include "integration/time/clock.h"

namespace usher
{

/// What a connection reports to the one that uses it.
class ConnectionEvents
{
  public:
    virtual ~ConnectionEvents() = default;
    /// Logged in; `address` is the full address (a component's domain).
    virtual void online(const std::string& address) = 0;
    virtual void received(const Stanza& stanza) = 0;
    /// No longer, or not, logged in. `retry` is the time until the next attempt, zero if there will be none.
    virtual void offline(const Failure& failure, std::chrono::milliseconds retry) = 0;
};

/// One login, kept up.
///
/// - TCP, TLS and login together have 30 s.
/// - A lost connection is tried again after 1 s, then twice as long each time up to 60 s, each time shortened
/// by up
///   to a half at random, so that many daemons do not come back at once. A login that lasted a minute starts
///   anew.
/// - After 30 s of silence the peer is pinged (XEP-0199); after 75 s it is given up.
/// - A failure that cannot mend itself (Failure::permanent) ends it if it is met before the first login;
/// later it is
///   tried again like any other, because the server may be about to be reconfigured.
class Connection : private ChannelEvents
{
  public:
    enum class State {
        idle,     ///< not started, or ended for good
        waiting,  ///< until the next attempt
        opening,  ///< connecting and logging in
        online,
        closing,  ///< the stream is being ended because we asked
    };

    static constexpr std::chrono::milliseconds kLoginDeadline{30'000};
    static constexpr std::chrono::milliseconds kFirstRetry{1'000};
    static constexpr std::chrono::milliseconds kLongestRetry{60'000};
    static constexpr std::chrono::milliseconds kSettled{60'000};
    static constexpr std::chrono::milliseconds kPingAfter{30'000};
    static constexpr std::chrono::milliseconds kGiveUpAfter{75'000};
    static constexpr std::chrono::milliseconds kCloseDeadline{3'000};

    /// `ping` is the address that answers pings: the server's domain. `random` gives numbers in [0, 1).
    Connection(Login login, std::string ping, ChannelMaker& channels, Clock& clock,
               std::function<double()> random, ConnectionEvents& events);

    void start();
    /// Ends the stream in good order, at most within `kCloseDeadline`. `offline` follows.
    void stop();
    /// Ends the stream and logs in again after `delay`.
    void log_in_again(std::chrono::milliseconds delay);

    /// Sends whole stanzas. Dropped when not online.
    void send(std::string_view xml);
    /// See Channel::unsent; 0 without a channel.
    [[nodiscard]] std::size_t unsent() const { return channel_ ? channel_->unsent() : 0; }

    [[nodiscard]] State state() const { return state_; }

  private:
    void opened(const std::string& address) override;
    void received(const Stanza& stanza) override;
    void ended(const Failure& failure) override;

    void open();
    void watch();
    void check_keepalive();
    [[nodiscard]] std::chrono::milliseconds next_retry();

    Login login_;
    std::string ping_;
    ChannelMaker& channels_;
    Clock& clock_;
    std::function<double()> random_;
    ConnectionEvents& events_;

    State state_ = State::idle;
    std::unique_ptr<Channel> channel_;
    std::unique_ptr<Timer> timer_;  // of the state: next attempt, login deadline, ping, close deadline
    bool was_online_ = false;       // ever
    bool stopping_ = false;
    std::chrono::milliseconds retry_ = kFirstRetry;
    std::chrono::milliseconds asked_retry_{0};
    Clock::Time online_since_;
    Clock::Time last_heard_;
    std::uint64_t pings_ = 0;
};

}  // namespace usher
