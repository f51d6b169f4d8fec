// What there is to say of the archives of organisations' users, to whoever administers them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "plugin/archive/archive_status.h"
#include "policy/address.h"

namespace usher
{

struct DomainArchives {
    std::string domain;
    ArchiveStatus status;
};

struct OrganizationArchives {
    std::string organization;
    ArchiveWish wish;
    std::vector<DomainArchives> domains = {};  ///< none where nothing is wanted
};

struct UserArchive {
    std::string user;
    std::string organization;
    AccountArchive archive;  ///< its wish is the organisation's; without one, its state says nothing
};

/// What knows of archives (plugin/archive/archive_keeper.h says what they do).
struct ArchiveSources {
    using Found = tl::expected<std::optional<AccountArchive>, std::string>;

    std::function<std::optional<ArchiveStatus>(std::string_view domain)> status;
    std::function<void(const Address& account, std::function<void(Found)> then)> look_up;
};

}  // namespace usher
