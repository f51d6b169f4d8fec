// A clock moved by hand, and a stream that is not there: what the connection and the entity are tested on.
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

#include "integration/stream/channel.h"
#include "integration/time/clock.h"

namespace usher::test
{

class FakeClock : public Clock
{
  public:
    [[nodiscard]] Time now() const override { return now_; }
    [[nodiscard]] std::unique_ptr<Timer> after(std::chrono::milliseconds delay,
                                               std::function<void()> action) override;

    /// Lets time pass. What falls due on the way happens in order, each at its own time.
    void advance(std::chrono::milliseconds time);

    /// Timers that wait.
    [[nodiscard]] std::size_t waiting() const { return timers_.size(); }

  private:
    class FakeTimer;
    using Key = std::pair<Time, std::uint64_t>;  // due, order of making

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

    // What the test raises.
    void opened(const std::string& address);
    void received(const std::string& xml);
    void ended(Failure::Kind kind, const std::string& detail = {});
    /// As the loop would turn: a channel that was closed or abandoned says that it has ended.
    void turn();

    // What was recorded.
    int opens = 0;
    Login login;                       ///< of the last one opened
    std::vector<std::string> sent;     ///< by all of them
    int closes = 0;                    ///< calls of close() on the present one
    std::optional<Failure> abandoned;  ///< the present one, with this

    [[nodiscard]] bool is_open() const { return channel_ != nullptr; }
    /// What was sent since the last call.
    [[nodiscard]] std::vector<std::string> take_sent() { return std::exchange(sent, {}); }

  private:
    class FakeChannel;
    [[nodiscard]] ChannelEvents& events() const;

    FakeChannel* channel_ = nullptr;
};

/// A failure as one can compare and print it.
[[nodiscard]] std::string to_string(Failure::Kind kind);

}  // namespace usher::test
