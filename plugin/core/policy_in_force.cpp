#include "plugin/core/policy_in_force.h"

#include <soci/soci.h>

#include <algorithm>
#include <ctime>
#include <iterator>
#include <sstream>

#include "plugin/settings/writer.h"

namespace usher
{

namespace
{

using std::chrono::milliseconds;
using std::chrono::system_clock;

constexpr const char* kUsersMayChoose = "users_may_choose";
constexpr const char* kOption = "option";
constexpr const char* kDomains = "domains";

std::string joined(const std::vector<std::string>& words)
{
    std::string all;
    for (const std::string& word : words) {
        all += (all.empty() ? "" : " ") + word;
    }
    return all;
}

std::vector<std::string> words_in(const std::string& text)
{
    std::istringstream words(text);
    return {std::istream_iterator<std::string>(words), {}};
}

std::string utc(system_clock::time_point at)
{
    const std::time_t time = system_clock::to_time_t(at);
    std::tm parts{};
    gmtime_r(&time, &parts);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts);
    return text.data();
}

/// The text by which a saved setting is stored; nothing where the change does not concern it.
std::map<std::string, std::string> written(const GeneralChange& change)
{
    std::map<std::string, std::string> settings;
    if (change.users_may_choose) {
        settings[kUsersMayChoose] = *change.users_may_choose ? "true" : "false";
    }
    if (change.option) {
        settings[kOption] = name(*change.option);
    }
    if (change.domains) {
        settings[kDomains] = joined(*change.domains);
    }
    return settings;
}

/// Puts a saved value in the place of the file's. What makes no sense, or not any more, changes nothing: a
/// saved domain that the file has since given to another organisation must not come back.
void overlay(Organization& organization, const std::string& setting, const std::string& value)
{
    if (setting == kUsersMayChoose) {
        organization.users_may_choose = value == "true";
    } else if (setting == kOption) {
        organization.option = option_named(value).value_or(organization.option);
    } else if (setting == kDomains) {
        const std::vector<std::string> wanted = words_in(value);
        std::vector<std::string> domains;
        for (const std::string& domain : organization.domains) {
            if (std::find(wanted.begin(), wanted.end(), domain) != wanted.end()) {
                domains.push_back(domain);
            }
        }
        if (!domains.empty()) {
            organization.domains = std::move(domains);
        }
    }
}

}  // namespace

PolicyInForce::PolicyInForce(Database& database, std::function<system_clock::time_point()> wall_clock)
    : database_(database), wall_clock_(std::move(wall_clock))
{
}

tl::expected<std::unique_ptr<PolicyInForce>, std::string> PolicyInForce::make(
    const Settings& settings, Database& database, std::function<system_clock::time_point()> wall_clock)
{
    std::unique_ptr<PolicyInForce> made(new PolicyInForce(database, std::move(wall_clock)));
    const auto loaded =
        database.attempt([&](const std::shared_ptr<soci::session>& session) { made->load(*session); });
    if (!loaded) {
        return tl::unexpected(loaded.error());
    }
    if (const auto in_force = made->set_file(settings); !in_force) {
        return tl::unexpected(in_force.error());
    }
    return made;
}

void PolicyInForce::load(soci::session& session)
{
    std::string organization;
    std::string setting;
    Saved saved;
    long long at = 0;
    soci::statement rows =
        (session.prepare
             << "SELECT organization, setting, setting_value, saved_by, saved_at FROM saved_setting",
         soci::into(organization), soci::into(setting), soci::into(saved.value), soci::into(saved.by),
         soci::into(at));
    rows.execute();
    while (rows.fetch()) {
        saved.at = system_clock::time_point(milliseconds(at));
        saved_[{organization, setting}] = saved;
    }
}

tl::expected<void, std::string> PolicyInForce::set_file(const Settings& settings)
{
    return put_in_force(settings, saved_, [](soci::session&) {});
}

tl::expected<void, std::string> PolicyInForce::save(const std::string& organization,
                                                    const GeneralChange& change, const std::string& by)
{
    const auto at = wall_clock_();
    const auto settings = written(change);
    SavedSettings saved = saved_;
    for (const auto& [setting, value] : settings) {
        saved[{organization, setting}] = {value, by, at};
    }
    return put_in_force(file_, std::move(saved), [&](soci::session& session) {
        const long long when = std::chrono::duration_cast<milliseconds>(at.time_since_epoch()).count();
        for (const auto& [setting, value] : settings) {
            session << "DELETE FROM saved_setting WHERE organization = :o AND setting = :s",
                soci::use(organization), soci::use(setting);
            session << "INSERT INTO saved_setting (organization, setting, setting_value, saved_by, saved_at) "
                       "VALUES (:o, :s, :v, :b, :a)",
                soci::use(organization), soci::use(setting), soci::use(value), soci::use(by), soci::use(when);
        }
    });
}

