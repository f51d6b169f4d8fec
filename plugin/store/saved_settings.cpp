#include "plugin/store/saved_settings.h"

#include <soci/soci.h>

#include "plugin/store/stored_time.h"

namespace usher
{

namespace
{

using std::chrono::milliseconds;
using std::chrono::system_clock;

void apply(soci::session& session, const SettingsChange& change)
{
    if (change.reset) {
        session << "DELETE FROM saved_setting WHERE organization = :o", soci::use(*change.reset);
    }
    for (const SavedSetting& one : change.saved) {
        const long long at = since_1970(one.at);
        session << "DELETE FROM saved_setting WHERE organization = :o AND setting = :s",
            soci::use(one.organization), soci::use(one.setting);
        session << "INSERT INTO saved_setting (organization, setting, setting_value, saved_by, saved_at) "
                   "VALUES (:o, :s, :v, :b, :a)",
            soci::use(one.organization), soci::use(one.setting), soci::use(one.value), soci::use(one.by),
            soci::use(at);
    }
}

std::uint64_t number(soci::session& session, const std::string& policy, system_clock::time_point now)
{
    long long generation = 0;
    std::string newest;
    session << "SELECT generation, settings FROM policy ORDER BY generation DESC LIMIT 1",
        soci::into(generation), soci::into(newest);
    if (!session.got_data() || newest != policy) {
        generation = session.got_data() ? generation + 1 : 1;
        const long long since = since_1970(now);
        session << "INSERT INTO policy (generation, since, settings) VALUES (:g, :s, :t)",
            soci::use(generation), soci::use(since), soci::use(policy);
    }
    return static_cast<std::uint64_t>(generation);
}

}  // namespace

tl::expected<std::vector<SavedSetting>, std::string> SavedSettings::read()
{
    return database_.read([](const std::shared_ptr<soci::session>& session) {
        std::vector<SavedSetting> saved;
        SavedSetting one;
        long long at = 0;
        soci::statement rows =
            (session->prepare
                 << "SELECT organization, setting, setting_value, saved_by, saved_at FROM saved_setting",
             soci::into(one.organization), soci::into(one.setting), soci::into(one.value), soci::into(one.by),
             soci::into(at));
        rows.execute();
        while (rows.fetch()) {
            one.at = time_since_1970(at);
            saved.push_back(one);
        }
        return saved;
    });
}

tl::expected<std::uint64_t, std::string> SavedSettings::save(const SettingsChange& change,
                                                             const std::string& policy,
                                                             system_clock::time_point now)
{
    return database_.write([&](const std::shared_ptr<soci::session>& session) {
        soci::transaction transaction(*session);
        apply(*session, change);
        const std::uint64_t generation = number(*session, policy, now);
        transaction.commit();
        return generation;
    });
}

}  // namespace usher
