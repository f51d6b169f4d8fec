#include "plugin/control/control.h"

#include <pwd.h>

#include <array>
#include <utility>

#include "plugin/control/reply.h"
#include "plugin/control/request.h"
#include "plugin/control/routes.h"

namespace usher
{

std::vector<std::pair<std::string, std::string>> Control::served()
{
    std::vector<std::pair<std::string, std::string>> all;
    for (const Route& route : routes()) {
        all.emplace_back(route.method, route.path);
    }
    return all;
}

tl::expected<std::unique_ptr<Control>, std::string> Control::listen(event_base* base, const std::string& path,
                                                                    Operations& operations)
{
    std::unique_ptr<Control> control(new Control(operations));
    auto server = HttpServer::listen(
        base, path,
        [self = control.get()](const std::shared_ptr<HttpExchange>& exchange) { self->received(exchange); },
        {.body_bytes = kMaxBodyBytes});
    if (!server) {
        return tl::unexpected(server.error());
    }
    control->server_ = *std::move(server);
    return control;
}

Control::~Control() = default;

tl::expected<std::unique_ptr<HttpServer>, std::string> listen_for_metrics(event_base* base,
                                                                          std::uint16_t port,
                                                                          Operations& operations)
{
    return HttpServer::listen_at(base, "127.0.0.1", port,
                                 [&operations](const std::shared_ptr<HttpExchange>& exchange) {
                                     const HttpRequest& request = exchange->request();
                                     if (request.path != std::vector<std::string>{"metrics"}) {
                                         refuse(*exchange, 404, "only /metrics is served here");
                                     } else if (request.method != "GET") {
                                         exchange->reply(405, to_json_line({{"error", "accepted here: GET"}}),
                                                         {{"Allow", "GET"}});
                                     } else {
                                         reply_metrics(exchange, operations);
                                     }
                                 },
                                 {});
}

void Control::received(const std::shared_ptr<HttpExchange>& exchange)
{
    serve_api({exchange, operations_, actor(exchange->request()), {}});
}

Actor Control::actor(const HttpRequest& request)
{
    if (!request.peer) {
        return Actor::local("control");
    }
    const auto [name, unknown] = names_.try_emplace(*request.peer, "uid " + std::to_string(*request.peer));
    if (unknown) {
        passwd entry{};
        passwd* found = nullptr;
        std::array<char, 4096> texts{};
        if (::getpwuid_r(*request.peer, &entry, texts.data(), texts.size(), &found) == 0 &&
            found != nullptr) {
            name->second = found->pw_name;
        }
    }
    return Actor::local(name->second);
}

}  // namespace usher
