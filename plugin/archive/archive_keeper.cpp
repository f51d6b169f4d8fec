#include "plugin/archive/archive_keeper.h"

#include <algorithm>
#include <utility>

namespace usher
{

namespace
{

constexpr const char* kNotOffered =
    "its server gives usherd no permission for archiving preferences, or has no connector: \"usherctl check\" says "
    "what to do";

}  // namespace

ArchiveKeeper::ArchiveKeeper(Clock& clock, IqClient& iqs, Database& database, KnownAccounts known_accounts,
                             std::function<std::chrono::system_clock::time_point()> wall_clock,
                             std::function<double()> random)
    : clock_(clock),
      source_(clock, iqs, *this),
      store_(database),
      domains_with_{clock,
                    source_,
                    store_,
                    std::move(known_accounts),
                    std::move(wall_clock),
                    std::move(random),
                    [this] { go_on(); }}
{
}

void ArchiveKeeper::set_wishes(const Wishes& wishes)
{
    for (auto& [domain, archive] : domains_) {
        if (!wishes.contains(domain)) {
            archive.want({});
        }
    }
    for (const auto& [domain, wish] : wishes) {
        const auto [archive, added] = domains_.try_emplace(domain, domain, domains_with_);
        archive->second.want(wish);
        if (added && !wish.preference) {
            archive->second.begin();  // it may have been offered before
        }
    }
    go_on();
}

void ArchiveKeeper::go_on()
{
    if (is_working_ || turn_) {
        return;
    }
    const bool due =
        std::any_of(domains_.begin(), domains_.end(), [](const auto& one) { return one.second.has_due(); });
    if (!due) {
        return;
    }
    std::chrono::milliseconds wait{0};
    if (sent_) {
        const auto next = *sent_ + std::chrono::seconds(1) - clock_.now();
        wait = std::max(wait, std::chrono::ceil<std::chrono::milliseconds>(next));
    }
    turn_ = clock_.after(wait, [self = this] { self->work(); });
}

void ArchiveKeeper::work()
{
    turn_.reset();
    // Domain after domain, behind the one that was the last.
    auto next = domains_.upper_bound(working_);
    for (std::size_t i = 0; i < domains_.size(); ++i, ++next) {
        if (next == domains_.end()) {
            next = domains_.begin();
        }
        if (next->second.has_due()) {
            working_ = next->first;
            is_working_ = true;
            next->second.work(kMaxInSecond, [this] { sent_ = clock_.now(); }, [this] { worked(); });
            return;
        }
    }
}

void ArchiveKeeper::worked()
{
    is_working_ = false;
    go_on();
}

std::optional<ArchiveStatus> ArchiveKeeper::status(std::string_view domain) const
{
    const auto archive = domains_.find(domain);
    if (archive == domains_.end() || !archive->second.wish().preference) {
        return std::nullopt;
    }
    ArchiveStatus status = archive->second.status();
    if (!source_.offered(domain) && status.problem.empty()) {
        status.problem = kNotOffered;
    }
    return status;
}

void ArchiveKeeper::look_up(
    const Address& account,
    std::function<void(tl::expected<std::optional<AccountArchive>, std::string>)> then)
{
    const auto domain = domains_.find(account.domain());
    if (domain == domains_.end() || !source_.offered(account.domain())) {
        then(tl::unexpected<std::string>(kNotOffered));
        return;
    }
    source_.read_again(std::string(account.domain()), {account},
                       callbacks_.bind([this, account, wish = domain->second.wish(),
                                        then = std::move(then)](const ArchiveSource::Read& read) {
                           if (!read) {
                               then(tl::unexpected(to_string(read.error())));
                               return;
                           }
                           if (read->empty()) {
                               then(std::nullopt);
                               return;
                           }
                           store_.read({account}, callbacks_.bind([this, is = read->front(), wish,
                                                                   then](const auto& records) {
                               if (!records) {
                                   then(tl::unexpected("the store cannot be read: " + records.error()));
                                   return;
                               }
                               const auto found = records->find(is.account.text());
                               const ArchiveStep step =
                                   next_archive_step(is, found == records->end() ? nullptr : &found->second,
                                                     wish, domains_with_.wall_clock());
                               then(AccountArchive{step.state, is.preference, is.locked, wish});
                           }));
                       }));
}

void ArchiveKeeper::archive_offered(const std::string& domain)
{
    if (const auto archive = domains_.find(domain); archive != domains_.end()) {
        archive->second.begin();
    }
}

void ArchiveKeeper::archive_changed(const std::string& domain, std::vector<Address> accounts)
{
    if (const auto archive = domains_.find(domain); archive != domains_.end()) {
        archive->second.changed(std::move(accounts));
    }
}

void ArchiveKeeper::archive_lost()
{
    for (auto& [domain, archive] : domains_) {
        archive.stream_lost();
    }
    is_working_ = false;
}

}  // namespace usher
