// Answers at the control interface: results as JSON, refusals with the status that openapi.yaml documents.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "plugin/control/control_json.h"
#include "plugin/control/http_server.h"
#include "plugin/core/operations.h"

namespace usher
{

/// `{"error": why}`.
void refuse(HttpExchange& exchange, int status, const std::string& why);
void refuse(HttpExchange& exchange, const Refusal& refusal);

template <typename Value>
void reply(HttpExchange& exchange, const Result<Value>& result)
{
    if (result) {
        exchange.reply(200, to_json_line(json_of(*result)));
    } else {
        refuse(exchange, result.error());
    }
}

/// Replies with the result, when it comes.
template <typename Value>
Callback<Value> replying(std::shared_ptr<HttpExchange> exchange)
{
    return [exchange = std::move(exchange)](const Result<Value>& result) { reply(*exchange, result); };
}

/// Replies with the metrics, when the status comes.
void reply_metrics(const std::shared_ptr<HttpExchange>& exchange, Operations& operations);

}  // namespace usher
