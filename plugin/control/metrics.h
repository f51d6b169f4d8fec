// Counts and times, for Prometheus.
#pragma once

#include <string>

#include "plugin/core/operations.h"
#include "plugin/core/timings.h"

namespace usher
{

inline constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

/// Prometheus' text format. Names no user and no contact.
[[nodiscard]] std::string metrics(const Status& status, const Timings& timings);

}  // namespace usher
