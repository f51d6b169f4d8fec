#include "plugin/control/request.h"

#include <algorithm>
#include <utility>

#include "plugin/settings/json_lists.h"
#include "plugin/settings/syntax.h"
#include "plugin/text/lists.h"
#include "plugin/text/timestamp.h"

namespace usher
{

namespace
{

constexpr std::string_view kContactAccepted = "an address such as romeo@example.net or gateway.example.net";

}  // namespace

const std::string* ControlRequest::query(const std::string& key) const
{
    const auto& query = exchange->request().query;
    const auto found = query.find(key);
    return found == query.end() ? nullptr : &found->second;
}

Result<std::optional<Address>> ControlRequest::address_query(const std::string& key) const
{
    const std::string* text = query(key);
    if (text == nullptr) {
        return std::nullopt;
    }
    return address(key, *text).map([](Address found) { return std::optional(std::move(found)); });
}

Result<std::optional<Party>> ControlRequest::contact_query() const
{
    const std::string* text = query("contact");
    if (text == nullptr) {
        return std::nullopt;
    }
    return contact(*text).map([](Party found) { return std::optional(std::move(found)); });
}

Result<std::optional<std::chrono::system_clock::time_point>> ControlRequest::since_query() const
{
    const std::string* text = query("since");
    const auto since = text != nullptr ? read_timestamp(*text) : std::nullopt;
    if (text != nullptr && !since) {
        return invalid("since: found \"" + *text + "\"; accepted: a time such as 2026-11-23T10:00:00Z");
    }
    return since;
}

std::optional<std::string> ControlRequest::organization_query() const
{
    const std::string* name = query("organization");
    return name != nullptr ? std::optional(*name) : std::nullopt;
}

Result<JournalFilter> ControlRequest::journal_filter(std::size_t max_records) const
{
    JournalFilter filter;
    const auto user = address_query("user");
    const auto contact = contact_query();
    if (!user || !contact) {
        return tl::unexpected(!user ? user.error() : contact.error());
    }
    filter.user = *user;
    filter.contact = *contact;
    const auto since = since_query();
    if (!since) {
        return tl::unexpected(since.error());
    }
    filter.since = *since;
    if (const std::string* after = query("after")) {
        const auto id = number<std::int64_t>("after", *after, 0, INT64_MAX);
        if (!id) {
            return tl::unexpected(id.error());
        }
        filter.after = *id;
    }
    if (const std::string* settled = query("settled")) {
        if (*settled != "true" && *settled != "false") {
            return invalid("settled: found \"" + *settled + "\"; accepted: true, false");
        }
        filter.settled = *settled == "true";
    }
    if (const std::string* limit = query("limit")) {
        const auto most = number<std::size_t>("limit", *limit, 0, max_records);
        if (!most) {
            return tl::unexpected(most.error());
        }
        filter.most = *most;
    }
    return filter;
}

tl::unexpected<Refusal> invalid(std::string text)
{
    return tl::unexpected(Refusal{Refusal::Kind::invalid, std::move(text)});
}

std::string quoted(const Json& json)
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

Result<Party> contact(const std::string& text)
{
    if (auto contact = Party::read(text)) {
        return *std::move(contact);
    }
    return invalid("contact: found \"" + text + "\"; accepted: " + std::string(kContactAccepted));
}

Result<Option> option_in(std::string_view what, const Json& value)
{
    if (const auto* text = value.get_ptr<const std::string*>()) {
        if (const auto option = option_named(*text)) {
            return *option;
        }
    }
    return invalid(std::string(what) + ": found " + quoted(value) +
                   "; accepted: \"all\", \"organization\", \"prompt\"");
}

namespace
{

/// `json`, if it is an object with no other members. `what` names it in the refusal.
Result<Json> object_of(Json json, std::string_view what, std::initializer_list<std::string_view> members)
{
    if (!json.is_object()) {
        return invalid(std::string(what) + " must be a JSON object");
    }
    for (const auto& [key, value] : json.items()) {
        if (std::find(members.begin(), members.end(), key) == members.end()) {
            return invalid("unknown member \"" + key + "\"; accepted: " + joined(members));
        }
    }
    return json;
}

}  // namespace

Result<Json> object_in(const std::string& body, std::initializer_list<std::string_view> members)
{
    return object_of(Json::parse(body, nullptr, false), "the body", members);
}

Result<Address> address_in(const Json& object, const char* member)
{
    const auto found = object.find(member);
    if (found == object.end() || !found->is_string()) {
        return invalid(std::string(member) + ": found " +
                       (found == object.end() ? "nothing" : quoted(*found)) +
                       "; accepted: an address such as juliet@example.org");
    }
    return address(member, found->get<std::string>());
}

Result<Party> contact_in(const Json& object)
{
    const auto found = object.find("contact");
    if (found == object.end() || !found->is_string()) {
        return invalid("contact: found " + (found == object.end() ? "nothing" : quoted(*found)) +
                       "; accepted: " + std::string(kContactAccepted));
    }
    return contact(found->get<std::string>());
}

namespace
{

Result<Federation> federation_in(const Json& json)
{
    const auto refused = [&json] {
        return invalid(
            "federation: found " + quoted(json) +
            "; accepted: {\"mode\": \"open\", \"closed\" or \"listed\", \"answer\": \"leave\" or \"deny\", "
            "\"domains\": a list of domains such as \"example.net\" or \"*.example.net\"}");
    };
    if (!json.is_object()) {
        return refused();
    }
    Federation federation;
    for (const auto& [key, value] : json.items()) {
        const std::string text = value.is_string() ? value.get<std::string>() : std::string();
        if (const auto mode = key == "mode" ? federation_mode_named(text) : std::nullopt) {
            federation.mode = *mode;
        } else if (const auto answer = key == "answer" ? answer_named(text) : std::nullopt;
                   answer && *answer != Answer::approve) {
            federation.answer = *answer;
        } else if (key == "domains" && value.is_array()) {
            for (const Json& element : value) {
                const auto domain = element.is_string()
                                        ? syntax::read_domain_pattern(element.get<std::string>())
                                        : std::nullopt;
                if (!domain) {
                    return refused();
                }
                federation.domains.insert(*domain);
            }
        } else {
            return refused();
        }
    }
    return json.contains("mode") ? Result<Federation>(std::move(federation)) : refused();
}

Result<GeneralChange> general_change_of(Json given, std::string_view what)
{
    const auto object =
        object_of(std::move(given), what,
                  {"users_may_choose", "option", "domains", "federation", "rules", "administrators", "mark"});
    if (!object) {
        return tl::unexpected(object.error());
    }
    GeneralChange change;
    if (const auto found = object->find("mark"); found != object->end()) {
        if (!found->is_string()) {
            return invalid("mark: found " + quoted(*found) +
                           "; accepted: that of the settings which were changed");
        }
        change.mark = found->get<std::string>();
    }
    if (const auto found = object->find("users_may_choose"); found != object->end()) {
        if (!found->is_boolean()) {
            return invalid("users_may_choose: found " + quoted(*found) + "; accepted: true, false");
        }
        change.users_may_choose = found->get<bool>();
    }
    if (const auto found = object->find("option"); found != object->end()) {
        const auto option = option_in("option", *found);
        if (!option) {
            return tl::unexpected(option.error());
        }
        change.option = *option;
    }
    if (const auto found = object->find("domains"); found != object->end()) {
        auto& domains = change.domains.emplace();
        const auto refused = [](const Json& json) {
            return invalid("domains: found " + quoted(json) + "; accepted: a list of domains");
        };
        if (!found->is_array()) {
            return refused(*found);
        }
        for (const Json& element : *found) {
            auto domain = element.is_string() ? prepare_domain(element.get<std::string>()) : std::nullopt;
            if (!domain) {
                return refused(element);
            }
            domains.push_back(*std::move(domain));
        }
    }
    if (const auto found = object->find("federation"); found != object->end()) {
        auto federation = federation_in(*found);
        if (!federation) {
            return tl::unexpected(federation.error());
        }
        change.federation = *std::move(federation);
    }
    if (const auto found = object->find("rules"); found != object->end()) {
        auto rules = rules_from(*found);
        if (!rules) {
            return invalid(rules.error());
        }
        change.rules = *std::move(rules);
    }
    if (const auto found = object->find("administrators"); found != object->end()) {
        auto administrators = administrators_from(*found);
        if (!administrators) {
            return invalid(administrators.error());
        }
        change.administrators = *std::move(administrators);
    }
    return change;
}

}  // namespace

Result<GeneralChange> general_change_in(const std::string& body)
{
    return general_change_of(Json::parse(body, nullptr, false), "the body");
}

Result<GeneralChange> general_change_in(const Json& object, const char* member)
{
    return general_change_of(object.value(member, Json::object()), member);
}

}  // namespace usher
