#include "plugin/store/saved_settings.h"

#include <soci/soci.h>

#include "plugin/store/policy_texts.h"
#include "plugin/store/stored_time.h"
#include "plugin/text/lists.h"

namespace usher
{

namespace
{

using std::chrono::milliseconds;
using std::chrono::system_clock;

/// The domain that is part of a setting's key.
std::string key_domain(const SavedSetting& one)
{
    return one.domains.empty() ? std::string() : one.domains.front();
}

void apply(soci::session& session, const SettingsChange& change)
{
    const auto remove = [&session](const SavedSetting& one) {
        const std::string domain = key_domain(one);
        session << "DELETE FROM saved_setting WHERE domain = :d AND organization = :o AND setting = :s",
            soci::use(domain), soci::use(one.organization), soci::use(one.setting);
    };
    for (const SavedSetting& one : change.removed) {
        remove(one);
    }
    for (const SavedSetting& one : change.saved) {
        remove(one);
        const std::string domain = key_domain(one);
        const std::string domains = joined(one.domains, " ");
        const long long at = since_1970(one.at);
        session
            << "INSERT INTO saved_setting (domain, domains, organization, setting, setting_value, saved_by, "
               "saved_at) VALUES (:d, :a, :o, :s, :v, :b, :t)",
            soci::use(domain), soci::use(domains), soci::use(one.organization), soci::use(one.setting),
            soci::use(one.value), soci::use(one.by), soci::use(at);
    }
}

}  // namespace

tl::expected<std::vector<SavedSetting>, std::string> SavedSettings::read()
{
    return database_.read([](const std::shared_ptr<soci::session>& session) {
        std::vector<SavedSetting> saved;
        SavedSetting one;
        std::string domains;
        long long at = 0;
        soci::statement rows =
            (session->prepare
                 << "SELECT domains, organization, setting, setting_value, saved_by, saved_at FROM saved_setting "
                    "ORDER BY saved_at",
             soci::into(domains), soci::into(one.organization), soci::into(one.setting),
             soci::into(one.value), soci::into(one.by), soci::into(at));
        rows.execute();
        while (rows.fetch()) {
            one.at = time_since_1970(at);
            one.domains = words_in(domains);
            saved.push_back(one);
        }
        return saved;
    });
}

tl::expected<std::uint64_t, std::string> SavedSettings::save(const SettingsChange& change,
                                                             const std::vector<std::string>& policy,
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
