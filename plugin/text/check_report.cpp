#include "plugin/text/check_report.h"

#include <algorithm>

#include "plugin/text/lists.h"
#include "plugin/text/terminal.h"

namespace usher
{

namespace
{

using Outcome = CheckResult::Outcome;

constexpr std::size_t kWidth = 100;
constexpr std::size_t kOutcomeColumn = 2;
constexpr std::size_t kFindingColumn = 16;

/// `text` in lines that begin in that column.
std::string paragraph(const std::string& text, std::size_t column)
{
    return wrapped(text, kWidth - column, column) + "\n";
}

}  // namespace

std::string_view name(Outcome outcome)
{
    switch (outcome) {
        case Outcome::passed:
            return "passed";
        case Outcome::warning:
            return "warning";
        case Outcome::failed:
            return "failed";
        case Outcome::not_possible:
            break;
    }
    return "not possible";
}

std::string to_string(const CheckReport& report)
{
    std::string out;
    const CheckResult* before = nullptr;
    for (const CheckResult& result : report.results) {
        if (before == nullptr || before->domain != result.domain) {
            out += result.domain.empty() ? "connection\n" : "\n" + result.domain + "\n";
        }
        before = &result;
        std::string beginning = std::string(kOutcomeColumn, ' ') + std::string(name(result.outcome));
        beginning.resize(kFindingColumn, ' ');
        out += beginning;
        out += paragraph(result.subject + ": " + result.finding, kFindingColumn);
        if (!result.fix.empty()) {
            out += std::string(kFindingColumn, ' ') + "fix: ";
            out += paragraph(result.fix, kFindingColumn + 6);
        }
    }
    out += '\n';
    if (!report.answering.empty()) {
        out += "Requests can be answered on " + joined(report.answering) + ".\n";
    }
    if (!report.silent.empty()) {
        out += "Requests cannot be answered on " + joined(report.silent) + ".\n";
    }
    if (report.answering.empty() && report.silent.empty()) {
        const bool failed = std::any_of(report.results.begin(), report.results.end(),
                                        [](const auto& result) { return result.outcome == Outcome::failed; });
        const bool asked = before != nullptr && !before->domain.empty();
        out += failed  ? "Requests cannot be answered.\n"
               : asked ? "This server hosts none of the configured domains.\n"
                       : "No domain was checked.\n";
    }
    return out;
}

}  // namespace usher
