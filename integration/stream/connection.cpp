#include "integration/stream/connection.h"

#include <algorithm>
#include <utility>

#include "integration/base/random_token.h"
#include "integration/xmpp/iq.h"
#include "integration/xmpp/namespaces.h"
#include "integration/xmpp/xml.h"

namespace usher
{

using std::chrono::milliseconds;

Connection::Connection(Login login, std::string ping, ChannelMaker& channels, Clock& clock,
                       std::function<double()> random, ConnectionEvents& events)
    : login_(std::move(login)),
      ping_(std::move(ping)),
      pings_itself_(ping_ == login_.address),
      channels_(channels),
      clock_(clock),
      random_(std::move(random)),
      events_(events)
{
}

void Connection::start()
{
    stopping_ = false;
    open();
}

void Connection::open()
{
    state_ = State::opening;
    if (login_.read_password) {
        auto password = login_.read_password();
        if (!password) {
            ended({Failure::Kind::no_password, password.error()});
            return;
        }
        login_.password = *std::move(password);
    }
    channel_ = channels_.open(login_, *this);
    timer_ = clock_.after(kLoginDeadline, [this] { channel_->abandon({Failure::Kind::timeout, {}}); });
}

void Connection::opened(const std::string& address)
{
    state_ = State::online;
    online_since_ = last_heard_ = last_stanza_ = clock_.now();
    ping_id_.clear();
    start_keepalive();
    events_.online(address);
}

void Connection::received(const Stanza& stanza)
{
    const std::string_view type = stanza.name() == "iq" ? stanza.attribute("type") : std::string_view();
    last_stanza_ = clock_.now();
    // A server may still reply on the stream of a component to which it delivers nothing any more.
    if (!pings_itself_ || (type != "result" && type != "error")) {
        last_heard_ = last_stanza_;
    }
    if (pings_itself_ && !ping_id_.empty() && stanza.attribute("id") == ping_id_ &&
        stanza.attribute("from") == ping_) {
        if (type == "error") {
            channel_->abandon({Failure::Kind::detached, std::string(error_condition(stanza))});
        }
        return;  // that it has come is all that is wanted
    }
    if (state_ == State::online) {
        events_.received(stanza);
    }
}

void Connection::start_keepalive()
{
    timer_ = clock_.after(kPingAfter, [this] { check_keepalive(); });
}

void Connection::check_keepalive()
{
    const auto silence = clock_.now() - last_heard_;
    const auto mute = clock_.now() - last_stanza_;
    if (mute >= kGiveUpAfter || silence >= kDetachedAfter) {
        channel_->abandon({mute >= kGiveUpAfter ? Failure::Kind::silent : Failure::Kind::detached, {}});
        return;
    }
    if (silence >= kPingAfter) {
        ping_id_ = random_token();
        std::string ping = "<iq type='get'";
        append_attribute(ping, "id", ping_id_);
        append_attribute(ping, "to", ping_);
        if (login_.component) {
            append_attribute(ping, "from", login_.address);
        }
        ping += "><ping";
        append_attribute(ping, "xmlns", ns::kPing);
        ping += "/></iq>";
        channel_->send(ping);
    }
    // Without a ping: check again when the silence will have lasted kPingAfter. After a ping: check as late
    // as if it were answered at once, but no later than when it is time to give up.
    const auto again =
        silence >= kPingAfter
            ? std::min<Clock::Time::duration>({kPingAfter, kGiveUpAfter - mute, kDetachedAfter - silence})
            : kPingAfter - silence;
    timer_ = clock_.after(std::chrono::ceil<milliseconds>(again), [this] { check_keepalive(); });
}

void Connection::send(std::string_view xml)
{
    if (state_ == State::online) {
        channel_->send(xml);
    }
}

void Connection::stop()
{
    if (stopping_ && state_ == State::online) {
        return;  // the stream is already being ended: the deadline stays
    }
    stopping_ = true;
    switch (state_) {
        case State::idle:
        case State::waiting:
            state_ = State::idle;
            timer_.reset();
            events_.offline({Failure::Kind::closed, {}}, milliseconds(0));
            return;
        case State::opening:
            channel_->abandon({Failure::Kind::closed, {}});
            return;
        case State::online:
            if (!requested_retry_) {  // else the stream is already being ended
                close();
            }
            return;
    }
}

bool Connection::log_in_again(milliseconds delay)
{
    if (state_ != State::online || stopping_ || requested_retry_) {
        return false;
    }
    requested_retry_ = delay;
    close();
    return true;
}

/// The state stays online: before the channel ends the stream it reports what has arrived, and that is answered.
void Connection::close()
{
    channel_->close();
    timer_ = clock_.after(kCloseDeadline, [this] { channel_->abandon({Failure::Kind::closed, {}}); });
}

void Connection::retry_now()
{
    if (state_ == State::waiting) {
        timer_ = clock_.after(milliseconds(0), [this] { open(); });
    }
}

milliseconds Connection::next_retry()
{
    const milliseconds base = retry_;
    retry_ = std::min(retry_ * 2, kMaxRetry);
    return base -
           milliseconds(static_cast<milliseconds::rep>(static_cast<double>(base.count()) / 2 * random_()));
}

void Connection::ended(const Failure& failure)
{
    const Failure why = failure;  // a copy: the channel, which may own `failure`, is destroyed below
    timer_.reset();
    channel_.reset();
    if (state_ == State::online && clock_.now() - online_since_ >= kStableLogin) {
        retry_ = kFirstRetry;
    }
    const std::optional<milliseconds> requested = std::exchange(requested_retry_, std::nullopt);
    if (stopping_) {
        state_ = State::idle;
        events_.offline(why, milliseconds(0));
        return;
    }
    const milliseconds delay = requested ? *requested : next_retry();
    state_ = State::waiting;
    timer_ = clock_.after(delay, [this] { open(); });
    events_.offline(why, delay);
}

}  // namespace usher
