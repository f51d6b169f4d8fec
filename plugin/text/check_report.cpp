#include "plugin/text/check_report.h"

#include <algorithm>

namespace usher
{

namespace
{

using Outcome = CheckResult::Outcome;

constexpr std::size_t kWidth = 100;
constexpr std::size_t kOutcomeColumn = 2;
constexpr std::size_t kFindingColumn = 16;

/// Appends words, broken into lines that begin in the column where it stands.
void append_words(std::string& out, std::string_view words, std::size_t column)
{
    std::size_t at = column;
    while (!words.empty()) {
        const std::size_t end = std::min(words.find(' '), words.size());
        if (at + end > kWidth && at > column) {
            while (out.back() == ' ') {
                out.pop_back();
            }
            out += '\n' + std::string(column, ' ');
            at = column;
        }
        out += words.substr(0, end);
        at += end;
        words.remove_prefix(end);
        if (!words.empty()) {
            out += ' ';
            ++at;
            words.remove_prefix(1);
        }
    }
    out += '\n';
}

std::string list(const std::vector<std::string>& words)
{
    std::string out;
    for (const std::string& word : words) {
        out += (out.empty() ? "" : ", ") + word;
    }
    return out;
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
        append_words(out, result.subject + ": " + result.finding, kFindingColumn);
        if (!result.fix.empty()) {
            out += std::string(kFindingColumn, ' ') + "fix: ";
            append_words(out, result.fix, kFindingColumn + 6);
        }
    }
    out += '\n';
    if (!report.answering.empty()) {
        out += "Requests can be answered on " + list(report.answering) + ".\n";
    }
    if (!report.silent.empty()) {
        out += "Requests cannot be answered on " + list(report.silent) + ".\n";
    }
    if (report.answering.empty() && report.silent.empty()) {
        const bool failed = std::any_of(report.results.begin(), report.results.end(),
                                        [](const auto& result) { return result.outcome == Outcome::failed; });
        const bool asked = before != nullptr && !before->domain.empty();
        out += failed  ? "Requests cannot be answered.\n"
               : asked ? "No domain of the settings is of this server.\n"
                       : "The domains were not asked.\n";
    }
    return out;
}

}  // namespace usher
