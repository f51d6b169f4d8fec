// Results of Operations as JSON, as openapi.yaml documents it.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "plugin/core/operations.h"

namespace usher
{

/// Keeps the order of members, so that the most important come first.
using Json = nlohmann::ordered_json;

[[nodiscard]] Json json_of(const Status& status);
[[nodiscard]] Json json_of(const UserOption& option);
[[nodiscard]] Json json_of(const UserExceptions& user);
[[nodiscard]] Json json_of(const Waiting& waiting);
[[nodiscard]] Json json_of(const Review& review);
[[nodiscard]] Json json_of(const WaitingPreview& preview);
[[nodiscard]] Json json_of(const Explained& explained);
[[nodiscard]] Json json_of(const JournalRecord& record);
[[nodiscard]] Json json_of(const GeneralIm& general);
[[nodiscard]] Json json_of(const Replay& replay);
[[nodiscard]] Json json_of(const std::vector<FederationReport>& reports);
[[nodiscard]] Json json_of(const Overview& overview);
[[nodiscard]] Json json_of(const ApprovalsInForce& approvals);
[[nodiscard]] Json json_of(const CheckReport& report);
[[nodiscard]] Json json_of(const ArchiveStatus& archive);
[[nodiscard]] Json json_of(const std::vector<OrganizationArchives>& archives);
[[nodiscard]] Json json_of(const UserArchive& archive);
[[nodiscard]] Json json_of(const WebLink& link);
/// Without what is secret of them.
[[nodiscard]] Json json_of(const std::list<WebSession>& sessions);

/// A decision's id as text: many programs that read JSON cannot hold whole numbers of 64 bits.
[[nodiscard]] Json json_of_id(std::int64_t id);

/// One line with its line break, always valid JSON in ASCII, whatever the texts contain.
[[nodiscard]] std::string to_json_line(const Json& json);

}  // namespace usher
