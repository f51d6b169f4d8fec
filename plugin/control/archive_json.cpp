// What there is to say of archives, as JSON.
#include "plugin/control/control_json.h"
#include "plugin/text/timestamp.h"

namespace usher
{

namespace
{

std::string_view word(const std::optional<Archiving>& wanted)
{
    return wanted ? name(*wanted) : "server";
}

Json or_null(const std::optional<Archiving>& preference)
{
    return preference ? Json(name(*preference)) : Json(nullptr);
}

}  // namespace

Json json_of(const ArchiveStatus& archive)
{
    Json accounts = Json::object();
    for (const ArchiveState state : kArchiveStates) {
        accounts[std::string(name(state))] = archive.accounts[static_cast<std::size_t>(state)];
    }
    return {{"default", word(archive.wish.preference)},
            {"lock", archive.wish.lock},
            {"accounts", std::move(accounts)},
            {"server_default", or_null(archive.server_default)},
            {"listed", archive.listed ? Json(timestamp(*archive.listed)) : Json(nullptr)},
            {"known_only", archive.known_only},
            {"problem", archive.problem}};
}

Json json_of(const std::vector<OrganizationArchives>& archives)
{
    Json organizations = Json::array();
    for (const OrganizationArchives& one : archives) {
        Json domains = Json::array();
        for (const DomainArchives& domain : one.domains) {
            domains.push_back({{"domain", domain.domain}, {"archive", json_of(domain.status)}});
        }
        organizations.push_back({{"organization", one.organization},
                                 {"default", word(one.wish.preference)},
                                 {"lock", one.wish.lock},
                                 {"domains", std::move(domains)}});
    }
    return {{"organizations", std::move(organizations)}, {"user", nullptr}};
}

Json json_of(const UserArchive& archive)
{
    const AccountArchive& account = archive.archive;
    Json json = {
        {"user", archive.user},
        {"organization", archive.organization},
        {"organization_wants", {{"default", word(account.wish.preference)}, {"lock", account.wish.lock}}}};
    if (account.wish.preference) {
        json["preference"] = or_null(account.preference);
        json["locked"] = account.locked;
        json["state"] = name(account.state);
    }
    return {{"organizations", Json::array()}, {"user", std::move(json)}};
}

}  // namespace usher
