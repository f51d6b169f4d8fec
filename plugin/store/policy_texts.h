// The numbered policies that were in force, as long as a record of the journal names them or they still are.
//
// Not here: what a policy is; here it is a text, of which each part is kept once however often it came into force.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace soci
{
class session;
}

namespace usher
{

/// Numbers the policy that comes into force, whose text is that of its parts one behind the other: with the number of
/// the one before if it is the same, else with the next. To be called in a transaction.
[[nodiscard]] std::uint64_t number_policy(soci::session& session, const std::vector<std::string>& parts,
                                          std::chrono::system_clock::time_point now);

/// Deletes policies that are not in force any more and that no record names, some at a time. To be called in a
/// transaction.
void forget_unnamed_policies(soci::session& session);

}  // namespace usher
