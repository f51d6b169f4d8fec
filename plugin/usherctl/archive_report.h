// What `usherctl archive` prints for people. Safe for terminals.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace usher::archive_report
{

/// The JSON of /v1/archive, of organisations or of one user.
[[nodiscard]] std::string report(const nlohmann::ordered_json& archive);
/// One line of the status for an organisation, whose domains these are; empty where nothing is wanted for archives.
[[nodiscard]] std::string line(const nlohmann::ordered_json& domains);

}  // namespace usher::archive_report
