#include "plugin/settings/changes.h"

#include "plugin/settings/settings_table.h"

namespace usher
{

namespace
{

template <typename Owner>
void differences(std::vector<std::string>& keys, const Section<Owner>& section, const Owner& a,
                 const Owner& b)
{
    for (const Setting<Owner>& setting : section.settings) {
        if (setting.change == Change::on_restart && setting.kind.value(a) != setting.kind.value(b)) {
            keys.push_back(std::string(section.name) + "." + std::string(setting.key));
        }
    }
}

}  // namespace

std::vector<std::string> need_restart(const Settings& running, const Settings& wanted)
{
    const SettingsTable& all = settings_table();
    std::vector<std::string> keys;
    differences(keys, all.connection, running.connection, wanted.connection);
    differences(keys, all.limits, running.limits, wanted.limits);
    differences(keys, all.ldap, running.ldap, wanted.ldap);
    differences(keys, all.store, running.store, wanted.store);
    differences(keys, all.control, running, wanted);
    differences(keys, all.web, running.web, wanted.web);
    differences(keys, all.log, running, wanted);
    return keys;
}

}  // namespace usher
