#include "plugin/settings/writer.h"

#include <utility>

#include "plugin/settings/settings_table.h"
#include "plugin/settings/toml_value.h"
#include "plugin/text/lists.h"

namespace usher
{

namespace
{

class Writer
{
  public:
    Writer(const Settings& settings, Sources sources) : settings_(settings), sources_(sources) {}

    template <typename Owner>
    void write(const Section<Owner>& section, const Owner& owner, const std::string& place = {})
    {
        out_ += "\n" + header(section) + "\n";
        for (const Setting<Owner>& setting : section.settings) {
            const std::string value = to_toml(setting.kind.value(owner));
            if (value.empty()) {
                continue;
            }
            out_ += std::string(setting.key) + " = " + value;
            if (sources_ == Sources::shown) {
                out_ += "  # " + source_of(settings_, (place.empty() ? std::string(section.name) : place) +
                                                          "." + std::string(setting.key));
            }
            out_ += "\n";
        }
    }

    [[nodiscard]] Sources sources() const { return sources_; }

    void append_rules(const std::string& text)
    {
        constexpr std::size_t kOwnPart = 65'536;
        if (text.size() < kOwnPart) {
            out_ += text;
            return;
        }
        parts_.push_back(std::exchange(out_, {}));
        parts_.push_back(text);
    }

    void append_members(const std::string& comments)
    {
        out_ += comments.empty() ? std::string() : "\n" + comments;
    }

    [[nodiscard]] std::string text() && { return joined(std::move(*this).parts(), ""); }
    [[nodiscard]] std::vector<std::string> parts() &&
    {
        parts_.push_back(std::move(out_));
        return std::move(parts_);
    }

  private:
    const Settings& settings_;
    const Sources sources_;
    std::vector<std::string> parts_;
    std::string out_;
};

/// Without the empty line before the first section.
std::string file(std::string text)
{
    return text.erase(0, 1);
}

void write_groups(Writer& out, const OrganizationSettings& organization, std::size_t place)
{
    for (std::size_t group = 0; group < organization.groups.size(); ++group) {
        out.write(settings_table().group, organization.groups[group], group_place(place, group));
    }
}

void write_each_rule(Writer& out, const OrganizationSettings& organization, std::size_t place)
{
    for (std::size_t rule = 0; rule < organization.rules.size(); ++rule) {
        out.write(settings_table().rule, organization.rules[rule], rule_place(place, rule));
    }
}

std::string text_of(void (*write)(Writer&, const OrganizationSettings&, std::size_t),
                    const Settings& settings, std::size_t place)
{
    Writer out(settings, Sources::omitted);
    write(out, settings.organizations[place], place);
    return std::move(out).text();
}

/// The groups, then the rules.
std::string rules_text(const Settings& settings, std::size_t place)
{
    const auto& groups = settings.organizations[place].groups_text;
    return (groups ? *groups : text_of(write_groups, settings, place)) +
           text_of(write_each_rule, settings, place);
}

void write_rules(Writer& out, const Settings& settings, std::size_t place)
{
    const OrganizationSettings& organization = settings.organizations[place];
    if (out.sources() == Sources::omitted) {
        out.append_rules(organization.rules_text ? *organization.rules_text : rules_text(settings, place));
    } else {
        write_groups(out, organization, place);
        write_each_rule(out, organization, place);
    }
}

void write_policy(Writer& out, const Settings& settings)
{
    const SettingsTable& all = settings_table();
    for (std::size_t i = 0; i < settings.organizations.size(); ++i) {
        const OrganizationSettings& organization = settings.organizations[i];
        const std::string place = organization_place(i);
        out.write(all.organization, organization, place);
        write_rules(out, settings, i);
        out.append_members(organization.members_text);
        out.write(all.federation, organization.federation, place + ".federation");
        out.write(all.people, organization.people, place + ".people");
        out.write(all.archive, organization.archive, place + ".archive");
    }
    out.write(all.limits, settings.limits);
}

}  // namespace

std::string to_toml(const Settings& settings, Sources sources)
{
    const SettingsTable& all = settings_table();
    Writer out(settings, sources);
    out.write(all.connection, settings.connection);
    write_policy(out, settings);
    if (!settings.ldap.url.empty()) {
        out.write(all.ldap, settings.ldap);
    }
    out.write(all.store, settings.store);
    out.write(all.control, settings);
    if (!settings.web.listen.empty()) {
        out.write(all.web, settings.web);
    }
    out.write(all.log, settings);
    return file(std::move(out).text());
}

std::vector<std::string> policy_to_toml(const Settings& settings)
{
    Writer out(settings, Sources::omitted);
    write_policy(out, settings);
    std::vector<std::string> parts = std::move(out).parts();
    parts.front() = file(std::move(parts.front()));
    return parts;
}

void make_ready(Settings& settings)
{
    for (std::size_t i = 0; i < settings.organizations.size(); ++i) {
        OrganizationSettings& organization = settings.organizations[i];
        static_cast<void>(organization.groups.index());
        static_cast<void>(organization.rules.index());
        organization.groups_text = std::make_shared<const std::string>(text_of(write_groups, settings, i));
        organization.rules_text = std::make_shared<const std::string>(rules_text(settings, i));
    }
}

}  // namespace usher
