// Turns the daemon's JSON into the text that usherctl prints for people. Safe for terminals.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace usher
{

// Each function takes the JSON that openapi.yaml documents for its resource. For any other it throws what
// nlohmann-json throws.
namespace control_report
{

using Json = nlohmann::ordered_json;

/// In this machine's time zone; as it is if it is no time stamp.
[[nodiscard]] std::string local_time(const std::string& timestamp);

[[nodiscard]] std::string status(const Json& status);
[[nodiscard]] std::string check(const Json& check);
/// `config`: the file whose policy decided; empty: that in force, or each one's own.
[[nodiscard]] std::string replay(const Json& replay, const std::string& config, bool own_policies);
[[nodiscard]] std::string federation(const Json& federation);
[[nodiscard]] std::string approvals(const Json& approvals);
/// `applied`: they have been revoked; else they would be.
[[nodiscard]] std::string revocations(const Json& approvals, bool applied);
[[nodiscard]] std::string web_link(const Json& link);
[[nodiscard]] std::string web_sessions(const Json& sessions);
[[nodiscard]] std::string reloaded(const Json& reloaded);
[[nodiscard]] std::string option(const Json& option);
[[nodiscard]] std::string exceptions(const Json& user);
[[nodiscard]] std::string waiting(const Json& waiting);
[[nodiscard]] std::string review(const Json& review, bool applied);
[[nodiscard]] std::string explanation(const Json& explained);
/// One line.
[[nodiscard]] std::string decision_line(const Json& record);
/// Everything that is known of it.
[[nodiscard]] std::string decision(const Json& record);
[[nodiscard]] std::string general(const Json& general);

}  // namespace control_report

}  // namespace usher
