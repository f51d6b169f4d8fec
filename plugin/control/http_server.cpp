#include "plugin/control/http_server.h"
#include "integration/base/file_descriptor.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <exception>
#include <set>
#include <utility>

#include "plugin/control/http_target.h"
#include "plugin/control/socket_file.h"

namespace usher
{

namespace
{

using Time = std::chrono::steady_clock::time_point;

constexpr Time kNoAnswer = Time::max();

struct Free {
    void operator()(evhttp* http) const { evhttp_free(http); }
    void operator()(event* e) const { event_free(e); }
    void operator()(evbuffer* buffer) const { evbuffer_free(buffer); }
};

timeval to_timeval(std::chrono::milliseconds time)
{
    return {time.count() / 1000, (time.count() % 1000) * 1000};
}

std::string_view method_name(evhttp_cmd_type command)
{
    switch (command) {
        case EVHTTP_REQ_GET:
            return "GET";
        case EVHTTP_REQ_POST:
            return "POST";
        case EVHTTP_REQ_PUT:
            return "PUT";
        case EVHTTP_REQ_DELETE:
            return "DELETE";
        case EVHTTP_REQ_HEAD:
            return "HEAD";
        default:
            return "another";
    }
}

std::string text_in(evbuffer* buffer)
{
    std::string text(evbuffer_get_length(buffer), '\0');
    evbuffer_copyout(buffer, text.data(), text.size());
    return text;
}

/// False if one that matters comes twice: it could be read in two ways.
bool read_headers(const evkeyvalq& given, std::map<std::string, std::string>& headers)
{
    constexpr std::array kOnce{"host", "origin", "cookie", "content-type", "x-csrf-token"};
    for (const evkeyval* one = given.tqh_first; one != nullptr; one = one->next.tqe_next) {
        std::string name(one->key);
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        const auto [at, fresh] = headers.emplace(std::move(name), one->value);
        if (!fresh && std::find(kOnce.begin(), kOnce.end(), at->first) != kOnce.end()) {
            return false;
        }
    }
    return true;
}

/// Writes what is left when the event loop has ended. It does not wait: a client that does not read now
/// does not get it.
void write_rest(bufferevent* events)
{
    evbuffer* rest = bufferevent_get_output(events);
    if (evbuffer_get_length(rest) > 0) {
        evbuffer_unfreeze(rest, 1);
        evbuffer_write(rest, bufferevent_getfd(events));
    }
}

}  // namespace

/// evhttp has no limit of connections and no deadline for a request, and does not report the end of a
/// connection. So the server makes every connection's bufferevent itself and holds a reference to it: when
/// evhttp frees a connection it clears the bufferevent's callbacks, and that is how sweep() finds out.
class HttpServer::Implementation
{
  public:
    /// Takes over the listening `descriptor`. `file` is its name, if it has one.
    Implementation(event_base* base, std::optional<SocketFile> file, int descriptor, Handler handler,
                   Bounds bounds)
        : base_(base),
          bounds_(bounds),
          handler_(std::move(handler)),
          file_(std::move(file)),
          http_(evhttp_new(base)),
          room_(event_new(
              base, -1, 0,
              [](evutil_socket_t, short, void* self) noexcept {
                  static_cast<Implementation*>(self)->sweep();
              },
              this)),
          sweep_(event_new(
              base, -1, EV_PERSIST,
              [](evutil_socket_t, short, void* self) noexcept {
                  static_cast<Implementation*>(self)->sweep();
                  static_cast<Implementation*>(self)->make_room();
              },
              this))
    {
        evhttp_set_max_headers_size(http_.get(), static_cast<ev_ssize_t>(kMaxHeaderBytes));
        evhttp_set_max_body_size(http_.get(), static_cast<ev_ssize_t>(bounds_.body_bytes));
        evhttp_set_allowed_methods(http_.get(), EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD |
                                                    EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS |
                                                    EVHTTP_REQ_TRACE | EVHTTP_REQ_PATCH);
        evhttp_set_bevcb(
            http_.get(),
            [](event_base*, void* self) noexcept { return static_cast<Implementation*>(self)->accepted(); },
            this);
        evhttp_set_gencb(
            http_.get(),
            [](evhttp_request* request, void* self) noexcept {
                static_cast<Implementation*>(self)->received(request);
            },
            this);
        bound_ = evhttp_accept_socket_with_handle(http_.get(), descriptor);
        // The process has no descriptors left: the listener would fail again at once, so sweep() enables it.
        evconnlistener_set_error_cb(
            evhttp_bound_socket_get_listener(bound_), [](evconnlistener* listener, void*) noexcept {
                spdlog::error("control: no connection can be accepted: {}", std::strerror(errno));
                evconnlistener_disable(listener);
            });
        const timeval again = to_timeval(std::min(bounds_.patience / 10, std::chrono::milliseconds(1000)));
        event_add(sweep_.get(), &again);
    }

