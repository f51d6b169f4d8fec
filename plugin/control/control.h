// The control interface: HTTP and JSON on a Unix socket, for usherctl, a console, curl.
//
// It translates between HTTP and Operations, and decides nothing. Whoever can open the socket may do
// everything. openapi.yaml documents it; routes.h has its parts.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "plugin/control/http_server.h"
#include "plugin/core/operations.h"

struct event_base;

namespace usher
{

class Control
{
  public:
    /// Of a request: a settings file may be sent (POST /v1/replay).
    static constexpr std::size_t kMaxBodyBytes = 1024 * 1024;

    /// Listens at `path` until the object is destroyed. The error is for people. `operations` must outlive
    /// the object.
    [[nodiscard]] static tl::expected<std::unique_ptr<Control>, std::string> listen(event_base* base,
                                                                                    const std::string& path,
                                                                                    Operations& operations);

    Control(const Control&) = delete;
    Control& operator=(const Control&) = delete;
    ~Control();

    /// See HttpServer::stop.
    void stop() { server_->stop(); }

    /// Method and path, as openapi.yaml writes it, of everything that is served.
    [[nodiscard]] static std::vector<std::pair<std::string, std::string>> served();

  private:
    explicit Control(Operations& operations) : operations_(operations) {}

    void received(const std::shared_ptr<HttpExchange>& exchange);
    [[nodiscard]] Actor actor(const HttpRequest& request);

    Operations& operations_;
    std::map<uid_t, std::string> names_;  // looked up once each: a look-up can be slow
    std::unique_ptr<HttpServer> server_;
};

/// Serves `/metrics` at 127.0.0.1, for Prometheus; every user of this machine can read it. `operations` must
/// outlive the server.
[[nodiscard]] tl::expected<std::unique_ptr<HttpServer>, std::string> listen_for_metrics(
    event_base* base, std::uint16_t port, Operations& operations);

}  // namespace usher
