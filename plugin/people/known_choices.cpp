#include "plugin/people/known_choices.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace usher
{

void KnownChoices::update(StoreCallback<void> then)
{
    waiting_.push_back(std::move(then));
    if (!reading_) {
        begin_reading();
    }
}

void KnownChoices::begin_reading()
{
    reading_ = true;
    served_ = std::exchange(waiting_, {});
    read_portion();
}

void KnownChoices::read_portion()
{
    stored_.since(newest_, kPortion, callbacks_.bind([this](const auto& changes) { portion_read(changes); }));
}

void KnownChoices::portion_read(
    const tl::expected<std::vector<StoredPersonChoices::Change>, std::string>& changes)
{
    tl::expected<void, std::string> outcome;
    if (!changes) {
        outcome = tl::unexpected("users' choices cannot be read: " + changes.error());
    } else {
        apply(*changes);
        if (changes->size() == kPortion) {
            next_portion_ = clock_.after(std::chrono::milliseconds(0), [this] { read_portion(); });
            return;
        }
    }
    reading_ = false;
    for (const StoreCallback<void>& then : std::exchange(served_, {})) {
        then(outcome);
    }
    if (!waiting_.empty() && !reading_) {
        begin_reading();
    }
}

void KnownChoices::apply(const std::vector<StoredPersonChoices::Change>& changes)
{
    for (const StoredPersonChoices::Change& change : changes) {
        if (change.choice == PersonChoice{}) {
            chosen_.erase(change.user);
        } else {
            chosen_.insert_or_assign(change.user, change.choice);
        }
        newest_ = std::max(newest_, change.number);
    }
}

PersonChoice KnownChoices::of(std::string_view user) const
{
    const auto found = chosen_.find(user);
    return found == chosen_.end() ? PersonChoice{} : found->second;
}

void KnownChoices::set(const Address& user, const PersonChoice& change, StoreCallback<void> then)
{
    stored_.set(user, change, callbacks_.bind([this, then = std::move(then)](const auto& stored) {
        if (stored) {
            update(then);
        } else {
            then(stored);
        }
    }));
}

}  // namespace usher