    Implementation(const Implementation&) = delete;
    Implementation& operator=(const Implementation&) = delete;
    ~Implementation();

    void stop();

    class Exchange;
    struct Connection {
        bufferevent* events;
        Time deadline;                  // for the whole request to arrive
        bool busy = false;              // the request is there, and is being answered
        Time answer_began = kNoAnswer;  // since then there was always one on its way

        [[nodiscard]] bool is_sending() const
        {
            return evbuffer_get_length(bufferevent_get_output(events)) > 0;
        }
    };

    [[nodiscard]] Connection* find(const bufferevent* events)
    {
        const auto found = std::find_if(connections_.begin(), connections_.end(),
                                        [events](const Connection& c) { return c.events == events; });
        return found == connections_.end() ? nullptr : &*found;
    }
    void answered(const bufferevent* events)
    {
        if (Connection* connection = find(events)) {
            connection->busy = false;
            if (connection->answer_began == kNoAnswer) {
                connection->answer_began = std::chrono::steady_clock::now();
            }
            connection->deadline = std::chrono::steady_clock::now() + bounds_.patience;
        }
    }

  private:
    bufferevent* accepted()
    {
        sweep();
        bufferevent* events = bufferevent_socket_new(base_, -1, BEV_OPT_CLOSE_ON_FREE);
        if (events == nullptr) {
            return nullptr;
        }
        bufferevent_set_timeouts(events, nullptr, &patience_);
        bufferevent_setwatermark(events, EV_READ, 0, kMaxHeaderBytes + 2 * bounds_.body_bytes);
        bufferevent_incref(events);
        connections_.push_back({events, std::chrono::steady_clock::now() + bounds_.patience});
        if (connections_.size() >= bounds_.connections) {
            evconnlistener_disable(evhttp_bound_socket_get_listener(bound_));
            make_room();
        }
        return events;
    }

    /// At the limit, ends an eighth of the connections, but not the newest: of those on which nothing is being answered the longest idle, then
    /// of those that have taken their answers for longer than the patience the first. So whoever opens many and says nothing,
    /// or takes an answer byte by byte, keeps nobody out.
    void make_room()
    {
        if (connections_.size() < bounds_.connections) {
            return;
        }
        const Time now = std::chrono::steady_clock::now();
        std::vector<std::pair<std::pair<bool, Time>, int>> endable;  // the first to end is the least
        for (const Connection& connection : connections_) {
            const bool sending = connection.is_sending();
            if (&connection != &connections_.back() && !connection.busy &&
                (!sending || connection.answer_began <= now - bounds_.patience)) {
                endable.push_back({{sending, sending ? connection.answer_began : connection.deadline},
                                   bufferevent_getfd(connection.events)});
            }
        }
        const std::size_t count = std::min(endable.size(), std::max<std::size_t>(bounds_.connections / 8, 1));
        std::partial_sort(endable.begin(), endable.begin() + static_cast<std::ptrdiff_t>(count),
                          endable.end());
        for (std::size_t i = 0; i < count; ++i) {
            ::shutdown(endable[i].second, SHUT_RDWR);
        }
        const timeval soon{0, 1000};  // evhttp has seen by then that they have ended
        event_add(room_.get(), &soon);
    }