tl::expected<void, std::string> PolicyInForce::reset(const std::string& organization)
{
    SavedSettings saved = saved_;
    std::erase_if(saved, [&](const auto& one) { return one.first.first == organization; });
    return put_in_force(file_, std::move(saved), [&](soci::session& session) {
        session << "DELETE FROM saved_setting WHERE organization = :o", soci::use(organization);
    });
}

tl::expected<void, std::string> PolicyInForce::put_in_force(const Settings& file, SavedSettings saved,
                                                            const std::function<void(soci::session&)>& write)
{
    Settings settings = file;
    for (Organization& organization : settings.organizations) {
        for (const auto& [where, one] : saved) {
            if (where.first == organization.name) {
                overlay(organization, where.second, one.value);
            }
        }
    }
    const std::string wanted = policy_to_toml(settings);
    const auto numbered = database_.attempt([&](const std::shared_ptr<soci::session>& session) {
        soci::transaction transaction(*session);
        write(*session);
        long long generation = 0;
        std::string last;
        *session << "SELECT generation, settings FROM policy ORDER BY generation DESC LIMIT 1",
            soci::into(generation), soci::into(last);
        if (!session->got_data() || last != wanted) {
            generation = session->got_data() ? generation + 1 : 1;
            const long long since =
                std::chrono::duration_cast<milliseconds>(wall_clock_().time_since_epoch()).count();
            *session << "INSERT INTO policy (generation, since, settings) VALUES (:g, :s, :t)",
                soci::use(generation), soci::use(since), soci::use(wanted);
        }
        transaction.commit();
        return static_cast<std::uint64_t>(generation);
    });
    if (!numbered) {
        return tl::unexpected(numbered.error());
    }
    file_ = file;
    saved_ = std::move(saved);
    std::vector<Organization> organizations(std::make_move_iterator(settings.organizations.begin()),
                                            std::make_move_iterator(settings.organizations.end()));
    policy_ = std::make_shared<const Policy>(std::move(organizations), settings.limits, *numbered);
    if (changed_) {
        changed_();
    }
    return {};
}

std::vector<OrganizationSettings> PolicyInForce::organizations() const
{
    std::vector<OrganizationSettings> all;
    for (std::size_t i = 0; i < file_.organizations.size(); ++i) {
        all.push_back({policy_->organizations()[i], file_.organizations[i].stock});
    }
    return all;
}

std::string PolicyInForce::source_of_rule(const Organization& organization, const Rule& rule) const
{
    for (std::size_t i = 0; i < file_.organizations.size(); ++i) {
        if (file_.organizations[i].name == organization.name && rule.place > 0) {
            const auto line = file_.lines.find(rule_place(i, rule.place - 1));
            return line == file_.lines.end()
                       ? std::string()
                       : "line " + std::to_string(line->second) + " of the settings file";
        }
    }
    return {};
}

const PolicyInForce::Saved* PolicyInForce::find_saved(const std::string& organization,
                                                      const std::string& setting) const
{
    const auto found = saved_.find({organization, setting});
    return found == saved_.end() ? nullptr : &found->second;
}

template <typename Value>
Sourced<Value> PolicyInForce::sourced(const std::string& organization, std::size_t place,
                                      const std::string& setting, Value value) const
{
    if (const Saved* saved = find_saved(organization, setting)) {
        return {std::move(value), "saved by " + saved->by + " on " + utc(saved->at), true};
    }
    return {std::move(value), source_of(file_, organization_place(place) + "." + setting)};
}

std::optional<GeneralIm> PolicyInForce::general(std::string_view organization) const
{
    for (std::size_t i = 0; i < file_.organizations.size(); ++i) {
        const Organization& written = file_.organizations[i];
        if (written.name != organization) {
            continue;
        }
        const Organization& effective = policy_->organizations()[i];
        return GeneralIm{written.name, sourced(written.name, i, kUsersMayChoose, effective.users_may_choose),
                         sourced(written.name, i, kOption, effective.option),
                         sourced(written.name, i, kDomains, effective.domains), written.domains};
    }
    return std::nullopt;
}

}  // namespace usher
