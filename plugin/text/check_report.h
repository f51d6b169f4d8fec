// What a check of the server has found: a list of results with the mend for each, and how people read it.
//
// Not here: what the findings are (check_findings.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace usher
{

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
    std::string fix;  ///< empty where there is nothing to mend
};

struct CheckReport {
    std::vector<CheckResult> results;
    std::vector<std::string> answering;  ///< domains on which requests can be answered ...
    std::vector<std::string> silent;  ///< ... and on which they cannot; other servers' domains are in neither

    int exit_code = 1;  ///< of usherd, for a program that ends with this report and not all is well

    /// Requests can be answered on every domain of which the server is host.
    [[nodiscard]] bool all_answered() const { return !answering.empty() && silent.empty(); }
};

/// `passed`, `warning`, `failed`, `not possible`
[[nodiscard]] std::string_view name(CheckResult::Outcome outcome);

/// For people: a paragraph for the connection and each domain, a sentence at the end.
[[nodiscard]] std::string to_string(const CheckReport& report);

}  // namespace usher
