// Keeps what is known of the directory's people and groups as it has them.
//
// It is read as soon as something of it is wanted, whenever something else is, and every `refresh_minutes`; after a failure
// each minute. Not with a password that was refused, which would lock the account: it is tried again when the password file has
// another one, or after `refresh_minutes`. While the directory cannot be read, what was read last stays in force, however old
// that is: a directory that is away for an hour must change nothing. What was never read is not known, so that no group seems to
// be without members.
//
// Nothing of it is stored: after a restart the directory has to be there again.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "integration/base/callback_scope.h"
#include "integration/base/clock.h"
#include "plugin/people/directory.h"
#include "plugin/people/ldap_reading.h"
#include "plugin/people/ldap_status.h"
#include "plugin/people/people_status.h"

namespace usher
{

class LdapRefresh
{
  public:
    /// When a directory that could not be read is read again.
    static constexpr std::chrono::minutes kRetry{1};

    /// Starts a reading, as read_ldap(), and calls `then` with the outcome later. The arguments do not change meanwhile.
    using Read = std::function<void(std::shared_ptr<const LdapWanted> wanted,
                                    std::shared_ptr<const GroupMembers> before, std::string refused_password,
                                    std::function<void(LdapOutcome)> then)>;
    using OnMembers = std::function<void(const std::shared_ptr<const GroupMembers>&)>;

    /// `clock` and `directory` must outlive the object. `on_members` is called when the groups have other members than before;
    /// with null when it is not known any more who is in them.
    LdapRefresh(Clock& clock, Directory& directory,
                std::function<std::chrono::system_clock::time_point()> wall_clock, Read read,
                OnMembers on_members);

    /// What is wanted from now on. Without a group and a domain, or with the URL empty, that is nothing.
    void want(LdapWanted wanted);

    /// Nothing if nothing is wanted.
    [[nodiscard]] std::optional<LdapStatus> status() const;
    /// Nothing for a domain whose people are not those of the directory.
    [[nodiscard]] std::optional<PeopleStatus> people_status(const std::string& domain) const;

  private:
    [[nodiscard]] bool is_wanted() const;
    /// What was read is of another directory, or of other people, or it is not wanted any more.
    void forget();
    /// A reading that is under way is not for long: the next begins when it ends.
    void begin_reading();
    void reading_ended(const std::shared_ptr<const LdapWanted>& asked, LdapOutcome outcome);
    void failed(const LdapProblem& problem);
    /// What the failure means for what is wanted.
    [[nodiscard]] std::string consequence() const;
    void take(LdapReading reading);
    void log_remarks(const std::vector<std::string>& remarks);

    Clock& clock_;
    Directory& directory_;
    std::function<std::chrono::system_clock::time_point()> wall_clock_;
    Read read_;
    OnMembers on_members_;
    std::shared_ptr<const LdapWanted> wanted_ = std::make_shared<const LdapWanted>();
    std::shared_ptr<const GroupMembers> members_;
    std::vector<std::string> remarks_;  // those of the last good reading
    LdapStatus status_;                 // but for its groups
    std::string refused_password_;      // see LdapProblem; empty: none
    Clock::Time refused_at_{};
    bool reading_ = false;
    std::unique_ptr<Timer> next_;
    CallbackScope callbacks_;
};

}  // namespace usher
