// What is counted, for Prometheus.
#pragma once

#include <string>

#include "plugin/core/operations.h"
#include "plugin/core/timings.h"

namespace usher
{

inline constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

/// In Prometheus' text format. Nothing in it names a user or a contact.
[[nodiscard]] std::string metrics(const Status& status, const Timings& timings);

}  // namespace usher
