// Every setting: its key, what it may be, what it means. The one list that the reader, `usherd --check`, the
// sample file and the manual are made of; to add a setting, add an entry in settings_table.cpp and a member
// in settings.h or, if it is part of the policy, in policy/.
//
// Not here: what settings mean together (reader.cpp), how values of one kind are read and written (kinds.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plugin/settings/kind.h"
#include "plugin/settings/settings.h"

namespace usher
{

enum class Presence {
    required,
    defaulted,  ///< the default is the member's initialiser
    optional,   ///< may be unset, and is unless it is given
};

enum class Change {
    on_reload,
    on_restart,
};

template <typename Owner>
struct Setting {
    std::string_view key;
    Presence presence;
    Change change;
    Kind<Owner> kind;
    std::string_view help;          ///< sentences
    std::string_view example = {};  ///< the value in the sample, as TOML; empty: the default
    bool in_sample = false;         ///< an optional one that the sample sets, not only mentions
};

/// One table of the file, `[name]`, or `[[name]]` where `repeated`.
template <typename Owner>
struct Section {
    std::string_view name;
    bool repeated;
    bool commented_out;  ///< in the sample
    std::string_view help;
    std::vector<Setting<Owner>> settings;
    Owner initial = {};  ///< what is in force where nothing is given

    [[nodiscard]] const Setting<Owner>* find(std::string_view key) const
    {
        for (const Setting<Owner>& setting : settings) {
            if (setting.key == key) {
                return &setting;
            }
        }
        return nullptr;
    }
};

/// How the section begins in a file.
template <typename Owner>
std::string header(const Section<Owner>& section)
{
    const std::string name(section.name);
    return section.repeated ? "[[" + name + "]]" : "[" + name + "]";
}

struct SettingsTable {
    Section<ConnectionSettings> connection;
    Section<OrganizationSettings> organization;
    Section<Group> group;
    Section<Rule> rule;
    Section<Federation> federation;
    Section<PeopleSearch> people;
    Section<ArchiveWish> archive;
    Section<Limits> limits;
    Section<LdapSettings> ldap;
    Section<StoreSettings> store;
    Section<Settings> control;
    Section<WebSettings> web;
    Section<Settings> log;

    /// Calls `visit` with every section, in the order of the file.
    template <typename Visit>
    void each(Visit visit) const
    {
        visit(connection);
        visit(organization);
        visit(group);
        visit(rule);
        visit(federation);
        visit(people);
        visit(archive);
        visit(limits);
        visit(ldap);
        visit(store);
        visit(control);
        visit(web);
        visit(log);
    }
};

[[nodiscard]] const SettingsTable& settings_table();

}  // namespace usher
