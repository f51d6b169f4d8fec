#include "plugin/control/control.h"

#include <pwd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "plugin/control/control_json.h"
#include "plugin/control/metrics.h"
#include "plugin/text/timestamp.h"

namespace usher
{

namespace
{

using Kind = Refusal::Kind;

tl::unexpected<Refusal> invalid(std::string text)
{
    return tl::unexpected(Refusal{Kind::invalid, std::move(text)});
}

int status_code(Kind kind)
{
    switch (kind) {
        case Kind::forbidden:
            return 403;
        case Kind::not_found:
            return 404;
        case Kind::invalid:
            return 400;
        case Kind::unavailable:
            return 503;
    }
    return 500;
}

void refuse(HttpExchange& exchange, int status, const std::string& why)
{
    exchange.reply(status, to_json_line({{"error", why}}));
}

void refuse(HttpExchange& exchange, const Refusal& refusal)
{
    refuse(exchange, status_code(refusal.kind), refusal.text);
}

template <typename Value>
void reply(HttpExchange& exchange, const Result<Value>& result)
{
    if (result) {
        exchange.reply(200, to_json_line(json_of(*result)));
    } else {
        refuse(exchange, result.error());
    }
}

/// Answers with what comes, when it comes.
template <typename Value>
Callback<Value> replying(std::shared_ptr<HttpExchange> exchange)
{
    return [exchange = std::move(exchange)](const Result<Value>& result) { reply(*exchange, result); };
}

// --- What a request says. What is not there is empty; what is not understood is refused.

/// How a value that was found is quoted.
std::string shown(const Json& json)
{
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Address> address(std::string_view what, const std::string& text)
{
    if (auto address = Address::prepare(text); address && text.find('/') == std::string::npos) {
        return *std::move(address);
    }
    return invalid(std::string(what) + ": found \"" + text +
                   "\"; accepted: an address such as juliet@example.org");
}

Result<Option> option_in(std::string_view what, const Json& value)
{
    if (const auto* text = value.get_ptr<const std::string*>()) {
        if (const auto option = option_named(*text)) {
            return *option;
        }
    }
    return invalid(std::string(what) + ": found " + shown(value) +
                   "; accepted: \"all\", \"organization\", \"prompt\"");
}

template <typename Number>
Result<Number> number(std::string_view what, const std::string& text, Number least, Number most)
{
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) {
        return invalid(std::string(what) + ": found \"" + text + "\"; accepted: a whole number from " +
                       std::to_string(least) + " to " + std::to_string(most));
    }
    return value;
}

const std::string* find(const std::map<std::string, std::string>& texts, const std::string& key)
{
    const auto found = texts.find(key);
    return found == texts.end() ? nullptr : &found->second;
}

/// The body, which has to be an object with no other members than these.
Result<Json> object_in(const std::string& body, std::initializer_list<std::string_view> members)
{
    Json json = Json::parse(body, nullptr, false);
    if (!json.is_object()) {
        return invalid("the body has to be a JSON object");
    }
    for (const auto& [key, value] : json.items()) {
        if (std::find(members.begin(), members.end(), key) == members.end()) {
            std::string all;
            for (const std::string_view member : members) {
                all += (all.empty() ? "" : ", ") + std::string(member);
            }
            return invalid("\"" + key + "\" is not known here; accepted: " + all);
        }
    }
    return json;
}

Result<Address> address_in(const Json& object, const char* member)
{
    const auto found = object.find(member);
    if (found == object.end() || !found->is_string()) {
        return invalid(std::string(member) + ": found " +
                       (found == object.end() ? "nothing" : shown(*found)) +
                       "; accepted: an address such as juliet@example.org");
    }
    return address(member, found->get<std::string>());
}

void reply_metrics(HttpExchange& exchange, const Operations& operations)
{
    exchange.reply(200, metrics(operations.status(), operations.timings()), {{"Content-Type", kMetricsType}});
}

std::string lines(const std::vector<JournalRecord>& records)
{
    std::string lines;
    for (const JournalRecord& record : records) {
        lines += to_json_line(json_of(record));
    }
    return lines;
}

}  // namespace

struct Control::Asked {
    std::shared_ptr<HttpExchange> exchange;
    Actor actor;
    std::string parameter;  ///< what stands in place of `{...}` in the path

