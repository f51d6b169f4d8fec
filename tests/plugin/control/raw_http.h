// A client of an HTTP server on a Unix socket, on the server's own event loop. It sends arbitrary bytes.
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

/// Runs the loop until `done` returns true. Throws std::runtime_error when the deadline passes.
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
    /// Waits for an answer with a Content-Length.
    HttpAnswer answer();
    void wait_for_end();

    [[nodiscard]] bool ended() const { return ended_; }
    /// What has arrived and was not read yet.
    [[nodiscard]] const std::string& received() const { return received_; }

    /// Sends `METHOD target HTTP/1.1` with this body and returns the answer.
    HttpAnswer request(const std::string& method, const std::string& target, const std::string& body = {});
    /// The same, without waiting for the answer.
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
