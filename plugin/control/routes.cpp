#include "plugin/control/routes.h"

#include <algorithm>
#include <utility>

#include "plugin/control/reply.h"
#include "plugin/control/resources.h"
#include "plugin/text/lists.h"

namespace usher
{

std::optional<std::string> Route::match(const std::vector<std::string>& segments) const
{
    std::string parameter;
    std::string_view rest = path.substr(1);
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const std::size_t slash = rest.find('/');
        const std::string_view wanted = rest.substr(0, slash);
        if (wanted.starts_with('{')) {
            parameter = segments[i];
        } else if (wanted != segments[i]) {
            return std::nullopt;
        }
        const bool last = slash == std::string_view::npos;
        if (last != (i + 1 == segments.size())) {
            return std::nullopt;
        }
        rest.remove_prefix(last ? rest.size() : slash + 1);
    }
    return parameter;
}

const std::vector<Route>& routes()
{
    static const std::vector<Route> all{
        {"GET", "/v1/status", {}, resources::status},
        {"GET", "/v1/check", {}, resources::check},
        {"POST", "/v1/reload", {}, resources::reload},
        {"GET", "/metrics", {}, resources::metrics},
        {"GET", "/v1/explain", {"user", "contact"}, resources::explain},
        {"GET", "/v1/option/{user}", {}, resources::option},
        {"PUT", "/v1/option/{user}", {}, resources::choose},
        {"DELETE", "/v1/option/{user}", {}, resources::forget_choice},
        {"GET", "/v1/exceptions/{user}", {}, resources::exceptions},
        {"POST", "/v1/exceptions/{user}", {}, resources::change_exceptions},
        {"GET", "/v1/waiting", {"user"}, resources::waiting},
        {"POST", "/v1/answer", {}, resources::answer},
        {"GET", "/v1/review", {"user"}, resources::review},
        {"POST", "/v1/review", {"user"}, resources::apply},
        {"GET", "/v1/journal", {"user", "contact", "since", "after", "settled", "limit"}, resources::journal},
        {"GET", "/v1/journal/{id}", {}, resources::decision},
        {"POST",
         "/v1/replay",
         {"user", "contact", "organization", "since", "after", "limit"},
         resources::replay},
        {"GET",
         "/v1/approvals",
         {"organization", "user", "contact", "rule", "reason", "since", "no_longer"},
         resources::approvals},
        {"POST", "/v1/revocations", {}, resources::revoke},
        {"GET", "/v1/overview", {"organization", "period"}, resources::overview},
        {"GET", "/v1/federation", {"organization", "since"}, resources::federation},
        {"POST", "/v1/web/links", {}, resources::make_web_link},
        {"GET", "/v1/web/sessions", {}, resources::web_sessions},
        {"DELETE", "/v1/web/sessions/{id}", {}, resources::end_web_session},
        {"GET", "/v1/organizations/{name}/general", {}, resources::general},
        {"PUT", "/v1/organizations/{name}/general", {}, resources::save_general},
        {"DELETE", "/v1/organizations/{name}/general", {}, resources::reset_general},
        {"POST", "/v1/organizations/{name}/preview", {"since", "after", "limit"}, resources::preview},
        {"POST", "/v1/organizations/{name}/preview/waiting", {}, resources::preview_waiting},
        {"POST", "/v1/organizations/{name}/try", {}, resources::try_change},
        {"GET", "/v1/archive", {"organization", "user"}, resources::archive},
    };
    return all;
}

void serve_api(ControlRequest request)
{
    const HttpRequest& asked = request.exchange->request();
    std::vector<std::string_view> methods;
    for (const Route& route : routes()) {
        auto parameter = route.match(asked.path);
        if (!parameter) {
            continue;
        }
        if (route.method != asked.method) {
            methods.push_back(route.method);
            continue;
        }
        for (const auto& [key, value] : asked.query) {
            if (std::find(route.query.begin(), route.query.end(), key) == route.query.end()) {
                refuse(*request.exchange, 400, "unknown parameter \"" + key + "\"");
                return;
            }
        }
        request.parameter = *std::move(parameter);
        route.serve(request);
        return;
    }
    if (methods.empty()) {
        refuse(*request.exchange, 404, "there is no such resource");
    } else {
        request.exchange->reply(405, to_json_line({{"error", "accepted here: " + joined(methods)}}),
                                {{"Allow", joined(methods)}});
    }
}

}  // namespace usher
