// A client of an HTTP server on a Unix socket, on the server's own event loop: it sends bytes, whatever they
// are.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "deadline.h"

struct bufferevent;
struct event_base;

namespace usher::test
{

/// Turns the loop until `done` says so. Throws std::runtime_error when the deadline passes.
void turn_until(event_base* base, const std::function<bool()>& done,
                std::chrono::milliseconds patience = kPatience);

struct HttpAnswer {
    int status = 0;
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string body;
};

class RawHttp
{
  public:
    /// Connects.
    RawHttp(event_base* base, const std::filesystem::path& socket);
    RawHttp(const RawHttp&) = delete;
    RawHttp& operator=(const RawHttp&) = delete;
    ~RawHttp();

    void send(std::string_view bytes);
    /// Reads nothing more until told to.
    void pause_reading();
    /// Waits for an answer that has a length.
    HttpAnswer answer();
    /// Waits for a line of an answer that comes in chunks; its header is skipped.
    std::string line();
    void wait_for_end();

    [[nodiscard]] bool ended() const { return ended_; }
    /// What has come and was not taken yet.
    [[nodiscard]] const std::string& received() const { return received_; }

    /// `METHOD target HTTP/1.1` with that body, and the answer.
    HttpAnswer request(const std::string& method, const std::string& target, const std::string& body = {});
    /// The same, sent only.
    void send_request(const std::string& method, const std::string& target, const std::string& body = {});

  private:
    struct Close {
        void operator()(bufferevent* events) const;
    };

    event_base* base_;
    std::unique_ptr<bufferevent, Close> events_;
    std::string received_;
    bool ended_ = false;
};

}  // namespace usher::test