    [[nodiscard]] const HttpRequest& request() const { return exchange->request(); }
    [[nodiscard]] const std::string* query(const std::string& key) const
    {
        return find(request().query, key);
    }
    [[nodiscard]] Result<std::optional<Address>> address_query(const std::string& key) const
    {
        const std::string* text = query(key);
        if (text == nullptr) {
            return std::nullopt;
        }
        return address(key, *text).map([](Address found) { return std::optional(std::move(found)); });
    }
};

struct Control::Resource {
    std::string_view method;
    std::string_view path;
    std::vector<std::string_view> query;
    void (Control::*serve)(const Asked& asked);

    /// What stands in place of `{...}`, empty if there is no such place; nothing if this is another path.
    [[nodiscard]] std::optional<std::string> match(const std::vector<std::string>& segments) const
    {
        std::string parameter;
        std::string_view rest = path.substr(1);
        for (std::size_t i = 0; i < segments.size(); ++i) {
            const std::size_t slash = rest.find('/');
            const std::string_view wanted = rest.substr(0, slash);
            if (wanted.starts_with('{')) {
                parameter = segments[i];
            } else if (wanted != segments[i]) {
                return std::nullopt;
            }
            const bool last = slash == std::string_view::npos;
            if (last != (i + 1 == segments.size())) {
                return std::nullopt;
            }
            rest.remove_prefix(last ? rest.size() : slash + 1);
        }
        return parameter;
    }
};

const std::vector<Control::Resource>& Control::resources()
{
    static const std::vector<Resource> all{
        {"GET", "/v1/status", {}, &Control::status},
        {"GET", "/v1/check", {}, &Control::check},
        {"POST", "/v1/reload", {}, &Control::reload},
        {"GET", "/metrics", {}, &Control::metrics},
        {"GET", "/v1/explain", {"user", "contact"}, &Control::explain},
        {"GET", "/v1/option/{user}", {}, &Control::option},
        {"PUT", "/v1/option/{user}", {}, &Control::choose},
        {"DELETE", "/v1/option/{user}", {}, &Control::forget_choice},
        {"GET", "/v1/waiting", {"user"}, &Control::waiting},
        {"POST", "/v1/answer", {}, &Control::answer},
        {"GET", "/v1/review", {"user"}, &Control::review},
        {"POST", "/v1/review", {"user"}, &Control::apply},
        {"GET", "/v1/journal", {"user", "contact", "since", "after", "limit"}, &Control::journal},
        {"GET", "/v1/journal/{id}", {}, &Control::decision},
        {"GET", "/v1/organizations/{name}/general", {}, &Control::general},
        {"PUT", "/v1/organizations/{name}/general", {}, &Control::save_general},
        {"DELETE", "/v1/organizations/{name}/general", {}, &Control::reset_general},
    };
    return all;
}

std::vector<std::pair<std::string, std::string>> Control::served()
{
    std::vector<std::pair<std::string, std::string>> all;
    for (const Resource& resource : resources()) {
        all.emplace_back(resource.method, resource.path);
    }
    return all;
}

tl::expected<std::unique_ptr<Control>, std::string> Control::listen(event_base* base, const std::string& path,
                                                                    Operations& operations)
{
    std::unique_ptr<Control> control(new Control(operations));
    auto server = HttpServer::listen(
        base, path,
        [self = control.get()](const std::shared_ptr<HttpExchange>& exchange) { self->received(exchange); },
        {});
    if (!server) {
        return tl::unexpected(server.error());
    }
    control->server_ = *std::move(server);
    return control;
}

Control::~Control() = default;

tl::expected<std::unique_ptr<HttpServer>, std::string> listen_for_metrics(event_base* base,
                                                                          std::uint16_t port,
                                                                          const Operations& operations)
{
    return HttpServer::listen_on_loopback(
        base, port,
        [&operations](const std::shared_ptr<HttpExchange>& exchange) {
            const HttpRequest& request = exchange->request();
            if (request.path != std::vector<std::string>{"metrics"}) {
                refuse(*exchange, 404, "only /metrics is served here");
            } else if (request.method != "GET") {
                exchange->reply(405, to_json_line({{"error", "accepted here: GET"}}), {{"Allow", "GET"}});
            } else {
                reply_metrics(*exchange, operations);
            }
        },
        {});
}

void Control::received(const std::shared_ptr<HttpExchange>& exchange)
{
    const HttpRequest& request = exchange->request();
    std::string methods;
    for (const Resource& resource : resources()) {
        const auto parameter = resource.match(request.path);
        if (!parameter) {
            continue;
        }
        if (resource.method != request.method) {
            methods += (methods.empty() ? "" : ", ") + std::string(resource.method);
            continue;
        }
        for (const auto& [key, value] : request.query) {
            if (std::find(resource.query.begin(), resource.query.end(), key) == resource.query.end()) {
                refuse(*exchange, 400, "the parameter \"" + key + "\" is not known here");
                return;
            }
        }
        (this->*resource.serve)({exchange, actor(request), *parameter});
        return;
    }
    if (methods.empty()) {
        refuse(*exchange, 404, "there is no such resource");
    } else {
        exchange->reply(405, to_json_line({{"error", "accepted here: " + methods}}), {{"Allow", methods}});
    }
}

Actor Control::actor(const HttpRequest& request)
{
    if (!request.peer) {
        return Actor::local("control");
    }
    const auto [name, unknown] = names_.try_emplace(*request.peer, "uid " + std::to_string(*request.peer));
    if (unknown) {
        passwd entry{};
        passwd* found = nullptr;
        std::array<char, 4096> texts{};
        if (::getpwuid_r(*request.peer, &entry, texts.data(), texts.size(), &found) == 0 &&
            found != nullptr) {
            name->second = found->pw_name;
        }
    }
    return Actor::local(name->second);
}

// --- The daemon

void Control::status(const Asked& asked)
{
    asked.exchange->reply(200, to_json_line(json_of(operations_.status())));
}

void Control::metrics(const Asked& asked)
{
    reply_metrics(*asked.exchange, operations_);
}

void Control::check(const Asked& asked)
{
    operations_.check(replying<CheckReport>(asked.exchange));
}

void Control::reload(const Asked& asked)
{
    const auto need_restart = operations_.reload();
    if (!need_restart) {
        refuse(*asked.exchange, need_restart.error());
        return;
    }
    asked.exchange->reply(200, to_json_line({{"generation", operations_.status().generation},
                                             {"need_restart", *need_restart}}));
}

// --- Why

void Control::explain(const Asked& asked)
{
    const auto user = asked.address_query("user");
    const auto contact = asked.address_query("contact");
    if (!user || !contact) {
        refuse(*asked.exchange, !user ? user.error() : contact.error());
    } else if (!*user || !*contact) {
        refuse(*asked.exchange, 400, "user and contact have to be given");
    } else {
        operations_.explain(asked.actor, **user, **contact, replying<Explained>(asked.exchange));
    }
}

void Control::journal(const Asked& asked)
{
    JournalFilter filter;
    const auto user = asked.address_query("user");
    const auto contact = asked.address_query("contact");
    if (!user || !contact) {
        refuse(*asked.exchange, !user ? user.error() : contact.error());
        return;
    }
    filter.user = *user;
    filter.contact = *contact;
    if (const std::string* since = asked.query("since")) {
        filter.since = read_timestamp(*since);
        if (!filter.since) {
            refuse(*asked.exchange, 400,
                   "since: found \"" + *since + "\"; accepted: a time such as 2026-11-23T10:00:00Z");
            return;
        }
    }
    if (const std::string* after = asked.query("after")) {
        const auto id = number<std::int64_t>("after", *after, 0, INT64_MAX);
        if (!id) {
            refuse(*asked.exchange, id.error());
            return;
        }
        filter.after = *id;
    }
    if (const std::string* limit = asked.query("limit")) {
        const auto most = number<std::size_t>("limit", *limit, 0, kMaxRecords);
        if (!most) {
            refuse(*asked.exchange, most.error());
            return;
        }
        filter.most = *most;
    }
    operations_.journal(
        asked.actor, filter, [exchange = asked.exchange](const Result<std::vector<JournalRecord>>& records) {
            if (records) {
                exchange->reply(200, lines(*records), {{"Content-Type", HttpExchange::kLines}});
            } else {
                refuse(*exchange, records.error());
            }
        });
}

void Control::decision(const Asked& asked)
{
    const auto id = number<std::int64_t>("id", asked.parameter, 0, INT64_MAX);
    if (!id) {
        refuse(*asked.exchange, id.error());
        return;
    }
    operations_.journal(asked.actor, {.id = *id},
                        [exchange = asked.exchange,
                         wanted = asked.parameter](const Result<std::vector<JournalRecord>>& records) {
                            if (!records) {
                                refuse(*exchange, records.error());
                            } else if (records->empty()) {
                                refuse(*exchange, 404, "there is no decision " + wanted + " in the journal");
                            } else {
                                exchange->reply(200, to_json_line(json_of(records->front())));
                            }
                        });
}

// --- Options for contact list requests

void Control::option(const Asked& asked)
{
    reply_option(asked, [&](const Address& user) { return operations_.option(asked.actor, user); });
}

void Control::choose(const Asked& asked)
{
    const auto body = object_in(asked.request().body, {"option"});
    const auto chosen = body.and_then(
        [](const Json& object) { return option_in("option", object.value("option", Json(nullptr))); });
    if (!chosen) {
        refuse(*asked.exchange, chosen.error());
        return;
    }
    reply_option(asked, [&](const Address& user) { return operations_.choose(asked.actor, user, *chosen); });
}

void Control::forget_choice(const Asked& asked)
{
    reply_option(asked,
                 [&](const Address& user) { return operations_.choose(asked.actor, user, std::nullopt); });
}

void Control::reply_option(const Asked& asked, const std::function<Result<UserOption>(const Address&)>& ask)
{
    const auto user = address("user", asked.parameter);
    const auto option = user.and_then(ask);
    if (!option) {
        refuse(*asked.exchange, option.error());
        return;
    }
    Json json = {{"user", user->text()}};
    json.update(json_of(*option));
    asked.exchange->reply(200, to_json_line(json));
}

// --- What waits

void Control::waiting(const Asked& asked)
{
    if (const auto user = asked.address_query("user")) {
        operations_.waiting(asked.actor, *user, replying<WaitingRequests>(asked.exchange));
    } else {
        refuse(*asked.exchange, user.error());
    }
}

void Control::answer(const Asked& asked)
{
    const auto body = object_in(asked.request().body, {"user", "contact", "answer"});
    if (!body) {
        refuse(*asked.exchange, body.error());
        return;
    }
    const auto user = address_in(*body, "user");
    const auto contact = address_in(*body, "contact");
    if (!user || !contact) {
        refuse(*asked.exchange, !user ? user.error() : contact.error());
        return;
    }
    const Json given = body->value("answer", Json(nullptr));
    const auto answer = given.is_string() ? answer_named(given.get<std::string>()) : std::nullopt;
    if (!answer || *answer == Answer::leave) {
        refuse(*asked.exchange, 400, "answer: found " + shown(given) + R"(; accepted: "approve", "deny")");
        return;
    }
    operations_.answer(asked.actor, *user, *contact, *answer,
                       [exchange = asked.exchange](const Result<std::int64_t>& id) {
                           if (id) {
                               exchange->reply(200, to_json_line({{"id", json_of_id(*id)}}));
                           } else {
                               refuse(*exchange, id.error());
                           }
                       });
}

void Control::review(const Asked& asked)
{
    if (const auto user = asked.address_query("user")) {
        operations_.review(asked.actor, *user, false, replying<Review>(asked.exchange));
    } else {
        refuse(*asked.exchange, user.error());
    }
}

void Control::apply(const Asked& asked)
{
    if (const auto user = asked.address_query("user")) {
        operations_.review(asked.actor, *user, true, replying<Review>(asked.exchange));
    } else {
        refuse(*asked.exchange, user.error());
    }
}

// --- Settings

void Control::general(const Asked& asked)
{
    reply(*asked.exchange, operations_.general(asked.actor, asked.parameter));
}

void Control::save_general(const Asked& asked)
{
    const auto body = object_in(asked.request().body, {"users_may_choose", "option", "domains"});
    if (!body) {
        refuse(*asked.exchange, body.error());
        return;
    }
    GeneralChange change;
    if (const auto found = body->find("users_may_choose"); found != body->end()) {
        if (!found->is_boolean()) {
            refuse(*asked.exchange, 400,
                   "users_may_choose: found " + shown(*found) + "; accepted: true, false");
            return;
        }
        change.users_may_choose = found->get<bool>();
    }
    if (const auto found = body->find("option"); found != body->end()) {
        const auto option = option_in("option", *found);
        if (!option) {
            refuse(*asked.exchange, option.error());
            return;
        }
        change.option = *option;
    }
    if (const auto found = body->find("domains"); found != body->end()) {
        auto& domains = change.domains.emplace();
        for (const Json& element : found->is_array() ? *found : Json{*found}) {
            auto domain = element.is_string() ? prepare_domain(element.get<std::string>()) : std::nullopt;
            if (!found->is_array() || !domain) {
                refuse(*asked.exchange, 400,
                       "domains: found " + shown(element) + "; accepted: a list of domains");
                return;
            }
            domains.push_back(*std::move(domain));
        }
    }
    reply(*asked.exchange, operations_.save_general(asked.actor, asked.parameter, change));
}

void Control::reset_general(const Asked& asked)
{
    reply(*asked.exchange, operations_.reset_general(asked.actor, asked.parameter));
}

}  // namespace usher
