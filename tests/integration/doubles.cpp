#include "doubles.h"

#include <array>
#include <stdexcept>

#include "literal.h"

namespace usher::test
{

class FakeClock::FakeTimer : public Timer
{
  public:
    FakeTimer(FakeClock& clock, Key key, std::function<void()> action)
        : clock_(clock), key_(key), action_(std::move(action))
    {
        clock_.timers_.emplace(key_, this);
    }
    ~FakeTimer() override { clock_.timers_.erase(key_); }
    FakeTimer(const FakeTimer&) = delete;
    FakeTimer& operator=(const FakeTimer&) = delete;

    void fire()
    {
        clock_.timers_.erase(key_);
        const auto action = std::move(action_);  // the action may destroy this
        action();
    }

  private:
    FakeClock& clock_;
    Key key_;
    std::function<void()> action_;
};

std::unique_ptr<Timer> FakeClock::after(std::chrono::milliseconds delay, std::function<void()> action)
{
    if (delay < std::chrono::milliseconds(0)) {
        throw std::invalid_argument("a timer for the past");
    }
    return std::make_unique<FakeTimer>(*this, Key{now_ + delay, ++made_}, std::move(action));
}

void FakeClock::advance(std::chrono::milliseconds time)
{
    const Time end = now_ + time;
    while (!timers_.empty() && timers_.begin()->first.first <= end) {
        now_ = timers_.begin()->first.first;
        timers_.begin()->second->fire();
    }
    now_ = end;
}

class FakeChannels::FakeChannel : public Channel
{
  public:
    FakeChannel(FakeChannels& channels, ChannelEvents& events) : channels_(channels), events_(events)
    {
        if (channels_.channel_ != nullptr) {
            throw std::logic_error("a second channel while the first is open");
        }
        channels_.channel_ = this;
    }
    ~FakeChannel() override { channels_.channel_ = nullptr; }
    FakeChannel(const FakeChannel&) = delete;
    FakeChannel& operator=(const FakeChannel&) = delete;

    [[nodiscard]] std::size_t unsent() const override { return 0; }
    void send(std::string_view xml) override { channels_.sent.emplace_back(xml); }
    void close() override { ++channels_.closes; }
    void abandon(Failure failure) override
    {
        if (!channels_.abandoned) {
            channels_.abandoned = std::move(failure);
        }
    }

    [[nodiscard]] ChannelEvents& events() const { return events_; }

  private:
    FakeChannels& channels_;
    ChannelEvents& events_;
};

std::unique_ptr<Channel> FakeChannels::open(const Login& wanted, ChannelEvents& events)
{
    ++opens;
    login = wanted;
    closes = 0;
    abandoned.reset();
    return std::make_unique<FakeChannel>(*this, events);
}

ChannelEvents& FakeChannels::events() const
{
    if (channel_ == nullptr) {
        throw std::logic_error("no channel is open");
    }
    return channel_->events();
}

void FakeChannels::opened(const std::string& address)
{
    events().opened(address);
}

void FakeChannels::received(const std::string& xml)
{
    const Literal literal(xml);
    events().received(literal.stanza());
}

void FakeChannels::ended(Failure::Kind kind, const std::string& detail)
{
    events().ended({kind, detail});
}

void FakeChannels::turn()
{
    if (channel_ == nullptr) {
        return;
    }
    if (abandoned) {
        events().ended(*std::exchange(abandoned, {}));
    } else if (closes != 0) {
        events().ended({Failure::Kind::closed, {}});
    }
}

std::string to_string(Failure::Kind kind)
{
    static constexpr std::array kNames{
        "closed",      "no_password", "lookup",       "unreachable", "timeout", "no_tls", "certificate",
        "credentials", "mechanism",   "unknown_host", "conflict",    "lost",    "silent", "detached"};
    return kNames.at(static_cast<std::size_t>(kind));
}

}  // namespace usher::test
