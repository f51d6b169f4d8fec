// The administration page: its files, who is logged in, and the documented API (control/openapi.yaml) on their behalf.
//
// It translates between browsers and Operations, and decides nothing but who is asking: by the session's cookie, given only
// where the request comes from our own page. Not here: links, sessions (core/web_sessions.h); TLS, which is a proxy's.
//
// What a browser that somebody else's page is in could be made to send is refused: by Host (another name for our address, DNS
// rebinding), by Origin and a token that only our page can read (forged requests). Any answer forbids to be framed, and to run
// what is not from here.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "plugin/control/http_server.h"
#include "plugin/core/operations.h"
#include "plugin/core/web_sessions.h"
#include "plugin/settings/settings.h"
#include "plugin/web/page_files.h"

struct event_base;

namespace usher
{

/// As browsers reach the page, with a slash at its end.
[[nodiscard]] std::string page_url(const WebSettings& settings);

class WebPage
{
  public:
    /// Of a request: an organisation's rules may be sent. What strangers send is read up to that before it is known who they are,
    /// on each connection of HttpServer's limit.
    static constexpr std::size_t kMaxBodyBytes = 128 * 1024;
    /// In which a whole request has to arrive.
    static constexpr std::chrono::milliseconds kPatience{10'000};

    /// Asks the client of an address whether its user is logging in, showing the code.
    using AskClient = std::function<void(const std::string& address, const std::string& code,
                                         std::function<void(bool yes)> then)>;

    /// Listens until the object is destroyed. The error is for people, with the setting's key. `operations` and `sessions` must
    /// outlive the object.
    [[nodiscard]] static tl::expected<std::unique_ptr<WebPage>, std::string> listen(
        event_base* base, const WebSettings& settings, Operations& operations, WebSessions& sessions,
        AskClient ask_client);

    WebPage(const WebPage&) = delete;
    WebPage& operator=(const WebPage&) = delete;
    ~WebPage();

    /// Method and path, as openapi.yaml writes it, of what is served here and not on the control socket.
    [[nodiscard]] static std::vector<std::pair<std::string, std::string>> served();

    /// See HttpServer::stop.
    void stop() { server_->stop(); }

  private:
    class Exchange;
    using ExchangePointer = std::shared_ptr<Exchange>;

    WebPage(const WebSettings& settings, Operations& operations, WebSessions& sessions, AskClient ask_client,
            PageFiles files);

    void received(const std::shared_ptr<HttpExchange>& exchange);
    /// Why nothing is answered to it; empty if it is.
    [[nodiscard]] std::string why_foreign(const HttpRequest& request) const;
    void reply_file(HttpExchange& exchange, std::string_view name) const;
    void serve_session(const ExchangePointer& exchange, const WebSession* session);
    void log_in(const ExchangePointer& exchange);
    void begin_attempt(const ExchangePointer& exchange, const std::string& address);
    void reply_opened(HttpExchange& exchange, const std::optional<WebSessions::Opened>& opened,
                      const std::string& why_not);
    [[nodiscard]] const WebSession* session_of(const HttpRequest& request);
    [[nodiscard]] std::string session_json(const WebSession& session) const;
    [[nodiscard]] std::string cookie(const std::string& secret) const;

    Operations& operations_;
    WebSessions& sessions_;
    const AskClient ask_client_;
    const PageFiles files_;
    std::vector<std::string> hosts_;    // what Host may be
    std::vector<std::string> origins_;  // what Origin may be
    const std::string cookie_name_;
    const bool https_;
    std::unique_ptr<HttpServer> server_;
};

}  // namespace usher
