#include "plugin/usherctl/reports.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <optional>
#include <stdexcept>
#include <vector>

#include "plugin/text/check_report.h"
#include "plugin/text/lists.h"
#include "plugin/text/terminal.h"
#include "plugin/text/timestamp.h"
#include "plugin/usherctl/archive_report.h"
#include "policy/option.h"

namespace usher::control_report
{

std::string local_time(const std::string& timestamp)
{
    const auto time = read_timestamp(timestamp);
    if (!time) {
        return timestamp;
    }
    const std::time_t seconds = std::chrono::system_clock::to_time_t(*time);
    std::tm local{};
    ::localtime_r(&seconds, &local);
    std::array<char, 32> written{};
    std::strftime(written.data(), written.size(), "%Y-%m-%d %H:%M:%S", &local);
    return written.data();
}

namespace
{

using std::chrono::system_clock;
using Rows = std::vector<std::vector<std::string>>;

constexpr std::size_t kWidth = 100;

std::string text(const Json& json, const char* member)
{
    return json.at(member).get<std::string>();
}

std::string length_of(std::chrono::seconds time)
{
    const auto count = [](auto number, const char* unit) { return std::to_string(number) + " " + unit; };
    const auto minutes = time.count() / 60;
    const auto hours = minutes / 60;
    if (hours >= 48) {
        return count(hours / 24, "days");
    }
    if (hours >= 1) {
        return count(hours, "h") + " " + count(minutes % 60, "min");
    }
    return minutes >= 1 ? count(minutes, "min") : count(time.count(), "s");
}

std::string list_or_none(const Json& list)
{
    return list.empty() ? "none" : joined(list.get<std::vector<std::string>>());
}

constexpr std::pair<const char*, const char*> kHandlingLabels[] = {
    {"always_accept", "Always accept"}, {"never_accept", "Never accept"}, {"always_ask", "Always ask me"}};

std::string exception_text(const Json& exception)
{
    if (exception.is_null()) {
        return "none";
    }
    std::string handling = text(exception, "handling");
    for (const auto& [known, label] : kHandlingLabels) {
        if (handling == known) {
            handling = label;
        }
    }
    return handling + ": " + text(exception, "entry");
}

/// The sentence that users read, and the name that commands take.
std::string option_text(const std::string& name)
{
    const auto option = option_named(name);
    return option ? std::string(sentence(*option)) + " (" + name + ")" : name;
}

/// Who can be found, and how old that is.
std::string people_text(const Json& people)
{
    std::string out =
        std::to_string(people.at("count").get<std::size_t>()) + " people are known for searches";
    if (const Json& listed = people.at("listed"); listed.is_string()) {
        out += ", as listed at " + local_time(listed.get<std::string>());
    }
    if (const std::string problem = text(people, "problem"); !problem.empty()) {
        out += "; THEY COULD NOT BE LISTED the last time: " + problem;
    }
    return out;
}

/// What is known of the directory, and how old that is.
std::string ldap_text(const Json& ldap)
{
    const Json& read = ldap.at("read");
    const auto groups = ldap.at("groups").get<std::size_t>();
    const Json& not_known = ldap.at("groups_not_known");
    std::string out = text(ldap, "url") + ": ";
    if (read.is_string()) {
        out += std::to_string(ldap.at("people").get<std::size_t>()) + " people";
        if (!not_known.empty()) {
            out += ", " + std::to_string(groups) + " of " + std::to_string(groups + not_known.size()) +
                   " groups";
        } else if (groups > 0) {
            out += ", " + std::to_string(groups) + " groups";
        }
        out += ", read at " + local_time(read.get<std::string>());
    } else {
        out +=
            std::string("NOT READ YET, so ") +
            (not_known.empty() ? "searches find none of its people" : "it is not known who is in its groups");
    }
    if (read.is_string() && !not_known.empty()) {
        out += "; IT IS NOT KNOWN WHO IS IN " +
               joined(not_known, " or ", [](const Json& group) { return group.get<std::string>(); });
    }
    if (const std::string problem = text(ldap, "problem"); !problem.empty()) {
        out += std::string("; IT COULD NOT BE READ the last time") +
               (read.is_string() ? ", so this is in force still: " : ": ") + problem;
    }
    return out;
}

std::string domain_text(const std::string& state)
{
    if (state == "answering") {
        return "answering";
    }
    if (state == "offline") {
        return "NOT ANSWERING: not connected";
    }
    if (state == "asking") {
        return "not answering yet: the server is being asked for its connector";
    }
    if (state == "reading") {
        return "starting: reading the waiting requests";
    }
    if (state == "no-connector") {
        return "NOT ANSWERING: the server has no connector for this domain";
    }
    if (state == "not-granted") {
        return "NOT ANSWERING: the server grants nothing here (privileged_entities, XEP-0356)";
    }
    if (state == "unreachable") {
        return "NOT ANSWERING: the domain does not reply; is it one of this server?";
    }
    if (state == "stock") {
        return "without a connector: local requests are approved, nothing else is seen";
    }
    if (state == "stock-not-granted") {
        return "NOT ANSWERING: no connector, and the server grants too little (XEP-0356)";
    }
    if (state == "stock-ineffective") {
        return "NOT ANSWERING: no connector, and this server does not let others change subscriptions";
    }
    return state;
}

std::string found_where(const std::string& source, const std::string& reason)
{
    if (reason == "revoked") {
        return "in the user's roster";
    }
    if (source == "asked") {
        return "when it came in";
    }
    if (source == "roster") {
        return "in the contact's roster";
    }
    return source == "waiting" ? "among those that wait" : source;
}

std::string reason(const Json& decision)
{
    std::string reason = text(decision, "reason");
    if (decision.at("rule").is_number()) {
        reason += " " + std::to_string(decision.at("rule").get<std::uint32_t>());
    }
    if (const std::string by = decision.value("answered_by", std::string()); !by.empty()) {
        reason += " (" + by + ")";
    }
    return reason;
}

std::string federation_text(const Json& federation)
{
    const std::string mode = text(federation, "mode");
    if (mode == "open") {
        return mode;
    }
    return (mode == "closed" ? mode : "for " + list_or_none(federation.at("domains"))) +
           (text(federation, "answer") == "deny" ? "; others are denied" : "; others are left to the user");
}

std::string roster_item(const Json& item)
{
    if (item.is_null()) {
        return "none";
    }
    const std::string subscription = text(item, "subscription");
    return "subscription " + subscription + (item.at("ask").get<bool>() ? ", and the user has asked" : "");
}

std::string outcome_text(const Json& outcome)
{
    if (outcome.is_null()) {
        return "left to the user";
    }
    const std::string name = outcome.get<std::string>();
    if (name == "answered") {
        return "done";
    }
    if (name == "nothing-waits") {
        return "not applied: answered, withdrawn or blocked in the meantime";
    }
    if (name == "refused") {
        return "REFUSED by the server";
    }
    return name == "lost" ? "UNKNOWN: the server did not reply" : name;
}

std::string more(const Json& list)
{
    return list.at("more").get<bool>() ? "There are more than these.\n" : "";
}

/// Which domains are missing, and why: not a part of the list, but it must not look complete.
std::string unlisted(const Json& list)
{
    std::string lines;
    for (const Json& domain : list.at("unlisted")) {
        lines += "Not listed: " + printable(text(domain, "domain")) + ", because " +
                 printable(text(domain, "why")) + ".\n";
    }
    return lines;
}

std::string requests(std::size_t count)
{
    return std::to_string(count) + (count == 1 ? " request" : " requests");
}

/// What there is to say of approvals that policy would not give any more.
std::string revocation_text(const Json& revocation)
{
    std::string out;
    const std::string problem = text(revocation, "problem");
    if (const Json& found = revocation.at("found"); found.is_number()) {
        const auto count = found.get<std::size_t>();
        out = std::to_string(count) + (revocation.at("more").get<bool>() ? " or more" : "");
        out += problem.empty() ? "" : " at " + local_time(text(revocation, "looked"));
        const auto waits = revocation.at("waits").get<std::size_t>();
        if (const Json& from = revocation.at("from"); from.is_string()) {
            out += (waits == count ? ", " : ", " + std::to_string(waits) + " of them ") + "revoked from " +
                   local_time(from.get<std::string>()) + " on";
        }
        if (count > waits && revocation.at("setting") == "report") {
            out += "; usherctl approvals --no-longer lists them";
        }
    } else {
        out = "not looked for yet";
    }
    return problem.empty() ? out : out + "; PROBLEM SINCE: " + problem;
}

}  // namespace

std::string status(const Json& status)
{
    std::string out = "usherd " + printable(text(status, "version"));
    out +=
        ", running for " + length_of(std::chrono::seconds(status.at("running_seconds").get<std::int64_t>()));
    out += ", settings generation " + std::to_string(status.at("generation").get<std::uint64_t>()) + "\n";
    const std::string address = printable(text(status, "address"));
    if (status.at("online").get<bool>()) {
        out += "Connected as " + address + "\n";
    } else {
        out +=
            wrapped("NOT CONNECTED as " + address + ": " + text(status, "offline_because"), kWidth, 2) + "\n";
    }
    if (const std::string error = text(status, "store_error"); !error.empty()) {
        out += wrapped("THE STORE CANNOT BE WRITTEN, so all requests are left to the users: " + error, kWidth,
                       2) +
               "\n";
    }
    if (const Json& ldap = status.at("ldap"); ldap.is_object()) {
        out += wrapped("Directory " + ldap_text(ldap), kWidth, 2) + "\n";
    }
    for (const Json& organization : status.at("organizations")) {
        const Json& general = organization.at("general");
        out += "\n" + printable(text(general, "organization")) + "\n";
        const bool may_choose = general.at("users_may_choose").at("value").get<bool>();
        Rows rows;
        rows.push_back({may_choose ? "users start from" : "in force for all",
                        option_text(text(general.at("option"), "value"))});
        if (may_choose) {
            rows.push_back(
                {"users have chosen", std::to_string(organization.at("choices").get<std::size_t>())});
        }
        for (const Json& domain : organization.at("domains")) {
            std::string state = domain_text(text(domain, "state"));
            if (const Json& last = domain.at("last_round_trip"); last.is_string()) {
                state += "; the connector last replied at " + local_time(last.get<std::string>());
            }
            rows.push_back({text(domain, "domain"), std::move(state)});
            if (const Json& people = domain.at("people"); people.is_object()) {
                rows.push_back({"", people_text(people)});
            }
        }
        if (std::string archives = archive_report::line(organization.at("domains")); !archives.empty()) {
            rows.push_back({"archives", std::move(archives)});
        }
        if (const Json& revocation = organization.at("no_longer_approved"); revocation.is_object()) {
            rows.push_back({"no longer approved", revocation_text(revocation)});
        }
        out += table(rows, 2);
    }
    if (!status.at("saved").empty()) {
        out += "\nSaved by administrators\n";
    }
    for (const Json& saved : status.at("saved")) {
        const std::string effect = saved.at("in_force").get<bool>() ? "" : "WITHOUT EFFECT: ";
        out += "  " + wrapped(effect + text(saved, "text"), kWidth, 4) + "\n";
    }
    Rows rows;
    for (const Json& decided : status.at("decisions")) {
        rows.push_back({text(decided, "answer"), text(decided, "reason"),
                        std::to_string(decided.at("count").get<std::uint64_t>())});
    }
    out += rows.empty() ? "\nNo decisions of this usherd since its start\n"
                        : "\nDecisions of this usherd since its start\n" + table(rows, 2);
    if (const auto unrecorded = status.at("unrecorded").get<std::uint64_t>(); unrecorded > 0) {
        out += "  left to users because the store failed: " + std::to_string(unrecorded) + "\n";
    }
    for (const char* answer : {"approve", "deny"}) {
        if (const auto refused = status.at("refused").at(answer).get<std::uint64_t>(); refused > 0) {
            out += "  " + std::string(answer) +
                   ", but not applied by the server: " + std::to_string(refused) + "\n";
        }
    }
    const Json& without = status.at("without_own_record");
    if (const auto repeated = without.at("repeated").get<std::uint64_t>(); repeated > 0) {
        out += "  made again within the hour, counted in one record: " + std::to_string(repeated) + "\n";
    }
    if (const auto too_many = without.at("too_many").get<std::uint64_t>(); too_many > 0) {
        out += "  more than the journal takes in an hour, counted in one record of many: " +
               std::to_string(too_many) + "\n";
    }
    return out;
}

std::string check(const Json& check)
{
    constexpr std::array kOutcomes{CheckResult::Outcome::passed, CheckResult::Outcome::warning,
                                   CheckResult::Outcome::failed, CheckResult::Outcome::not_possible};
    CheckReport report;
    for (const Json& domain : check.at("answering")) {
        report.answering.push_back(printable(domain.get<std::string>()));
    }
    for (const Json& domain : check.at("silent")) {
        report.silent.push_back(printable(domain.get<std::string>()));
    }
    for (const Json& result : check.at("results")) {
        const std::string outcome = text(result, "outcome");
        const auto known = std::find_if(kOutcomes.begin(), kOutcomes.end(),
                                        [&outcome](auto one) { return name(one) == outcome; });
        if (known == kOutcomes.end()) {
            throw std::invalid_argument("outcome \"" + outcome + "\"");
        }
        report.results.push_back({printable(text(result, "domain")), *known,
                                  printable(text(result, "subject")), printable(text(result, "finding")),
                                  printable(text(result, "fix"))});
    }
    return usher::to_string(report);
}

std::string replay(const Json& replay, const std::string& config, bool own_policies)
{
    const auto count = [&replay](const char* member) { return replay.at(member).get<std::uint64_t>(); };
    const auto numbered = [](std::uint64_t number, const char* what) {
        return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
    };
    std::uint64_t differ = 0;
    for (const Json& one : replay.at("differences")) {
        differ += one.at("count").get<std::uint64_t>();
    }
    std::string out =
        numbered(count("decided"), "decision") + " made again under " +
        (own_policies     ? "their own policies"
         : config.empty() ? "the policy in force"
                          : printable(config)) +
        ": " +
        (differ == 0 ? "none differs" : std::to_string(differ) + (differ == 1 ? " differs" : " differ")) +
        ".\n";
    if (count("by_hand") != 0) {
        out += numbered(count("by_hand"), "answer") + " by people left out.\n";
    }
    if (count("not_decided") != 0) {
        out += numbered(count("not_decided"), "decision") +
               " whose policy cannot be had: " + printable(text(replay, "why_not")) + "\n";
    }
    const auto kind = [](const Json& decision) {
        return printable(text(decision, "answer") + " (" + reason(decision) + ")");
    };
    for (const Json& one : replay.at("differences")) {
        out += "\n" + std::to_string(one.at("count").get<std::uint64_t>()) + ": " + kind(one.at("was")) +
               " -> " + kind(one.at("now")) + "\n";
        for (const Json& example : one.at("examples")) {
            out += "    " + local_time(text(example, "at")) + "  " + printable(text(example, "contact")) +
                   " -> " + printable(text(example, "user")) + "  (decision " +
                   printable(text(example, "id")) + ")\n";
        }
    }
    return out;
}

std::string federation(const Json& federation)
{
    std::string out;
    for (const Json& organization : federation.at("organizations")) {
        out += (out.empty() ? "" : "\n") + printable(text(organization, "organization")) + "\n";
        if (organization.at("domains").empty()) {
            out += "  No other domain has asked.\n";
            continue;
        }
        Rows rows{
            {"domain", "approved", "denied", "left to users", "approved later", "denied later", "last"}};
        for (const Json& one : organization.at("domains")) {
            const auto count = [&one](const char* member) {
                return std::to_string(one.at(member).get<std::uint64_t>());
            };
            rows.push_back({text(one, "domain"), count("approved"), count("denied"), count("left"),
                            count("approved_later"), count("denied_later"), local_time(text(one, "last"))});
        }
        out += table(rows, 2);
        if (organization.at("more").get<bool>()) {
            out += "  More domains have asked; these have asked most.\n";
        }
    }
    return out;
}

namespace
{

std::string own_text(const std::string& because)
{
    if (because == "subscribed") {
        return "the user has subscribed to the contact";
    }
    if (because == "named") {
        return "the contact has a name in the user's list that Usher would not give today";
    }
    if (because == "grouped") {
        return "the user has put the contact into a group";
    }
    return because == "not-certain" ? "a person may have approved it again" : because;
}

std::string revoked_text(const Json& outcome)
{
    if (outcome == "revoked") {
        return "revoked";
    }
    if (outcome == "changed") {
        return "KEPT: it was changed or decided again in the meantime";
    }
    return "FAILED on the server: nothing was done";
}

std::string approval_count(std::size_t count)
{
    return std::to_string(count) + (count == 1 ? " approval" : " approvals");
}

/// Why it was given, and when it ends.
std::string reason_and_end(const Json& approval)
{
    const Json& ends = approval.at("ends");
    return reason(approval) +
           (ends.is_string() ? ", until " + local_time(ends.get<std::string>()) : std::string());
}

/// Those that a person has made their own, and what is missing.
std::string own_and_missing(const Json& approvals)
{
    std::string out;
    if (const Json& own = approvals.at("own"); !own.empty()) {
        Rows rows{{"USER", "CONTACT", "WHY IT IS A PERSON'S OWN"}};
        for (const Json& one : own) {
            rows.push_back({text(one, "user"), text(one, "contact"), own_text(text(one, "own"))});
        }
        out += "\nApproved by policy, but a person's own by now, so not revoked:\n" + table(rows);
    }
    return out + more(approvals) + unlisted(approvals);
}

}  // namespace

std::string approvals(const Json& approvals)
{
    const Json& list = approvals.at("approvals");
    Rows rows{{"USER", "CONTACT", "SUBSCRIPTION", "APPROVED", "REASON", "DECISION"}};
    for (const Json& one : list) {
        rows.push_back({text(one, "user"), text(one, "contact"), text(one, "subscription"),
                        local_time(text(one, "at")), reason_and_end(one), text(one, "decision")});
    }
    return (list.empty() ? "No approval of policy's is in force.\n" : table(rows)) +
           own_and_missing(approvals);
}

std::string revocations(const Json& approvals, bool applied)
{
    const Json& list = approvals.at("approvals");
    Rows rows{{"USER", "CONTACT", "APPROVED", "REASON"}};
    if (applied) {
        rows.front().emplace_back("OUTCOME");
    }
    std::size_t revoked = 0;
    for (const Json& one : list) {
        auto& row = rows.emplace_back(std::vector<std::string>{
            text(one, "user"), text(one, "contact"), local_time(text(one, "at")), reason_and_end(one)});
        if (applied) {
            row.push_back(revoked_text(one.at("outcome")));
            revoked += one.at("outcome") == "revoked" ? 1U : 0U;
        }
    }
    std::string out =
        (list.empty() ? "There is nothing to revoke.\n" : table(rows)) + own_and_missing(approvals);
    if (applied) {
        out += list.empty() ? "" : "\n" + approval_count(revoked) + " revoked.\n";
    } else if (!list.empty()) {
        out += "\nNothing was revoked yet. To revoke " + approval_count(list.size()) +
               ", give the same command with --apply.\n";
    }
    return out;
}

std::string web_link(const Json& link)
{
    return "Open this link in a browser by " + local_time(text(link, "expires")) + "; it works once:\n" +
           printable(text(link, "url")) + "\n";
}

std::string web_sessions(const Json& sessions)
{
    Rows rows{{"session", "who", "since"}};
    for (const Json& session : sessions.at("sessions")) {
        rows.push_back({text(session, "id"),
                        text(session, "name") + (session.at("local").get<bool>() ? " (this machine)" : ""),
                        local_time(text(session, "began"))});
    }
    return rows.size() == 1 ? "Nobody is logged in.\n" : table(rows, 0);
}

std::string reloaded(const Json& reloaded)
{
    std::string out = "Settings read again: generation " +
                      std::to_string(reloaded.at("generation").get<std::uint64_t>()) + " is in force.\n";
    if (!reloaded.at("need_restart").empty()) {
        out +=
            "Takes effect when usherd is restarted: " + printable(list_or_none(reloaded.at("need_restart"))) +
            "\n";
    }
    return out;
}

std::string option(const Json& option)
{
    const std::string organization = text(option, "organization");
    const bool may_choose = option.at("may_choose").get<bool>();
    Rows rows{{"in force", option_text(text(option, "in_force"))}};
    const Json& chosen = option.at("chosen");
    std::string by = chosen.is_null() ? "nothing" : option_text(chosen.get<std::string>());
    if (!may_choose) {
        by += "; users of " + organization + " may not choose";
    }
    rows.push_back({"chosen", by});
    rows.push_back(
        {"without a choice", option_text(text(option, "of_organization")) + ", from " + organization});
    return printable(text(option, "user")) + "\n" + table(rows, 2);
}

std::string exceptions(const Json& user)
{
    Rows rows;
    for (const auto& [member, label] : kHandlingLabels) {
        std::string first = label;
        for (const Json& entry : user.at(member)) {
            rows.push_back({std::exchange(first, ""), entry.get<std::string>()});
        }
    }
    const std::string name = printable(text(user, "user"));
    const std::string why =
        user.at("may_choose").get<bool>() ? "" : "Not in force: users of this organization may not choose.\n";
    return rows.empty() ? name + " has no exceptions.\n" : name + "\n" + table(rows, 2) + why;
}

std::string waiting(const Json& waiting)
{
    const Json& list = waiting.at("requests");
    if (list.empty()) {
        return "Nothing waits.\n" + unlisted(waiting);
    }
    Rows rows{{"USER", "CONTACT", "USER'S ROSTER ITEM"}};
    for (const Json& request : list) {
        rows.push_back({text(request, "user"), text(request, "contact"), roster_item(request.at("item"))});
    }
    return table(rows) + more(waiting) + unlisted(waiting);
}

std::string review(const Json& review, bool applied)
{
    const Json& list = review.at("requests");
    if (list.empty()) {
        return "Nothing waits.\n" + unlisted(review);
    }
    Rows rows{{"USER", "CONTACT", "ANSWER", "REASON"}};
    if (applied) {
        rows.front().emplace_back("OUTCOME");
    }
    std::size_t answered = 0;
    for (const Json& request : list) {
        const std::string answer = text(request, "answer");
        answered += answer == "leave" ? 0U : 1U;
        auto& row = rows.emplace_back(std::vector<std::string>{
            text(request, "user"), text(request, "contact"), answer, reason(request)});
        if (applied) {
            row.push_back(outcome_text(request.at("outcome")));
        }
    }
    std::string out = table(rows) + more(review) + unlisted(review);
    if (!applied && answered > 0) {
        out += "\nPolicy has an answer to " + requests(answered) + " of " + std::to_string(list.size()) +
               "; to give it: usherctl review --apply\n";
    }
    return out;
}

std::string explanation(const Json& explained)
{
    constexpr std::size_t kLabel = 34;  // of a step, with its number
    std::string state = ", as it waits now";
    if (explained.at("waits").is_null()) {
        state =
            ", if one came now (whether one waits, and what the user's roster says, is not known, because " +
            text(explained, "list_error") + ")";
    } else if (!explained.at("waits").get<bool>()) {
        state = ", if one came now (none waits; what the user's roster says is not known)";
    }
    std::string out =
        wrapped("A request from " + text(explained, "contact") + " to " + text(explained, "user") + state,
                kWidth, 2) +
        "\n\n";
    std::size_t number = 0;
    for (const Json& step : explained.at("steps")) {
        const bool applied = step.at("applied").get<bool>();
        std::string label = std::to_string(++number) + ". " + printable(text(step, "name"));
        label.resize(std::max<std::size_t>(label.size(), kLabel - 10), ' ');
        label += applied ? " DECIDES " : " no      ";
        out += "  " + label + wrapped(text(step, "why"), kWidth - kLabel, 2 + label.size()) + "\n";
    }
    out += "\nAnswer: " + printable(text(explained, "answer")) + " (" + printable(reason(explained)) + ")";
    if (explained.at("ask_back").get<bool>()) {
        out += ", and the user asks the contact in return";
    }
    out +=
        "\nDecided by settings generation " + std::to_string(explained.at("generation").get<std::uint64_t>());
    if (const std::string organization = text(explained, "organization"); !organization.empty()) {
        out += " of " + printable(organization);
    }
    return out + "\n";
}

namespace
{

/// What a record stands for besides the request that is shown.
std::string repeats_text(const Json& record)
{
    const auto repeats = record.at("repeats").get<std::uint64_t>();
    if (repeats == 0) {
        return {};
    }
    const std::string covers = text(record, "covers");
    const std::string others = covers == "domain"         ? " more of this domain"
                               : covers == "organization" ? " more of any domain"
                                                          : " more";
    return std::to_string(repeats) + others + ", last at " + local_time(text(record, "last_at"));
}

/// Empty if it is not known.
std::string verdict_text(const Json& record)
{
    if (record.at("outcome").is_null()) {
        return {};
    }
    const std::string refusal = text(record, "refusal");
    if (text(record, "outcome") != "refused") {
        return "applied by the server";
    }
    return "NOT APPLIED by the server" + (refusal.empty() ? "" : ": " + refusal);
}

}  // namespace

std::string decision_line(const Json& record)
{
    const auto padded = [](std::string cell, std::size_t width) {
        cell = printable(cell);
        cell.resize(std::max(cell.size(), width), ' ');
        return cell + "  ";
    };
    constexpr std::size_t kLongestReason = 22;
    const bool refused = record.at("outcome") == "refused";
    const std::string repeats = repeats_text(record);
    constexpr std::size_t kIdWidth = 19;  // from 2033 on; one less before
    return padded(local_time(text(record, "at")), 19) + padded(text(record, "id"), kIdWidth) +
           padded(text(record, "answer"), 7) + padded(reason(record), kLongestReason) +
           printable(text(record, "contact")) + " -> " + printable(text(record, "user")) +
           (refused ? "  " + printable(verdict_text(record)) : "") +
           (repeats.empty() ? "" : "  (" + printable(repeats) + ")") + "\n";
}

std::string decision(const Json& record)
{
    const Json& facts = record.at("facts");
    const auto count = [&facts](const char* member) {
        return std::to_string(facts.at(member).get<std::uint64_t>());
    };
    const Json& chosen = facts.at("chosen");
    Rows rows{
        {"when", local_time(text(record, "at"))},
        {"contact", text(record, "contact")},
        {"user", text(record, "user")},
        {"answer", text(record, "answer")},
        {"reason", reason(record)},
        {"user's roster item", roster_item(record.at("item"))},
        {"user's choice", chosen.is_null() ? "none" : option_text(chosen.get<std::string>())},
        {"user's exception", exception_text(facts.at("exception"))},
        {"approved within the hour", facts.at("approvals_known").get<bool>()
                                         ? count("approvals_from_contact") + " from the contact, " +
                                               count("approvals_from_domain") + " from their domain, " +
                                               count("approvals_to_user") + " to the user"
                                         : "not known: the counter was full"},
        {"found", found_where(text(record, "source"), text(record, "reason"))},
        {"settings", "generation " + std::to_string(record.at("generation").get<std::uint64_t>()) + " of " +
                         text(record, "organization")},
    };
    for (const auto& [what, member] :
         {std::pair("groups not known", "unknown_groups"), std::pair("user's groups", "user_groups"),
          std::pair("contact's groups", "contact_groups")}) {
        if (const Json& groups = facts.at(member); !groups.empty()) {
            rows.insert(rows.begin() + 7, {what, list_or_none(groups) + " (by the directory)"});
        }
    }
    if (text(record, "answer") != "leave") {
        const std::string verdict = verdict_text(record);
        const bool asked = text(record, "source") == "asked";
        rows.insert(rows.begin() + 5,
                    {"outcome", !verdict.empty() ? verdict
                                : asked ? "sent to the server, which does not confirm what it asked for"
                                        : "not known: the server did not reply"});
    }
    if (const std::string repeats = repeats_text(record); !repeats.empty()) {
        rows.insert(rows.begin() + 1, {"again", repeats});
    }
    return "Decision " + printable(text(record, "id")) + "\n" + table(rows, 2);
}

std::string general(const Json& general)
{
    const Json& may_choose = general.at("users_may_choose");
    const Json& option = general.at("option");
    const Json& domains = general.at("domains");
    const Json& federation = general.at("federation");
    Rows rows{
        {"users may choose", may_choose.at("value").get<bool>() ? "yes" : "no", text(may_choose, "source")},
        {"option", text(option, "value"), text(option, "source")},
        {"domains", list_or_none(domains.at("value")), text(domains, "source")},
        {"federation", federation_text(federation.at("value")), text(federation, "source")}};
    if (domains.at("value") != general.at("domains_in_file")) {
        rows.push_back({"in the file", list_or_none(general.at("domains_in_file")), ""});
    }
    const Json& rules = general.at("rules");
    const Json& administrators = general.at("administrators");
    rows.push_back({"rules", std::to_string(rules.at("count").get<std::uint64_t>()), text(rules, "source")});
    rows.push_back(
        {"administrators", list_or_none(administrators.at("value")), text(administrators, "source")});
    const Json& archive = general.at("archive");
    rows.push_back({"archive", text(archive, "default") + (archive.at("lock").get<bool>() ? ", locked" : ""),
                    text(archive, "source")});
    return printable(text(general, "organization")) + "\n" + table(rows, 2);
}

}  // namespace usher::control_report
