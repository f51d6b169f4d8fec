// A clock that tests advance, and a stream without a server, for tests of the connection and the entity.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "integration/base/clock.h"
#include "integration/stream/channel.h"

namespace usher::test
{

class FakeClock : public Clock
{
  public:
    [[nodiscard]] Time now() const override { return now_; }
    [[nodiscard]] std::unique_ptr<Timer> after(std::chrono::milliseconds delay,
                                               std::function<void()> action) override;

    /// Lets time pass. Timers that become due run in order, each at its own time.
    void advance(std::chrono::milliseconds time);

    /// The number of pending timers.
    [[nodiscard]] std::size_t waiting() const { return timers_.size(); }

  private:
    class FakeTimer;
    using Key = std::pair<Time, std::uint64_t>;  // due time, order of creation

    Time now_{std::chrono::hours(1000)};
    std::uint64_t made_ = 0;
    std::map<Key, FakeTimer*> timers_;
};

/// Opens channels that only record; the test raises their events. At most one is open at a time, as the
/// connection promises.
class FakeChannels : public ChannelMaker
{
  public:
    [[nodiscard]] std::unique_ptr<Channel> open(const Login& login, ChannelEvents& events) override;

    // Events that the test raises.
    void opened(const std::string& address);
    void received(const std::string& xml);
    void ended(Failure::Kind kind, const std::string& detail = {});
    /// Like a round of the loop: a channel that was closed or abandoned reports that it has ended.
    void turn();

    // What the channels recorded.
    int opens = 0;
    Login login;                       ///< of the channel opened last
    std::vector<std::string> sent;     ///< by all channels
    int closes = 0;                    ///< calls of close() on the current channel
    std::optional<Failure> abandoned;  ///< the failure that the current channel was abandoned with

    [[nodiscard]] bool is_open() const { return channel_ != nullptr; }
    /// What was sent since the last call.
    [[nodiscard]] std::vector<std::string> take_sent() { return std::exchange(sent, {}); }

  private:
    class FakeChannel;
    [[nodiscard]] ChannelEvents& events() const;

    FakeChannel* channel_ = nullptr;
};

/// A failure as text, to compare and print.
[[nodiscard]] std::string to_string(Failure::Kind kind);

}  // namespace usher::test
