// Which function answers which method and path.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/control/request.h"

namespace usher
{

struct Route {
    std::string_view method;
    std::string_view path;                ///< as openapi.yaml writes it: `/v1/option/{user}`
    std::vector<std::string_view> query;  ///< the parameters that it knows
    void (*serve)(const ControlRequest& request);

    /// What stands in place of `{...}`, empty if there is no such place; nothing if this is another path.
    [[nodiscard]] std::optional<std::string> match(const std::vector<std::string>& segments) const;
};

/// All that is served.
[[nodiscard]] const std::vector<Route>& routes();

/// Has one of them answer the request, by its method and path; the parameter in the path is found here.
void serve_api(ControlRequest request);

}  // namespace usher