    void sweep()
    {
        const Time now = std::chrono::steady_clock::now();
        std::erase_if(connections_, [](const Connection& connection) {
            bufferevent_event_cb on_event = nullptr;
            bufferevent_getcb(connection.events, nullptr, nullptr, &on_event, nullptr);
            if (on_event == nullptr) {
                bufferevent_decref(connection.events);
            }
            return on_event == nullptr;
        });
        for (Connection& connection : connections_) {
            if (connection.is_sending()) {
                connection.deadline = now + bounds_.patience;  // bufferevent has a timeout for writing
                connection.answer_began = std::min(connection.answer_began, now);
                continue;
            }
            connection.answer_began = kNoAnswer;
            if (!connection.busy && now >= connection.deadline) {
                ::shutdown(bufferevent_getfd(connection.events), SHUT_RDWR);
            }
        }
        if (bound_ != nullptr && connections_.size() < bounds_.connections) {
            evconnlistener_enable(evhttp_bound_socket_get_listener(bound_));
        }
    }

    void received(evhttp_request* request);

    event_base* base_;
    const Bounds bounds_;
    const timeval patience_ = to_timeval(bounds_.patience);
    Handler handler_;
    std::optional<SocketFile> file_;
    std::unique_ptr<evhttp, Free> http_;
    std::unique_ptr<event, Free> room_;
    std::unique_ptr<event, Free> sweep_;
    evhttp_bound_socket* bound_ = nullptr;
    std::vector<Connection> connections_;
    std::set<Exchange*> exchanges_;  // those not answered yet
};

/// Owns the evhttp_request until it is answered.
class HttpServer::Implementation::Exchange : public HttpExchange
{
  public:
    Exchange(Implementation& server, evhttp_request* raw, HttpRequest request)
        : server_(&server), raw_(raw), request_(std::move(request))
    {
        server_->exchanges_.insert(this);
        evhttp_connection_set_closecb(
            evhttp_request_get_connection(raw_),
            [](evhttp_connection*, void* self) noexcept { static_cast<Exchange*>(self)->closed(); }, this);
    }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    ~Exchange() override
    {
        if (raw_ != nullptr) {
            send(503, "{\"error\":\"usherd stopped before it could answer\"}\n", {});
        }
    }

    [[nodiscard]] const HttpRequest& request() const override { return request_; }

    void reply(int status, const std::string& body, const Headers& headers) override
    {
        if (raw_ != nullptr) {
            send(status, body, headers);
        }
    }

    /// The server is destroyed: evhttp frees the connection with its request.
    void abandon()
    {
        server_ = nullptr;
        evhttp_request* raw = std::exchange(raw_, nullptr);
        if (evhttp_connection* connection = evhttp_request_get_connection(raw)) {
            evhttp_connection_set_closecb(connection, nullptr, nullptr);
        } else {
            evhttp_request_free(raw);
        }
    }

  private:
    [[nodiscard]] bufferevent* events() const
    {
        return evhttp_connection_get_bufferevent(evhttp_request_get_connection(raw_));
    }

    void closed()
    {
        evhttp_request* raw = std::exchange(raw_, nullptr);
        server_->exchanges_.erase(this);
        if (evhttp_request_get_connection(raw) == nullptr) {
            evhttp_request_free(raw);
        }
    }

    /// Hands the request back to evhttp, which frees it when the reply is sent.
    evhttp_request* let_go()
    {
        evhttp_connection_set_closecb(evhttp_request_get_connection(raw_), nullptr, nullptr);
        server_->answered(events());
        server_->exchanges_.erase(this);
        return std::exchange(raw_, nullptr);
    }

    void send(int status, const std::string& body, const Headers& headers)
    {
        evkeyvalq* out = evhttp_request_get_output_headers(raw_);
        for (const auto& [name, value] :
             {std::pair("Content-Type", "application/json"), std::pair("Cache-Control", "no-store")}) {
            if (!headers.contains(name)) {
                evhttp_add_header(out, name, value);
            }
        }
        for (const auto& [name, value] : headers) {
            evhttp_add_header(out, name.c_str(), value.c_str());
        }
        const std::unique_ptr<evbuffer, Free> buffer(evbuffer_new());
        if (request_.method != "HEAD") {
            evbuffer_add(buffer.get(), body.data(), body.size());
        }
        evhttp_send_reply(let_go(), status, nullptr, buffer.get());
    }

