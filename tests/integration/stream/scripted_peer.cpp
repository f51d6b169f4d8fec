#include "scripted_peer.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <stdexcept>

namespace usher::test
{

void Loop::Free::operator()(event_base* base) const
{
    event_base_free(base);
}

Loop::Loop() : base_(event_base_new())
{
    if (!base_) {
        throw std::runtime_error("no event loop");
    }
}

bool Loop::run_until(const std::function<bool()>& happened, std::chrono::milliseconds deadline)
{
    bool passed = false;
    const std::unique_ptr<event, decltype(&event_free)> timer(
        evtimer_new(
            base(), [](evutil_socket_t, short, void* flag) { *static_cast<bool*>(flag) = true; }, &passed),
        &event_free);
    const timeval time{static_cast<time_t>(deadline.count() / 1000),
                       static_cast<suseconds_t>(deadline.count() % 1000 * 1000)};
    evtimer_add(timer.get(), &time);
    while (!happened()) {
        if (passed) {
            return false;
        }
        event_base_loop(base(), EVLOOP_ONCE);
    }
    return true;
}

void Loop::turn()
{
    event_base_loop(base(), EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

void Peer::Free::operator()(bufferevent* buffer) const
{
    bufferevent_free(buffer);
}

Peer::Peer(event_base* base, int socket)
    : buffer_(bufferevent_socket_new(base, socket, BEV_OPT_CLOSE_ON_FREE))
{
    bufferevent_setcb(buffer_.get(), &Peer::on_readable, nullptr, &Peer::on_event, this);
    bufferevent_enable(buffer_.get(), EV_READ | EV_WRITE);
}

void Peer::write(std::string_view text)
{
    bufferevent_write(buffer_.get(), text.data(), text.size());
}

void Peer::stop_reading()
{
    bufferevent_disable(buffer_.get(), EV_READ);
}

void Peer::read_again()
{
    bufferevent_enable(buffer_.get(), EV_READ);
}

void Peer::close()
{
    over_ = true;
    buffer_.reset();
}

void Peer::reset()
{
    const linger at_once{1, 0};
    ::setsockopt(socket(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
}

int Peer::socket() const
{
    return bufferevent_getfd(buffer_.get());
}

std::size_t Peer::unsent() const
{
    return evbuffer_get_length(bufferevent_get_output(buffer_.get()));
}

void Peer::on_readable(bufferevent* buffer, void* self) noexcept
{
    evbuffer* const input = bufferevent_get_input(buffer);
    std::string& received = static_cast<Peer*>(self)->received;
    const std::size_t before = received.size();
    received.resize(before + evbuffer_get_length(input));
    evbuffer_remove(input, received.data() + before, received.size() - before);
}

void Peer::on_event(bufferevent*, short what, void* self) noexcept
{
    if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0) {
        static_cast<Peer*>(self)->over_ = true;
    }
}

void Listener::Free::operator()(evconnlistener* listener) const
{
    evconnlistener_free(listener);
}

Listener::Listener(event_base* base) : base_(base)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto accept = [](evconnlistener*, evutil_socket_t socket, sockaddr*, int, void* self) {
        auto& listener = *static_cast<Listener*>(self);
        listener.peer_ = std::make_unique<Peer>(listener.base_, socket);
        ++listener.accepted;
    };
    listener_.reset(evconnlistener_new_bind(base, accept, this,
                                            LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC,
                                            -1, reinterpret_cast<sockaddr*>(&address), sizeof address));
    if (!listener_) {
        throw std::runtime_error("cannot listen");
    }
    socklen_t size = sizeof address;
    ::getsockname(evconnlistener_get_fd(listener_.get()), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
}

}  // namespace usher::test
