// Has users' archiving preferences be what their organisations want (`[organization.archive]`), on all domains.
//
// Not here: what goes on with each domain (domain_archive.h). Of an organisation with the default `server` nothing is asked,
// unless there are locks to be taken away.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "integration/archive/archive_source.h"
#include "plugin/archive/domain_archive.h"

namespace usher
{

class ArchiveKeeper : private ArchiveEvents
{
  public:
    /// What is set in a second, of all domains together.
    static constexpr std::size_t kMaxInSecond = 20;

    using Wishes = std::map<std::string, ArchiveWish, std::less<>>;

    /// Addresses of accounts of the domain, as many as are known: they are asked about where the server cannot list all.
    using KnownAccounts = std::function<std::vector<std::string>(const std::string& domain)>;

    /// `wall_clock` is for the time of day, `random` gives 0 to 1. The others must outlive the object.
    ArchiveKeeper(Clock& clock, IqClient& iqs, Database& database, KnownAccounts known_accounts,
                  std::function<std::chrono::system_clock::time_point()> wall_clock,
                  std::function<double()> random);

    /// What is wanted for the accounts of each of our domains. Of domains that were ours locks are taken away, as long as the
    /// stream lasts; nothing else is known or asked of them any more.
    void set_wishes(const Wishes& wishes);

    /// For the entity.
    [[nodiscard]] ProtocolPart& protocol_part() { return source_; }
    /// Nothing for a domain where nothing is wanted.
    [[nodiscard]] std::optional<ArchiveStatus> status(std::string_view domain) const;
    /// What the server says of the account now. Nothing: there is no such account; the error is a clause for people.
    void look_up(const Address& account,
                 std::function<void(tl::expected<std::optional<AccountArchive>, std::string>)> then);

  private:
    void archive_offered(const std::string& domain) override;
    void archive_changed(const std::string& domain, std::vector<Address> accounts) override;
    void archive_lost() override;

    /// Has the next domain do a portion, as soon as the pace allows.
    void go_on();
    void work();
    void worked();

    Clock& clock_;
    ArchiveSource source_;
    StoredArchiveDefaults store_;
    DomainArchive::Surroundings domains_with_;
    std::map<std::string, DomainArchive, std::less<>> domains_;
    std::string working_;  // the domain that has, or had last, its turn
    bool is_working_ = false;
    std::unique_ptr<Timer> turn_;
    std::optional<Clock::Time> sent_;  // when something was last set
    CallbackScope callbacks_;
};

}  // namespace usher
