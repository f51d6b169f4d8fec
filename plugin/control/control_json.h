// What Operations answer, as JSON. The shapes are those that openapi.yaml documents.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "plugin/core/operations.h"

namespace usher
{

/// Keeps the order of members: what matters first comes first.
using Json = nlohmann::ordered_json;

[[nodiscard]] Json json_of(const Status& status);
[[nodiscard]] Json json_of(const UserOption& option);
[[nodiscard]] Json json_of(const WaitingRequests& waiting);
[[nodiscard]] Json json_of(const Review& review);
[[nodiscard]] Json json_of(const Explained& explained);
[[nodiscard]] Json json_of(const JournalRecord& record);
[[nodiscard]] Json json_of(const GeneralIm& general);
[[nodiscard]] Json json_of(const CheckReport& report);

/// A decision's id as text: most programs that read JSON know no whole numbers of 64 bits.
[[nodiscard]] Json json_of_id(std::int64_t id);

/// A line, with its end. Whatever a text may contain, this is JSON, in ASCII.
[[nodiscard]] std::string to_json_line(const Json& json);

}  // namespace usher
