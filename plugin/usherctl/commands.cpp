#include "plugin/usherctl/commands.h"

#include <unistd.h>

#include <iostream>
#include <string_view>

#include "plugin/text/since.h"
#include "plugin/text/terminal.h"
#include "plugin/text/timestamp.h"
#include "plugin/usherctl/reports.h"

namespace usher
{

namespace
{

int failed(const std::string& why)
{
    std::cout.flush();
    std::string_view rest = why;
    while (!rest.empty()) {  // the errors of a settings file come one on each line
        const std::size_t end = rest.find('\n');
        std::cerr << "usherctl: " << printable(rest.substr(0, end)) << "\n";
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return kFailed;
}

bool all_answered(const ControlClient::Json& review)
{
    for (const ControlClient::Json& request : review.at("requests")) {
        const ControlClient::Json& outcome = request.at("outcome");
        if (outcome.is_null() ? request.at("answer") != "leave" : outcome == "refused" || outcome == "lost") {
            return false;
        }
    }
    return true;
}

}  // namespace

Commands::Commands(Arguments arguments)
    : arguments_(std::move(arguments)), client_(arguments_.socket, ::isatty(STDERR_FILENO) != 0)
{
}

template <typename Text>
int Commands::show(const ControlClient::Result<Json>& answer, Text text)
{
    if (!answer) {
        return failed(answer.error());
    }
    if (arguments_.json) {
        print_json(*answer);
    } else {
        std::cout << text(*answer);
    }
    return kDone;
}

void Commands::print_json(const Json& json) const
{
    std::cout << json.dump(-1, ' ', true, Json::error_handler_t::replace) << "\n";
}

std::string Commands::user_query() const
{
    return arguments_.user.empty() ? std::string() : "?user=" + encoded(arguments_.user);
}

int Commands::status()
{
    return show(client_.ask("GET", "/v1/status"), control_report::status);
}

int Commands::check()
{
    auto check = client_.ask("GET", "/v1/check");
    if (!check) {
        return failed(check.error() + "\n`usherd --check --online` asks without it");
    }
    const int code = show(check, control_report::check);
    return code == kDone && !check->at("all_answered").get<bool>() ? kFailed : code;
}

int Commands::reload()
{
    return show(client_.ask("POST", "/v1/reload"), control_report::reloaded);
}

int Commands::explain()
{
    return show(client_.ask("GET", "/v1/explain?user=" + encoded(arguments_.user) +
                                       "&contact=" + encoded(arguments_.contact)),
                control_report::explanation);
}

int Commands::option()
{
    const std::string target = "/v1/option/" + encoded(arguments_.user);
    if (arguments_.option.empty()) {
        return show(client_.ask("GET", target), control_report::option);
    }
    return show(arguments_.option == "default" ? client_.ask("DELETE", target)
                                               : client_.ask("PUT", target, {{"option", arguments_.option}}),
                control_report::option);
}

int Commands::waiting()
{
    return show(client_.ask("GET", "/v1/waiting" + user_query()), control_report::waiting);
}

int Commands::answer()
{
    return show(
        client_.ask(
            "POST", "/v1/answer",
            {{"user", arguments_.user}, {"contact", arguments_.contact}, {"answer", arguments_.answer}}),
        [this](const Json& json) {
            return std::string(arguments_.answer == "approve" ? "Approved" : "Denied") + ": " +
                   printable(arguments_.contact) + " -> " + printable(arguments_.user) + " (decision " +
                   printable(json.at("id").get<std::string>()) + ")\n";
        });
}

int Commands::review()
{
    const auto review = client_.ask(arguments_.apply ? "POST" : "GET", "/v1/review" + user_query());
    const int code =
        show(review, [this](const Json& json) { return control_report::review(json, arguments_.apply); });
    return code == kDone && arguments_.apply && !all_answered(*review) ? kFailed : code;
}

int Commands::journal()
{
    if (!arguments_.id.empty()) {
        return show(client_.ask("GET", "/v1/journal/" + arguments_.id), control_report::decision);
    }
    if (!arguments_.since.empty() && !arguments_.last) {
        return all_since();
    }
    constexpr unsigned kLast = 50;
    constexpr unsigned kLastWhileFollowing = 10;
    const unsigned last = arguments_.last.value_or(arguments_.follow ? kLastWhileFollowing : kLast);
    return read_journal({{"limit", std::to_string(last)}, {"follow", arguments_.follow ? "true" : "false"}});
}

int Commands::organization()
{
    const std::string target = "/v1/organizations/" + encoded(arguments_.organization) + "/general";
    if (arguments_.reset) {
        return show(client_.ask("DELETE", target), control_report::general);
    }
    Json change = Json::object();
    if (arguments_.users_may_choose) {
        change["users_may_choose"] = *arguments_.users_may_choose == "yes";
    }
    if (!arguments_.option.empty()) {
        change["option"] = arguments_.option;
    }
    if (!arguments_.domains.empty()) {
        change["domains"] = arguments_.domains;
    }
    return show(change.empty() ? client_.ask("GET", target) : client_.ask("PUT", target, change),
                control_report::general);
}

int Commands::setup()
{
    SetupOrder order = arguments_.setup;
    if (!arguments_.server.empty()) {
        order.server = arguments_.server == "prosody" ? ServerKind::prosody : ServerKind::ejabberd;
    }
    if (!arguments_.login.empty()) {
        order.login = arguments_.login == "component" ? LoginKind::component : LoginKind::account;
    }
    return set_up(order);
}

// --- The journal

void Commands::add_filters(std::string& target, const Query& more) const
{
    Query query = more;
    const auto add = [&query](const char* key, const std::string& value) {
        if (!value.empty()) {
            query.emplace_back(key, value);
        }
    };
    add("user", arguments_.user);
    add("contact", arguments_.contact);
    if (!arguments_.since.empty()) {
        add("since", timestamp(*read_since(arguments_.since, now_)));
    }
    for (const auto& [key, value] : query) {
        target += (target.find('?') == std::string::npos ? "?" : "&") + key + "=" + encoded(value);
    }
}

int Commands::read_journal(const Query& query)
{
    std::string target = "/v1/journal";
    add_filters(target, query);
    const auto read = client_.read_lines(target, [this](const Json& record) {
        if (arguments_.json) {
            print_json(record);
        } else {
            std::cout << control_report::decision_line(record);
        }
        std::cout.flush();
        last_id_ = record.at("id").get<std::string>();
        ++records_;
        return static_cast<bool>(std::cout);
    });
    if (!read) {
        return failed(read.error());
    }
    if (arguments_.follow && std::cout) {
        return failed("usherd has stopped");
    }
    return kDone;
}

/// From the first one on, in portions that the daemon has time for between requests.
int Commands::all_since()
{
    constexpr std::size_t kPortion = 1'000;
    const bool follow = std::exchange(arguments_.follow, false);
    for (;;) {
        const std::size_t before = records_;
        const int code = read_journal({{"after", last_id_}, {"limit", std::to_string(kPortion)}});
        if (code != kDone || !std::cout) {
            return code;
        }
        if (records_ - before < kPortion) {
            break;
        }
    }
    if (!follow) {
        return kDone;
    }
    arguments_.follow = true;
    return read_journal({{"after", last_id_}, {"limit", std::to_string(kPortion)}, {"follow", "true"}});
}

}  // namespace usher
