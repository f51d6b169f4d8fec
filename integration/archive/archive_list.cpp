#include "integration/archive/archive_list.h"

#include <utility>

namespace usher
{

ArchiveFailure archive_failure_of(const Stanza& iq)
{
    using Problem = ArchiveFailure::Problem;
    if (!iq) {
        return {Problem::no_reply};
    }
    const std::string_view condition = error_condition(iq);
    Problem problem = Problem::refused;
    if (condition == "forbidden" || condition == "not-allowed") {
        problem = Problem::not_granted;
    } else if (condition == "feature-not-implemented") {
        problem = Problem::no_archive;
    } else if (condition == "item-not-found") {
        problem = Problem::no_account;
    } else if (condition == "conflict") {
        problem = Problem::changed;
    }
    return {problem, std::string(condition)};
}

std::string to_string(const ArchiveFailure& failure)
{
    switch (failure.problem) {
        case ArchiveFailure::Problem::not_granted:
            return "its server does not allow Usher to set them";
        case ArchiveFailure::Problem::no_archive:
            return "its server has no message archive there: enable mod_mam";
        case ArchiveFailure::Problem::unreadable:
            return "its server's list of them cannot be understood";
        case ArchiveFailure::Problem::no_reply:
            return "its server did not answer";
        case ArchiveFailure::Problem::no_account:
        case ArchiveFailure::Problem::changed:
        case ArchiveFailure::Problem::refused:
            break;
    }
    return "its server refuses (" + failure.condition + ")";
}

ArchiveList::ArchiveList(IqClient& iqs, RateLimitedWarning& refused, std::string domain, Page page, End end)
    : asker_(iqs), refused_(refused), domain_(std::move(domain)), page_(std::move(page)), end_(std::move(end))
{
}

void ArchiveList::next()
{
    asker_.ask("get", domain_, archive_query(last_), kDeadline, [this](const Stanza& iq) { received(iq); });
}

void ArchiveList::received(const Stanza& iq)
{
    const Page page = page_;  // copies: both may destroy this
    const End end = end_;
    if (iq.attribute("type") != "result") {
        if (iq && !last_.empty() && error_condition(iq) == "item-not-found" &&
            !std::exchange(begun_again_, true)) {
            last_.clear();
            listed_ = 0;
            next();
        } else {
            end(archive_failure_of(iq));
        }
        return;
    }
    auto read = read_archive(iq.first(), domain_);
    const std::size_t accounts = read ? read->accounts.size() + read->refused : 0;
    listed_ += accounts;
    // A page that ends where the one before it ended would come for ever.
    if (!read || accounts > kMaxArchiveAccounts || listed_ > kMaxAccounts ||
        (accounts != 0 && read->last == last_)) {
        end(ArchiveFailure{ArchiveFailure::Problem::unreadable});
        return;
    }
    for (std::size_t i = 0; i < read->refused; ++i) {
        refused_.count();
    }
    if (accounts == 0) {  // XEP-0059: behind the last item
        end(std::nullopt);
        return;
    }
    last_ = read->last;
    page(*std::move(read));
}

}  // namespace usher
