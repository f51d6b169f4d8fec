#include "plugin/usherctl/commands.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <iostream>
#include <string_view>
#include <thread>

#include "plugin/files/regular_file.h"
#include "plugin/text/since.h"
#include "plugin/text/terminal.h"
#include "plugin/text/timestamp.h"
#include "plugin/text/utf8.h"
#include "plugin/usherctl/archive_report.h"
#include "plugin/usherctl/reports.h"

namespace usher
{

namespace
{

int failed(const std::string& why)
{
    std::cout.flush();
    std::cerr << printable_lines(why, "usherctl: ");
    return kFailed;
}

std::int64_t id_of(const ControlClient::Json& record)
{
    return std::stoll(record.at("id").get<std::string>());
}

std::string with_query(std::string target, const std::vector<std::pair<std::string, std::string>>& query)
{
    for (const auto& [key, value] : query) {
        target += (target.find('?') == std::string::npos ? "?" : "&") + key + "=" + encoded(value);
    }
    return target;
}

constexpr std::size_t kMaxBodyBytes = 1024 * 1024;  // what the daemon takes (openapi.yaml)

/// The error is for people.
tl::expected<std::string, std::string> settings_text(const std::string& path)
{
    auto file = read_regular_file(path, kMaxBodyBytes);
    if (!file) {
        return tl::unexpected(path + ": " +
                              (file.error().kind == FileError::Kind::unreadable
                                   ? std::strerror(file.error().error)
                                   : "it is not a file"));
    }
    if (!file->whole) {
        return tl::unexpected(path + ": found more than 1 MiB; accepted: a settings file of at most 1 MiB");
    }
    for (std::size_t at = 0; at < file->text.size();) {
        if (next_character(file->text, at) < 0) {
            return tl::unexpected(path + ": found a byte that is no UTF-8; usherd --check says where");
        }
    }
    return std::move(file->text);
}

/// Two parts of a replay, the latter behind the former.
ControlClient::Json added(ControlClient::Json all, const ControlClient::Json& part)
{
    using Json = ControlClient::Json;
    for (const char* count : {"decided", "by_hand", "not_decided"}) {
        all[count] = all.at(count).get<std::uint64_t>() + part.at(count).get<std::uint64_t>();
    }
    if (all.at("why_not") == "") {
        all["why_not"] = part.at("why_not");
    }
    all["last"] = part.at("last");
    all["more"] = part.at("more");
    Json& differences = all.at("differences");
    for (const Json& one : part.at("differences")) {
        const auto same = std::find_if(differences.begin(), differences.end(), [&one](const Json& other) {
            return other.at("was") == one.at("was") && other.at("now") == one.at("now");
        });
        if (same == differences.end()) {
            differences.push_back(one);
            continue;
        }
        (*same)["count"] = same->at("count").get<std::uint64_t>() + one.at("count").get<std::uint64_t>();
        for (const Json& example : one.at("examples")) {
            if (same->at("examples").size() < 3) {
                same->at("examples").push_back(example);
            }
        }
    }
    std::stable_sort(differences.begin(), differences.end(), [](const Json& a, const Json& b) {
        return a.at("count").get<std::uint64_t>() > b.at("count").get<std::uint64_t>();
    });
    return all;
}

bool all_answered(const ControlClient::Json& review)
{
    for (const ControlClient::Json& request : review.at("requests")) {
        const ControlClient::Json& outcome = request.at("outcome");
        if (outcome == "refused" || outcome == "lost") {
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
        return failed(answer.error().text);
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
        return failed(check.error().text + "\n`usherd --check --online` asks without it");
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

int Commands::web()
{
    if (!arguments_.session.empty()) {
        return show(client_.ask("DELETE", "/v1/web/sessions/" + encoded(arguments_.session)),
                    [](const Json&) { return std::string("The session has ended.\n"); });
    }
    if (arguments_.sessions) {
        return show(client_.ask("GET", "/v1/web/sessions"), control_report::web_sessions);
    }
    return show(client_.ask("POST", "/v1/web/links"), control_report::web_link);
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

int Commands::exceptions()
{
    const std::string target = "/v1/exceptions/" + encoded(arguments_.user);
    Json changes = Json::object();
    for (const auto& [member, entries] :
         {std::pair("always_accept", &arguments_.always_accept),
          std::pair("never_accept", &arguments_.never_accept),
          std::pair("always_ask", &arguments_.always_ask), std::pair("remove", &arguments_.remove)}) {
        if (!entries->empty()) {
            changes[member] = *entries;
        }
    }
    return show(changes.empty() ? client_.ask("GET", target) : client_.ask("POST", target, changes),
                control_report::exceptions);
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
    if (arguments_.follow) {
        return follow_journal();
    }
    const auto shown = show_past(50);
    return shown ? kDone : failed(shown.error().text);
}

int Commands::replay()
{
    Json body = Json::object();
    if (!arguments_.config.empty()) {
        const auto text = settings_text(arguments_.config);
        if (!text) {
            failed(text.error());
            return kTrouble;
        }
        body = {{"settings", *text}, {"path", arguments_.config}};
        if (const std::size_t bytes = body.dump().size(); bytes > kMaxBodyBytes) {
            failed(arguments_.config + ": found " + std::to_string(bytes) +
                   " bytes as JSON; accepted: a settings file of at most 1 MiB as JSON");
            return kTrouble;
        }
    } else if (arguments_.own_policies) {
        body = {{"own_policies", true}};
    }
    const auto replay = replay_all(body);
    const int code = show(replay, [this](const Json& json) {
        return control_report::replay(json, arguments_.config, arguments_.own_policies);
    });
    const auto is_the_same = [](const Json& json) {
        return json.at("differences").empty() && json.at("not_decided") == 0;
    };
    if (code != kDone) {
        return kTrouble;
    }
    return is_the_same(*replay) ? kDone : kFailed;
}

int Commands::federation()
{
    const std::string since = arguments_.since.empty() ? "30d" : arguments_.since;
    Query query{{"since", timestamp(*read_since(since, now_))}};
    if (!arguments_.organization.empty()) {
        query.emplace_back("organization", arguments_.organization);
    }
    return show(client_.ask("GET", with_query("/v1/federation", query)), control_report::federation);
}

Commands::Query Commands::approval_filters() const
{
    Query query = filters();
    if (!arguments_.organization.empty()) {
        query.emplace_back("organization", arguments_.organization);
    }
    if (arguments_.rule) {
        query.emplace_back("rule", std::to_string(*arguments_.rule));
    }
    if (!arguments_.reason.empty()) {
        query.emplace_back("reason", arguments_.reason);
    }
    if (!arguments_.since.empty()) {
        query.emplace_back("since", timestamp(*read_since(arguments_.since, now_)));
    }
    if (arguments_.no_longer) {
        query.emplace_back("no_longer", "true");
    }
    return query;
}

int Commands::approvals()
{
    return show(client_.ask("GET", with_query("/v1/approvals", approval_filters())),
                control_report::approvals);
}

int Commands::revoke()
{
    Json body = {{"apply", arguments_.apply}};
    for (const auto& [key, value] : approval_filters()) {
        body[key] = value;
    }
    if (arguments_.rule) {
        body["rule"] = *arguments_.rule;
    }
    if (arguments_.no_longer) {
        body["no_longer"] = true;
    }
    const auto revoked = client_.ask("POST", "/v1/revocations", body);
    const int code = show(
        revoked, [this](const Json& json) { return control_report::revocations(json, arguments_.apply); });
    const auto is_done = [](const Json& approval) { return approval.at("outcome") == "revoked"; };
    const auto is_all = [](const Json& json) {
        return json.at("unlisted").empty() && json.at("more") == false;
    };
    return code == kDone && arguments_.apply &&
                   !(is_all(*revoked) &&
                     std::all_of(revoked->at("approvals").begin(), revoked->at("approvals").end(), is_done))
               ? kFailed
               : code;
}

int Commands::archive()
{
    Query query;
    if (!arguments_.user.empty()) {
        query.emplace_back("user", arguments_.user);
    }
    if (!arguments_.organization.empty()) {
        query.emplace_back("organization", arguments_.organization);
    }
    return show(client_.ask("GET", with_query("/v1/archive", query)), archive_report::report);
}

ControlClient::Result<Commands::Json> Commands::replay_all(const Json& body)
{
    const bool in_terminal = ::isatty(STDERR_FILENO) != 0;
    Query query = filters();
    if (!arguments_.organization.empty()) {
        query.emplace_back("organization", arguments_.organization);
    }
    if (!arguments_.since.empty()) {
        query.emplace_back("since", timestamp(*read_since(arguments_.since, now_)));
    }
    query.emplace_back("after", "0");
    Json all;
    for (bool more = true; more;) {
        auto part = client_.ask("POST", with_query("/v1/replay", query), body);
        if (!part) {
            return part;
        }
        more = part->at("more").get<bool>();
        query.back().second = part->at("last").get<std::string>();
        all = all.is_null() ? *std::move(part) : added(std::move(all), *part);
        if (in_terminal) {
            std::cerr << (more ? "\r" + all.at("decided").dump() + " decisions" : "\r\033[K") << std::flush;
        }
    }
    return all;
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
    if (!arguments_.federation.empty()) {
        change["federation"] = {{"mode", arguments_.federation}, {"domains", arguments_.federation_domains}};
        if (!arguments_.federation_answer.empty()) {
            change["federation"]["answer"] = arguments_.federation_answer;
        }
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
    if (!arguments_.page.empty()) {
        order.page = arguments_.page == "yes";
    }
    if (!arguments_.login.empty()) {
        order.login = arguments_.login == "component" ? LoginKind::component : LoginKind::account;
    }
    return set_up(order);
}

// --- The journal

void Commands::print_record(const Json& record) const
{
    if (arguments_.json) {
        print_json(record);
    } else {
        std::cout << control_report::decision_line(record);
    }
}

Commands::Query Commands::filters() const
{
    Query query;
    if (!arguments_.user.empty()) {
        query.emplace_back("user", arguments_.user);
    }
    if (!arguments_.contact.empty()) {
        query.emplace_back("contact", arguments_.contact);
    }
    if (arguments_.follow) {  // else a record that is committed after a newer one would be missed
        query.emplace_back("settled", "true");
    }
    return query;
}

ControlClient::Result<std::vector<Commands::Json>> Commands::ask_journal(const Query& query)
{
    return client_.ask_lines(with_query("/v1/journal", query));
}

ControlClient::Result<std::size_t> Commands::show_records(const Query& query)
{
    const auto records = ask_journal(query);
    if (!records) {
        return tl::unexpected(records.error());
    }
    for (const Json& record : *records) {
        print_record(record);
        seen_ = std::max(seen_, id_of(record));
    }
    std::cout.flush();
    return records->size();
}

ControlClient::Result<void> Commands::show_newer(Query query)
{
    constexpr std::size_t kPortion = 1'000;  // the daemon has time for requests between two
    query.emplace_back("limit", std::to_string(kPortion));
    query.emplace_back("after", std::string());
    for (;;) {
        query.back().second = std::to_string(seen_);
        const auto shown = show_records(query);
        if (!shown) {
            return tl::unexpected(shown.error());
        }
        if (*shown < kPortion || !std::cout) {
            return {};
        }
    }
}

ControlClient::Result<void> Commands::show_past(unsigned last_by_default)
{
    Query query = filters();
    if (!arguments_.since.empty()) {
        query.emplace_back("since", timestamp(*read_since(arguments_.since, now_)));
        if (!arguments_.last) {
            return show_newer(std::move(query));
        }
    }
    query.emplace_back("limit", std::to_string(arguments_.last.value_or(last_by_default)));
    return show_records(query).map([](std::size_t) {});
}

ControlClient::Result<std::int64_t> Commands::newest_id()
{
    return ask_journal({{"limit", "1"}, {"settled", "true"}}).map([](const std::vector<Json>& newest) {
        return newest.empty() ? 0 : id_of(newest.front());
    });
}

int Commands::follow_journal()
{
    // Whatever is not newer than this has been looked at when the past has been shown; so what follows need
    // not begin at the last record that the filters let through, which may be years ago.
    auto looked_at = newest_id();
    if (!looked_at) {
        return failed(looked_at.error().text);
    }
    if (const auto shown = show_past(10); !shown) {
        return failed(shown.error().text);
    }
    const Query query = filters();
    const bool shows_all = arguments_.user.empty() && arguments_.contact.empty();
    while (std::cout) {
        seen_ = std::max(seen_, *looked_at);
        std::this_thread::sleep_for(std::chrono::seconds(1));
        if (!shows_all) {  // else every record is shown, and so seen
            looked_at = newest_id();
        }
        const auto shown = looked_at ? show_newer(query) : tl::unexpected(looked_at.error());
        if (!shown) {
            return failed(shown.error().answered ? shown.error().text : "usherd has stopped");
        }
    }
    return kDone;
}

}  // namespace usher
