// A user's own exceptions.
#include "plugin/core/operations.h"

namespace usher
{

namespace
{

/// As many as take the place of all that there can be.
constexpr std::size_t kMaxChanges = 2 * kHandlings.size() * ContactException::kMaxOfHandling;

tl::unexpected<Refusal> too_many()
{
    return refused(Refusal::Kind::invalid, "Nothing was changed: there can be " +
                                               std::to_string(ContactException::kMaxOfHandling) +
                                               " exceptions of each kind, and these would be more.");
}

}  // namespace

std::string no_exception_entry(std::string_view text)
{
    return "\"" + std::string(text) + "\" is neither an address, such as name@example.org, nor a domain.";
}

void Operations::exceptions(const Actor& actor, const Address& user, Callback<UserExceptions> then)
{
    const auto option = option_without_choice(actor, user);
    if (!option) {
        return then(tl::unexpected(option.error()));
    }
    exceptions_.of(user, callbacks_.bind([may_choose = option->may_choose, then](const auto& stored) {
        then(stored ? Result<UserExceptions>(UserExceptions{*stored, may_choose}) : not_read(stored.error()));
    }));
}

void Operations::change_exceptions(const Actor& actor, const Address& user,
                                   std::vector<ExceptionChange> changes, Callback<UserExceptions> then)
{
    if (const auto may = may_choose(actor, user); !may) {
        return then(tl::unexpected(may.error()));
    }
    if (changes.size() > kMaxChanges) {
        return then(too_many());
    }
    std::set<std::string> entries;
    for (ExceptionChange& change : changes) {
        auto entry = exception_entry(change.entry);
        if (!entry) {
            return then(refused(Refusal::Kind::invalid, no_exception_entry(change.entry)));
        }
        change.entry = *std::move(entry);
        if (!entries.insert(change.entry).second) {
            return then(refused(Refusal::Kind::invalid, change.entry + " is named twice."));
        }
    }
    exceptions_.change(user, std::move(changes),
                       callbacks_.bind([this, actor, user, then](const auto& changed) {
                           if (!changed) {
                               then(not_stored(changed.error()));
                           } else if (!*changed) {
                               then(too_many());
                           } else {
                               exceptions(actor, user, then);
                           }
                       }));
}

}  // namespace usher
