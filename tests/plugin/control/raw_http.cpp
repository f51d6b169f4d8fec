#include "raw_http.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <stdexcept>

namespace usher::test
{

namespace
{

std::string lower(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

}  // namespace

void turn_until(event_base* base, const std::function<bool()>& done, std::chrono::milliseconds patience)
{
    const Deadline deadline = within(patience);
    while (!done()) {
        if (Clock::now() >= deadline) {
            throw std::runtime_error("it did not happen in time");
        }
        const int left = remaining_ms(deadline);
        const timeval most{left / 1000, (left % 1000) * 1000};
        event_base_loopexit(base, &most);
        event_base_loop(base, EVLOOP_ONCE);
    }
}

void RawHttp::Close::operator()(bufferevent* events) const
{
    bufferevent_free(events);
}

RawHttp::RawHttp(event_base* base, const std::filesystem::path& socket)
    : base_(base), events_(bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE))
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket.string().copy(address.sun_path, sizeof address.sun_path - 1);
    bufferevent_setcb(
        events_.get(),
        [](bufferevent* events, void* self) {
            std::array<char, 4096> bytes;
            while (const std::size_t count = bufferevent_read(events, bytes.data(), bytes.size())) {
                static_cast<RawHttp*>(self)->received_.append(bytes.data(), count);
            }
        },
        nullptr,
        [](bufferevent*, short what, void* self) {
            if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0) {
                static_cast<RawHttp*>(self)->ended_ = true;
            }
        },
        this);
    bufferevent_enable(events_.get(), EV_READ | EV_WRITE);
    if (bufferevent_socket_connect(events_.get(), reinterpret_cast<const sockaddr*>(&address),
                                   sizeof address) != 0) {
        throw std::runtime_error("nobody listens at " + socket.string());
    }
}

RawHttp::~RawHttp() = default;

void RawHttp::send(std::string_view bytes)
{
    bufferevent_write(events_.get(), bytes.data(), bytes.size());
}

void RawHttp::pause_reading()
{
    bufferevent_disable(events_.get(), EV_READ);
}

HttpAnswer RawHttp::answer()
{
    constexpr std::string_view kEnd = "\r\n\r\n";
    HttpAnswer answer;
    std::size_t header_end = 0;
    std::size_t length = 0;
    turn_until(base_, [&] {
        header_end = received_.find(kEnd);
        if (header_end == std::string::npos) {
            if (ended_) {
                throw std::runtime_error("no answer: the connection ended");
            }
            return false;
        }
        answer.headers.clear();
        std::size_t at = received_.find("\r\n") + 2;
        while (at < header_end + 2) {
            const std::size_t end = received_.find("\r\n", at);
            const std::size_t colon = received_.find(": ", at);
            answer.headers[lower(received_.substr(at, colon - at))] =
                received_.substr(colon + 2, end - colon - 2);
            at = end + 2;
        }
        const auto found = answer.headers.find("content-length");
        length = found == answer.headers.end() ? 0 : std::stoul(found->second);
        return received_.size() >= header_end + kEnd.size() + length;
    });
    answer.status = std::stoi(received_.substr(received_.find(' ') + 1, 3));
    answer.body = received_.substr(header_end + kEnd.size(), length);
    received_.erase(0, header_end + kEnd.size() + length);
    return answer;
}

void RawHttp::wait_for_end()
{
    turn_until(base_, [this] { return ended_; });
}

void RawHttp::send_request(const std::string& method, const std::string& target, const std::string& body)
{
    send(method + " " + target +
         " HTTP/1.1\r\nHost: usher\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
}

HttpAnswer RawHttp::request(const std::string& method, const std::string& target, const std::string& body)
{
    send_request(method, target, body);
    return answer();
}

}  // namespace usher::test
