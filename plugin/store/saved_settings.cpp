#include "plugin/store/saved_settings.h"

#include <soci/soci.h>

#include "plugin/store/policy_texts.h"
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
    return database_.write_durably([&](const std::shared_ptr<soci::session>& session) {
        soci::transaction transaction(*session);
        apply(*session, change);
        const std::uint64_t generation = number_policy(*session, policy, now);
        forget_unnamed_policies(*session);
        transaction.commit();
        return generation;
    });
}

}  // namespace usher
