// What a request at the control interface says: addresses, numbers, names, a JSON body. A value that cannot
// be understood is refused, with what was found and what would be accepted.
#pragma once

#include <charconv>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "plugin/control/control_json.h"
#include "plugin/control/http_server.h"
#include "plugin/core/operations.h"

namespace usher
{

struct ControlRequest {
    std::shared_ptr<HttpExchange> exchange;
    Operations& operations;
    Actor actor;
    std::string parameter;  ///< what stands in place of `{...}` in the path

    [[nodiscard]] const std::string& body() const { return exchange->request().body; }
    /// Null if the query does not have it.
    [[nodiscard]] const std::string* query(const std::string& key) const;
    /// Nothing if the query does not have it.
    [[nodiscard]] Result<std::optional<Address>> address_query(const std::string& key) const;
    /// The contact in the query; nothing if it does not have one.
    [[nodiscard]] Result<std::optional<Party>> contact_query() const;
    /// Nothing if the query does not have it.
    [[nodiscard]] Result<std::optional<std::chrono::system_clock::time_point>> since_query() const;
    [[nodiscard]] std::optional<std::string> organization_query() const;
    /// Which records of the journal are asked for, at most `max_records` of them.
    [[nodiscard]] Result<JournalFilter> journal_filter(std::size_t max_records) const;
};

[[nodiscard]] tl::unexpected<Refusal> invalid(std::string text);
/// A value as a refusal quotes it.
[[nodiscard]] std::string quoted(const Json& json);

/// The bare address of an account. `what` names it in the refusal, here and below.
[[nodiscard]] Result<Address> address(std::string_view what, const std::string& text);
/// A bare address, which may be a domain alone or one that cannot be compared.
[[nodiscard]] Result<Party> contact(const std::string& text);
[[nodiscard]] Result<Option> option_in(std::string_view what, const Json& value);

template <typename Number>
[[nodiscard]] Result<Number> number(std::string_view what, const std::string& text, Number min, Number max)
{
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < min || value > max) {
        return invalid(std::string(what) + ": found \"" + text + "\"; accepted: a whole number from " +
                       std::to_string(min) + " to " + std::to_string(max));
    }
    return value;
}

/// The body, which has to be an object with no other members than these.
[[nodiscard]] Result<Json> object_in(const std::string& body,
                                     std::initializer_list<std::string_view> members);
[[nodiscard]] Result<Address> address_in(const Json& object, const char* member);
[[nodiscard]] Result<Party> contact_in(const Json& object);
/// What is to be changed of an organization's settings.
[[nodiscard]] Result<GeneralChange> general_change_in(const std::string& body);
/// The same in a member of the body, which may be missing: nothing then.
[[nodiscard]] Result<GeneralChange> general_change_in(const Json& object, const char* member);

}  // namespace usher
