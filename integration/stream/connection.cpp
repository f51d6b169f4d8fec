#include "integration/stream/connection.h"

#include <algorithm>

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
    channel_ = channels_.open(login_, *this);
    timer_ = clock_.after(kLoginDeadline, [this] { channel_->abandon({Failure::Kind::timeout, {}}); });
}

void Connection::opened(const std::string& address)
{
    state_ = State::online;
    was_online_ = true;
    online_since_ = last_heard_ = clock_.now();
    ping_id_.clear();
    start_keepalive();
    events_.online(address);
}

void Connection::received(const Stanza& stanza)
{
    last_heard_ = clock_.now();
    if (is_bounced_ping(stanza)) {
        channel_->abandon({Failure::Kind::detached, std::string(error_condition(stanza))});
        return;
    }
    if (state_ == State::online) {
        events_.received(stanza);
    }
}

/// Ours to ourselves came back. Not that of an account to its domain: there an error is a reply like any other.
bool Connection::is_bounced_ping(const Stanza& stanza) const
{
    return ping_ == login_.address && !ping_id_.empty() && stanza.name() == "iq" &&
           stanza.attribute("type") == "error" && stanza.attribute("id") == ping_id_ &&
           stanza.attribute("from") == ping_;
}

void Connection::start_keepalive()
{
    timer_ = clock_.after(kPingAfter, [this] { check_keepalive(); });
}

void Connection::check_keepalive()
{
    const auto silence = clock_.now() - last_heard_;
    if (silence >= kGiveUpAfter) {
        channel_->abandon({Failure::Kind::silent, {}});
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
    // as if it were answered at once, but no later than kGiveUpAfter.
    const auto again = silence >= kPingAfter
                           ? std::min<Clock::Time::duration>(kPingAfter, kGiveUpAfter - silence)
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
    requested_retry_ = milliseconds(0);
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
            break;
        case State::closing:
            return;
    }
    // The state stays online: before the channel ends the stream it reports what has arrived, and that is
    // answered.
    channel_->close();
    timer_ = clock_.after(kCloseDeadline, [this] { channel_->abandon({Failure::Kind::closed, {}}); });
}

void Connection::log_in_again(milliseconds delay)
{
    if (state_ != State::online) {
        return;
    }
    requested_retry_ = delay;
    state_ = State::closing;
    channel_->close();
    timer_ = clock_.after(kCloseDeadline, [this] { channel_->abandon({Failure::Kind::closed, {}}); });
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
    const bool was_stable =
        (state_ == State::online || state_ == State::closing) && clock_.now() - online_since_ >= kStableLogin;
    if (stopping_ || (why.permanent() && !was_online_)) {
        state_ = State::idle;
        events_.offline(why, milliseconds(0));
        return;
    }
    if (was_stable) {
        retry_ = kFirstRetry;
    }
    milliseconds delay = next_retry();
    if (requested_retry_ > milliseconds(0)) {
        delay = requested_retry_;
        requested_retry_ = milliseconds(0);
    }
    state_ = State::waiting;
    timer_ = clock_.after(delay, [this] { open(); });
    events_.offline(why, delay);
}

}  // namespace usher