    Implementation* server_;
    evhttp_request* raw_;  // null: answered, or the client has gone
    HttpRequest request_;
};

void HttpServer::Implementation::received(evhttp_request* raw)
{
    evhttp_connection* connection = evhttp_request_get_connection(raw);
    bufferevent* events = evhttp_connection_get_bufferevent(connection);
    if (Connection* known = find(events)) {
        known->busy = true;
    }
    HttpRequest request;
    request.method = method_name(evhttp_request_get_command(raw));
    const bool headers_read = read_headers(*evhttp_request_get_input_headers(raw), request.headers);
    request.body = text_in(evhttp_request_get_input_buffer(raw));
    ucred peer{};
    socklen_t size = sizeof peer;
    // On a TCP socket the call succeeds, and says that nobody is known.
    if (::getsockopt(bufferevent_getfd(events), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
        peer.uid != static_cast<uid_t>(-1)) {
        request.peer = peer.uid;
    }
    const bool understood = read_target(evhttp_request_get_uri(raw), request);
    const auto exchange = std::make_shared<Exchange>(*this, raw, std::move(request));
    if (!understood || !headers_read) {
        exchange->reply(400,
                        understood ? "{\"error\":\"a header comes twice\"}\n"
                                   : "{\"error\":\"the path or query is malformed\"}\n",
                        {});
        return;
    }
    try {
        handler_(exchange);
    } catch (const std::exception& error) {  // a bug: only this request fails
        spdlog::error("control: {}: {}", exchange->request().method, error.what());
        exchange->reply(500, "{\"error\":\"internal error: see the log of usherd\"}\n", {});
    }
}

void HttpServer::Implementation::stop()
{
    if (file_) {
        file_->remove();
    }
    if (bound_ != nullptr) {
        evhttp_del_accept_socket(http_.get(), std::exchange(bound_, nullptr));
    }
}

HttpServer::Implementation::~Implementation()
{
    stop();
    for (Exchange* exchange : std::exchange(exchanges_, {})) {
        exchange->abandon();
    }
    for (const Connection& connection : connections_) {
        write_rest(connection.events);
    }
    http_.reset();
    for (const Connection& connection : connections_) {
        bufferevent_decref(connection.events);
    }
}

HttpServer::HttpServer(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation))
{
}

HttpServer::~HttpServer() = default;

tl::expected<std::unique_ptr<HttpServer>, std::string> HttpServer::listen(event_base* base,
                                                                          const std::string& path,
                                                                          Handler handler, Bounds bounds)
{
    auto file = SocketFile::listen(path);
    if (!file) {
        return tl::unexpected(file.error());
    }
    const int descriptor = file->take_descriptor();
    return std::unique_ptr<HttpServer>(new HttpServer(
        std::make_unique<Implementation>(base, *std::move(file), descriptor, std::move(handler), bounds)));
}

tl::expected<std::unique_ptr<HttpServer>, std::string> HttpServer::listen_at(event_base* base,
                                                                             const std::string& address,
                                                                             std::uint16_t port,
                                                                             Handler handler, Bounds bounds)
{
    const auto failed = [&address, port] {
        return tl::unexpected(address + " port " + std::to_string(port) + ": " + std::strerror(errno));
    };
    sockaddr_storage where{};
    auto* const v4 = reinterpret_cast<sockaddr_in*>(&where);
    auto* const v6 = reinterpret_cast<sockaddr_in6*>(&where);
    socklen_t size = sizeof *v4;
    if (::inet_pton(AF_INET, address.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
    } else if (::inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        size = sizeof *v6;
    } else {
        errno = EINVAL;
        return failed();
    }
    FileDescriptor descriptor(::socket(where.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;  // what the last usherd left half closed does not keep this one out
    if (!descriptor || ::setsockopt(descriptor.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        ::bind(descriptor.get(), reinterpret_cast<const sockaddr*>(&where), size) != 0 ||
        ::listen(descriptor.get(), SOMAXCONN) != 0) {
        return failed();
    }
    return std::unique_ptr<HttpServer>(new HttpServer(std::make_unique<Implementation>(
        base, std::nullopt, descriptor.release(), std::move(handler), bounds)));
}

void HttpServer::stop()
{
    implementation_->stop();
}

}  // namespace usher
