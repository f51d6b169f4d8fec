#include "plugin/settings/transfer.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>

#include <nlohmann/json.hpp>

#include "plugin/settings/settings_table.h"

namespace usher
{

namespace
{

using Json = nlohmann::json;

constexpr const char* kEnd = "end";  // of the last line: what is cut off has none

std::string line_of(const Json& json)
{
    // A path or a text that the file quotes may be no UTF-8.
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// Throws if it is none. (The library's own conversion takes any number, and is undefined for what does not fit.)
std::uint32_t line_number(const Json& json)
{
    const auto number = json.get_ref<const Json::number_unsigned_t&>();
    if (number > std::numeric_limits<std::uint32_t>::max()) {
        throw std::out_of_range("no number of a line");
    }
    return static_cast<std::uint32_t>(number);
}

class Sender
{
  public:
    explicit Sender(const Settings& settings) : settings_(settings) {}

    template <typename Owner>
    void add(const Section<Owner>& section, const Owner& owner, const std::string& place = {})
    {
        const std::string prefix = place.empty() ? std::string(section.name) : place;
        Json values = Json::object();
        Json lines = Json::object();
        for (const Setting<Owner>& setting : section.settings) {
            const std::string key(setting.key);
            if (SettingValue value = setting.kind.value(owner); !value.is_null()) {
                values[key] = std::move(value);
            }
            if (const std::uint32_t* line = settings_.lines.find(prefix + "." + key)) {
                lines[key] = *line;
            }
        }
        Json json = {{"section", section.name}, {"values", std::move(values)}, {"lines", std::move(lines)}};
        if (const std::uint32_t* line = settings_.lines.find(prefix)) {
            json["line"] = *line;
        }
        out_ += line_of(json);
    }

    [[nodiscard]] std::string text() && { return std::move(out_); }

  private:
    const Settings& settings_;
    std::string out_;
};

class Receiver
{
  public:
    explicit Receiver(const std::string& path) { settings_.file = path; }

    /// False if the line makes no sense.
    [[nodiscard]] bool take(const Json& json)
    {
        const SettingsTable& all = settings_table();
        const auto section = json.at("section").get<std::string>();
        const auto is = [&](const auto& one) { return section == one.name; };
        auto& organizations = settings_.organizations;
        if (is(all.organization)) {
            organizations.emplace_back();
            return take(all.organization, json, organizations.back(), place());
        }
        if (is(all.group) && !organizations.empty()) {
            auto& groups = organizations.back().groups;
            Group group = all.group.initial;
            const bool taken =
                take(all.group, json, group, group_place(organizations.size() - 1, groups.size()));
            groups.push_back(std::move(group));
            return taken;
        }
        if (is(all.rule) && !organizations.empty()) {
            auto& rules = organizations.back().rules;
            Rule rule = all.rule.initial;
            rule.place = static_cast<std::uint32_t>(rules.size() + 1);
            const bool taken = take(all.rule, json, rule, rule_place(organizations.size() - 1, rules.size()));
            rules.push_back(std::move(rule));
            return taken;
        }
        if (is(all.federation) && !organizations.empty()) {
            return take(all.federation, json, organizations.back().federation, place() + ".federation");
        }
        if (is(all.people) && !organizations.empty()) {
            return take(all.people, json, organizations.back().people, place() + ".people");
        }
        if (is(all.archive) && !organizations.empty()) {
            return take(all.archive, json, organizations.back().archive, place() + ".archive");
        }
        return (is(all.connection) && take(all.connection, json, settings_.connection)) ||
               (is(all.limits) && take(all.limits, json, settings_.limits)) ||
               (is(all.ldap) && take(all.ldap, json, settings_.ldap)) ||
               (is(all.store) && take(all.store, json, settings_.store)) ||
               (is(all.control) && take(all.control, json, settings_)) ||
               (is(all.web) && take(all.web, json, settings_.web)) ||
               (is(all.log) && take(all.log, json, settings_));
    }

    [[nodiscard]] Settings settings() && { return std::move(settings_); }

  private:
    [[nodiscard]] std::string place() const { return organization_place(settings_.organizations.size() - 1); }

    template <typename Owner>
    [[nodiscard]] bool take(const Section<Owner>& section, const Json& json, Owner& owner,
                            const std::string& at = {})
    {
        const std::string prefix = at.empty() ? std::string(section.name) : at;
        const Json& values = json.at("values");
        bool sound = true;
        for (const Setting<Owner>& setting : section.settings) {
            if (const auto value = values.find(setting.key); value != values.end()) {
                setting.kind.read(owner, *value, [&sound](std::optional<std::size_t>, const std::string&) {
                    sound = false;
                });
            }
        }
        for (const auto& [key, line] : json.at("lines").items()) {
            settings_.lines.set(prefix + "." + key, line_number(line));
        }
        if (const auto line = json.find("line"); line != json.end()) {
            settings_.lines.set(prefix, line_number(*line));
        }
        return sound;
    }

    Settings settings_;
};

std::string to_lines(const Settings& settings)
{
    const SettingsTable& all = settings_table();
    Sender out(settings);
    out.add(all.connection, settings.connection);
    for (std::size_t i = 0; i < settings.organizations.size(); ++i) {
        const OrganizationSettings& organization = settings.organizations[i];
        const std::string place = organization_place(i);
        out.add(all.organization, organization, place);
        for (std::size_t group = 0; group < organization.groups.size(); ++group) {
            out.add(all.group, organization.groups[group], group_place(i, group));
        }
        for (std::size_t rule = 0; rule < organization.rules.size(); ++rule) {
            out.add(all.rule, organization.rules[rule], rule_place(i, rule));
        }
        out.add(all.federation, organization.federation, place + ".federation");
        out.add(all.people, organization.people, place + ".people");
        out.add(all.archive, organization.archive, place + ".archive");
    }
    out.add(all.limits, settings.limits);
    out.add(all.ldap, settings.ldap);
    out.add(all.store, settings.store);
    out.add(all.control, settings);
    out.add(all.web, settings.web);
    out.add(all.log, settings);
    return std::move(out).text();
}

/// Throws where a line makes no sense: what the JSON library throws, or std::out_of_range.
std::optional<ReadSettings> parse_lines(std::string_view lines, const std::string& path)
{
    Receiver receiver(path);
    std::vector<SettingError> errors;
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        const Json json = Json::parse(lines.substr(0, end));
        lines.remove_prefix(std::min(end + 1, lines.size()));
        if (json.contains(kEnd)) {
            return errors.empty() ? ReadSettings(std::move(receiver).settings())
                                  : tl::unexpected(std::move(errors));
        }
        if (json.contains("accepted")) {
            errors.push_back({path, line_number(json.at("line")), json.at("key").get<std::string>(),
                              json.at("found").get<std::string>(), json.at("accepted").get<std::string>()});
        } else if (!receiver.take(json)) {
            return std::nullopt;
        }
    }
    return std::nullopt;
}

}  // namespace

std::string to_lines(const ReadSettings& read)
{
    std::string lines;
    if (read) {
        lines = to_lines(*read);
    } else {
        for (const SettingError& error : read.error()) {
            lines += line_of({{"line", error.line},
                              {"key", error.key},
                              {"found", error.found},
                              {"accepted", error.accepted}});
        }
    }
    return lines + line_of({{kEnd, true}});
}

std::optional<ReadSettings> read_lines(std::string_view lines, const std::string& path)
{
    try {
        return parse_lines(lines, path);
    } catch (const Json::exception&) {
        return std::nullopt;
    } catch (const std::out_of_range&) {
        return std::nullopt;
    }
}

}  // namespace usher
