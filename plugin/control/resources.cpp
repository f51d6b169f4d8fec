#include "plugin/control/resources.h"

#include <optional>

#include "plugin/control/control_json.h"
#include "plugin/control/reply.h"
#include "plugin/text/timestamp.h"

namespace usher::resources
{

namespace
{

/// Of the journal, in one reply.
constexpr std::size_t kMaxRecords = 1'000;
constexpr std::size_t kMaxReplayed = 100'000;  // what others ask of the journal comes in between

std::string lines(const std::vector<JournalRecord>& records)
{
    std::string lines;
    for (const JournalRecord& record : records) {
        lines += to_json_line(json_of(record));
    }
    return lines;
}

/// Which decisions of the journal are to be made again.
Result<JournalFilter> replay_filter(const ControlRequest& request)
{
    auto filter = request.journal_filter(kMaxReplayed);
    if (filter && filter->most == 0) {
        return invalid("limit: found \"0\"; accepted: a whole number from 1 to 100000");
    }
    if (filter && request.query("limit") == nullptr) {
        filter->most = kMaxReplayed;
    }
    return filter;
}

/// Replies with the user's option, when it comes.
Callback<UserOption> replying_with_option(const ControlRequest& request, const Address& user)
{
    return [exchange = request.exchange, user](const Result<UserOption>& option) {
        if (!option) {
            refuse(*exchange, option.error());
            return;
        }
        Json json = {{"user", user.text()}};
        json.update(json_of(*option));
        exchange->reply(200, to_json_line(json));
    };
}

/// Which approvals are asked for: each value is as `value` gives it by its name, or null.
template <typename ValueOf>
Result<ApprovalFilter> approval_filter(ValueOf value)
{
    ApprovalFilter filter;
    filter.organization = value("organization");
    if (const auto text = value("user")) {
        const auto user = address("user", *text);
        if (!user) {
            return tl::unexpected(user.error());
        }
        filter.user = *user;
    }
    if (const auto text = value("contact")) {
        filter.contact = Address::prepare_contact(*text);
        if (!filter.contact) {
            return invalid("contact: found \"" + *text +
                           "\"; accepted: an address such as romeo@example.net or gateway.example.net");
        }
    }
    if (const auto text = value("rule")) {
        const auto rule = number<std::uint32_t>("rule", *text, 1, UINT32_MAX);
        if (!rule) {
            return tl::unexpected(rule.error());
        }
        filter.rule = *rule;
    }
    if (const auto text = value("reason")) {
        filter.reason = reason_named(*text);
        if (!filter.reason || !is_policys(*filter.reason)) {
            return invalid("reason: found \"" + *text +
                           "\"; accepted: rule, asked_for, all_contacts, in_organization");
        }
    }
    if (const auto text = value("no_longer")) {
        if (*text != "true" && *text != "false") {
            return invalid("no_longer: found \"" + *text + "\"; accepted: true, false");
        }
        filter.no_longer = *text == "true";
    }
    if (const auto text = value("since")) {
        filter.since = read_timestamp(*text);
        if (!filter.since) {
            return invalid("since: found \"" + *text + "\"; accepted: a time such as 2026-11-23T10:00:00Z");
        }
    }
    return filter;
}

/// Makes the choice for the user in the path.
void choose_for_user(const ControlRequest& request, std::optional<Option> chosen)
{
    if (const auto user = address("user", request.parameter)) {
        request.operations.choose(request.actor, *user, chosen, replying_with_option(request, *user));
    } else {
        refuse(*request.exchange, user.error());
    }
}

/// Replies with the user's exceptions, when they come.
Callback<UserExceptions> replying_with_exceptions(const ControlRequest& request, const Address& user)
{
    return [exchange = request.exchange, user](const Result<UserExceptions>& exceptions) {
        if (!exceptions) {
            refuse(*exchange, exceptions.error());
            return;
        }
        Json json = {{"user", user.text()}};
        json.update(json_of(*exceptions));
        exchange->reply(200, to_json_line(json));
    };
}

/// Appends what the member of a change, a list of addresses and domains, says.
Result<void> add_changes(std::vector<ExceptionChange>& changes, const Json& body, std::string_view member,
                         std::optional<Handling> handling)
{
    const auto found = body.find(member);
    if (found == body.end()) {
        return {};
    }
    if (!found->is_array()) {
        return invalid(std::string(member) + ": found " + quoted(*found) +
                       "; accepted: a list of addresses and domains");
    }
    for (const Json& entry : *found) {
        if (!entry.is_string()) {
            return invalid(std::string(member) + ": found " + quoted(entry) +
                           "; accepted: an address or a domain");
        }
        changes.push_back({entry.get<std::string>(), handling});
    }
    return {};
}

}  // namespace

// --- The daemon

void status(const ControlRequest& request)
{
    request.operations.status(request.actor, replying<Status>(request.exchange));
}

void metrics(const ControlRequest& request)
{
    reply_metrics(request.exchange, request.operations);
}

void check(const ControlRequest& request)
{
    request.operations.check(request.actor, replying<CheckReport>(request.exchange));
}

void reload(const ControlRequest& request)
{
    request.operations.reload(request.actor, [exchange = request.exchange, &operations = request.operations](
                                                 const Result<std::vector<std::string>>& need_restart) {
        if (need_restart) {
            exchange->reply(200, to_json_line({{"generation", operations.generation()},
                                               {"need_restart", *need_restart}}));
        } else {
            refuse(*exchange, need_restart.error());
        }
    });
}

// --- Why

void explain(const ControlRequest& request)
{
    const auto user = request.address_query("user");
    const auto contact = request.contact_query();
    if (!user || !contact) {
        refuse(*request.exchange, !user ? user.error() : contact.error());
    } else if (!*user || !*contact) {
        refuse(*request.exchange, 400, "user and contact are required");
    } else {
        request.operations.explain(request.actor, **user, **contact, replying<Explained>(request.exchange));
    }
}

void journal(const ControlRequest& request)
{
    const auto filter = request.journal_filter(kMaxRecords);
    if (!filter) {
        refuse(*request.exchange, filter.error());
        return;
    }
    request.operations.journal(
        request.actor, *filter,
        [exchange = request.exchange](const Result<std::vector<JournalRecord>>& records) {
            if (records) {
                exchange->reply(200, lines(*records), {{"Content-Type", HttpExchange::kLines}});
            } else {
                refuse(*exchange, records.error());
            }
        });
}

void decision(const ControlRequest& request)
{
    const auto id = number<std::int64_t>("id", request.parameter, 0, INT64_MAX);
    if (!id) {
        refuse(*request.exchange, id.error());
        return;
    }
    request.operations.journal(
        request.actor, {.id = *id},
        [exchange = request.exchange,
         wanted = request.parameter](const Result<std::vector<JournalRecord>>& records) {
            if (!records) {
                refuse(*exchange, records.error());
            } else if (records->empty()) {
                refuse(*exchange, 404, "there is no decision " + wanted + " in the journal");
            } else {
                exchange->reply(200, to_json_line(json_of(records->front())));
            }
        });
}

void replay(const ControlRequest& request)
{
    ReplayRequest wanted;
    const auto filter = replay_filter(request);
    const auto body = object_in(request.body(), {"settings", "path", "own_policies"});
    if (!filter || !body) {
        refuse(*request.exchange, !filter ? filter.error() : body.error());
        return;
    }
    wanted.filter = *filter;
    const auto given = [&body](const char* member) { return body->value(member, Json(nullptr)); };
    const Json settings = given("settings");
    const Json path = given("path");
    const Json own = given("own_policies");
    if (!(settings.is_null() || settings.is_string()) || !(path.is_null() || path.is_string()) ||
        !(own.is_null() || own.is_boolean()) || (own == true && !settings.is_null())) {
        refuse(*request.exchange, 400,
               "accepted: settings and path, which are texts, or own_policies, which is true or false");
        return;
    }
    if (settings.is_string()) {
        wanted.toml = settings.get<std::string>();
        wanted.path = path.is_string() ? path.get<std::string>() : "settings";
    }
    wanted.own_policies = own == true;
    request.operations.replay(request.actor, std::move(wanted), request.organization_query(),
                              replying<Replay>(request.exchange));
}

void federation(const ControlRequest& request)
{
    const auto since = request.since_query();
    if (!since) {
        refuse(*request.exchange, since.error());
    } else if (!*since) {
        refuse(*request.exchange, 400, "since is required");
    } else {
        request.operations.federation(request.actor, request.organization_query(), **since,
                                      replying<std::vector<FederationReport>>(request.exchange));
    }
}

void overview(const ControlRequest& request)
{
    const std::string* given = request.query("period");
    const auto period = given != nullptr ? overview_period_named(*given) : OverviewPeriod::week;
    if (!period) {
        refuse(*request.exchange, 400,
               "period: found " + quoted(Json(*given)) + "; accepted: day, week, month");
        return;
    }
    request.operations.overview(request.actor, request.organization_query(), *period,
                                replying<Overview>(request.exchange));
}

// --- What policy has approved

void approvals(const ControlRequest& request)
{
    auto filter = approval_filter([&request](const char* name) {
        const std::string* given = request.query(name);
        return given != nullptr ? std::optional(*given) : std::nullopt;
    });
    if (filter) {
        request.operations.approvals(request.actor, *std::move(filter),
                                     replying<ApprovalsInForce>(request.exchange));
    } else {
        refuse(*request.exchange, filter.error());
    }
}

void revoke(const ControlRequest& request)
{
    const auto body = object_in(
        request.body(), {"organization", "user", "contact", "rule", "reason", "since", "no_longer", "apply"});
    if (!body) {
        refuse(*request.exchange, body.error());
        return;
    }
    const Json apply = body->value("apply", Json(false));
    for (const auto& [name, value] : body->items()) {
        const bool yes_or_no = name == "apply" || name == "no_longer";
        const bool good = yes_or_no        ? value.is_boolean()
                          : name == "rule" ? value.is_number_unsigned()
                                           : value.is_string();
        if (!good) {
            refuse(*request.exchange, 400,
                   name + ": found " + quoted(value) + "; accepted: " +
                       (yes_or_no        ? "true, false"
                        : name == "rule" ? "the number of a rule"
                                         : "a text"));
            return;
        }
    }
    auto filter = approval_filter([&body](const char* name) -> std::optional<std::string> {
        const auto given = body->find(name);
        if (given == body->end()) {
            return std::nullopt;
        }
        return given->is_string() ? given->get<std::string>() : given->dump();
    });
    const auto then = replying<ApprovalsInForce>(request.exchange);
    if (!filter) {
        refuse(*request.exchange, filter.error());
    } else if (apply == true) {
        request.operations.revoke(request.actor, *std::move(filter), then);
    } else {
        request.operations.approvals(request.actor, *std::move(filter), then);
    }
}

// --- Options for contact list requests

void option(const ControlRequest& request)
{
    if (const auto user = address("user", request.parameter)) {
        request.operations.option(request.actor, *user, replying_with_option(request, *user));
    } else {
        refuse(*request.exchange, user.error());
    }
}

void choose(const ControlRequest& request)
{
    const auto body = object_in(request.body(), {"option"});
    const auto chosen = body.and_then(
        [](const Json& object) { return option_in("option", object.value("option", Json(nullptr))); });
    if (!chosen) {
        refuse(*request.exchange, chosen.error());
        return;
    }
    choose_for_user(request, *chosen);
}

void forget_choice(const ControlRequest& request)
{
    choose_for_user(request, std::nullopt);
}

void exceptions(const ControlRequest& request)
{
    if (const auto user = address("user", request.parameter)) {
        request.operations.exceptions(request.actor, *user, replying_with_exceptions(request, *user));
    } else {
        refuse(*request.exchange, user.error());
    }
}

void change_exceptions(const ControlRequest& request)
{
    constexpr const char* kRemove = "remove";
    const auto user = address("user", request.parameter);
    const auto body = object_in(request.body(), {"always_accept", "never_accept", "always_ask", kRemove});
    if (!user || !body) {
        refuse(*request.exchange, !user ? user.error() : body.error());
        return;
    }
    std::vector<ExceptionChange> changes;
    Result<void> read = add_changes(changes, *body, kRemove, std::nullopt);
    for (const Handling handling : kHandlings) {
        if (read) {
            read = add_changes(changes, *body, name(handling), handling);
        }
    }
    if (!read) {
        refuse(*request.exchange, read.error());
        return;
    }
    request.operations.change_exceptions(request.actor, *user, std::move(changes),
                                         replying_with_exceptions(request, *user));
}

// --- What waits

void waiting(const ControlRequest& request)
{
    if (const auto user = request.address_query("user")) {
        request.operations.waiting(request.actor, *user, replying<Waiting>(request.exchange));
    } else {
        refuse(*request.exchange, user.error());
    }
}

void answer(const ControlRequest& request)
{
    const auto body = object_in(request.body(), {"user", "contact", "answer"});
    if (!body) {
        refuse(*request.exchange, body.error());
        return;
    }
    const auto user = address_in(*body, "user");
    const auto contact = contact_in(*body);
    if (!user || !contact) {
        refuse(*request.exchange, !user ? user.error() : contact.error());
        return;
    }
    const Json given = body->value("answer", Json(nullptr));
    const auto answer = given.is_string() ? answer_named(given.get<std::string>()) : std::nullopt;
    if (!answer || *answer == Answer::leave) {
        refuse(*request.exchange, 400, "answer: found " + quoted(given) + R"(; accepted: "approve", "deny")");
        return;
    }
    request.operations.answer(request.actor, *user, *contact, *answer,
                              [exchange = request.exchange](const Result<std::int64_t>& id) {
                                  if (id) {
                                      exchange->reply(200, to_json_line({{"id", json_of_id(*id)}}));
                                  } else {
                                      refuse(*exchange, id.error());
                                  }
                              });
}

void review(const ControlRequest& request)
{
    if (const auto user = request.address_query("user")) {
        request.operations.review(request.actor, *user, false, replying<Review>(request.exchange));
    } else {
        refuse(*request.exchange, user.error());
    }
}

void apply(const ControlRequest& request)
{
    if (const auto user = request.address_query("user")) {
        request.operations.review(request.actor, *user, true, replying<Review>(request.exchange));
    } else {
        refuse(*request.exchange, user.error());
    }
}

// --- The administration page

void make_web_link(const ControlRequest& request)
{
    reply(*request.exchange, request.operations.web_link(request.actor));
}

void web_sessions(const ControlRequest& request)
{
    reply(*request.exchange, request.operations.web_sessions(request.actor));
}

void end_web_session(const ControlRequest& request)
{
    const auto ended = request.operations.end_web_session(request.actor, request.parameter);
    if (ended) {
        request.exchange->reply(200, to_json_line(Json::object()));
    } else {
        refuse(*request.exchange, ended.error());
    }
}

// --- Settings

void general(const ControlRequest& request)
{
    reply(*request.exchange, request.operations.general(request.actor, request.parameter));
}

void save_general(const ControlRequest& request)
{
    const auto change = general_change_in(request.body());
    if (!change) {
        refuse(*request.exchange, change.error());
        return;
    }
    request.operations.save_general(request.actor, request.parameter, *change,
                                    replying<GeneralIm>(request.exchange));
}

void reset_general(const ControlRequest& request)
{
    request.operations.reset_general(request.actor, request.parameter, replying<GeneralIm>(request.exchange));
}

void preview(const ControlRequest& request)
{
    const auto filter = replay_filter(request);
    const auto change = general_change_in(request.body());
    if (!filter || !change) {
        refuse(*request.exchange, !filter ? filter.error() : change.error());
        return;
    }
    request.operations.preview_journal(request.actor, request.parameter, *change, *filter,
                                       replying<Replay>(request.exchange));
}

void preview_waiting(const ControlRequest& request)
{
    const auto change = general_change_in(request.body());
    if (!change) {
        refuse(*request.exchange, change.error());
        return;
    }
    request.operations.preview_waiting(request.actor, request.parameter, *change,
                                       replying<WaitingPreview>(request.exchange));
}

void try_change(const ControlRequest& request)
{
    const auto body = object_in(request.body(), {"user", "contact", "change"});
    if (!body) {
        refuse(*request.exchange, body.error());
        return;
    }
    const auto user = address_in(*body, "user");
    const auto contact = contact_in(*body);
    const auto change = general_change_in(*body, "change");
    if (!user || !contact || !change) {
        refuse(*request.exchange, !user ? user.error() : !contact ? contact.error() : change.error());
        return;
    }
    request.operations.explain_with(request.actor, request.parameter, *change, *user, *contact,
                                    replying<Explained>(request.exchange));
}

}  // namespace usher::resources
