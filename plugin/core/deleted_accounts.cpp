#include "plugin/core/deleted_accounts.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "plugin/text/timestamp.h"

namespace usher
{

namespace
{

/// What was chosen after that time may be a new owner's, and is not to be forgotten.
void keep_what_is_chosen_after(std::chrono::system_clock::time_point time, std::span<KeptSetting> settings)
{
    constexpr std::chrono::seconds kClocksDiffer{5};  // those of processes, by some of it
    for (KeptSetting& one : settings) {
        one.since = std::min(one.since, time + kClocksDiffer);
    }
}

}  // namespace

void DeletedAccounts::removed(const Address& account)
{
    for (const Organization& organization : policy_.policy()->organizations()) {
        const auto& administrators = organization.administrators;
        if (std::find(administrators.begin(), administrators.end(), account) != administrators.end()) {
            spdlog::warn(
                "{} was deleted, and is an administrator of {} in the settings file: whoever registers the "
                "address will be one; take it out of the file",
                account.text(), organization.name);
        }
    }
    // Whenever it was made: the clock may have been ahead then. Later it may be a new owner's.
    forget({{account.text(), std::chrono::system_clock::time_point::max()}});
}

void DeletedAccounts::checked(std::span<const KeptSetting> asked, std::span<const NamedAccount> existing)
{
    if (next_try_) {
        return;  // the store does not forget now; what is outdated will be found again
    }
    std::vector<KeptSetting> outdated;
    for (const KeptSetting& setting : asked) {
        const auto account = std::find_if(existing.begin(), existing.end(), [&](const NamedAccount& one) {
            return one.address == setting.account;
        });
        const bool exists = account != existing.end();
        const auto created =
            exists ? read_timestamp(account->created).value_or(setting.since) : setting.since;
        if (exists && created <= setting.since) {
            continue;
        }
        // A user may have chosen several times since: of an account that there is again all goes that is from before it, of
        // another what was there before the server was asked.
        const auto read_at = read_at_.find(setting.account.substr(setting.account.find('@') + 1));
        const auto until = exists                      ? created - std::chrono::milliseconds(1)
                           : read_at != read_at_.end() ? read_at->second
                                                       : setting.since;
        outdated.push_back({setting.account, std::max(setting.since, until)});
    }
    forget(std::move(outdated));
}

void DeletedAccounts::forget(std::vector<KeptSetting> settings)
{
    const bool at_once = !forgetting_ && !next_try_;
    if (!at_once) {
        keep_what_is_chosen_after(wall_clock_(), settings);
    }
    owed_.insert(owed_.end(), std::make_move_iterator(settings.begin()),
                 std::make_move_iterator(settings.end()));
    if (at_once) {
        forget_some();
    }
}

void DeletedAccounts::forget_some()
{
    constexpr std::size_t kMaxAtOnce = 100;
    const std::size_t count = std::min(owed_.size(), kMaxAtOnce);
    if (count == 0) {
        return;
    }
    forgetting_ = true;
    choices_.forget({owed_.begin(), owed_.begin() + static_cast<std::ptrdiff_t>(count)},
                    callbacks_.bind([this, count, tried = wall_clock_()](const auto& forgotten) {
                        forgotten_some(count, tried, forgotten);
                    }));
}

void DeletedAccounts::forgotten_some(std::size_t count, std::chrono::system_clock::time_point tried,
                                     const tl::expected<std::vector<std::string>, std::string>& forgotten)
{
    constexpr std::chrono::milliseconds kRetryInterval{5'000};
    forgetting_ = false;
    if (forgotten) {
        owed_.erase(owed_.begin(), owed_.begin() + static_cast<std::ptrdiff_t>(count));
        for (const std::string& account : *forgotten) {
            spdlog::info("{} was deleted: what its user has chosen is forgotten", account);
        }
    } else {
        spdlog::warn("what deleted accounts have chosen could not be forgotten, and will be tried again: {}",
                     forgotten.error());
        keep_what_is_chosen_after(tried, std::span(owed_).first(count));
    }
    if (!owed_.empty()) {
        next_try_ = clock_.after(forgotten ? std::chrono::milliseconds(0) : kRetryInterval, [this] {
            next_try_.reset();
            forget_some();
        });
    }
}

}  // namespace usher
