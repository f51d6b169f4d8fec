// HTTP on a Unix or a TCP socket: libevent's evhttp, with a limit on everything that a client can use
// up.
//
// Not here: what the paths mean (routes.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include <tl/expected.hpp>

struct event_base;

namespace usher
{

struct HttpRequest {
    std::string method;
    std::vector<std::string> path;               ///< the segments, decoded: `/v1/option/a%2Fb` has three
    std::map<std::string, std::string> query;    ///< decoded; a `+` stays a `+`
    std::map<std::string, std::string> headers;  ///< by their names in small letters
    std::string body;
    std::optional<uid_t> peer;  ///< the client's user, known on a Unix socket only
};

/// A request that was received, and its answer. May be kept until the answer is known; if the last owner lets
/// go without a reply, the client gets a 503.
class HttpExchange
{
  public:
    virtual ~HttpExchange() = default;
    [[nodiscard]] virtual const HttpRequest& request() const = 0;

    /// The type of answers that are JSON line by line.
    static constexpr const char* kLines = "application/x-ndjson";

    using Headers = std::map<std::string, std::string>;
    /// Sends the answer, as JSON that nobody stores unless a header says otherwise. To be called once. Does nothing if the
    /// client or the server has gone.
    virtual void reply(int status, const std::string& body, const Headers& headers = {}) = 0;

    /// Whether an error may name hosts and roles (Refusal::detail).
    [[nodiscard]] virtual bool may_tell_details() const { return true; }
};

class HttpServer
{
  public:
    static constexpr std::size_t kMaxHeaderBytes = 16 * 1024;
    static constexpr std::size_t kMaxBodyBytes = 64 * 1024;
    static constexpr std::size_t kMaxConnections = 64;

    struct Bounds {
        /// The time in which a whole request has to arrive, and in which the client has to take something of
        /// an answer; where all connections are in use, the whole of it.
        std::chrono::milliseconds patience{30'000};
        std::size_t connections = kMaxConnections;
        std::size_t body_bytes = kMaxBodyBytes;
    };

    using Handler = std::function<void(std::shared_ptr<HttpExchange>)>;

    /// Listens at `path` (socket_file.h) until the object is destroyed. The error is for people.
    [[nodiscard]] static tl::expected<std::unique_ptr<HttpServer>, std::string> listen(
        event_base* base, const std::string& path, Handler handler, Bounds bounds);

    /// The same at an IP address, where all can connect who reach it: with 127.0.0.1 every user of this machine.
    [[nodiscard]] static tl::expected<std::unique_ptr<HttpServer>, std::string> listen_at(
        event_base* base, const std::string& address, std::uint16_t port, Handler handler, Bounds bounds);

    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;
    ~HttpServer();

    /// Accepts no more connections, and removes the socket's file. Requests that are there are still answered
    /// as long as the event loop runs.
    void stop();

  private:
    class Implementation;
    explicit HttpServer(std::unique_ptr<Implementation> implementation);

    std::unique_ptr<Implementation> implementation_;
};

}  // namespace usher
