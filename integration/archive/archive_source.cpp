#include "integration/archive/archive_source.h"

#include <algorithm>
#include <utility>

namespace usher
{

std::unique_ptr<ArchiveList> ArchiveSource::list(const std::string& domain, ArchiveList::Page page,
                                                 ArchiveList::End end)
{
    return std::make_unique<ArchiveList>(iqs_, refused_, domain, std::move(page), std::move(end));
}

void ArchiveSource::read_again(const std::string& domain, const std::vector<Address>& accounts,
                               std::function<void(Read)> then)
{
    iqs_.ask("get", domain, archive_query(accounts), kReadDeadline,
             [domain, accounts, then = std::move(then)](const Stanza& iq) {
                 if (iq.attribute("type") != "result") {
                     then(tl::unexpected(archive_failure_of(iq)));
                     return;
                 }
                 auto read = read_archive(iq.first(), domain);
                 if (!read || read->refused != 0) {
                     then(tl::unexpected(ArchiveFailure{ArchiveFailure::Problem::unreadable}));
                     return;
                 }
                 std::erase_if(read->accounts, [&accounts](const ArchivePreference& one) {
                     return std::find(accounts.begin(), accounts.end(), one.account) == accounts.end();
                 });
                 then(std::move(read->accounts));
             });
}

void ArchiveSource::set(const Address& account, Archiving preference, bool lock, std::string_view mark,
                        std::function<void(std::optional<ArchiveFailure>)> then)
{
    iqs_.ask(
        "set", std::string(account.domain()), archive_setting(account, preference, lock, mark), kSetDeadline,
        [then = std::move(then)](const Stanza& iq) {
            then(iq.attribute("type") == "result" ? std::nullopt : std::optional(archive_failure_of(iq)));
        });
}

void ArchiveSource::advertised(const std::string& domain, const Advertisement& granted)
{
    if (granted.archive) {
        offered_.insert(domain);
        events_.archive_offered(domain);
    }
}

void ArchiveSource::received_message(const std::string& domain, const Stanza& message)
{
    if (auto changed = read_archive_changed(message, domain)) {
        events_.archive_changed(domain, *std::move(changed));
    }
}

void ArchiveSource::stream_lost()
{
    offered_.clear();
    events_.archive_lost();
}

}  // namespace usher
