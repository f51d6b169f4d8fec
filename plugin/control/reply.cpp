#include "plugin/control/reply.h"

#include "plugin/control/metrics.h"

namespace usher
{

namespace
{

using Kind = Refusal::Kind;

int status_code(Refusal::Kind kind)
{
    switch (kind) {
        case Kind::forbidden:
            return 403;
        case Kind::not_found:
            return 404;
        case Kind::invalid:
            return 400;
        case Kind::conflict:
            return 409;
        case Kind::unavailable:
            return 503;
    }
    return 500;
}

}  // namespace

void refuse(HttpExchange& exchange, int status, const std::string& why)
{
    exchange.reply(status, to_json_line({{"error", why}}));
}

void refuse(HttpExchange& exchange, const Refusal& refusal)
{
    refuse(exchange, status_code(refusal.kind),
           refusal.detail.empty() || !exchange.may_tell_details()
               ? refusal.text
               : refusal.text + " (" + refusal.detail + ")");
}

void reply_metrics(const std::shared_ptr<HttpExchange>& exchange, Operations& operations)
{
    operations.status(Actor::local("metrics"), [exchange, &operations](const Result<Status>& status) {
        if (status) {
            exchange->reply(200, metrics(*status, operations.timings()), {{"Content-Type", kMetricsType}});
        } else {
            refuse(*exchange, status.error());
        }
    });
}

}  // namespace usher
