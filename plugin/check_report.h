// What a check has found, for administrators: a list of results with the mend for each.
//
// From facts to sentences and nothing else; how the facts are come by is in check.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "integration/channel.h"
#include "integration/entrance.h"
#include "integration/survey.h"
#include "plugin/exit_codes.h"
#include "plugin/settings.h"

namespace usher
{

/// Where clients connect. A component cannot know: the usual port (RFC 6120 section 14.7).
[[nodiscard]] std::uint16_t entrance_port(const ConnectionSettings& connection);

struct CheckResult {
    enum class Outcome {
        passed,
        warning,       ///< requests are answered all the same
        failed,        ///< they are not
        not_possible,  ///< could not be checked
    };

    std::string domain;  ///< empty: about the connection
    Outcome outcome;
    std::string subject;  ///< such as `connector`
    std::string finding;
    std::string mend;  ///< empty where there is nothing to mend
};

struct CheckReport {
    std::vector<CheckResult> results;
    std::vector<std::string> answering;  ///< domains on which requests can be answered ...
    std::vector<std::string> silent;  ///< ... and on which they cannot; other servers' domains are in neither

    ExitCode exit_code = kFailed;  ///< for a program that ends with this report and not all is well

    /// Requests can be answered on every domain of which the server is host.
    [[nodiscard]] bool all_answered() const { return !answering.empty() && silent.empty(); }
};

/// Logged in, and this is what the domains have said. `path` is the settings file.
[[nodiscard]] CheckReport report(const std::string& path, const Settings& settings,
                                 const std::map<std::string, DomainFacts, std::less<>>& facts,
                                 const EntranceLook::Seen& seen);
/// No login, or not long enough.
[[nodiscard]] CheckReport report(const std::string& path, const Settings& settings, const Failure& failure);
/// No login was tried, because usherd is running and it would be ended by ours.
[[nodiscard]] CheckReport report_running(const std::string& path, const Settings& settings);

/// `passed`, `warning`, `failed`, `not possible`
[[nodiscard]] std::string_view name(CheckResult::Outcome outcome);

/// For people: a paragraph for the connection and each domain, a sentence at the end.
[[nodiscard]] std::string text(const CheckReport& report);

}  // namespace usher
