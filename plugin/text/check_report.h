// The result of checking the server: findings, each with its fix, and the report made of them.
//
// Not here: what the findings are (check/check_findings.h).
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
    std::string fix;  ///< empty where there is nothing to fix
};

struct CheckReport {
    std::vector<CheckResult> results;
    std::vector<std::string> answering;  ///< domains on which requests can be answered
    std::vector<std::string> silent;     ///< domains on which they cannot; other servers' are in neither list

    int exit_code = 1;  ///< what a program exits with that ends after this report, unless all is well

    /// Whether requests can be answered on every domain of this server.
    [[nodiscard]] bool all_answered() const { return !answering.empty() && silent.empty(); }
};

/// `passed`, `warning`, `failed`, `not possible`
[[nodiscard]] std::string_view name(CheckResult::Outcome outcome);

/// For people: a paragraph for the connection and for each domain, then a sentence with the outcome.
[[nodiscard]] std::string to_string(const CheckReport& report);

}  // namespace usher
