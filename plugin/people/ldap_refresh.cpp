#include "plugin/people/ldap_refresh.h"

#include <spdlog/spdlog.h>

#include <cstddef>
#include <utility>

namespace usher
{

namespace
{

/// Behind the number of people.
std::string groups_text(std::size_t known, std::size_t wanted)
{
    if (wanted == 0) {
        return {};
    }
    return ", " + std::to_string(known) + (known < wanted ? " of " + std::to_string(wanted) : std::string()) +
           " groups";
}

}  // namespace

LdapRefresh::LdapRefresh(Clock& clock, Directory& directory,
                         std::function<std::chrono::system_clock::time_point()> wall_clock, Read read,
                         OnMembers on_members)
    : clock_(clock),
      directory_(directory),
      wall_clock_(std::move(wall_clock)),
      read_(std::move(read)),
      on_members_(std::move(on_members))
{
}

void LdapRefresh::want(LdapWanted wanted)
{
    if (wanted == *wanted_) {
        return;
    }
    const auto before = std::exchange(wanted_, std::make_shared<const LdapWanted>(std::move(wanted)));
    status_.url = wanted_->settings.url;
    for (const auto& [domain, fields] : before->domains) {
        const auto now = wanted_->domains.find(domain);
        if (now == wanted_->domains.end() || now->second != fields) {
            directory_.forget(domain);
        }
    }
    if (!is_wanted() || !hold_with({before->settings, {}}, wanted_->settings)) {
        forget();
    }
    refused_password_.clear();
    next_.reset();
    if (is_wanted()) {
        begin_reading();
    }
}

std::optional<LdapStatus> LdapRefresh::status() const
{
    if (!is_wanted()) {
        return std::nullopt;
    }
    LdapStatus status = status_;
    for (const std::string& group : wanted_->groups) {
        if (members_ && members_->groups.contains(group)) {
            ++status.groups;
        } else {
            status.groups_not_known.push_back(group);
        }
    }
    return status;
}

std::optional<PeopleStatus> LdapRefresh::people_status(const std::string& domain) const
{
    if (!wanted_->domains.contains(domain)) {
        return std::nullopt;
    }
    return PeopleStatus{directory_.size(domain), status_.read, status_.problem};
}

bool LdapRefresh::is_wanted() const
{
    return !wanted_->settings.url.empty() && !(wanted_->groups.empty() && wanted_->domains.empty());
}

void LdapRefresh::forget()
{
    for (const auto& [domain, fields] : wanted_->domains) {
        directory_.forget(domain);
    }
    remarks_.clear();
    status_ = {.url = status_.url, .readings = status_.readings, .failures = status_.failures};
    if (std::exchange(members_, nullptr)) {
        on_members_(nullptr);
    }
}

void LdapRefresh::begin_reading()
{
    if (std::exchange(reading_, true)) {
        return;
    }
    next_.reset();
    if (clock_.now() - refused_at_ >= std::chrono::minutes(wanted_->settings.refresh_minutes)) {
        refused_password_.clear();
    }
    read_(wanted_, members_, refused_password_, callbacks_.bind([this, asked = wanted_](LdapOutcome outcome) {
        reading_ended(asked, std::move(outcome));
    }));
}

void LdapRefresh::reading_ended(const std::shared_ptr<const LdapWanted>& asked, LdapOutcome outcome)
{
    reading_ = false;
    if (!is_wanted()) {
        return;
    }
    if (asked != wanted_) {
        begin_reading();
        return;
    }
    if (outcome) {
        take(*std::move(outcome));
    } else {
        failed(outcome.error());
    }
}

void LdapRefresh::failed(const LdapProblem& problem)
{
    next_ = clock_.after(kRetry, [this] { begin_reading(); });
    if (!refused_password_.empty() && problem.refused_password == refused_password_) {
        return;  // the directory was not asked
    }
    ++status_.failures;
    refused_password_ = problem.refused_password;
    refused_at_ = clock_.now();
    std::string text = problem.text;
    if (!refused_password_.empty()) {
        text += "; it is tried again when the file has another password, or after " +
                std::to_string(wanted_->settings.refresh_minutes) + " minutes";
    }
    if (std::exchange(status_.problem, text) != text) {  // else it has been said
        spdlog::warn("the directory cannot be read, and {}: {}", consequence(), text);
    }
}

std::string LdapRefresh::consequence() const
{
    if (status_.read) {
        return "what was read last stays in force";
    }
    return wanted_->groups.empty() ? "searches find none of its people"
                                   : "it is not known who is in its groups";
}

void LdapRefresh::take(LdapReading reading)
{
    ++status_.readings;
    const bool was_away = !std::exchange(status_.problem, {}).empty();
    const bool other_members = members_ != reading.members;
    if (was_away || other_members || reading.people_read != status_.people) {
        spdlog::info("the directory {} {}: {} people{}", status_.url,
                     was_away ? "can be read again" : "was read", reading.people_read,
                     groups_text(reading.members->groups.size(), wanted_->groups.size()));
    }
    log_remarks(reading.remarks);
    status_.read = wall_clock_();
    status_.people = reading.people_read;
    for (auto& [domain, people] : reading.people) {
        directory_.replace(domain, std::move(people));
    }
    next_ =
        clock_.after(std::chrono::minutes(wanted_->settings.refresh_minutes), [this] { begin_reading(); });
    if (other_members) {
        members_ = std::move(reading.members);
        on_members_(members_);
    }
}

/// Each reading makes the same remarks, as long as the directory is the same.
void LdapRefresh::log_remarks(const std::vector<std::string>& remarks)
{
    if (std::exchange(remarks_, remarks) != remarks) {
        for (const std::string& remark : remarks) {
            spdlog::warn("the directory {}: {}", status_.url, remark);
        }
    }
}

}  // namespace usher
