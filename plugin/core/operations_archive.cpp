// Of Operations: what organisations want for their users' message archives, and who has what.
#include "plugin/core/operations.h"

namespace usher
{

using Kind = Refusal::Kind;

Result<std::vector<OrganizationArchives>> Operations::archives(
    const Actor& actor, const std::optional<std::string>& organization) const
{
    const auto organizations = authorize_organizations(actor, organization, "archives");
    if (!organizations) {
        return tl::unexpected(organizations.error());
    }
    std::vector<OrganizationArchives> all;
    for (const Organization* one : *organizations) {
        OrganizationArchives archives{one->name, one->archive};
        for (const std::string& domain : one->domains) {
            if (auto status = archive_status(domain)) {
                archives.domains.push_back({domain, *std::move(status)});
            }
        }
        all.push_back(std::move(archives));
    }
    return all;
}

void Operations::archive_of(const Actor& actor, const Address& user, Callback<UserArchive> then)
{
    const Organization* organization = organization_of(user);
    if (organization == nullptr && !actor.address()) {
        return then(
            refused(Kind::not_found, std::string(user.domain()) + " is not a domain of any organization."));
    }
    if (!may_see(actor, user)) {
        return then(refused(Kind::forbidden, "You may not see the archive of " + user.text() + "."));
    }
    if (!archive_.look_up) {
        return then(refused(Kind::unavailable, "Nothing is known of archives here."));
    }
    if (!organization->archive.preference) {
        // Nothing is asked where nothing is wanted.
        return then(UserArchive{user.text(), organization->name, {}});
    }
    if (!is_connected()) {
        return then(tl::unexpected(not_connected()));
    }
    archive_.look_up(
        user, callbacks_.bind([user, name = organization->name, then](const ArchiveSources::Found& found) {
            if (!found) {
                return then(refused(Kind::unavailable, "The archiving preferences of " + user.text() +
                                                           " are not known: " + found.error() + "."));
            }
            if (!*found) {
                return then(refused(Kind::not_found, "There is no account " + user.text() + "."));
            }
            then(UserArchive{user.text(), name, **found});
        }));
}

std::optional<ArchiveStatus> Operations::archive_status(std::string_view domain) const
{
    std::optional<ArchiveStatus> status = archive_.status ? archive_.status(domain) : std::nullopt;
    if (status && !is_connected()) {
        status->problem = "usherd is not connected to the server";  // whatever else there is, it is for later
    }
    return status;
}

std::string Operations::archive_notice(const Address& user) const
{
    const Organization* organization = organization_of(user);
    if (organization == nullptr || !organization->archive.preference) {
        return {};
    }
    const auto kept = [&]() -> std::string {
        switch (*organization->archive.preference) {
            case Archiving::always:
                return "store your messages";
            case Archiving::roster:
                return "store your messages with people in your contact list, and no others";
            case Archiving::never:
                break;
        }
        return "store none of your messages";
    }();
    // Whether it is in force for this account only the server could say.
    return "Policy of " + organization->name + ": your server is to " + kept +
           (organization->archive.lock
                ? ". Once this is set for your account, you cannot change it in your client."
                : ", unless you have chosen something else in your client.") +
           (*organization->archive.preference == Archiving::never
                ? ""
                : " Messages that a client marks not to be stored are not stored.") +
           " Messages stored before stay, and the people and rooms you write to keep their own copies.";
}

}  // namespace usher
